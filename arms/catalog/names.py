"""The catalogue's arms by name, by family, and by other words for them."""

from __future__ import annotations

import re
from difflib import get_close_matches

from arms.catalog import CATALOG
from arms.errors import ArmError

# Makers, families and designations. A word that several arms have stands for none of them.
_WORDS = {
    "planar1": "planar",
    "planar2": "planar",
    "planar3": "planar",
    "ur5": "ur universalrobots cb3",
    "ur3e": "ur universalrobots eseries",
    "ur5e": "ur universalrobots eseries",
    "ur10e": "ur universalrobots eseries",
    "ur16e": "ur universalrobots eseries",
    "jaco2": "kinova jaco kinovajaco kinovajaco2 j2n6s300",
    "gen3": "kinova gen kinovagen3 gen37dof",
    "kuka_iiwa": "kuka iiwa lbr lbriiwa kukalbriiwa",
    "iiwa14": "kuka iiwa lbr lbriiwa kukalbriiwa kukaiiwa14 lbriiwa14 lbriiwa14r820",
    "panda": "franka frankaemika frankapanda frankaemikapanda fer frankafer",
    "fr3": "franka frankaemika frankafr3 frankaresearch3 research3",
    "xarm6": "xarm ufactory ufactoryxarm6",
    "xarm7": "xarm ufactory ufactoryxarm7",
    "lite6": "lite ufactory ufactorylite6",
}


def find(name: str) -> str | None:
    """The catalogue's name of an arm, whatever its case and its separators; None if there is none.

    >>> find("FR3"), find("Franka-Panda"), find("jaco")
    ('fr3', 'panda', 'jaco2')

    Raises:
        ArmError: Several arms have this name.
    """
    key = _plain(name)
    meant = [arm for arm in CATALOG if _plain(arm) == key]
    meant = meant or [arm for arm in CATALOG if key in _WORDS.get(arm, "").split()]
    if len(meant) > 1:
        raise ArmError(f"{name!r:.80} is the name of several arms, needs one of {', '.join(meant)}")
    return meant[0] if meant else None


def hint(name: str) -> str:
    """The end of an error about an unknown name: those that are like it, if there are."""
    words = {_plain(arm): arm for arm in CATALOG}
    near = get_close_matches(_plain(name), words, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(words[each] for each in near)}?" if near else ""


def _plain(name: str) -> str:
    return re.sub("[ ._-]", "", name.lower())
