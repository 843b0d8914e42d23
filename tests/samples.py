"""The Python samples of a Markdown page: ``python tests/samples.py README.md`` prints them."""

import re
import sys
from pathlib import Path

FENCE = re.compile(r"^```python(?P<mark>[^\n]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


def samples(page: Path, *, marked: str = "") -> str:
    """Return the samples with this mark (``no-run``, or none) as one program.

    Every line keeps its number, so that a traceback leads to the page.
    """
    text = page.read_text(encoding="utf-8")
    program = ""
    for fence in FENCE.finditer(text):
        if fence["mark"].strip() == marked:
            line = text.count("\n", 0, fence.start("code"))
            program += "\n" * (line - program.count("\n")) + fence["code"]
    return program


if __name__ == "__main__":
    sys.stdout.write(samples(Path(sys.argv[1])))
