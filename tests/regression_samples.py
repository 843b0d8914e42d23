"""Samples of `StructuredLeastSquares`: a truth, its data, a block of the law."""

from functools import cache

import numpy as np

from arms.machine.object_files import Part, compile_apart
from nengo_forcectl import kernels
from nengo_forcectl.kernels.layout.learner_fields import NO_JOB
from nengo_forcectl.kernels.parts import complete_sums
from nengo_forcectl.learning.joint_neurons import JointNeurons
from nengo_forcectl.learning.structured_least_squares import (
    Columns,
    StructuredLeastSquares,
    symmetric,
)

N, LINKS, FREE = 3, 10, 4
P = LINKS + N + FREE  # a payload, a positive weight a joint, and one more group
NOISE, FLOOR, DT = 2.0, 1e-3, 1e-3
MOST = 9.0  # greatest factor of the last group's variance
MASS, COM = 1.5, np.array([0.1, -0.05, 0.2])
INERTIA = np.diag([0.02, 0.03, 0.04]) + MASS * (COM @ COM * np.eye(3) - np.outer(COM, COM))
TAKE_SAMPLE, TAKE_SAMPLES, DO_JOB, BEGIN_SOLUTION = OWN = tuple(
    Part(f"{kernels.__name__}.{module}", name)
    for module, name in (
        ("add_sample", "take_sample"), ("add_sample", "take_samples"),
        ("solve_regression", "do_job"), ("solve_regression", "begin_solution"),
    )
)  # fmt: skip
"""Kernels within others, which tests call alone. As parts they compile in half the time."""
PLACES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
BODY = np.array([MASS, *(MASS * COM), *(INERTIA[place] for place in PLACES)])
TRUTH = np.concatenate((BODY, [0.3, 0.2, 0.5], [1.0, -2.0, 0.5, -0.3]))


@cache
def _function(part):
    compile_apart(*OWN)
    return part.call


def call(part, block):
    """Call a kernel with a law's block; return what it does."""
    return _function(part)(block.address)


def add(block):
    """Take a sample, and add all its rows at once."""
    call(TAKE_SAMPLE, block)
    call(complete_sums, block)


def columns(rng, field):
    """Those of `TRUTH`, with sizes of its order; the last ``field`` are of the tool's neurons."""
    group = np.concatenate((np.zeros(LINKS), 1 + np.arange(N), np.full(FREE, 1 + N)))
    positive = np.concatenate((np.zeros(LINKS), np.ones(N), np.zeros(FREE)))
    precision = np.arange(1.0, 1.0 + N)
    none = np.empty(0, dtype=int), np.empty(0), precision, np.eye(N), np.empty((0, N, N))
    size, most = rng.uniform(2.0, 4.0, P), np.where(group == 1 + N, MOST, 1.0)
    return Columns(size, group, most, positive, *none, field=field, reach=100.0)


def neurons_of(rng, count=4):
    """Some neurons of each joint."""
    return JointNeurons(rng.normal(size=(N, 3, count)), rng.normal(size=(N, count)))


def law_neurons(block):
    """The block of the neurons of a law's block."""
    return block._keeps


def regression(rng, field=0, **options):
    """A law's block, its columns and the law."""
    law = StructuredLeastSquares(**{"noise": NOISE, "floor": FLOOR} | options)
    made = columns(rng, field)
    neurons = law.neurons_block(neurons_of(rng), P, 1.0, DT)
    return law.block(made, neurons, N, DT), made, law


def feed(block, phi, y, late=None):
    """Add samples (k, n, p) and (k, n) to the sums; ``late`` (k, n, s)."""
    for k in range(len(y)):
        block["phi"][:], block["lacking"][:] = phi[k], y[k]
        block["late"][:] = 0.0 if late is None else late[k]
        add(block)


def solve(block):
    """Compute one solution, all jobs at once; return whether it could be used."""
    block["job"][...] = 0
    while block["job"] != NO_JOB:
        done = call(DO_JOB, block)
    return done


def data(rng, made, truth=TRUTH, noise=0.0, count=60):
    """Samples of a truth: columns times their sizes, and y."""
    phi = rng.normal(size=(count, N, P)) * made.size
    y = phi @ (truth / made.size) + noise * rng.normal(size=(count, N))
    return phi, y


def information(block):
    """Lambda."""
    return symmetric(block["information"])


def posterior(block):
    """C and the weights of every delay by the block's sums, prior and noise, (s, p)."""
    noise = float(block["repeated"])
    C = np.linalg.inv(information(block) / noise + np.diag(1 / block["variance"]))
    return C, (C @ block["moment"] / noise).T
