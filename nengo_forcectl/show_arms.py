"""What ``nengo-forcectl arms`` prints: the catalogue, or one arm."""

from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

import arms
from arms import Arm


def catalogue() -> RenderableType:
    """The arms of the catalogue, a row each, and where their numbers come from."""
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
    """One arm: joints with their limits, links with their masses, frames, a planar arm's terms."""
    it = arms.summary(arm)
    parts: list[RenderableType] = [
        f"[bold]{escape(arm.name)}[/]: {it.joints} joints, reach {it.reach:.2f} m, "
        f"{it.mass:.1f} kg, {it.operations:,} operations a call",
        escape(it.source),
        _joints(arm),
        _links(arm),
        f"frames: {escape(', '.join(arm.frames))}",
        f"gravity: {_vector(arm.chain.gravity)} m/s^2 in the base frame",
    ]
    if arm.symbolic.planar:
        parts += _matrices(arm)
    return Group(*parts)


def as_data(arm: Arm) -> dict[str, Any]:
    """The same summary for a program: numbers and names, limits None where there are none."""
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
        **{
            name: [float(value) if np.isfinite(value) else None for value in values]
            for name, values in limits.items()
        },
    }


def _joints(arm: Arm) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.caption = "rad, rad/s and N m; of a sliding joint m, m/s and N"
    table.add_column("joint", overflow="fold", min_width=8)
    for column in ("type", "at [m]", "axis"):
        table.add_column(escape(column), no_wrap=True)
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
    table.add_column("link", overflow="fold", min_width=8)
    table.add_column("moved by", overflow="fold", min_width=8)
    table.add_column("mass", justify="right")
    for column in ("centre of mass", "Ixx, Iyy, Izz"):
        table.add_column(column, no_wrap=True)
    mover = {joint.child: joint.name for joint in arm.chain.joints}
    for link in arm.chain.links:
        Ixx, _, _, Iyy, _, Izz = link.inertia.moments
        numbers = (f"{link.inertia.mass:.4g}", _vector(link.inertia.com), _vector((Ixx, Iyy, Izz)))
        numbers = numbers if link.inertia.mass else ("0", "", "")
        table.add_row(escape(link.name), escape(mover.get(link.name, "")), *numbers)
    return table


def _matrices(arm: Arm) -> list[RenderableType]:
    import sympy

    lines: list[RenderableType] = []
    for name in ("M", "C", "g"):
        matrix = getattr(arm.symbolic, name)
        text = sympy.pretty(matrix.evalf(4), use_unicode=True, wrap_line=False)
        lines += [f"\n{name}(q{', dq' if name == 'C' else ''}) =", escape(text)]
    return lines


def _vector(values: Any) -> str:
    return " ".join(f"{value:.4g}" for value in values)
