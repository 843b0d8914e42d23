"""What the sensors do not show: torques that the model lacks, and the state by now."""

from .observer import LowPass, MomentumObserver
from .predictor import Predictor

__all__ = ["LowPass", "MomentumObserver", "Predictor"]
