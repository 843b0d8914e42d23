"""Reference paths: the wanted motion of the tool or the joints over time.

A `Curve` is geometry, a `Profile` is progress along it over time, a `CurvePath` combines the two.
The other classes are complete paths.
"""

from ..contract import EndingPath, Path, Reference
from .blended import BlendedPath
from .curve_path import CurvePath
from .curves import Circle, Curve, CurvePoint, Ellipse, Line, Spline
from .joint_path import JointPath, check_speed
from .minimum_jerk import MinimumJerk
from .profiles import GaussianProfile, MinimumJerkProfile, Profile, TrapezoidProfile
from .recorded import RecordedPath
from .slerp import Slerp
from .within_reach import bring_into_reach

__all__ = [
    "BlendedPath",
    "Circle",
    "Curve",
    "CurvePath",
    "CurvePoint",
    "Ellipse",
    "EndingPath",
    "GaussianProfile",
    "JointPath",
    "Line",
    "MinimumJerk",
    "MinimumJerkProfile",
    "Path",
    "Profile",
    "RecordedPath",
    "Reference",
    "Slerp",
    "Spline",
    "TrapezoidProfile",
    "bring_into_reach",
    "check_speed",
]
