"""An arm as a JSON file: every number of its ``Chain``, and what is known of where it is from.

URDF has no tool frame, no gravity and no friction but a joint's; this file has all that a ``Chain``
has. What a program adds under other keys, such as how the numbers were found, is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from arms.errors import ArmError
from arms.model.chain import Chain, Inertia, Joint, Link, Mimic, Pose, Visual
from arms.model.file_bytes import bytes_of

FORMAT = "arms model"
VERSION = 1


def model_data(chain: Chain, **more: Any) -> dict[str, Any]:
    """The contents of a model file; ``more`` are further keys.

    Infinite limits are null: JSON has no infinity.
    """
    data = asdict(chain)
    for joint in data["joints"]:
        for bound in ("lower", "upper", "velocity", "effort"):
            if abs(joint[bound]) == float("inf"):
                joint[bound] = None
    return {"format": FORMAT, "version": VERSION, "arm": data, **more}


def read_model(path: str | Path) -> Chain:
    """The arm of a model file.

    Raises:
        ArmError: The file cannot be read, is none, or no arm has its numbers.
    """
    what = f"model file '{path}'"
    try:
        data = json.loads(bytes_of(Path(path), what, ArmError))
    except ArmError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArmError(f"{what}: is not JSON ({error})") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ArmError(f"{what}: has no format {FORMAT!r}, needs a file of `identify`")
    if data.get("version") != VERSION:
        raise ArmError(f"{what}: is of version {data.get('version')!r:.20}, needs {VERSION}")
    try:
        return _chain(data["arm"])
    except ArmError as error:
        raise ArmError(f"{what}: {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ArmError(f"{what}: has another form ({type(error).__name__}: {error})") from None


def _chain(data: Mapping[str, Any]) -> Chain:
    values = dict(data)
    values["links"] = tuple(_link(link) for link in data["links"])
    values["joints"] = tuple(_joint(joint) for joint in data["joints"])
    values["tool"], values["gravity"] = Pose(**data["tool"]), tuple(data["gravity"])
    return Chain(**values)


def _link(data: Mapping[str, Any]) -> Link:
    visuals = [
        Visual(**{**each, "origin": Pose(**each["origin"]), "scale": tuple(each["scale"])})
        for each in data["visuals"]
    ]
    return Link(data["name"], Inertia(**data["inertia"]), tuple(visuals))


def _joint(data: Mapping[str, Any]) -> Joint:
    values = dict(data)
    for bound, free in (("lower", -1), ("upper", 1), ("velocity", 1), ("effort", 1)):
        if data[bound] is None:
            values[bound] = free * float("inf")
    values["origin"] = Pose(**data["origin"])
    values["mimic"] = None if data["mimic"] is None else Mimic(**data["mimic"])
    return Joint(**values)
