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
from .bridge import (
    BridgeRobot as BridgeRobot,
    serve as serve,
)
from .closed_form import ClosedFormNetwork as ClosedFormNetwork
from .compare import (
    Comparison as Comparison,
    compare_jacobians as compare_jacobians,
)
from .contact.landing import (
    Descent as Descent,
    Landing as Landing,
)
from .control import (
    Admittance as Admittance,
    Command as Command,
    ComputedTorque as ComputedTorque,
    Controller as Controller,
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
from .control.adaptive_jacobian import (
    AdaptiveJacobian as AdaptiveJacobian,
    KnownTip as KnownTip,
    LearnedPose as LearnedPose,
    LearnedTip as LearnedTip,
)
from .control.limits import (
    Limits as Limits,
)
from .control.safety import (
    Safe as Safe,
)
from .cycle import (
    Blocks as Blocks,
    Cycle as Cycle,
)
from .encoding import (
    StateEncoding as StateEncoding,
    States as States,
    encoding_of as encoding_of,
)
from .exceptions import (
    ArmError as ArmError,
    ConfigurationError as ConfigurationError,
    ForcectlError as ForcectlError,
    NetworkError as NetworkError,
    RecordError as RecordError,
    SimulationError as SimulationError,
    VersionError as VersionError,
)
from .export.controller import (
    LoadedController as LoadedController,
    export_controller as export_controller,
    load_controller as load_controller,
    load_network as load_network,
)
from .fused import CompiledController as CompiledController
from .fused_learning import (
    CompiledCycle as CompiledCycle,
    CompiledGradientCycle as CompiledGradientCycle,
)
from .generate import (
    GenerateAdaptation as GenerateAdaptation,
    GenerateControl as GenerateControl,
)
from .jacobians import (
    input_jacobian as input_jacobian,
    weight_jacobian as weight_jacobian,
    weight_jvp as weight_jvp,
    weight_vjp as weight_vjp,
)
from .kinematics.learned import LearnedKinematics as LearnedKinematics
from .kinematics.network import kinematics_network as kinematics_network
from .kinematics.training import learn_kinematics as learn_kinematics
from .learner import (
    consolidating_adaptation as consolidating_adaptation,
    learning_cycle as learning_cycle,
    robust_posture as robust_posture,
)
from .learning.composite import Composite as Composite
from .learning.consolidation import Consolidation as Consolidation
from .learning.gauss_newton import GaussNewton as GaussNewton
from .learning.gradient import Gradient as Gradient
from .learning.kalman import Kalman as Kalman
from .learning.law import (
    Law as Law,
    Signal as Signal,
)
from .learning.least_squares import RecursiveLeastSquares as RecursiveLeastSquares
from .learning.multilayer import Multilayer as Multilayer
from .learning.robust import Robust as Robust
from .learning.task_space import (
    force_to_torque as force_to_torque,
    task_weight_jacobian as task_weight_jacobian,
)
from .loop import LearningLoop as LearningLoop
from .network import (
    adaptive_network as adaptive_network,
    simulator as simulator,
    workspace_network as workspace_network,
)
from .observer import (
    LowPass as LowPass,
    MomentumObserver as MomentumObserver,
)
from .online import OnlineNetwork as OnlineNetwork
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
    Reference as Reference,
    Slerp as Slerp,
    Spline as Spline,
    TrapezoidProfile as TrapezoidProfile,
    check_speed as check_speed,
)
from .pes import PesNetwork as PesNetwork
from .prediction import Predictor as Predictor
from .reach import (
    follow as follow,
    track as track,
)
from .record import (
    Log as Log,
    Run as Run,
    read_run as read_run,
)
from .robot import (
    Result as Result,
    Robot as Robot,
    SensorCheck as SensorCheck,
    State as State,
)
from .runner import (
    Timing as Timing,
    run as run,
)
from .settings import (
    JacobianSettings as JacobianSettings,
    PressSettings as PressSettings,
    ReachSettings as ReachSettings,
    WipeSettings as WipeSettings,
)
from .sim.bullet import Bullet as Bullet
from .sim.disturbances import Disturbance as Disturbance
from .sim.forces import (
    ForceField as ForceField,
    LinkForces as LinkForces,
    Spring as Spring,
)
from .sim.friction import (
    CoulombFriction as CoulombFriction,
    ViscousFriction as ViscousFriction,
)
from .sim.masses import (
    Payload as Payload,
    WrongMasses as WrongMasses,
)
from .sim.mujoco import MuJoCo as MuJoCo
from .sim.sensing import Sensors as Sensors
from .sim.surfaces import (
    Peg as Peg,
    Table as Table,
)
from .sim.tools import Tool as Tool
from .sim.wrist import Wrist as Wrist
from .weights import named_weights as named_weights
from .workspace import reach_states as reach_states
