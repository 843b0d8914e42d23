"""The curves beside the scene: the tool's error, and the torque of every joint."""

from typing import Any

import numpy as np
from jaxtyping import Float

WINDOW = 12.0  # of the curves [s]
MOST = 600  # points of a curve
KNOWN = ("missing", "supplied")  # torques of a simulated arm, and of another one
MEASURED = ("measured", "sent")
BLACK, GREY = "#3c3c42", "#c4c4cc"
LEAST = 0.5  # torque to which the axes go in any case [N m]
SMALLEST = 1e-3  # error that the logarithmic axis shows [mm]
GRID = {"stroke": "#ececf0", "width": 1}


class Charts:
    """The curves of a page.

    Args:
        server: viser's server.
        joints: names of the joints.
        simulated: whether the torque that the model lacks is known; else the measured one is shown.
    """

    def __init__(self, server: Any, joints: tuple[str, ...], simulated: bool) -> None:
        self._server, self._joints = server, joints
        self._torque_names = KNOWN if simulated else MEASURED
        self._colour = "#3070b0"
        self._charts: list[Any] = []
        self._folder = server.gui.add_folder("Curves", order=50)
        with self._folder:
            self._legend = server.gui.add_markdown("")
        self.restart(self._colour)

    def restart(self, colour: str) -> None:
        """Begin anew, for a controller with this colour."""
        n = len(self._joints)
        self._time, self._error = np.empty(0), np.empty(0)
        self._torques = np.empty((2, 0, n))
        if colour != self._colour or not self._charts:
            self._colour = colour
            self._make()
        self.draw()

    def _make(self) -> None:
        for chart in self._charts:
            chart.remove()
        first, second = self._torque_names
        self._legend.content = f"Torques: {first} (grey, wide), {second} (colour, thin)"
        with self._folder:
            self._charts = [
                self._chart("error of the tool [mm]", [("error", self._colour, True)], 150, True)
            ]
            for number, _ in enumerate(self._joints):
                lines = [(first, GREY, False), (second, self._colour, True)]
                title = f"joint {number + 1}: torque [N m]"
                self._charts.append(self._chart(title, lines, 110, False))

    def _chart(
        self, title: str, lines: list[tuple[str, str, bool]], height: int, logarithmic: bool
    ) -> Any:
        series: list[dict[str, Any]] = [{"label": "time"}]
        for name, colour, thin in lines:
            series.append({"label": name, "stroke": colour, "width": 1.5 if thin else 5.0})
        scales: dict[str, Any] = {"x": {"time": False}}
        if logarithmic:
            scales["y"] = {"distr": 3, "log": 10}
        else:  # at least from -LEAST to LEAST
            ends = {"min": {"pad": 0.1, "soft": -LEAST, "mode": 1}}
            scales["y"] = {"range": {**ends, "max": {"pad": 0.1, "soft": LEAST, "mode": 1}}}
        axis = {"font": "11px sans-serif", "stroke": BLACK, "grid": GRID, "ticks": {"show": False}}
        empty = (np.arange(2.0), *[np.full(2, np.nan) for _ in lines])
        return self._server.gui.add_uplot(
            empty, tuple(series), title=title, scales=scales, height=height,
            axes=({**axis, "size": 24}, {**axis, "size": 46}), legend={"show": False},
            cursor={"show": False}, padding=(4, 8, 0, 0),
        )  # fmt: skip

    def add(
        self,
        time: Float[np.ndarray, "k"],
        error: Float[np.ndarray, "k"],
        first: Float[np.ndarray, "k n"],
        second: Float[np.ndarray, "k n"],
    ) -> None:
        """Add cycles.

        Args:
            time: their times [s].
            error: distances of the tool from its reference [m].
            first: torques that the model lacks, or measured ones [N m].
            second: torques that the adaptation adds, or all that was sent [N m].
        """
        since = max(float(time[-1]) - WINDOW, 0.0)
        self._time = np.concatenate((self._time, time))
        keep = (self._time >= since).nonzero()[0][-MOST:]
        self._time = self._time[keep]
        self._error = np.concatenate((self._error, np.maximum(1e3 * error, SMALLEST)))[keep]
        both = np.concatenate((self._torques, np.stack((first, second))), axis=1)
        self._torques = both[:, keep]

    def draw(self) -> None:
        """Show what was added."""
        if len(self._time) < 2:
            return
        with self._server.atomic():
            self._charts[0].data = (self._time, self._error)
            for number, chart in enumerate(self._charts[1:]):
                chart.data = (self._time, *self._torques[:, :, number])
