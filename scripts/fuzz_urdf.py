"""Mutate real URDFs: each must be read or refused with a ``UrdfError``, no other exception.

    fuzz_urdf.py -n 100000 --files robot.urdf other.urdf

No mutant may compile or execute code, start a process, or open a connection or a library.
"""

from __future__ import annotations

import argparse
import logging
import random
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import arms
from arms.errors import UrdfError
from arms.model.bodies import bodies_of

VALUES = (
    *("nan", "inf", "-inf", "-1", "0", "1e308", "1e-320", "-0.0", "1_0", "0x10", "１", "", " "),
    *("1 2", "1 2 3 4", "a b c", "1e400", "'; import os", "{0}", "%s", "../../etc/passwd"),
    *("\u0000", "\u202e", "é", "名", "a" * 300, "&amp;", "__import__('os')", "q0", "s1", "None"),
)
FORBIDDEN = (
    *("compile", "exec", "import", "os.system", "os.exec", "os.fork", "os.posix_spawn"),
    *("subprocess.Popen", "socket.connect", "ctypes.dlopen", "os.remove", "os.rename"),
)  # Python's own events
PIECES = (
    '<!DOCTYPE x [<!ENTITY a "aaaa">]>',
    "<link name='x'/>",
    "<joint name='x' type='revolute'/>",
    "<mimic joint='x' multiplier='2'/>",
    "<axis xyz='0 0 0'/>",
    "<inertial><mass value='-1'/></inertial>",
    "<![CDATA[x]]>",
    "<!-- -->",
    "</robot>",
    "<robot name='y'>",
)


def mutate(text: str, rng: random.Random) -> str:
    """One or two random changes of a URDF."""
    for _ in range(rng.randint(1, 2)):
        kind = rng.randrange(6)
        quotes = [k for k, c in enumerate(text) if c == '"']
        a = rng.randrange(len(text) + 1)
        if kind == 0 and len(quotes) > 3:  # an attribute's value
            k = 2 * rng.randrange(len(quotes) // 2)
            text = text[: quotes[k] + 1] + rng.choice(VALUES) + text[quotes[k + 1] :]
        elif kind == 1 and len(quotes) > 7:  # two values swapped
            k, m = sorted(2 * rng.randrange(len(quotes) // 2) for _ in range(2))
            if k < m:
                p, q, r, s = (quotes[j] for j in (k, k + 1, m, m + 1))
                first, second = text[p + 1 : q], text[r + 1 : s]
                text = text[: p + 1] + second + text[q : r + 1] + first + text[s:]
        elif kind == 2:  # a piece dropped
            text = text[:a] + text[a + rng.randint(1, 80) :]
        elif kind == 3:  # a piece doubled
            text = text[:a] + text[a : a + rng.randint(1, 400)] * 2 + text[a:]
        elif kind == 4:  # something foreign
            a = text.rfind(">", 0, a) + 1
            text = text[:a] + rng.choice(PIECES) + text[a:]
        else:  # one character
            code = rng.choice((rng.randrange(128), rng.randrange(0xD800)))
            text = text[:a] + chr(code) + text[a + 1 :]
    return text


def sources(files: Sequence[Path] = ()) -> list[str]:
    """URDFs of the catalogue and of files, as starting points."""
    catalogue = [arms.load(name).to_urdf() for name in arms.names()]
    return catalogue + [file.read_text(errors="replace") for file in files]


def refuse(event: str, details: tuple[Any, ...]) -> None:
    """Raise for an event that no file may cause."""
    if event in FORBIDDEN:
        raise AssertionError(f"{event} {details!r:.200}")


def outcome(text: str) -> str:
    """Read a URDF: "read", or the first words of the refusal. Anything else is an exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            arm = arms.loads(text)
    except UrdfError as error:
        reason = re.sub(r"'.*?'", "...", str(error), flags=re.DOTALL)
        return "refused: " + re.sub(r"-?\d[\d.e-]*", "#", reason)[:30]
    bodies = bodies_of(arm.chain)
    for body in bodies.bodies:
        assert np.isfinite(body.mass.S).all()
        assert np.isfinite(body.r).all()
    return "read"


def main() -> None:
    """Mutate and print the number of each outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10_000, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the mutations")
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="further URDFs")
    options = parser.parse_args()
    logging.getLogger("arms").setLevel(logging.ERROR)
    rng = random.Random(options.seed)
    texts, counts, slowest = sources(options.files), Counter(), 0.0
    for text in texts:
        outcome(text)  # imports
    sys.addaudithook(refuse)
    for _ in range(options.n):
        mutant = mutate(rng.choice(texts), rng)
        start = time.perf_counter()
        try:
            counts[outcome(mutant)] += 1
        except Exception:
            print(mutant)
            raise
        slowest = max(slowest, time.perf_counter() - start)
    for what, count in counts.most_common():
        print(f"{count:8}  {what}")
    print(f"slowest: {1e3 * slowest:.1f} ms")


if __name__ == "__main__":
    main()
