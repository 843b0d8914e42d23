"""Reads what a structured learner has found."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ..kernels.block import Block
from ..kernels.layout.body_fields import MASS, MOMENT, XX
from ..kernels.layout.network_fields import (
    DIRECT,
    DRY,
    FRICTION,
    OFFSET,
    ONE,
    PLACE,
    SPEED,
    VISCOUS,
)  # fmt: skip
from ..kernels.layout.ripple_fields import COSINE, SINE
from ..learning.structured_least_squares import positive_part
from .findings import (
    Learned,
    LearnedFriction,
    LearnedNumbers,
    LearnedPayload,
    LearnedRipple,
    LearnedTool,
    NeuronForce,
    NeuronTorque,
)

if TYPE_CHECKING:
    from .structured_learner import StructuredLearner


def findings_of(learner: "StructuredLearner") -> Learned:
    """Return what has been found, with standard deviations.

    They are those of the first prior: a prior that the evidence has made narrow would hide that
    two causes explain the same motion. A payload's are those of a last link as in the model:
    what that lacks counts as payload.
    """
    block, law, encoding = learner.block, learner.law_block, learner.encoding
    n, at, core = len(block["armature"]), learner.places, int(law["core"])
    size = np.asarray(learner.design.columns.size)[:core]
    information = law["information"][:core, :core]
    A = positive_part(information / law["repeated"]) + np.eye(core)
    deviations = np.sqrt(np.linalg.inv(A).diagonal()) * size
    shared = np.flatnonzero(learner.design.columns.shared) + at["links"].start
    own = np.delete(np.arange(len(size)), shared)
    alone = np.linalg.inv(A[np.ix_(own, own)]).diagonal()[at["payload"]]
    deviations[at["payload"]] = np.sqrt(alone) * size[at["payload"]]
    value, speed = law["weights"][:core] * size, encoding.joints.speed
    w, d = (each[at["friction"]].reshape(n, FRICTION) for each in (value, deviations))
    viscous, dry = (
        LearnedNumbers(w[:, VISCOUS] / speed, d[:, VISCOUS] / speed),
        LearnedNumbers(w[:, DRY], d[:, DRY]),
    )
    decoders = learner.neurons_block["decoders"].copy()
    neurons = NeuronTorque(encoding.joints, learner.neurons, decoders)
    field = NeuronForce(encoding.tool, learner.tool_neurons, block["tool_decoders"].copy())
    pull, pull_deviation = (each[at["tool"]].reshape(3, DIRECT) for each in (value, deviations))
    body = value[at["payload"]] + learner.design.assumed
    mass, moment = body[MASS], body[MOMENT:XX]
    com = moment / mass if mass > 0 else np.zeros(3)
    deviation = deviations[at["payload"]]
    payload = LearnedPayload(
        float(mass), com, _symmetric(body[XX:]),
        float(deviation[MASS]), deviation[MOMENT:XX], _symmetric(deviation[XX:]),
    )  # fmt: skip
    tool = LearnedTool(
        encoding.tool.centre[:3].copy(),
        -pull[:, ONE], pull[:, PLACE:SPEED], pull[:, SPEED:],
        pull_deviation[:, ONE], pull_deviation[:, PLACE:SPEED], pull_deviation[:, SPEED:],
        field.size, field,
    )  # fmt: skip
    return Learned(
        payload,
        LearnedNumbers(value[at["armature"]], deviations[at["armature"]]),
        LearnedFriction(
            viscous, dry, neurons.size, neurons, learner.presliding_block["share"].copy()
        ),
        LearnedNumbers(w[:, OFFSET], d[:, OFFSET]),
        tool,
        LearnedNumbers(value[at["gravity"]], deviations[at["gravity"]]),
        LearnedNumbers(*(learner.links_of(each[at["links"]]) for each in (value, deviations))),
        ripple_of(learner.ripple_block),
        float(law["delay"]) * learner.dt,
        math.sqrt(float(law["noise"]) / learner.law.spread),
        int(block["changes"]),
        int(block["backed_off"]),
        block["gain"].copy(),
    )


def ripple_of(block: Block) -> LearnedRipple:
    """Return the ripple that was found; see `Ripple`."""
    periods = block["periods"].copy()
    amplitude = np.hypot(*block["amplitude"].T)
    phase = np.arctan2(block["amplitude"][:, COSINE], block["amplitude"][:, SINE])
    mean = block["square"] / np.maximum(block["travel"].sum(axis=(1, 2)), 1e-12)
    left = np.maximum(mean - 0.5 * amplitude**2, 0.0)
    seen = np.trace(block["waves"], axis1=1, axis2=2) * periods / (2.0 * np.pi)
    deviation = np.sqrt(2.0 * left / np.maximum(seen, 1.0)) * (periods > 0.0)
    return LearnedRipple(periods, amplitude, phase, deviation)


def _symmetric(six: Any) -> Float[np.ndarray, "3 3"]:
    """Return the matrix with entries xx, xy, yy, xz, yz, zz."""
    xx, xy, yy, xz, yz, zz = six
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
