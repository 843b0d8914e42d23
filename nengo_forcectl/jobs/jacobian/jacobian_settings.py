"""`nengo-forcectl jacobian`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, get_args

from ...support.validation import check_choice, check_whole
from ..job_settings import JobSettings, SceneSettings, arm_option, option, own_first

Task = Literal["position", "pose"]
Train = Literal["positions", "sobolev", "online"]
TRAIN_TEXT = """Training data and method:
positions: least squares on the tool's poses.
sobolev: least squares on poses and the arm's J together.
online: recursive least squares, simulated: babbling first, then reaching with the learned J."""


@own_first
@dataclass(frozen=True)
class JacobianSettings(SceneSettings, JobSettings):
    """A network learns an arm's kinematics and Jacobian.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("arm", "task", "train", "neurons", "samples", "weights", "seed", "out")

    arm: Annotated[str, arm_option()] = "planar3"

    task: Annotated[Task, option("{position,pose}")] = "position"
    """What the network learns of the tool; a pose is position and orientation."""

    train: Annotated[Train, option("{positions,sobolev,online}", None, TRAIN_TEXT)] = "sobolev"

    neurons: int = 1000
    """Number of neurons in the hidden layer."""

    samples: int = 5000
    """Number of configurations to learn from; online: one every 10 ms."""

    epochs: int = 5
    """Number of parts in which the samples come; the network is measured after each."""

    half_range: Annotated[
        float | None, option("FLOAT", "0.6; the whole range for arms of up to three joints")
    ] = None
    """Half width of the region to learn around a working posture [rad], within the limits."""

    test: int = 5000
    """Number of new configurations to compare the Jacobians at."""

    weights: bool = False
    """Also check dF/dw and J M^-1 dF/dw of an adaptive network on this arm."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole(self, neurons=1, test=10, epochs=1)
        check_choice(self, "task", get_args(Task))
        check_choice(self, "train", get_args(Train))
