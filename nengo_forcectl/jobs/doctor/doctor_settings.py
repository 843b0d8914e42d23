"""`nengo-forcectl doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DoctorSettings:
    """Check what matters to a control loop on this machine."""

    json: bool = False
    """Print the findings as JSON, and nothing else, on the standard output."""
