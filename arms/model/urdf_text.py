"""``Chain`` to URDF text that PyBullet reads without changing a number."""

from __future__ import annotations

import re
from math import isinf
from xml.sax.saxutils import quoteattr

from arms.model.chain import DRIVE, MOVING, Chain, Inertia, Joint, Link, Pose, Visual, free
from arms.model.spatial import rounded

DRAKE = "http://drake.mit.edu"
"""Namespace of ``rotor_inertia`` and ``gear_ratio``, for which URDF has no element."""


def urdf_text(chain: Chain, meshes: bool) -> str:
    """The tree, one link or joint per line, with a massless link "tool" at the tool frame.

    Links have the names of their frames.
    """
    tool = Link(free("tool", chain.frame_names))
    frames = {**chain.frame_names, tool.name: "tool"}
    safe = _safe_names(list(frames.values()))
    links = {link: safe[frame] for link, frame in frames.items()}
    mount = free("tool_mount", [joint.name for joint in chain.joints])
    joints = [*chain.joints, Joint(mount, "fixed", chain.tip, tool.name, chain.tool)]
    names = _safe_names([joint.name for joint in joints])
    drives = [_drive(joint, names[joint.name]) for joint in joints if _is_driven(joint)]
    space = f' xmlns:drake="{DRAKE}"' if drives else ""
    lines = [f'<robot name="{_safe_names([chain.name])[chain.name]}"{space}>']
    lines += [_link(link, links[link.name], meshes) for link in (*chain.links, tool)]
    lines += [_joint(joint, names, links) for joint in joints]
    lines += drives
    return "\n".join([*lines, "</robot>", ""])


def _safe_names(names: list[str]) -> dict[str, str]:
    """Names reduced to letters, digits and ``_.-``, each still unique."""
    safe: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        while plain in safe.values():
            plain += "_"
        safe[name] = plain
    return safe


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(repr(float(value)) for value in values)


def _origin(pose: Pose) -> str:
    return f'<origin xyz="{_numbers(pose.xyz)}" rpy="{_numbers(tuple(map(rounded, pose.rpy)))}"/>'


def _link(link: Link, name: str, meshes: bool) -> str:
    visuals = "".join(_visual(v) for v in link.visuals if not v.collision) if meshes else ""
    return f'  <link name="{name}">{_inertial(link.inertia)}{visuals}</link>'


def _inertial(inertia: Inertia) -> str:
    keys = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    moments = " ".join(f'{k}="{float(v)!r}"' for k, v in zip(keys, inertia.moments, strict=True))
    return (
        f"<inertial>{_origin(Pose(inertia.com))}"
        f'<mass value="{float(inertia.mass)!r}"/><inertia {moments}/></inertial>'
    )


def _visual(visual: Visual) -> str:
    color = ""
    if visual.rgba is not None:
        name = "_".join(f"{255 * part:.0f}" for part in visual.rgba)
        color = f'<material name="rgba_{name}"><color rgba="{_numbers(visual.rgba)}"/></material>'
    shape = _shape(visual)
    return f"<visual>{_origin(visual.origin)}<geometry>{shape}</geometry>{color}</visual>"


def _shape(visual: Visual) -> str:
    x, _, z = visual.scale
    if visual.shape == "box":
        return f'<box size="{_numbers(visual.scale)}"/>'
    if visual.shape == "cylinder":
        return f'<cylinder radius="{_numbers((x,))}" length="{_numbers((z,))}"/>'
    if visual.shape == "sphere":
        return f'<sphere radius="{_numbers((x,))}"/>'
    return f'<mesh filename={quoteattr(visual.mesh)} scale="{_numbers(visual.scale)}"/>'


def _joint(joint: Joint, names: dict[str, str], links: dict[str, str]) -> str:
    parts = [
        f'  <joint name="{names[joint.name]}" type="{joint.kind}">',
        f'<parent link="{links[joint.parent]}"/><child link="{links[joint.child]}"/>',
        _origin(joint.origin),
    ]
    if joint.kind in MOVING:
        parts.append(f'<axis xyz="{_numbers(joint.axis)}"/>')
        friction = f'damping="{_short(joint.viscous)}" friction="{_short(joint.dry)}"'
        parts.append(f"<dynamics {friction}/>")
        bounds = {
            "lower": joint.lower,
            "upper": joint.upper,
            "velocity": joint.velocity,
            "effort": joint.effort,
        }
        limits = " ".join(f'{key}="{_bound(value)!r}"' for key, value in bounds.items())
        parts.append(f"<limit {limits}/>")
        if joint.mimic is not None:
            m = joint.mimic
            parts.append(
                f'<mimic joint="{names[m.leader]}" '
                f'multiplier="{m.multiplier!r}" offset="{m.offset!r}"/>'
            )
    return "".join([*parts, "</joint>"])


def _is_driven(joint: Joint) -> bool:
    return joint.kind in MOVING and any(getattr(joint, field) for field in DRIVE)


def _drive(joint: Joint, name: str) -> str:
    """A transmission with Drake's rotor inertia, and the friction that `urdf` reads back."""
    friction = f'viscous="{_short(joint.viscous)}" dry="{_short(joint.dry)}"'
    return (
        f'  <transmission name="{name}_drive"><type>transmission_interface/SimpleTransmission'
        f'</type><joint name="{name}"/><actuator name="{name}_motor">'
        f'<drake:rotor_inertia value="{_short(joint.armature)}"/><drake:gear_ratio value="1"/>'
        f"<friction {friction}/></actuator></transmission>"
    )


def _short(value: float) -> str:
    return repr(float(value)) if value else "0"


def _bound(value: float) -> float:
    """A finite limit: URDF has no infinity."""
    return (1e9 if value > 0 else -1e9) if isinf(value) else float(value)
