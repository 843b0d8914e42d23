"""The package's errors. The base is shared with ``arms``: ``except ForcectlError`` catches both."""

from arms.errors import ArmError, ArmsError as ForcectlError, MjcfError, UrdfError


class ConfigurationError(ForcectlError):
    """A setting with an invalid value; the message names the setting and what is valid."""


class VersionError(ForcectlError, ImportError):
    """Installed packages do not work together."""


class NetworkError(ForcectlError, ValueError):
    """A network, weight, probe or input does not exist, or does not fit."""


class SimulationError(ForcectlError, RuntimeError):
    """A state or torque must not reach the robot: it is NaN or has the wrong shape."""


class RecordError(ForcectlError, OSError):
    """A run folder, a record or another file cannot be read or written."""


class ClusterError(ForcectlError, RuntimeError):
    """A cluster does not answer, has no workers, or its workers are not as this process."""


__all__ = [
    "ArmError",
    "ClusterError",
    "ConfigurationError",
    "ForcectlError",
    "MjcfError",
    "NetworkError",
    "RecordError",
    "SimulationError",
    "UrdfError",
    "VersionError",
]
