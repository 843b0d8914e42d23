"""The physics engines by name, and which of them simulates where none is chosen."""

from importlib.util import find_spec
from typing import Any

from .bullet import Bullet
from .mujoco import MuJoCo

ENGINES: dict[str, Any] = {"bullet": Bullet, "mujoco": MuJoCo}
"""Name of an engine to the class of its robots."""


def default_engine() -> str:
    """Return "bullet" where PyBullet is installed, else "mujoco"."""
    return "mujoco" if find_spec("pybullet") is None else "bullet"
