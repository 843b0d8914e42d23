"""What ``nengo-forcectl arms`` prints: the catalogue, or one arm."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

import arms
from arms import Arm
from arms.catalog.drives import DRIVES

from ..job_output import Printer
from .arms_settings import ArmsSettings

NAME, NUMBER = 24, 9  # widths of a name and a number before wrapping


def _text(settings: ArmsSettings, found: Sequence[Arm]) -> RenderableType:
    return catalogue() if settings.name is None else one(found[0])


def _data(found: Sequence[Arm]) -> list[dict[str, Any]]:
    return [as_data(arm) for arm in found]


def catalogue() -> RenderableType:
    """Return the arms of the catalogue, one per row, with the sources of their numbers."""
    table = Table("name", box=SIMPLE_HEAD)
    for column in ("joints", "reach [m]", "mass [kg]", "operations a call"):
        table.add_column(escape(column), justify="right")
    sources = Table.grid("", "", padding=(0, 2))
    for name in arms.names():
        it = arms.summary(name)
        numbers = (str(it.joints), f"{it.reach:.2f}", f"{it.mass:.1f}", f"{it.operations:,}")
        table.add_row(name, *numbers)
        sources.add_row(name, escape(it.source))
    return Group(table, "sources:", sources)


def one(arm: Arm) -> RenderableType:
    """Return one arm: joints, links, drives if stated, frames, a planar arm's terms."""
    it = arms.summary(arm)
    parts: list[RenderableType] = [
        f"[bold]{escape(arm.name)}[/]: {it.joints} joints, reach {it.reach:.2f} m, "
        f"{it.mass:.1f} kg, {it.operations:,} operations a call",
        escape(it.source),
        _joints(arm),
        _links(arm),
        *_drives(arm),
        f"frames: {escape(', '.join(arm.frames))}",
        f"gravity: {_vector(arm.chain.gravity)} m/s^2 in the base frame",
    ]
    if arm.symbolic.planar:
        parts += _matrices(arm)
    return Group(*parts)


def as_data(arm: Arm) -> dict[str, Any]:
    """Return the summary as data: numbers and names, with None for a missing limit."""
    it = arms.summary(arm)
    limits = {"q_lower": arm.q_lower, "q_upper": arm.q_upper}
    limits |= {"dq_max": arm.dq_max, "tau_max": arm.tau_max}
    return {
        "name": arm.name,
        "joints": list(arm.joint_names),
        "frames": list(arm.frames),
        "reach": it.reach,
        "mass": it.mass,
        "operations": it.operations,
        "source": it.source,
        "armature": arm.armature.tolist(),
        "viscous": arm.friction.viscous.tolist(),
        "dry": arm.friction.dry.tolist(),
        **{
            name: [float(value) if np.isfinite(value) else None for value in values]
            for name, values in limits.items()
        },
    }


def _joints(arm: Arm) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.caption = "rad, rad/s and N m; of a sliding joint m, m/s and N"
    _add_names(table, "joint", [joint.name for joint in arm.chain.joints])
    table.add_column("type", no_wrap=True)
    table.add_column(escape("at [m]"), min_width=NUMBER)
    table.add_column("axis", no_wrap=True)
    for column in ("from", "to", "speed", "torque"):
        table.add_column(column, justify="right", no_wrap=True)
    for joint in arm.chain.joints:
        moves = joint.kind != "fixed"
        limits = (joint.lower, joint.upper, joint.velocity, joint.effort) if moves else ()
        table.add_row(
            escape(joint.name),
            joint.kind if joint.mimic is None else f"follows {escape(joint.mimic.leader)}",
            _vector(joint.origin.xyz),
            _vector(joint.axis) if moves else "",
            *(f"{limit:.3g}" for limit in limits),
        )
    return table


def _links(arm: Arm) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.caption = "kg, m and kg m^2; moments about the centre of mass"
    mover = {joint.child: joint.name for joint in arm.chain.joints}
    _add_names(table, "link", [link.name for link in arm.chain.links])
    _add_names(table, "moved by", list(mover.values()))
    table.add_column("mass", justify="right", no_wrap=True)
    for column in ("centre of mass", "Ixx, Iyy, Izz"):
        table.add_column(column, min_width=NUMBER)
    for link in arm.chain.links:
        Ixx, _, _, Iyy, _, Izz = link.inertia.moments
        numbers = (f"{link.inertia.mass:.4g}", _vector(link.inertia.com), _vector((Ixx, Iyy, Izz)))
        numbers = numbers if link.inertia.mass else ("0", "", "")
        table.add_row(escape(link.name), escape(mover.get(link.name, "")), *numbers)
    return table


def _drives(arm: Arm) -> list[RenderableType]:
    """Rotors and friction: the model's, or else those published of an arm of the catalogue."""
    known, where = (arm.armature, *arm.friction), "drives of the model:"
    if not arm.drive_parameters.any():
        if arm.name not in DRIVES:
            return []
        known = DRIVES[arm.name][:3]
        where = f"published drives, not in the model; {DRIVES[arm.name].source}"
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.caption = "kg m^2, N m s/rad and N m; of a sliding joint kg, N s/m and N"
    _add_names(table, "drive", list(arm.joint_names))
    for column in ("armature", "viscous friction", "dry friction"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, *numbers in zip(arm.joint_names, *known, strict=True):
        table.add_row(escape(name), *(f"{number:.3g}" for number in numbers))
    return [escape(where), table]


def _add_names(table: Table, head: str, names: Sequence[str]) -> None:
    """Add a column of names; only very long names wrap."""
    width = max(map(len, (head, *names)))
    table.add_column(head, overflow="fold", no_wrap=width <= NAME, min_width=min(width, NAME))


def _matrices(arm: Arm) -> list[RenderableType]:
    import sympy  # for planar arms only

    lines: list[RenderableType] = []
    for name in ("M", "C", "g"):
        matrix = getattr(arm.symbolic, name)
        text = sympy.pretty(matrix.evalf(4), use_unicode=True, wrap_line=False)
        lines += [f"\n{name}(q{', dq' if name == 'C' else ''}) =", escape(text)]
    return lines


def _vector(values: Any) -> str:
    return " ".join(f"{value:.3g}" for value in values)


ARMS = Printer(_text, _data)
