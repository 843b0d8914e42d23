"""What a controller may not have that is to be exported."""

from ..errors import ConfigurationError
from ..safety.guard import Safe


def refuse_clearance(safe: Safe) -> None:
    """Refuse limits with a clearance: neither a folder nor a C library keeps one.

    Raises:
        ConfigurationError: there is one.
    """
    if safe.limits.clearance is not None:
        raise ConfigurationError(
            "export: Limits.clearance is not None, and no exported controller keeps a clearance; "
            "needs limits without one"
        )
