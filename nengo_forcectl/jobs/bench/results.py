"""The results of a bench: one cell per arm, disturbance, controller and seed."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...support.files import interpreting, read_json
from ..cells.cell_folder import CellFolder
from ..job import ending

Key = tuple[str, str, str, int]
"""Arm, disturbance, controller, seed."""
KEY = ("arm", "disturbance", "controller", "seed")


@dataclass(frozen=True)
class Cell:
    """The result for one arm, disturbance, controller and seed.

    The errors are those of the true tool, not of its measured position.
    """

    arm: str
    disturbance: str
    controller: str
    seed: int
    rms_mm: list[float] = field(default_factory=list)  # of the tool error, by completed pass
    worst_mm: float | None = None
    fell: str | None = None  # reason for an early end
    overruled: float = 0.0  # share of the cycles in which a limit changed the torque
    saturated: float = 0.0  # share of the cycles in which a motor was at its limit
    events: dict[str, int] = field(default_factory=dict)  # sensor faults
    seconds: float = 0.0  # wall-clock time
    cycles: int = 0  # control cycles
    limits: dict[str, int] = field(default_factory=dict)  # cycles in which each changed a torque
    warnings: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Arm, disturbance, controller and seed of the cell."""
        return self.arm, self.disturbance, self.controller, self.seed

    @property
    def place(self) -> str:
        """Arm, disturbance, controller and seed, for people."""
        return f"{self.arm}, {self.disturbance}, {self.controller}, seed {self.seed}"

    @property
    def ending(self) -> str | None:
        """How it ended, if not well; see `Outcome.ending`."""
        return ending(self.fell, self.overruled)

    @property
    def later_mm(self) -> float | None:
        """Median RMS error from pass 2 on, or of the only pass; None after a fall."""
        if self.fell or not self.rms_mm:
            return None
        return float(np.median(self.rms_mm[1:] or self.rms_mm))

    def __str__(self) -> str:
        """Return the cell's name and result."""
        outcome = self.ending if self.later_mm is None else f"{self.later_mm:.3g} mm"
        return f"{self.arm}, {self.disturbance}, {self.controller}: {outcome}"

    def as_data(self) -> dict[str, Any]:
        """Return JSON data, with the median and the mean from pass 2 on."""
        later = None if self.later_mm is None else float(np.mean(self.rms_mm[1:] or self.rms_mm))
        return dataclasses.asdict(self) | {"median_mm": self.later_mm, "mean_mm": later}


@dataclass(frozen=True)
class Results:
    """A bench read from its folder."""

    folder: Path
    settings: dict[str, Any]
    data: dict[str, Any]  # all of results.json
    cells: tuple[Cell, ...]

    @property
    def passes(self) -> str:
        """The passes that the errors cover; see `Cell.later_mm`."""
        return "from pass 2 on" if self.settings["passes"] > 1 else "of pass 1"

    def at(self, arm: str, disturbance: str, controller: str) -> tuple[Cell, ...]:
        """Return the finished cells of all seeds."""
        which = (arm, disturbance, controller)
        return tuple(cell for cell in self.cells if cell.key[:3] == which)

    def median(self, arm: str, disturbance: str, controller: str) -> float | None:
        """Return the median over seeds of the RMS error [mm], see `Cell`; None if one fell."""
        cells = self.at(arm, disturbance, controller)
        errors = [cell.later_mm for cell in cells if cell.later_mm is not None]
        return float(np.median(errors)) if cells and len(errors) == len(cells) else None


def read_results(folder: Path | str) -> Results:
    """Read the folder of a bench, also of one that is not complete.

    Raises:
        RecordError: the folder holds no readable results, or a damaged cell.
    """
    folder = Path(folder)
    problem = f"run folder '{folder}': holds no results that can be read"
    data = read_json(folder / "results.json", problem)
    with interpreting(problem):
        if not data["complete"]:  # it may have been killed before it wrote them
            data["cells"] = [cell["data"] for cell in CellFolder(folder).read_all()]
        cells = tuple(cell_of(cell) for cell in data["cells"])
        return Results(folder, data["settings"], data, cells)


def cell_of(data: Mapping[str, Any]) -> Cell:
    """Return a cell from its data, see `Cell.as_data`."""
    names = {each.name for each in dataclasses.fields(Cell)}
    return Cell(**{name: value for name, value in dict(data).items() if name in names})


def how(ending: str | None) -> str:
    """Return the word of an ending: ``fell``, ``stopped`` or ``overruled``."""
    return (ending or "nothing").split(":", 1)[0]
