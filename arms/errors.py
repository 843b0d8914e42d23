"""The errors of both packages: one base exception, so that a caller can catch them all."""


class ForcectlError(Exception):
    """Base of every error that ``arms`` and ``nengo_forcectl`` raise on purpose."""


class ArmError(ForcectlError, ValueError):
    """An arm, a frame or a joint state that does not exist or does not fit."""


class UnreachableError(ArmError):
    """A pose that no joint position within the limits was found for."""


class UrdfError(ArmError):
    """A URDF file that is missing, broken, or asks for something that is not supported."""
