"""Variants of a chain: with a payload, a tool, another base or another gravity."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError
from arms.model.chain import DRIVE, MOVING, Chain, Inertia, Joint, Link, coordinates
from arms.model.spatial import is_physical, matrix, nearest_rotation, pose_of
from arms.model.values import array, refuse_masked

if TYPE_CHECKING:
    from jaxtyping import Float

_OFF = 1e-4  # largest error of an entry of a transform that counts as rounding


def with_payload(
    chain: Chain, mass: float, com: ArrayLike, inertia: ArrayLike | None, name: str = "payload"
) -> Chain:
    """``chain`` with a link of the given inertia fixed to its tool frame."""
    known = {link.name for link in chain.links} | {joint.name for joint in chain.joints}
    name = next(n for k in range(len(known) + 1) if (n := f"{name}{k or ''}") not in known)
    link = Link(name, _inertia(chain, name, mass, com, inertia))
    joint = Joint(f"{name}_mount", "fixed", chain.tip, name, chain.tool)
    links, joints = (*chain.links, link), (*chain.joints, joint)
    return replace(chain, links=links, joints=joints, variable=(*chain.variable, name))


def with_tool(
    chain: Chain, transform: ArrayLike, mass: float, com: ArrayLike, inertia: ArrayLike | None
) -> Chain:
    """``chain`` with its tool frame moved by ``transform``, and the tool's own mass."""
    T = transform_of(f"Arm {chain.name!r}: the tool's transform", transform)
    if mass or inertia is not None:
        chain = with_payload(chain, mass, com, inertia, name="tool_body")
    variable = tuple(dict.fromkeys((*chain.variable, "tool")))
    return replace(chain, tool=pose_of(matrix(chain.tool) @ T), variable=variable)


def with_base(chain: Chain, transform: ArrayLike) -> Chain:
    """``chain`` with a new base link, "world", in which the old one sits at ``transform``."""
    T = transform_of(f"Arm {chain.name!r}: the base's transform", transform)
    known = {link.name for link in chain.links} | {joint.name for joint in chain.joints}
    name = next(n for k in range(len(known) + 1) if (n := f"world{k or ''}") not in known)
    joint = Joint(f"{name}_mount", "fixed", name, chain.base, pose_of(T))
    links, joints = (Link(name), *chain.links), (joint, *chain.joints)
    return replace(chain, base=name, links=links, joints=joints)


def with_gravity(chain: Chain, gravity: ArrayLike) -> Chain:
    """``chain`` under another gravity vector."""
    vector = array(f"Arm {chain.name!r}: gravity", gravity)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ArmError(f"Arm {chain.name!r}: gravity is {gravity!r}, needs three finite numbers")
    x, y, z = vector.tolist()
    return replace(chain, gravity=(x, y, z))


def with_inertias(chain: Chain, names: tuple[str, ...], theta: ndarray) -> Chain:
    """``chain`` with the inertial parameters (10,) of some links, each in a row of ``theta``."""
    rows = dict(zip(names, theta, strict=True))
    links = tuple(
        replace(link, inertia=_of_parameters(link.name, rows[link.name]))
        if link.name in rows
        else link
        for link in chain.links
    )
    return replace(chain, links=links)


def _of_parameters(name: str, theta: ndarray) -> Inertia:
    """A link's inertia from mass, first moments and second moments about its origin."""
    m, hx, hy, hz, xx, xy, yy, xz, yz, zz = theta.tolist()
    if not m > 0.0:
        raise ArmError(f"link {name!r}: mass is {m:g} kg, needs a number above 0")
    c = np.array([hx, hy, hz]) / m
    I = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])  # noqa: E741
    I = I - m * (c @ c * np.eye(3) - np.outer(c, c))  # noqa: E741
    return Inertia(m, tuple(c), (I[0, 0], I[0, 1], I[0, 2], I[1, 1], I[1, 2], I[2, 2]))


def with_drives(chain: Chain, **values: ArrayLike) -> Chain:
    """``chain`` with other values of the fields of `DRIVE`, one for all joints or one each.

    A joint that mimics another one gets 0: what it adds is stated at the joint that it follows.
    """
    names = [joint.name for joint in coordinates(chain)]
    columns = {field: _drive(chain, field, value, names) for field, value in values.items()}
    joints = []
    for joint in chain.joints:
        if joint.kind in MOVING:
            k = names.index(joint.name) if joint.mimic is None else None
            own = {field: 0.0 if k is None else column[k] for field, column in columns.items()}
            joint = replace(joint, **own)
        joints.append(joint)
    return replace(chain, joints=tuple(joints))


def _drive(chain: Chain, field: str, value: ArrayLike, names: list[str]) -> list[float]:
    """One number per joint, none of them negative; anything else raises ``ArmError``."""
    what = f"Arm {chain.name!r}: {field}"
    refuse_masked(what, value)
    values = np.asarray(value)
    if values.dtype.kind not in "iuf" or values.shape not in ((), (len(names),)):
        raise ArmError(
            f"{what} is {value!r}, needs a number of {DRIVE[field]}, or {len(names)} of them"
        )
    column = np.broadcast_to(values.astype(float), (len(names),)).tolist()
    for name, number in zip(names, column, strict=True):
        if not (isfinite(number) and number >= 0):
            raise ArmError(
                f"{what} of joint {name!r} is {number:g} {DRIVE[field]}, needs a finite number, 0 "
                "or more"
            )
    return column


def transform_of(what: str, value: ArrayLike) -> Float[ndarray, "4 4"]:
    """``value`` as a homogeneous transform, or an ``ArmError`` that starts with ``what``.

    Rounded digits are forgiven: within 1e-4 the axes become those of the nearest rotation.
    """
    T = array(what, value).astype(float)
    if T.shape != (4, 4) or not np.isfinite(T).all():
        raise ArmError(f"{what} has shape {T.shape} or is not finite, needs a (4, 4) matrix")
    R = nearest_rotation(T[:3, :3])
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = R, T[:3, 3]
    off = float(np.abs(result - T).max())
    if off > _OFF:
        raise ArmError(
            f"{what} is not a rigid motion: {off:.2g} off the nearest one, needs at most {_OFF:g}"
        )
    return result


def _inertia(
    chain: Chain, name: str, mass: float, com: ArrayLike, inertia: ArrayLike | None
) -> Inertia:
    """The inertia of a link to attach; values that no rigid body has raise ``ArmError``."""
    what = f"Arm {chain.name!r}: the {name}'s"
    m = array(f"{what} mass", mass)
    if m.shape != () or not isfinite(m) or m < 0:
        raise ArmError(f"{what} mass is {mass!r} kg, needs a finite number from 0 up")
    c = array(f"{what} com", com).astype(float)
    if c.shape != (3,) or not np.isfinite(c).all():
        raise ArmError(f"{what} com is {com!r}, needs three finite numbers [m]")
    I = np.zeros((3, 3)) if inertia is None else array(f"{what} inertia", inertia).astype(float)  # noqa: E741
    if I.shape != (3, 3) or not np.isfinite(I).all() or not np.allclose(I, I.T):
        raise ArmError(f"{what} inertia is {I.tolist()}, needs a symmetric (3, 3) matrix or None")
    x, y, z = c.tolist()
    xx, xy, xz, yy, yz, zz = (float(I[i]) for i in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)))
    result = Inertia(float(m), (x, y, z), (xx, xy, xz, yy, yz, zz))
    if not is_physical(result) or (m == 0 and I.any()):
        moments = np.linalg.eigvalsh(I).tolist()
        raise ArmError(
            f"{what} mass {m:g} kg and moments {moments} do not belong to a rigid body; needs "
            "moments of which none is above the sum of the others, and none without a mass"
        )
    return result
