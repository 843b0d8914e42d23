"""``python -m nengo_forcectl`` is the command line."""

from .cli import main

main()
