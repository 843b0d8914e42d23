"""The job of `nengo-forcectl arms`: arms by name."""

import arms
from arms import Arm

from ..job import Watch, unwatched
from .arms_settings import ArmsSettings


def load_arms(settings: ArmsSettings, watch: Watch = unwatched) -> list[Arm]:
    """Return the arm in the settings, or all arms of the catalogue.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
    """
    names = arms.names() if settings.name is None else (settings.name,)
    return [arms.load(name, tip=settings.tip) for name in names]
