"""A recorded path: samples over time, from arrays or from a file."""

import csv
import io
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..contract import Reference
from ..errors import ConfigurationError, RecordError
from ..support.files import interpreting, read_bytes, read_npz
from ..support.validation import as_points, as_vector
from .piecewise import Piecewise, hermite, natural_spline

COLUMNS = ("time", "x", "dx", "ddx")


@dataclass(frozen=True)
class RecordedPath:
    """Samples of a path with an interpolation between them.

    Positions alone are interpolated by the natural cubic spline, with velocities by cubic pieces,
    with velocities and accelerations by quintic pieces. Velocity is continuous, and so is
    acceleration except in the second case. Time counts from the first sample. The path is at rest
    before the first sample and from the last one on.

    Raises:
        ConfigurationError: times do not increase, shapes do not match, values are not finite, or
            accelerations are given without velocities.
    """

    time: Float[np.ndarray, "k"]  # [s]
    x: Float[np.ndarray, "k m"]  # [m], or [rad] in joint space
    dx: Float[np.ndarray, "k m"] | None = None  # [m/s]
    ddx: Float[np.ndarray, "k m"] | None = None  # [m/s^2]

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(
            self,
            time: ArrayLike,
            x: ArrayLike,
            dx: ArrayLike | None = None,
            ddx: ArrayLike | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        x = as_points(self, "x")
        time = as_vector(self, "time", len(x), "s")
        stuck = np.flatnonzero(np.diff(time) <= 0)
        if len(stuck):
            k = stuck[0]
            raise ConfigurationError(
                f"RecordedPath.time: sample {k} is at {time[k]:.9g} s and sample {k + 1} at "
                f"{time[k + 1]:.9g} s, which is infinite speed or backwards; "
                "needs times that increase"
            )
        for field in ("dx", "ddx"):
            if getattr(self, field) is None:
                continue
            shape = as_points(self, field).shape
            if shape != x.shape:
                raise ConfigurationError(
                    f"RecordedPath.{field}: has shape {shape}, needs {x.shape}, that of x"
                )
        if self.dx is None and self.ddx is not None:
            raise ConfigurationError("RecordedPath.ddx: is given without dx, needs both")

    @classmethod
    def read(cls, file: str | os.PathLike[str]) -> "RecordedPath":
        """Read a path from a file.

        ``.npz``: arrays ``time`` (k,), ``x`` (k, m) and optionally ``dx`` and ``ddx``, no pickles.
        ``.csv``: a header ``time,x0,x1,...`` with optional ``dx0,...`` and ``ddx0,...``, then one
        sample per line. The header may begin with ``#``, as `numpy.savetxt` writes it.

        Raises:
            RecordError: the file cannot be read, or has another type.
            ConfigurationError: its contents are not a path.
        """
        file = Path(file)
        problem = f"path file '{file}': cannot be read"
        if file.suffix.lower() == ".npz":
            archive = read_npz(file, problem)
            arrays = {name: archive[name] for name in COLUMNS if name in archive}
        elif file.suffix.lower() == ".csv":
            content = read_bytes(file, problem)
            with interpreting(problem):
                arrays = _columns(content.decode("utf-8-sig"))
        else:
            raise RecordError(f"path file '{file}': ends in '{file.suffix}', needs .npz or .csv")
        for name in ("time", "x"):
            if name not in arrays:
                raise RecordError(
                    f"path file '{file}': has no {name}, only {', '.join(arrays) or 'nothing'}; "
                    "needs time and x, and may have dx and ddx"
                )
        try:
            return cls(**arrays)
        except ConfigurationError as error:
            raise ConfigurationError(f"path file '{file}': {error}") from None

    @property
    def end(self) -> float:
        """Time of the last sample [s]."""
        return float(self.time[-1] - self.time[0])

    @cached_property
    def _pieces(self) -> Piecewise:
        time = self.time - self.time[0]
        if self.dx is None:
            return natural_spline(time, self.x)
        return hermite(time, self.x, self.dx, self.ddx)

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s] after the first sample."""
        return self._pieces.reference(time)


def _columns(text: str) -> dict[str, np.ndarray]:
    """Return the columns of a CSV file by group; raise `ValueError` if they are not a path's."""
    try:
        rows = csv.reader(io.StringIO(text, newline=""))
        heading, *lines = [row for row in rows if row] or [[]]
    except csv.Error as error:
        raise ValueError(str(error)) from None
    heading = [name.strip() for name in heading]
    if heading:
        heading[0] = heading[0].removeprefix("#").strip()
    groups: dict[str, list[int]] = {}
    for column, name in enumerate(heading):
        match = re.fullmatch(r"(time)|(x|dx|ddx)(\d+)", name)
        group = match and (match[1] or match[2])
        number = len(groups.setdefault(group, [])) if group else 0
        if not match or not group or (match[3] or "0") != str(number):
            raise ValueError(
                f"column {column + 1} is called {name!r}; needs time,x0,x1,... and may have "
                "dx0,... and ddx0,..."
            )
        groups[group].append(column)
    values = []
    for number, line in enumerate(lines, 1):
        if len(line) != len(heading):
            raise ValueError(f"sample {number} has {len(line)} values, the heading {len(heading)}")
        values.append([float(value) for value in line])
    table = np.array(values).reshape(len(values), len(heading))
    return {
        group: table[:, columns[0]] if group == "time" else table[:, columns]
        for group, columns in groups.items()
    }
