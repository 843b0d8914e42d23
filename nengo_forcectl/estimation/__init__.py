"""Estimates of unmeasured quantities: torques that the model lacks, and the present state."""

from .observer import LowPass, MomentumObserver
from .predictor import Predictor

__all__ = ["LowPass", "MomentumObserver", "Predictor"]
