"""A curve followed with a speed profile, and an orientation along it."""

from dataclasses import dataclass

from ..contract import Reference
from ..support.validation import check
from .curves import Curve
from .profiles import Profile
from .slerp import Slerp


@dataclass(frozen=True)
class CurvePath:
    """``x(t) = curve(s(t))``, and with an orientation ``R(t) = orientation(s(t))``.

    ``dx = x' ds``, ``ddx = x'' ds^2 + x' dds``; ``omega = turn ds``, ``domega = turn dds``.

    Raises:
        ConfigurationError: an argument has the wrong type.
    """

    curve: Curve
    profile: Profile
    orientation: Slerp | None = None  # None: free

    def __post_init__(self) -> None:
        curve = isinstance(self.curve, Curve) and not isinstance(self.curve, Profile)
        check(self, "curve", curve, "a curve such as Line")
        profile = isinstance(self.profile, Profile)
        check(self, "profile", profile, "a profile such as TrapezoidProfile")
        orientation = self.orientation is None or isinstance(self.orientation, Slerp)
        check(self, "orientation", orientation, "a Slerp, or None")

    @property
    def end(self) -> float:
        """Time at the last point [s]."""
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
