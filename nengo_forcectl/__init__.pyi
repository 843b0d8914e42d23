"""The public names, and where each lives; one list for the type checker and for the package."""

from .contract import (
    Controller as Controller,
    Cycle as Cycle,
    Reference as Reference,
    Result as Result,
    Robot as Robot,
    State as State,
)
from .control import (
    HybridForce as HybridForce,
    Impedance as Impedance,
    JointPD as JointPD,
    OperationalSpace as OperationalSpace,
)
from .cycle import (
    Blocks as Blocks,
    CompiledController as CompiledController,
    learning_cycle as learning_cycle,
)
from .errors import ConfigurationError as ConfigurationError, ForcectlError as ForcectlError
from .export import (
    export_controller as export_controller,
    load_controller as load_controller,
    load_network as load_network,
)
from .jobs import ReachSettings as ReachSettings, read_run as read_run, run_reach as run_reach
from .kinematics import (
    compare_jacobians as compare_jacobians,
    learn_kinematics as learn_kinematics,
)
from .learning import task_weight_jacobian as task_weight_jacobian
from .nengodl import (
    LearningLoop as LearningLoop,
    input_jacobian as input_jacobian,
    named_weights as named_weights,
    weight_jacobian as weight_jacobian,
)
from .paths import MinimumJerk as MinimumJerk
from .robots import Log as Log, follow as follow, run as run
from .safety import Limits as Limits, Safe as Safe
from .sim import (
    Bullet as Bullet,
    MuJoCo as MuJoCo,
    Payload as Payload,
    ViscousFriction as ViscousFriction,
)

__version__: str
