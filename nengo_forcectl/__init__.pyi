"""The public names, and where each lives; one list for the type checker and for the package."""

from .adaptation import (
    ConsolidatingAdaptation as ConsolidatingAdaptation,
    DisturbanceObserver as DisturbanceObserver,
    IntegralAction as IntegralAction,
    KnownTorque as KnownTorque,
    NetworkAdaptation as NetworkAdaptation,
    NoAdaptation as NoAdaptation,
    SlotineLi as SlotineLi,
)
from .contract import (
    Command as Command,
    Controller as Controller,
    Cycle as Cycle,
    Reference as Reference,
    Result as Result,
    Robot as Robot,
    State as State,
)
from .control import (
    Admittance as Admittance,
    ComputedTorque as ComputedTorque,
    Damping as Damping,
    Floating as Floating,
    HybridForce as HybridForce,
    Impedance as Impedance,
    JointLimits as JointLimits,
    JointPD as JointPD,
    Manipulability as Manipulability,
    ObstacleAvoidance as ObstacleAvoidance,
    OperationalSpace as OperationalSpace,
    ParallelForce as ParallelForce,
    Posture as Posture,
    Sliding as Sliding,
)
from .cycle.blocks import Blocks as Blocks
from .cycle.compiled import CompiledController as CompiledController
from .cycle.compiled_learning import (
    CompiledCycle as CompiledCycle,
    CompiledGradientCycle as CompiledGradientCycle,
)
from .cycle.landing import Descent as Descent, Landing as Landing
from .cycle.learner import (
    consolidating_adaptation as consolidating_adaptation,
    learning_cycle as learning_cycle,
    robust_posture as robust_posture,
)
from .errors import (
    ArmError as ArmError,
    ConfigurationError as ConfigurationError,
    ForcectlError as ForcectlError,
    NetworkError as NetworkError,
    RecordError as RecordError,
    SimulationError as SimulationError,
    VersionError as VersionError,
)
from .estimation.observer import LowPass as LowPass, MomentumObserver as MomentumObserver
from .estimation.predictor import Predictor as Predictor
from .export.controller import (
    LoadedController as LoadedController,
    export_controller as export_controller,
    load_controller as load_controller,
    load_network as load_network,
)
from .jobs.contact.contact_settings import (
    PressSettings as PressSettings,
    WipeSettings as WipeSettings,
)
from .jobs.jacobian.jacobian_settings import JacobianSettings as JacobianSettings
from .jobs.reach.reach_settings import ReachSettings as ReachSettings
from .jobs.run_folder import Run as Run, read_run as read_run
from .kinematics.compare import Comparison as Comparison, compare_jacobians as compare_jacobians
from .kinematics.learned import LearnedKinematics as LearnedKinematics
from .kinematics.nengo_kinematics import kinematics_network as kinematics_network
from .kinematics.training import learn_kinematics as learn_kinematics
from .kinematics.unknown_tip import (
    AdaptiveJacobian as AdaptiveJacobian,
    KnownTip as KnownTip,
    LearnedPose as LearnedPose,
    LearnedTip as LearnedTip,
)
from .learning.composite import Composite as Composite
from .learning.consolidation import Consolidation as Consolidation
from .learning.gauss_newton import GaussNewton as GaussNewton
from .learning.gradient import Gradient as Gradient
from .learning.kalman import Kalman as Kalman
from .learning.law import Law as Law, Signal as Signal
from .learning.least_squares import RecursiveLeastSquares as RecursiveLeastSquares
from .learning.multilayer import Multilayer as Multilayer
from .learning.robust import Robust as Robust
from .learning.task_jacobian import (
    force_to_torque as force_to_torque,
    task_weight_jacobian as task_weight_jacobian,
)
from .nengodl.jacobians import (
    input_jacobian as input_jacobian,
    weight_jacobian as weight_jacobian,
    weight_jvp as weight_jvp,
    weight_vjp as weight_vjp,
)
from .nengodl.learning_loop import LearningLoop as LearningLoop
from .nengodl.weights import named_weights as named_weights
from .networks.building import (
    adaptive_network as adaptive_network,
    simulator as simulator,
    workspace_network as workspace_network,
)
from .networks.closed_form import ClosedFormNetwork as ClosedFormNetwork
from .networks.encoding import (
    StateEncoding as StateEncoding,
    States as States,
    encoding_of as encoding_of,
)
from .networks.online import OnlineNetwork as OnlineNetwork
from .networks.pes import PesNetwork as PesNetwork
from .networks.workspace import reach_states as reach_states
from .paths import (
    BlendedPath as BlendedPath,
    Circle as Circle,
    CurvePath as CurvePath,
    Ellipse as Ellipse,
    GaussianProfile as GaussianProfile,
    JointPath as JointPath,
    Line as Line,
    MinimumJerk as MinimumJerk,
    MinimumJerkProfile as MinimumJerkProfile,
    RecordedPath as RecordedPath,
    Slerp as Slerp,
    Spline as Spline,
    TrapezoidProfile as TrapezoidProfile,
    check_speed as check_speed,
)
from .robots.bridge import BridgeRobot as BridgeRobot, serve as serve
from .robots.clock import Timing as Timing
from .robots.generate import (
    GenerateAdaptation as GenerateAdaptation,
    GenerateControl as GenerateControl,
)
from .robots.log import Log as Log
from .robots.loop import follow as follow, run as run, track as track
from .safety.guard import Safe as Safe
from .safety.limits import Limits as Limits
from .safety.sensors import SensorCheck as SensorCheck
from .sim.bullet import Bullet as Bullet
from .sim.disturbances import Disturbance as Disturbance
from .sim.forces import ForceField as ForceField, LinkForces as LinkForces, Spring as Spring
from .sim.friction import CoulombFriction as CoulombFriction, ViscousFriction as ViscousFriction
from .sim.masses import Payload as Payload, WrongMasses as WrongMasses
from .sim.mujoco import MuJoCo as MuJoCo
from .sim.sensing import Sensors as Sensors
from .sim.surfaces import Peg as Peg, Table as Table
from .sim.tools import Tool as Tool
from .sim.wrist import Wrist as Wrist
