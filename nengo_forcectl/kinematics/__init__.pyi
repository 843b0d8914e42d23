"""The public names, and where each lives."""

from .compare import (
    Comparison as Comparison,
    Measure as Measure,
    compare_jacobians as compare_jacobians,
    compare_matrices as compare_matrices,
)
from .learned import LearnedKinematics as LearnedKinematics
from .nengo_kinematics import kinematics_network as kinematics_network
from .training import learn_kinematics as learn_kinematics
from .unknown_tip import (
    AdaptiveJacobian as AdaptiveJacobian,
    KnownTip as KnownTip,
    LearnedPose as LearnedPose,
    LearnedTip as LearnedTip,
)
