"""Arms of the package robot_descriptions, by its names: "ur10e_description", "fr3_mj_description".

The package has no models in it. It fetches one from its public repository when it is first named.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules, resolve_name

from arms.errors import ArmError

PACKAGE = "robot_descriptions"
_NAME = re.compile(r"[a-z0-9_]+_description")


def is_description(name: str) -> bool:
    """Whether a name has the form of those of robot_descriptions."""
    return _NAME.fullmatch(name) is not None


def description_path(name: str) -> Path:
    """The MJCF or URDF file of a model of robot_descriptions.

    Raises:
        ArmError: The package is not installed, has no such model, or cannot fetch it.
    """
    spec = find_spec(PACKAGE)
    if spec is None:
        raise ArmError(
            f"there is no arm {name!r:.80}: such names come from {PACKAGE}, which is not "
            f"installed: pip install {PACKAGE}"
        )
    modules = iter_modules(spec.submodule_search_locations)
    known = [each.name for each in modules if is_description(each.name)]
    if name not in known:
        near = get_close_matches(name, known, n=6, cutoff=0.4)
        raise ArmError(f"{PACKAGE} has no {name!r:.80}; similar names: {', '.join(near) or 'none'}")
    try:
        module = resolve_name(f"{PACKAGE}.{name}:__dict__")
    except Exception as error:  # its own, and those of git and of the network
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ArmError(f"{PACKAGE} cannot fetch {name!r}: {reason:.300}") from None
    for kind in ("MJCF_PATH", "URDF_PATH"):
        if kind in module:
            return Path(module[kind])
    raise ArmError(f"{name!r} of {PACKAGE} is neither a URDF nor an MJCF file, needs one of them")
