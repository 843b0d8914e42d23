"""Torque control of robot arms that learns the missing dynamics.

The names below are loaded when they are first used, so that importing the package loads neither
TensorFlow nor PyBullet nor Sympy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .exceptions import ForcectlError

if TYPE_CHECKING:
    from .adaptation import (
        ConsolidatingAdaptation,
        DisturbanceObserver,
        IntegralAction,
        KnownTorque,
        NetworkAdaptation,
        NoAdaptation,
        SlotineLi,
    )
    from .bridge import BridgeRobot, serve
    from .closed_form import ClosedFormNetwork
    from .compare import Comparison, compare_jacobians
    from .control import (
        Admittance,
        Command,
        ComputedTorque,
        Damping,
        Floating,
        HybridForce,
        Impedance,
        JointLimits,
        JointPD,
        Manipulability,
        ObstacleAvoidance,
        OperationalSpace,
        ParallelForce,
        Posture,
        Sliding,
    )
    from .control.adaptive_jacobian import AdaptiveJacobian, KnownTip, LearnedPose, LearnedTip
    from .control.safety import Limits, Safe
    from .cycle import Blocks, CompiledCycle, CompiledGradientCycle
    from .encoding import StateEncoding, States, encoding_of
    from .export import LoadedController, export_controller, load_controller, load_network
    from .fused import CompiledController
    from .generate import GenerateAdaptation, GenerateControl
    from .jacobians import input_jacobian, weight_jacobian, weight_jvp, weight_vjp
    from .kinematics import LearnedKinematics
    from .kinematics_training import learn_kinematics
    from .landing import Descent, Landing
    from .learner import consolidating_adaptation, learning_cycle
    from .learning.composite import Composite
    from .learning.consolidation import Consolidation
    from .learning.gauss_newton import GaussNewton
    from .learning.gradient import Gradient
    from .learning.kalman import Kalman
    from .learning.law import Law, Signal
    from .learning.least_squares import RecursiveLeastSquares
    from .learning.multilayer import Multilayer
    from .learning.robust import Robust
    from .learning.task_space import force_to_torque, task_weight_jacobian
    from .loop import LearningLoop
    from .nengo_kinematics import kinematics_network
    from .network import adaptive_network, simulator, workspace_network
    from .observer import LowPass, MomentumObserver
    from .online import OnlineNetwork
    from .paths import (
        BlendedPath,
        Circle,
        CurvePath,
        Ellipse,
        GaussianProfile,
        JointPath,
        Line,
        MinimumJerk,
        MinimumJerkProfile,
        RecordedPath,
        Reference,
        Slerp,
        Spline,
        TrapezoidProfile,
        check_speed,
    )
    from .pes import PesNetwork
    from .prediction import Predictor
    from .reach import follow, track
    from .record import Log, Run, read_run
    from .robot import Result, Robot, SensorCheck, State
    from .runner import Timing, run
    from .settings import JacobianSettings, PressSettings, ReachSettings, WipeSettings
    from .sim.bullet import Bullet
    from .sim.disturbances import Disturbance
    from .sim.forces import ForceField, LinkForces, Spring
    from .sim.friction import CoulombFriction, ViscousFriction
    from .sim.masses import Payload, WrongMasses
    from .sim.mujoco import MuJoCo
    from .sim.sensing import Sensors
    from .sim.surfaces import Peg, Table
    from .sim.tools import Tool
    from .sim.wrist import Wrist
    from .weights import named_weights
    from .workspace import reach_states

_HOME = {
    "adaptation": (
        "ConsolidatingAdaptation",
        "DisturbanceObserver",
        "IntegralAction",
        "KnownTorque",
        "NetworkAdaptation",
        "NoAdaptation",
        "SlotineLi",
    ),
    "bridge": (
        "BridgeRobot",
        "serve",
    ),
    "closed_form": ("ClosedFormNetwork",),
    "compare": (
        "Comparison",
        "compare_jacobians",
    ),
    "control": (
        "Admittance",
        "Command",
        "ComputedTorque",
        "Damping",
        "Floating",
        "HybridForce",
        "Impedance",
        "JointLimits",
        "JointPD",
        "Manipulability",
        "ObstacleAvoidance",
        "OperationalSpace",
        "ParallelForce",
        "Posture",
        "Sliding",
    ),
    "control.adaptive_jacobian": (
        "AdaptiveJacobian",
        "KnownTip",
        "LearnedPose",
        "LearnedTip",
    ),
    "control.safety": (
        "Limits",
        "Safe",
    ),
    "cycle": (
        "Blocks",
        "CompiledCycle",
        "CompiledGradientCycle",
    ),
    "encoding": (
        "StateEncoding",
        "States",
        "encoding_of",
    ),
    "export": (
        "LoadedController",
        "export_controller",
        "load_controller",
        "load_network",
    ),
    "fused": ("CompiledController",),
    "generate": (
        "GenerateAdaptation",
        "GenerateControl",
    ),
    "jacobians": (
        "input_jacobian",
        "weight_jacobian",
        "weight_jvp",
        "weight_vjp",
    ),
    "kinematics": ("LearnedKinematics",),
    "nengo_kinematics": ("kinematics_network",),
    "kinematics_training": ("learn_kinematics",),
    "landing": (
        "Descent",
        "Landing",
    ),
    "learner": (
        "consolidating_adaptation",
        "learning_cycle",
    ),
    "learning.composite": ("Composite",),
    "learning.consolidation": ("Consolidation",),
    "learning.gauss_newton": ("GaussNewton",),
    "learning.gradient": ("Gradient",),
    "learning.kalman": ("Kalman",),
    "learning.law": (
        "Law",
        "Signal",
    ),
    "learning.least_squares": ("RecursiveLeastSquares",),
    "learning.multilayer": ("Multilayer",),
    "learning.robust": ("Robust",),
    "learning.task_space": (
        "force_to_torque",
        "task_weight_jacobian",
    ),
    "loop": ("LearningLoop",),
    "network": (
        "adaptive_network",
        "simulator",
        "workspace_network",
    ),
    "observer": (
        "LowPass",
        "MomentumObserver",
    ),
    "online": ("OnlineNetwork",),
    "paths": (
        "BlendedPath",
        "Circle",
        "CurvePath",
        "Ellipse",
        "GaussianProfile",
        "JointPath",
        "Line",
        "MinimumJerk",
        "MinimumJerkProfile",
        "RecordedPath",
        "Reference",
        "Slerp",
        "Spline",
        "TrapezoidProfile",
        "check_speed",
    ),
    "pes": ("PesNetwork",),
    "prediction": ("Predictor",),
    "reach": (
        "follow",
        "track",
    ),
    "record": (
        "Log",
        "Run",
        "read_run",
    ),
    "robot": (
        "Result",
        "Robot",
        "SensorCheck",
        "State",
    ),
    "settings": (
        "JacobianSettings",
        "PressSettings",
        "ReachSettings",
        "WipeSettings",
    ),
    "runner": (
        "Timing",
        "run",
    ),
    "sim.bullet": ("Bullet",),
    "sim.disturbances": ("Disturbance",),
    "sim.forces": (
        "ForceField",
        "LinkForces",
        "Spring",
    ),
    "sim.friction": (
        "CoulombFriction",
        "ViscousFriction",
    ),
    "sim.masses": (
        "Payload",
        "WrongMasses",
    ),
    "sim.mujoco": ("MuJoCo",),
    "sim.sensing": ("Sensors",),
    "sim.surfaces": (
        "Peg",
        "Table",
    ),
    "sim.tools": ("Tool",),
    "sim.wrist": ("Wrist",),
    "weights": ("named_weights",),
    "workspace": ("reach_states",),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "AdaptiveJacobian",
    "Admittance",
    "BlendedPath",
    "Blocks",
    "BridgeRobot",
    "Bullet",
    "Circle",
    "ClosedFormNetwork",
    "Command",
    "Comparison",
    "CompiledController",
    "CompiledCycle",
    "CompiledGradientCycle",
    "Composite",
    "ComputedTorque",
    "ConsolidatingAdaptation",
    "Consolidation",
    "CoulombFriction",
    "CurvePath",
    "Damping",
    "Descent",
    "Disturbance",
    "DisturbanceObserver",
    "Ellipse",
    "Floating",
    "ForceField",
    "ForcectlError",
    "GaussNewton",
    "GaussianProfile",
    "GenerateAdaptation",
    "GenerateControl",
    "Gradient",
    "HybridForce",
    "Impedance",
    "IntegralAction",
    "JacobianSettings",
    "JointLimits",
    "JointPD",
    "JointPath",
    "Kalman",
    "KnownTip",
    "KnownTorque",
    "Landing",
    "Law",
    "LearnedKinematics",
    "LearnedPose",
    "LearnedTip",
    "LearningLoop",
    "Limits",
    "Line",
    "LinkForces",
    "LoadedController",
    "Log",
    "LowPass",
    "Manipulability",
    "MinimumJerk",
    "MinimumJerkProfile",
    "MomentumObserver",
    "MuJoCo",
    "Multilayer",
    "NetworkAdaptation",
    "NoAdaptation",
    "ObstacleAvoidance",
    "OnlineNetwork",
    "OperationalSpace",
    "ParallelForce",
    "Payload",
    "Peg",
    "PesNetwork",
    "Posture",
    "Predictor",
    "PressSettings",
    "ReachSettings",
    "RecordedPath",
    "RecursiveLeastSquares",
    "Reference",
    "Result",
    "Robot",
    "Robust",
    "Run",
    "Safe",
    "SensorCheck",
    "Sensors",
    "Signal",
    "Slerp",
    "Sliding",
    "SlotineLi",
    "Spline",
    "Spring",
    "State",
    "StateEncoding",
    "States",
    "Table",
    "Timing",
    "Tool",
    "TrapezoidProfile",
    "ViscousFriction",
    "WipeSettings",
    "Wrist",
    "WrongMasses",
    "adaptive_network",
    "check_speed",
    "compare_jacobians",
    "consolidating_adaptation",
    "encoding_of",
    "export_controller",
    "follow",
    "force_to_torque",
    "input_jacobian",
    "kinematics_network",
    "learn_kinematics",
    "learning_cycle",
    "load_controller",
    "load_network",
    "named_weights",
    "reach_states",
    "read_run",
    "run",
    "serve",
    "simulator",
    "task_weight_jacobian",
    "track",
    "weight_jacobian",
    "weight_jvp",
    "weight_vjp",
    "workspace_network",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE[name]}", __name__), name)
