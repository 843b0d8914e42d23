"""The package's errors. The base is shared with ``arms``: ``except ForcectlError`` catches both."""

from arms.errors import ArmError, ArmsError as ForcectlError, UrdfError


class ConfigurationError(ForcectlError):
    """A setting whose value makes no sense; the message names it and the valid choices."""


class VersionError(ForcectlError, ImportError):
    """Installed packages that do not work together."""


class NetworkError(ForcectlError, ValueError):
    """A network, weight, probe or input that does not exist or does not fit."""


class SimulationError(ForcectlError, RuntimeError):
    """A state or torque that must not reach the robot: NaN, or of the wrong shape."""


class RecordError(ForcectlError, OSError):
    """A run folder, a record, or a file of a path that cannot be written or read."""


__all__ = [
    "ArmError",
    "ConfigurationError",
    "ForcectlError",
    "NetworkError",
    "RecordError",
    "SimulationError",
    "UrdfError",
    "VersionError",
]
