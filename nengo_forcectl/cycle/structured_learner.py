"""The learner of a structured network, for a compiled cycle."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Controller
from ..control.bound_law import BoundLaw
from ..errors import NetworkError
from ..kernels.block import Block
from ..kernels.layout.cycle_fields import STRUCTURES, TOOL_LAW
from ..kernels.layout.null_space_fields import POSTURE
from ..kernels.layout.presliding_fields import PRESLIDING
from ..kernels.layout.regression_fields import JOINT_NEURONS, REGRESSION
from ..kernels.layout.ripple_fields import RIPPLE
from ..kernels.layout.structured_fields import STRUCTURED
from ..kernels.parts import complete_sums, finish_structured, fire_structure
from ..learning.presliding import Presliding
from ..learning.ripple import Ripple
from ..learning.structured_columns import places_of_parts
from ..learning.structured_least_squares import StructuredLeastSquares
from ..networks.neurons import Activity
from ..networks.structured_encoding import StructuredEncoding
from .compiled import check_mark
from .findings import Learned
from .firing_population import FiringPopulation
from .read_findings import findings_of
from .structured_checkpoint import (
    OTHERS,
    OTHERS_OF_LAW,
    OTHERS_OF_NEURONS,
    OTHERS_OF_PRESLIDING,
    OTHERS_OF_RIPPLE,
    memory_of,
    ranges_of,
)
from .structured_design import StructuredDesign

# Tuned on the conditions of `nengo-forcectl bench adaptation` and on undeclared delays, iiwa,
# seed 0; then tried on the other arms.
GAIN = 50.0  # most K of a joint's fast part [1/s]
GAIN_START = 20.0  # K until a joint's inertia is known [1/s]
SOFTNESS = 0.25  # first bandwidth of the posture, over the firm one
BUMP_RATE = 300.0  # decay of the change by new weights [1/s]
PATIENCE = 1.0  # first time constant with which a gain that went down grows again [s]
LOUD = 0.01  # root mean square of the fast part's change in a cycle, over tau_max, that backs off
JUMP = 30.0  # multiple of the usual square of the misfit that is a change of the payload
RECENT, USUAL = 1.0, 20.0  # times of means of the misfit's square, in a log [s]
QUIET = 1.0 / 260.0  # least misfit that counts, over the arm's typical torque
NOISE, FLOOR = 1.0 / 43.0, 1.0 / 2600.0  # of the law, over the arm's typical torque

DECODER = 1.0 / 50.0  # prior deviation of a decoder, over the arm's typical torque
MODEL = ("dg", "Y")  # terms of the arm whose torque by unit gravity and links is needed
MOTION = (
    "sent", "fast", "fast_last", "shake", "bump", "total", "renewed", "frozen", "begun", "rubbed",
    "waits", "on_way",
)  # fmt: skip
MOTION_OF_PRESLIDING = "built", "built_fed", "misfit", "difference"
MOTION_OF_LAW = ("phi", "lacking", "late", "row", "queue", "filled")
OWN_BLOCKS = "neurons", "ripple"  # parts whose weights are not among the regression's


class StructuredLearner:
    """Body, links, joints and tool of a structured network, trained by `StructuredLeastSquares`.

        tau = tau_law(M + M_w, C + C_w, g + g_w) + F(q, dq_s; w) + m

    What is learned of the body, payload and armature, is part of the model of law, limits and
    posture. The rest is a feed-forward F: of joints and tool at the velocity dq_s of `Command`, of
    links and gravity at the acceleration that the law asks for. In the task's null space, where
    dq_s is measured, 0.8 of the friction and of the neurons' torque is supplied, because more than
    the real one would drive the arm: of dry friction less from half the joint's top speed on, of
    viscous friction less to light joints at speeds not seen before. m is the fast part, a momentum
    observer's estimate of what both leave, with a gain K for each joint::

        m <- m + (1 - exp(-K dt)) (y - y_w - m)

    y is the torque that the model lacks over a cycle, y_w what the weights explain of it. With a
    known delay both are those of the late state, with the torque that acted then; law, friction and
    tool's forces use the predicted one.

    K begins low and grows when the joint's inertia is known to a third, by three standard
    deviations of its armature. For an observer that assumes an inertia I_n, on a joint of inertia I
    with a posture of bandwidth w, Routh's criterion is ``I / I_n < 5 + 2 (K / w + w / K)``. The
    posture's bandwidth is at most K; until the inertia is known and no delay was found, the springs
    of all joints have a sixteenth of that stiffness. A delay d bounds K to 0.12 / d and the
    bandwidth to 0.03 / d. If the fast part of a
    joint begins to shake, its gain goes down, at once if that is loud. It grows again, the more
    slowly the longer the joint has shaken: it may have been friction that was not known yet.

    `Presliding` learns which share of a joint's dry friction builds up over a short way. `Ripple`
    finds and learns what repeats many times a turn of a joint, unless states are late by a delay
    that is not known.

    The payload is forgotten if the misfit suddenly grows, so that one that was picked up or dropped
    is learned anew, and the friction stays known. Neurons of the tool that were silent learn again
    from then on. New weights do not make the torque jump: the difference decays within a few
    milliseconds.

    With a law that needs a wrench, links and gravity are frozen (`freeze`): on a surface the arm
    moves so slowly that their torques look like forces at the tool.

    Args:
        arm: the model.
        bound: the control law, bound to it.
        encoding: inputs of the network.
        design: weights and scales; the payload assumed in it is reported with what is learned.
        dt: control period [s].
        late: cycles by which states are late, if that is known: the cycle acts on predicted states,
            and learns from the late ones with the torques of their time.

    Raises:
        NetworkError: encoding or design do not fit the arm.
    """

    kind = STRUCTURES

    def __init__(
        self,
        arm: Arm,
        bound: Controller,
        encoding: StructuredEncoding,
        design: StructuredDesign,
        dt: float,
        late: int = 0,
    ) -> None:
        n, torque = arm.dof, design.torque
        encoding.check(arm)
        design.check(arm, encoding)
        neurons, field = encoding.neurons, encoding.tool_neurons
        if neurons is None:
            raise NetworkError("StructuredEncoding.neurons: is None, needs neurons of each joint")
        if field is None:
            raise NetworkError("StructuredEncoding.tool_neurons: is None, needs neurons")
        self.design, self.encoding, self.dt = design, encoding, dt
        self.neurons, self.tool_neurons = neurons, field
        delayed = 0.0 if late else StructuredLeastSquares.delayed
        self.law = StructuredLeastSquares(NOISE * torque, FLOOR * torque, delayed=delayed)
        p = len(design.columns.size)
        self._neurons = self.law.neurons_block(neurons, p, DECODER * torque, dt)
        self._sums = self.law.block(design.columns, self._neurons, n, dt)
        self._ripple = Ripple(QUIET * torque).block(arm.tau_max)
        self._presliding = Presliding().block(n, dt)
        if not design.neurons:
            self._neurons["wake"][...] = self._sums["wake"][...] = math.inf
        task = 0
        if isinstance(bound, BoundLaw) and bound.kind == TOOL_LAW:
            task = bound.block.address
        tasks = getattr(getattr(bound, "null_space", None), "tasks", ())
        held = next((task.block for task in tasks if task.kind == POSTURE), None)
        terms = arm.terms(design.posture, np.zeros(n))
        model = arm.kernel(*MODEL)
        R, M = terms.pose[:3, :3], terms.M.diagonal()
        values = {
            "law": self._sums.address,
            "ripple": self._ripple.address,
            "presliding": self._presliding.address,
            "body": encoding.body.address,
            "joints": encoding.joints.block.address,
            "tool": encoding.tool.block.address,
            "task": task,
            "posture": 0 if held is None else held.address,
            "tool_encoders": field.encoders,
            "tool_bias": field.bias,
            "dt": dt,
            "model": model.address,
            "chosen": design.columns.chosen,
            "dq_max": arm.dq_max,
            "gain": GAIN_START,
            "gain_most": GAIN,
            "gain_top": GAIN,
            "patience": PATIENCE,
            "gain_start": GAIN_START,
            "softness": SOFTNESS,
            "loop": 1.0,
            "believed": 1.0,
            "k_null": 0.0 if held is None else held["k"],
            "home_V": np.concatenate((R.T @ terms.J[:3], R.T @ terms.J[3:])),
            "home_M": M,
            "inertia": M,
            "loud": (LOUD * arm.tau_max) ** 2,
            "bump_keep": math.exp(-BUMP_RATE * dt),
            "slow": torque**2,
            "quiet": (QUIET * torque) ** 2,
            "jump": JUMP,
            "recent_share": -math.expm1(-dt / RECENT),
            "usual_share": -math.expm1(-dt / USUAL),
        }
        sizes = {"n": n, "parameters": arm.sizes["p"], "links": len(design.columns.chosen)}
        sizes["t"], sizes["late"] = len(field.bias), late
        self._population = None
        if encoding.population is not None:
            self._population = FiringPopulation(encoding.population, dt)
            values["population"] = self._population.block.address
            values["fire_call"] = fire_structure.address
        keeps = (self._sums, self._ripple, self._presliding, self._population)
        keeps += encoding, held, model, bound
        self.block = Block(STRUCTURED, sizes, values, keeps=keeps)
        if held is not None:
            held["k"][...] = np.minimum(held["k"], M * GAIN_START**2)
            held["share"][...] = SOFTNESS**2
            self.block["k_wanted"][...] = held["k"]
        self.memory = memory_of("least_squares", self._sums, REGRESSION, OTHERS_OF_LAW)
        self.memory |= memory_of("neurons", self._neurons, JOINT_NEURONS, OTHERS_OF_NEURONS)
        self.memory |= memory_of("ripple", self._ripple, RIPPLE, OTHERS_OF_RIPPLE)
        own = self._presliding
        self.memory |= memory_of("presliding", own, PRESLIDING, OTHERS_OF_PRESLIDING)
        self.memory |= memory_of("structured", self.block, STRUCTURED, OTHERS)
        if held is not None:
            self.memory["posture.k"] = held["k"]
            self.memory["posture.share"] = held["share"]
        if bound.needs_wrench:
            self.freeze("links", "gravity")
        marks = [design.columns.size, terms.M.ravel(), terms.g]
        if self._population is not None:
            self.memory |= self._population.memory
            marks.append(self._population.mark)
        self.memory["fingerprint"] = np.concatenate(marks)

    @property
    def neurons_block(self) -> Block:
        """The block of the joints' neurons."""
        return self._neurons

    @property
    def ripple_block(self) -> Block:
        """The block of the joints' ripple."""
        return self._ripple

    @property
    def presliding_block(self) -> Block:
        """The block of the joints' presliding."""
        return self._presliding

    @property
    def law_block(self) -> Block:
        """The block of its law; its sums hold the whole of every sample."""
        complete_sums.call(self._sums.address)
        return self._sums

    @property
    def places(self) -> dict[str, slice]:
        """Where the weights of each part are among all, but for the joints' neurons."""
        columns = self.design.columns
        return places_of_parts(len(self.block["armature"]), len(columns.chosen), columns.field)

    def freeze(self, *parts: str) -> None:
        """Let these parts keep their weights, and all others learn; without parts, all learn.

        Args:
            parts: "payload", "armature", "friction", "tool", "gravity", "links", "neurons", those
                of joints and tool, "ripple".

        Raises:
            NetworkError: there is no such part.
        """
        places = {name: place for name, place in self.places.items() if name != "field"}
        for part in parts:
            if part not in (*places, *OWN_BLOCKS):
                names = ", ".join((*places, *OWN_BLOCKS))
                raise NetworkError(f"freeze: is {part!r}, needs some of {names}")
        self._sums["frozen"][:] = 0
        for part in parts:
            if part in places:
                self._sums["frozen"][places[part]] = 1
        self._neurons["frozen"][...] = float("neurons" in parts)
        self._ripple["frozen"][...] = float("ripple" in parts)

    @property
    def frozen_parts(self) -> list[str]:
        """Names of the parts that `freeze` keeps as they are."""
        parts = {name: self._sums["frozen"][place] for name, place in self.places.items()}
        parts |= {"neurons": self._neurons["frozen"], "ripple": self._ripple["frozen"]}
        return [name for name, frozen in parts.items() if name != "field" and np.any(frozen)]

    @staticmethod
    def gains() -> dict[str, float]:
        """Return its gains by name, for the summary of a run."""
        return {
            "structured_gain": GAIN,
            "structured_gain_start": GAIN_START,
            "structured_noise": NOISE,
            "structured_floor": FLOOR,
            "structured_jump": JUMP,
        }

    @property
    def learned(self) -> Learned:
        """What has been found, with standard deviations; see `findings_of`."""
        return findings_of(self)

    def read(self) -> dict[str, np.ndarray]:
        """Return the learned weights by the names of a `structured_network`."""
        friction = self.block["friction"]
        weights = {name: self.block[name][:, None].copy() for name in ("payload", "armature")}
        weights |= {f"friction {j + 1}": row[None].copy() for j, row in enumerate(friction)}
        decoders = self._neurons["decoders"]
        pairs = np.concatenate((decoders, -decoders), axis=1)
        weights |= {f"joint {j + 1} -> torque": row[None] for j, row in enumerate(pairs)}
        weights["links"] = self.links_of(self.block["links"])[:, None]
        weights["gravity"] = self.block["gravity"][:, None].copy()
        place = self.block["tool_decoders"]
        weights["tool -> force"] = np.concatenate((place, np.zeros(place.shape)), axis=1)
        return weights | {"state -> force": self.block["force"].copy()}

    @property
    def network_parts(self) -> tuple[StructuredEncoding, dict[str, np.ndarray]]:
        """Encoding and weights for `structured_network_of`: those of `read`, ripple, presliding."""
        periods, weights = self._ripple["periods"], self.read()
        encoding, share = self.encoding, self._presliding["share"]
        if share.any():
            encoding = replace(encoding, presliding=share.copy())
        if not periods.any():
            return encoding, weights
        waves = enumerate(self._ripple["amplitude"])
        weights |= {f"ripple {j + 1}": row[None].copy() for j, row in waves}
        return replace(encoding, ripple=periods.copy()), weights

    def links_of(self, chosen: Float[np.ndarray, "links"]) -> Float[np.ndarray, "p"]:
        """Return numbers of the chosen parameters of the links among those of all links."""
        links = np.zeros(self.block["regressor"].shape[1])
        links[self.block["chosen"]] = chosen
        return links

    def record_sent(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] sent instead of the last step's, without the model's friction."""
        self.block["sent"][:] = tau

    def finish(self) -> None:
        """Learn from the last cycle, if that waits; see `kernels.learn_structure`."""
        finish_structured.call(self.block.address)

    def forget_motion(self) -> None:
        """Begin a new motion: what the weights have not yet learned is observed anew."""
        parts = [(self.block, MOTION), (self._sums, MOTION_OF_LAW), (self._neurons, ("phi",))]
        parts.append((self._presliding, MOTION_OF_PRESLIDING))
        for block, names in parts:
            for name in names:
                block[name][...] = 0.0
        if self._population is not None:
            self._population.forget_motion()

    @property
    def activity(self) -> Activity | None:
        """What neurons of another type have fired so far; None for neurons that do not spike."""
        return None if self._population is None else self._population.activity

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Least and largest value of each whole number of a checkpoint."""
        return ranges_of(self._sums)

    def check(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Raise `NetworkError` if a checkpoint is invalid, or of another arm or job."""
        same = "arm, posture and states, and the same neurons"
        check_mark(self.memory["fingerprint"], checkpoint, same)
        for name, (least, most) in self.ranges.items():
            count = np.asarray(checkpoint.get(name, 0.0))
            if count.shape == () and not (least <= count <= most and count % 1 == 0):
                raise NetworkError(
                    f"checkpoint: {name} is {count}, needs a whole number from {least} to {most}"
                )
