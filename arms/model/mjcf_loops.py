"""Loops that an MJCF closes by a constraint: a ``Chain`` is a tree."""

from __future__ import annotations

from typing import Any

from arms.errors import MjcfError
from arms.model.chain import Chain
from arms.model.link_poses import rigid_parts
from arms.model.mjcf_compile import mujoco_package
from arms.model.mjcf_parts import Names


def refuse_loops(model: Any, names: Names, chain: Chain) -> None:
    """Raise ``MjcfError`` for an active <connect> or <weld> across a moving joint of the chain.

    One between parts that do not move in each other, such as those of a gripper that is rigid in
    the chain, is no loop. Neither is one to a free or mocap body, which is not part of the chain.
    """
    mujoco = mujoco_package()
    kinds = {
        int(mujoco.mjtEq.mjEQ_CONNECT): "connect",
        int(mujoco.mjtEq.mjEQ_WELD): "weld",
    }
    rigid = rigid_parts(chain)
    for k in range(model.neq):
        kind = kinds.get(int(model.eq_type[k]))
        if kind is None or not model.eq_active0[k]:
            continue
        bodies = [_body(model, k, int(end)) for end in (model.eq_obj1id[k], model.eq_obj2id[k])]
        ends = [names.bodies[body] for body in bodies]
        parts = [
            chain.base if _is_ground(model, body) else rigid.get(end)
            for body, end in zip(bodies, ends, strict=True)
        ]
        if None not in parts and parts[0] != parts[1]:
            name = str(model.equality(k).name)
            raise MjcfError(
                f"<{kind}> {name!r} closes a loop from body {ends[0]!r} to {ends[1]!r}, and an arm "
                "is a tree; needs a tip or base that leaves it out, or a file without it"
            )


def _body(model: Any, k: int, end: int) -> int:
    """The body at an end of a constraint between bodies or sites."""
    is_site = int(model.eq_objtype[k]) == int(mujoco_package().mjtObj.mjOBJ_SITE)
    return int(model.site_bodyid[end]) if is_site else end


def _is_ground(model: Any, body: int) -> bool:
    """Does a body stand still in the world?"""
    root = int(model.body_rootid[body])
    return int(model.body_weldid[body]) == 0 and int(model.body_mocapid[root]) < 0
