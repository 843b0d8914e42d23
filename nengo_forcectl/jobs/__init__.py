"""The jobs of the command line as Python functions, from settings to data, without printing.

``run_reach(ReachSettings(passes=2))`` is ``nengo-forcectl reach --passes 2``. Each job takes its
settings and a `Watch` that reports progress; it writes a run folder and returns its contents.
`Rival` and `Tip` are named controllers and tips.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
