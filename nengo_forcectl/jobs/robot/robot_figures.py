"""The figure of a robot's run, drawn from its folder."""

from matplotlib.figure import Figure

from ...robots.log import tool_error
from ..reach.reach_figures import moving_rms
from ..rivals import colour
from ..run_folder import Run


def robot_figure(run: Run) -> Figure:
    """Draw the tool's error against time, and the measured torques of the last controller."""
    figure = Figure(figsize=(11, 7), layout="constrained", dpi=110)
    above, below = figure.subplots(2, 1)
    settings, name = run.summary["settings"], ""
    figure.suptitle(f"{settings['robot']} (seed {settings['seed']})")
    for name, record in run.records.items():
        error = 1e3 * moving_rms(tool_error(record), 100)
        above.semilogy(record["time"], error, color=colour(name), lw=1.1, label=name)
    above.set(xlabel="time [s]", ylabel="tool error [mm], RMS over 0.1 s")
    if name:
        record = run.records[name]
        lines = below.plot(record["time"], record["tau_measured"], lw=0.8)
        below.legend(lines, run.summary["joints"], fontsize=8, frameon=False, ncols=7)
        above.legend(frameon=False)
    below.set(xlabel="time [s]", ylabel=f"measured torque [N m], {name}")
    for axes in (above, below):
        axes.grid(color="0.92")
    return figure
