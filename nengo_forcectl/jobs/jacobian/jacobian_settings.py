"""`nengo-forcectl jacobian`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ...support.checks import Settings, check_choice, check_whole

Task = Literal["position", "pose"]
Train = Literal["positions", "sobolev", "online"]


@dataclass(frozen=True)
class JacobianSettings(Settings):
    """A network learns an arm's kinematics; its Jacobian is held against the arm's own.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    arm: str = "planar3"
    """Name of an arm (kuka_iiwa, planar2, planar3, ...), or path of a URDF file."""

    tip: str | None = None
    """Link that carries the tool, where the links of a URDF branch."""

    task: Task = "position"
    """What the network learns of the tool: its position, or position and orientation."""

    train: Train = "sobolev"
    """positions: least squares on the tool's poses. sobolev: on poses and the arm's J together.
    online: recursive least squares while the arm moves in PyBullet, first motor babbling, then
    reaching with the J learned so far."""

    neurons: int = 1000
    """Size of the hidden layer."""

    samples: int = 5000
    """Configurations to learn from; online, one every 10 ms."""

    epochs: int = 5
    """In how many parts the samples come; after each the network is solved for and measured."""

    half_range: float | None = None
    """Region that is learned, to either side of a working posture [rad], within the limits. By
    default 0.6 for arms of more than three joints, all that the joints can for others."""

    test: int = 5000
    """Configurations that the two Jacobians are compared at; none was trained on."""

    seed: int = 0
    """Of the network and of all configurations."""

    weights: bool = False
    """Also check dF/dw by autodiff, closed form and finite differences, and J M^-1 dF/dw against
    PyBullet, of an adaptive network on this arm."""

    out: Path | None = None
    """Folder of the run; must not exist. Without it the next free runs/jacobian-NNN."""

    json: bool = False
    """Print the summary as JSON on the standard output, and nothing else there."""

    def __post_init__(self) -> None:
        check_whole(self, neurons=1, test=10, seed=0, epochs=1)
        check_choice(self, "task", get_args(Task))
        check_choice(self, "train", get_args(Train))
