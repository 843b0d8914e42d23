"""`StructuredPopulation`: neurons that fire in the place of those that learn in joints and tool."""

from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, vector, whole
from .algebra import dot
from .encode import currents
from .fire import advance
from .joint_activity import per_joint
from .layout import population_fields as at, structured_fields as structured_at
from .layout.network_fields import AT_PLACE, NEURONS_CURRENT, SEEN
from .layout.regression_fields import JOINT_NEURONS_DECODERS, REGRESSION_NEURONS


@part(1)
def fire_structure(learner):
    """Advance the neurons by a cycle for the inputs of `encode_motion`.

    Writes what they supply to the fields "neuron_torque" and "neuron_force".
    """
    population = whole(learner, structured_at.STRUCTURED_POPULATION)
    u = matrix(learner, structured_at.STRUCTURED_JOINT_U, SEEN + 1)
    place = vector(learner, structured_at.STRUCTURED_TOOL_U)[:AT_PLACE]
    torque = vector(learner, structured_at.STRUCTURED_NEURON_TORQUE)
    force = vector(learner, structured_at.STRUCTURED_NEURON_FORCE)
    joints, n = whole(population, at.POPULATION_JOINTS), len(torque)
    bias, J = vector(population, at.POPULATION_JOINT_BIAS), vector(joints, NEURONS_CURRENT)
    k = len(bias) // n
    encoders = cube(population, at.POPULATION_JOINT_ENCODERS, SEEN + 1, k)
    for i in range(n):
        own = slice(i * k, (i + 1) * k)
        currents(encoders[i], bias[own], u[i], J[own])
    active = matrix(population, at.POPULATION_JOINT_ACTIVE, k)
    advance(joints, vector(population, at.POPULATION_JOINT_ACTIVE))
    decoders = matrix(population, at.POPULATION_JOINT_DECODERS, k)
    for i in range(n):
        torque[i] = dot(decoders[i], active[i])
    fire_tool(population, place, force)


@kernel
def fire_tool(population, place, force):
    """Advance the tool's neurons; write the force that they supply."""
    tool = whole(population, at.POPULATION_TOOL)
    bias, active = (
        vector(population, at.POPULATION_TOOL_BIAS),
        vector(population, at.POPULATION_TOOL_ACTIVE),
    )
    encoders = matrix(population, at.POPULATION_TOOL_ENCODERS, len(bias))
    currents(encoders, bias, place, vector(tool, NEURONS_CURRENT))
    advance(tool, active)
    decoders = matrix(population, at.POPULATION_TOOL_DECODERS, len(bias))
    for a in range(3):
        force[a] = dot(decoders[a], active)


@kernel
def renew_population(learner):
    """Take over the decoders of the neurons that have learned."""
    population = whole(learner, structured_at.STRUCTURED_POPULATION)
    neurons = whole(whole(learner, structured_at.STRUCTURED_LAW), REGRESSION_NEURONS)
    m, k = per_joint(neurons), len(vector(population, at.POPULATION_JOINT_BIAS))
    learned = matrix(neurons, JOINT_NEURONS_DECODERS, m)
    k //= len(learned)
    shares = cube(population, at.POPULATION_JOINT_SHARES, m, k)
    own = matrix(population, at.POPULATION_JOINT_DECODERS, k)
    for i in range(len(learned)):
        combine(learned[i], shares[i], own[i])
    t = len(vector(population, at.POPULATION_TOOL_BIAS))
    e = len(vector(learner, structured_at.STRUCTURED_TOOL_ACTIVE))
    forces = matrix(learner, structured_at.STRUCTURED_TOOL_DECODERS, e)
    tool_shares = matrix(population, at.POPULATION_TOOL_SHARES, t)
    tool_own = matrix(population, at.POPULATION_TOOL_DECODERS, t)
    for a in range(3):
        combine(forces[a], tool_shares, tool_own[a])


@kernel
def combine(weights, rows, total):
    """Write the sum of rows times their weights."""
    for k in range(len(total)):
        total[k] = 0.0
    for a in range(len(weights)):
        if weights[a] != 0.0:
            for k in range(len(total)):
                total[k] += weights[a] * rows[a, k]
