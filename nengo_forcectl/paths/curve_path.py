"""A curve gone along with a profile, the tool turning on the way."""

from dataclasses import dataclass

from ..contract import Reference
from ..errors import ConfigurationError
from .curves import Curve
from .profiles import Profile
from .slerp import Slerp


@dataclass(frozen=True)
class CurvePath:
    """``x(t) = curve(s(t))``, and with an orientation ``R(t) = orientation(s(t))``.

    ``dx = x' ds``, ``ddx = x'' ds^2 + x' dds``; ``omega = turn ds``, ``domega = turn dds``.

    Raises:
        ConfigurationError: one of them is of another kind.
    """

    curve: Curve
    profile: Profile
    orientation: Slerp | None = None  # None: not asked for

    def __post_init__(self) -> None:
        curve, profile, orientation = self.curve, self.profile, self.orientation
        timed = hasattr(curve, "duration"), hasattr(profile, "duration")
        for field, fits, needs in (
            ("curve", hasattr(curve, "at") and not timed[0], "Line"),
            ("profile", hasattr(profile, "at") and timed[1], "TrapezoidProfile"),
            ("orientation", isinstance(orientation, (Slerp, type(None))), "Slerp, or None"),
        ):
            if not fits:
                raise ConfigurationError(
                    f"CurvePath.{field}: is {getattr(self, field)!r}, needs one such as {needs}"
                )

    @property
    def end(self) -> float:
        """When the last point is reached [s]."""
        return self.profile.duration

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        s, ds, dds = self.profile.at(time)
        x, slope, bend = self.curve.at(s)
        dx, ddx = slope * ds, bend * ds**2 + slope * dds
        if self.orientation is None:
            return Reference(x, dx, ddx)
        turn = self.orientation.turn
        return Reference(x, dx, ddx, self.orientation.at(s), turn * ds, turn * dds)
