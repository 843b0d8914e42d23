"""What `nengo-forcectl reach` reports: a sentence, tables and figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..report.answer import Answer, Cell, Grid, Row, bad_endings, listing, number
from ..report.limits_in_words import limits_in_words
from ..report.reporting import JobReport
from ..run_folder import Run
from .reach_settings import pass_name
from .reached import ARRIVED, ROLES, main_controller

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn

PASSES = (
    "A pass goes over five targets; steps/s: simulated control cycles in a second of the clock."
)
FIRST = 10  # passes that a table shows, and as many of the last ones
ENERGY = (
    "Loihi: 81 pJ for a neuron's update, 23.6 pJ for a synaptic event (Davies et al. 2018). Power "
    "at rest, learning, the direct path and the control law are not in it."
)
FOUND = (
    "±: standard deviation; 0: under 0.0005. neurons: RMS of what they add over the work. Of a "
    "sliding joint N s/m, N and kg."
)


def reach_answer(run: Run) -> Answer:
    """Return the answer of a reaching run."""
    summary = run.summary
    heading = (
        "RMS error of the tip in mm, by the Jacobian that the controller uses:"
        if summary["settings"]["jacobian"]
        else "RMS error of the tool in mm:"
    )
    if not summary["rms_mm"]:
        return Answer("No controller has moved the arm.", (), bad_endings(summary))
    found = [found_by(name, each) for name, each in summary["learned"].items()]
    if summary["settings"].get("energy", False):
        found += [energy_grid(name, each) for name, each in summary.get("energy", {}).items()]
    return Answer(_sentence(summary), (heading, error_grid(summary), *found), bad_endings(summary))


def unknown(settings: Mapping[str, Any]) -> str:
    """Return what the model does not know, for a sentence, after a space; empty for nothing."""
    if settings["tool"] > 0:
        return f" with a tool of {settings['tool']:g} m that its kinematics do not know"
    parts = []
    if settings["payload"] > 0:
        parts.append(f"a payload of {settings['payload']:g} kg")
    if settings["friction"] > 0:
        parts.append(f"friction of {settings['friction']:g} N m s/rad")
    return f" with {' and '.join(parts)} that its model does not know" if parts else ""


def _sentence(summary: Mapping[str, Any]) -> str:
    settings, rms = summary["settings"], summary["rms_mm"]
    name = main_controller(list(rms))
    arrivals = summary["final_mm"][name]
    near = sum(distance <= ARRIVED for distance in arrivals)
    planned = len(summary["targets"]) * (settings["passes"] + settings["unseen"])
    went = f"{planned}" if len(arrivals) == planned else f"the first {len(arrivals)} of {planned}"
    start = (
        f"{by(name)}, the tool came within {ARRIVED:g} mm of {near} of {went} "
        f"targets{unknown(settings)}"
    )
    if not rms[name]:
        return f"{start}, and completed no pass."
    last = len(rms[name])
    course = _course(settings, rms[name])
    others = [
        f"{number(rms[other][last - 1])} mm {role}"
        for other, role in ROLES.items()
        if other in rms and other != name and len(rms[other]) >= last
    ]
    compared = f"; in that pass it was {listing(others)}" if others else ""
    return f"{start}; its RMS error {course}{compared}."


def by(name: str) -> str:
    """Return the beginning of a sentence about a controller."""
    role = ROLES.get(name, f"with {name}")
    return f"{role[0].upper()}{role[1:]}"


def _course(settings: Mapping[str, Any], errors: list[float]) -> str:
    """Return how an error went from the first pass to the last."""
    end = f"{number(errors[-1])} mm in {_pass_words(settings, len(errors))}"
    if len(errors) == 1:
        return f"was {end}"
    went = "fell" if errors[-1] < errors[0] else "went"
    return f"{went} from {number(errors[0])} mm in pass 1 to {end}"


def _pass_words(settings: Mapping[str, Any], number: int) -> str:
    name = pass_name({**settings, "freeze_after": None}, number)
    name = name.replace("unseen", "pass", 1) + " over unseen targets" if "un" in name else name
    freeze = settings["freeze_after"]
    return name if freeze is None or number <= freeze else f"{name} with learning off"


def error_grid(summary: Mapping[str, Any]) -> Grid:
    """Return a table with one row per pass and one column per controller."""
    settings, rms = summary["settings"], summary["rms_mm"]
    rows: list[Row] = []
    for count in _shown(max(map(len, rms.values()), default=0)):
        left_out = count - 1 - len(rows)
        if left_out > 0 and len(rows) == FIRST:
            rows.append((f"{left_out} more: see summary.json", *("" for _ in rms)))
        rows.append((pass_name(settings, count), *(_error(each, count) for each in rms.values())))
    rows.append(())
    if settings["jacobian"]:
        final = summary["final_mm"].values()
        rows.append(("worst at arrival", *(number(max(e)) if e else "-" for e in final)))
        rows.append(("last at arrival", *(number(e[-1]) if e else "-" for e in final)))
    speeds = summary["steps_per_second"]
    rows.append(("steps/s", *(f"{speeds[name]:,.0f}" for name in rms)))
    return Grid(("", *rms), tuple(rows), note=PASSES)


def _error(errors: list[float], count: int) -> str:
    return number(errors[count - 1]) if count <= len(errors) else "-"


def _shown(passes: int) -> list[int]:
    """Return the numbers of the passes to show: all, or the first and the last ones."""
    if passes <= 2 * FIRST:
        return list(range(1, passes + 1))
    return [*range(1, FIRST + 1), *range(passes - FIRST + 1, passes + 1)]


def found_by(name: str, learned: Mapping[str, Any]) -> Grid:
    """Return what a structured learner has found, beyond the model, with standard deviations."""
    payload, tool, friction = (learned[each] for each in ("payload", "tool", "friction"))
    mass, moment = payload["mass"], payload["moment_deviation"]
    values = {"payload [kg]": ([mass], [payload["mass_deviation"]])}
    if mass > moment[0]:
        values["centre [m]"] = payload["com"], [each / mass for each in moment]
    values |= {
        "viscous [N m s/rad]": tuple(friction["viscous"].values()),
        "dry [N m]": tuple(friction["dry"].values()),
        "constant [N m]": tuple(learned["offset"].values()),
        "armature [kg m^2]": tuple(learned["armature"].values()),
        "tool: force [N]": (tool["force"], tool["force_deviation"]),
        "gravity [m/s^2]": tuple(learned["gravity"].values()),
        "stiffness xyz [N/m]": (
            [row[k] for k, row in enumerate(tool["stiffness"])],
            [row[k] for k, row in enumerate(tool["stiffness_deviation"])],
        ),
    }
    rows: list[Row] = []
    for heading, (means, deviations) in values.items():
        rows.append((heading, *map(_number, means)))
        rows.append((Cell("  ±", "faint"), *(Cell(_number(each), "faint") for each in deviations)))
        if heading == "dry [N m]" and "presliding" in friction:
            rows.append(("  share presliding", *map(_number, friction["presliding"])))
        if heading == "dry [N m]" and "neurons" in friction:
            rows.append(("neurons [N m]", *map(_number, friction["neurons"])))
        if heading == "stiffness xyz [N/m]" and "neurons" in tool:
            rows.append(("tool: neurons [N]", _number(tool["neurons"])))
    rows.extend(_ripple_rows(learned.get("ripple")))
    rows.append(("delay [ms]", f"{1e3 * learned['delay']:.1f}"))
    rows.append(("not explained [N m]", _number(learned["noise"])))
    count = max(len(row) for row in rows) - 1
    heads = [f"{k}, {axis}" for k, axis in enumerate("xyz", start=1)]
    heads += [str(k) for k in range(4, count + 1)]
    return Grid(
        ("joint, axis", *heads[:count]), tuple(rows), f"found by {name}, beyond the model", FOUND
    )


def _ripple_rows(ripple: Mapping[str, Any] | None) -> list[Row]:
    """Return rows of the ripple of motors and gears, if one was found."""
    if ripple is None or not any(ripple["periods"]):
        return []
    return [
        ("ripple [N m]", *map(_number, ripple["amplitude"])),
        (Cell("  ±", "faint"), *(Cell(_number(each), "faint") for each in ripple["deviation"])),
        ("periods a turn", *(f"{each:.0f}" for each in ripple["periods"])),
    ]


def energy_grid(name: str, energy: Mapping[str, float]) -> Grid:
    """Return what a spiking network takes in a control cycle, by counts of spikes and events."""
    parts = [energy["neurons"], energy["inputs"], energy["outputs"]]
    rows: list[Row] = [
        ("neuron updates", "", _nanojoules(parts[0])),
        ("events in, from the state", number(energy["events_in"]), _nanojoules(parts[1])),
        ("spikes", number(energy["spikes"]), ""),
        ("events out, to the torque", number(energy["events_out"]), _nanojoules(parts[2])),
        (),
        ("in all", "", _nanojoules(sum(parts))),
    ]
    title = f"{name}: a control cycle on a chip, estimated by counts"
    return Grid(("", "count", "energy [nJ]"), tuple(rows), title, ENERGY)


def _nanojoules(energy: float) -> str:
    return number(1e9 * energy)


def _number(value: float) -> str:
    """Return a number with two digits, none below a thousandth."""
    return "0" if abs(value) < 5e-4 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _figures(run: Run) -> Mapping[str, "Drawn"]:
    from .reach_figures import reach_figures  # matplotlib

    return reach_figures(run)


REACH_REPORT: JobReport[Run] = JobReport(
    answer=reach_answer,
    summary=lambda run: run.summary,
    figures=_figures,
    limits=lambda run: limits_in_words(run.summary),
)
