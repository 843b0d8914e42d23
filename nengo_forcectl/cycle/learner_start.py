"""What a structured learner knows, for another one to start with: a Gaussian over its weights."""

import math
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import NetworkError, RecordError
from ..kernels.layout.body_fields import PARAMETERS
from ..kernels.layout.network_fields import DIRECT, FRICTION, ONE, PLACE, VISCOUS
from ..kernels.parts import renew, solve_regression
from ..learning.structured_least_squares import positive_part, symmetric
from ..support.files import interpreting, read_npz, write_file
from .structured_learner import SOFTNESS, StructuredLearner

START_FILE = "start.npz"  # its name in the folder of a run
MANY = 200  # states at which the links' parameters are compared
STATES = 6  # at which two models are compared
CLOSE = 2e-3  # largest difference of their inertia and gravity, as a share
PLACES = 1e-3  # largest difference of their tools' poses [m], [rad]
EARLY = 6  # cycles after a change in which one solution follows the other
ROUNDS = 5  # solutions, so that the evidence settles
SETTLED = 1000  # cycles after a change, so that the next one can be found


@dataclass(frozen=True)
class LearnerStart:
    """The sums of a structured learner in SI units, independent of its scales and of its rate.

    Neurons are none of its weights: another learner's see other states, and learn anew.

    `of` takes them from a learner, such as that of a replay or of the loop's cycle; `begin` gives
    them to another one of the same arm, which then knows as much, with the same covariance. Delays
    are found anew.
    """

    information: Float[np.ndarray, "p p"]
    moment: Float[np.ndarray, "p"]
    square: float  # sum of the squares of the torque that the model lacks [(N m)^2]
    samples: float  # numbers in it
    noise: float  # r^2 [(N m)^2]
    assumed: Float[np.ndarray, "10"]  # payload of the model
    origin: Float[np.ndarray, "3"]  # at which the tool's forces are stated [m]
    chosen: Float[np.ndarray, "links"]  # places of the links' parameters, the last unknowns
    mark: Float[np.ndarray, "m"]  # of the arm's model without that payload
    presliding: Float[np.ndarray, "2 n"] | None = None  # both integrals of `Presliding`, if known
    pose: Float[np.ndarray, "4 4"] | None = None  # of its tool at one state; older files lack it

    @classmethod
    def of(cls, learner: StructuredLearner) -> "LearnerStart":
        """Return what a learner knows."""
        law, unit = learner.law_block, _unit(learner)
        information, moment, square = _without_neurons(learner)
        return cls(
            information * unit * unit[:, None],
            moment * unit,
            square,
            float(law["samples"]),
            float(law["noise"]),
            learner.design.assumed.copy(),
            learner.encoding.tool.centre[:3].copy(),
            np.asarray(_chosen(learner), float),
            _mark(learner.encoding.arm),
            presliding=np.array([learner.presliding_block[name] for name in ("moment", "square")]),
            pose=_pose(learner.encoding.arm),
        )

    def begin(self, learner: StructuredLearner) -> None:
        """Let a learner that has not begun know what is known here.

        Raises:
            NetworkError: it is of another arm.
        """
        self._check_model(learner.encoding.arm)
        n = learner.encoding.arm.dof
        if self.presliding is not None and self.presliding.shape != (2, n):
            shape = self.presliding.shape
            raise NetworkError(f"start: presliding has shape {shape}, needs (2, {n})")
        T, unit = self._turned(learner), 1.0 / _unit(learner)
        change = np.zeros(len(self.moment))
        change[:PARAMETERS] = learner.design.assumed - self.assumed
        moment = self.moment - self.information @ change
        square = self.square - change @ (self.moment + moment)
        law, block = learner.law_block, learner.block
        own = slice(int(law["core"]))
        information = T.T @ self.information @ T * unit * unit[:, None]
        law["information"][own, own] = positive_part(information)  # else no solution would end
        law["moment"][own] = (T.T @ moment * unit)[:, None]
        law["square"][...] = law["both"][...] = max(square, 0.0)
        law["samples"][...] = self.samples
        if self.presliding is not None:
            shares = learner.presliding_block
            shares["moment"][:], shares["square"][:] = self.presliding
        law["noise"][...] = law["repeated"][...] = self.noise
        law["since"][...] = EARLY
        if self.samples > 0:
            for _ in range(ROUNDS):
                while not solve_regression.call(law.address):
                    pass
            rotors = learner.places["armature"]  # not new: they need not grow again
            block["armature"][:] = law["weights"][rotors] * law["size"][rotors]
            renew.call(block.address, law.address)
            if block["softness"] > SOFTNESS:  # it grows: enough is known for a firm posture
                block["softness"][...] = 1.0
        law["since"][...] = SETTLED
        block["slow"][...] = len(block["fast"]) * self.noise / learner.law.spread
        for name in ("renewed", "new_payload", "new_armature"):
            block[name][...] = 0.0

    def _check_model(self, arm: Arm) -> None:
        mark = _mark(arm)
        if mark.shape != self.mark.shape or not np.allclose(
            mark, self.mark, rtol=0.0, atol=CLOSE * float(np.abs(self.mark).max())
        ):
            raise NetworkError(
                f"start: was learned with another model, needs one learned with this model of arm "
                f"{arm.name!r}"
            )
        other = self.pose is not None and np.abs(_pose(arm) - self.pose).max() > PLACES
        if other:
            raise NetworkError(
                f"start: was learned with another tool frame or base of arm {arm.name!r}, in which "
                "payload and forces are stated; needs one learned with the same"
            )

    def _turned(self, learner: StructuredLearner) -> Float[np.ndarray, "p p_new"]:
        """Return the learner's columns in terms of those of here.

        Its forces may be stated at another origin, and its links by other parameters: these are
        sums of the parameters here, of armature and of payload, as far as motions tell.
        """
        n, places = learner.encoding.arm.dof, _chosen(learner)
        own = len(self.moment) - len(self.chosen)
        T = np.zeros((len(self.moment), own + len(places)))
        T[:own, :own] = np.eye(own)
        away = self.origin - learner.encoding.tool.centre[:3]
        for axis in range(3):
            first = learner.places["tool"].start + axis * DIRECT
            T[first + ONE, first + PLACE : first + PLACE + 3] = away
        here = self.chosen.astype(int)
        if np.array_equal(here, places):
            T[own:, own:] = np.eye(len(places))
            return T
        encoding, rng = learner.encoding, np.random.default_rng(0)
        q, dq, ddq = rng.uniform(-2.0, 2.0, (3, MANY, n))
        v = encoding.input(q, dq, ddq)
        payload, armature, links = (
            v[:, encoding.places[name]].reshape(MANY * n, -1)
            for name in ("payload", "armature", "links")
        )
        known, wanted = np.concatenate((armature, links[:, here]), axis=1), links[:, places]
        shares = np.linalg.lstsq(known, wanted, rcond=1e-8)[0]
        T[PARAMETERS : PARAMETERS + n, own:], T[own:, own:] = shares[:n], shares[n:]
        rest = wanted - known @ shares  # where the links here leave something to a payload
        T[:PARAMETERS, own:] = np.linalg.lstsq(payload, rest, rcond=1e-8)[0]
        return T

    def write(self, path: Path | str) -> None:
        """Write it as ``.npz``."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        arrays = {name: np.asarray(each) for name, each in values.items() if each is not None}
        write_file(Path(path), lambda stream: np.savez(stream, **arrays))  # pyright: ignore[reportArgumentType]

    @classmethod
    def read(cls, path: Path | str, arm: Arm | None = None) -> "LearnerStart":
        """Read one that was written, from its file or from a run's folder.

        Args:
            path: of the file or folder.
            arm: the model that it must have been learned with; None: any.

        Raises:
            RecordError: the file cannot be read, or is none.
            NetworkError: it was learned with another model.
        """
        problem, path = f"start '{path}': cannot be read", Path(path)
        arrays = read_npz(path / START_FILE if path.is_dir() else path, problem)
        with interpreting(problem):
            values = {
                each.name: np.asarray(arrays[each.name], float)
                for each in fields(cls)
                if each.name in arrays or each.default is MISSING
            }
        p = values["moment"].size
        shapes = {"information": (p, p), "moment": (p,), "assumed": (10,), "origin": (3,)}
        if "pose" in values:
            shapes["pose"] = 4, 4
        shapes |= {"chosen": (values["chosen"].size,), "mark": (values["mark"].size,)}
        shapes |= dict.fromkeys(("square", "samples", "noise"), ())
        if "presliding" in values:
            shapes["presliding"] = (2, values["presliding"].size // 2)
        for name, shape in shapes.items():
            if values[name].shape != shape or not np.isfinite(values[name]).all():
                raise RecordError(f"{problem} ({name} is not finite, or not of shape {shape})")
        numbers: dict[str, Any] = {
            name: float(each) if each.ndim == 0 else each for name, each in values.items()
        }
        start = cls(**numbers)
        if arm is not None:
            start._check_model(arm)
        return start


def _without_neurons(
    learner: StructuredLearner,
) -> tuple[Float[np.ndarray, "p p"], Float[np.ndarray, "p"], float]:
    """Return the sums of its weights, with the neurons marginalised if they have learned."""
    law, neurons, noise = (
        learner.law_block,
        learner.neurons_block,
        float(learner.law_block["noise"]),
    )
    chosen, core = int(law["chosen"]), int(law["core"])
    information, moment = symmetric(law["information"]), law["moment"][:, chosen].copy()
    square = float(law["square"][chosen])
    if neurons["known"].any():
        for i, variance in enumerate(neurons["variance"]):
            own = neurons["own"][i] + noise / variance * np.eye(len(neurons["own"][i]))
            cross, b = neurons["cross"][:, i], neurons["moment"][i, :, chosen]
            shares = np.linalg.solve(own, np.column_stack((cross.T, b)))
            information -= cross @ shares[:, :-1]
            moment -= cross @ shares[:, -1]
            square -= float(b @ shares[:, -1])
    if law["weights"][core:].any():
        own = information[core:, core:] + np.diag(noise / law["variance"][core:])
        cross, b = information[:core, core:], moment[core:]
        shares = np.linalg.solve(own, np.column_stack((cross.T, b)))
        information[:core, :core] -= cross @ shares[:, :-1]
        moment[:core] -= cross @ shares[:, -1]
        square -= float(b @ shares[:, -1])
    return information[:core, :core], moment[:core], square


def _chosen(learner: StructuredLearner) -> Float[np.ndarray, "links"]:
    """Return the places of the links' parameters that it learns."""
    return np.asarray(learner.design.columns.chosen, int)


def _unit(learner: StructuredLearner) -> Float[np.ndarray, "p"]:
    """Return what columns have to be multiplied with to be those of unknowns in SI units."""
    core, speed = int(learner.law_block["core"]), learner.encoding.joints.speed
    size = np.asarray(learner.design.columns.size)[:core]
    unit = 1.0 / size
    first = PARAMETERS + len(speed) + VISCOUS
    unit[first : first + FRICTION * len(speed) : FRICTION] *= speed  # of viscous friction
    return unit


def _mark(arm: Arm) -> Float[np.ndarray, "m"]:
    """Return inertia and gravity of an arm at some states."""
    q = np.random.default_rng(0).uniform(-math.pi, math.pi, (STATES, arm.dof))
    return np.concatenate((arm.mass_matrix(q).ravel(), arm.gravity(q).ravel()))


def _pose(arm: Arm) -> Float[np.ndarray, "4 4"]:
    """Return the pose of an arm's tool at the first of these states."""
    return arm.pose(np.random.default_rng(0).uniform(-math.pi, math.pi, (STATES, arm.dof))[0])
