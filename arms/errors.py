"""The errors of arm models, under one base exception."""


class ArmsError(Exception):
    """Base of every error raised on purpose by ``arms``, and by packages built on it."""


class ArmError(ArmsError, ValueError):
    """An arm, frame, term or joint state that does not exist or does not fit."""


class UnreachableError(ArmError):
    """A pose for which no joint position within the limits was found."""


class UrdfError(ArmError):
    """A URDF file that is missing, malformed or uses an unsupported feature."""


class MjcfError(ArmError):
    """An MJCF (MuJoCo's format) that is missing, malformed or uses an unsupported feature."""
