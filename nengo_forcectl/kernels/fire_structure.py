"""`StructuredPopulation`: neurons that fire in the place of those that learn in joints and tool."""

from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, vector, whole
from .algebra import dot
from .encode import currents, product
from .encode_structure import encode_joints, encode_place
from .joint_activity import per_joint
from .layout import population_fields as at, structured_fields as structured_at
from .layout.arm_fields import ARM_POSE, COMMAND_DQ_S, INPUT_Q, ORIGIN
from .layout.network_fields import (
    AT_PLACE,
    FRICTION,
    NEURONS_CALL,
    NEURONS_CURRENT,
    NEURONS_OUTPUT,
    SEEN,
    SPEED,
)
from .layout.regression_fields import JOINT_NEURONS_DECODERS, REGRESSION_NEURONS


@part(4)
def fire_structure(learner, arm, inputs, command):
    """Advance the neurons by a cycle.

    Writes what they supply to the fields "neuron_torque" and "neuron_force".
    """
    population = whole(learner, structured_at.STRUCTURED_POPULATION)
    look_ahead(learner, population, arm, inputs, command)
    supply_currents(learner, population)
    joints, tool = whole(population, at.POPULATION_JOINTS), whole(population, at.POPULATION_TOOL)
    call(whole(joints, NEURONS_CALL), joints)
    call(whole(tool, NEURONS_CALL), tool)
    torque = vector(learner, structured_at.STRUCTURED_NEURON_TORQUE)
    k = len(vector(joints, NEURONS_OUTPUT)) // len(torque)
    fired, decoders = (
        matrix(joints, NEURONS_OUTPUT, k),
        matrix(population, at.POPULATION_JOINT_DECODERS, k),
    )
    for i in range(len(torque)):
        torque[i] = dot(decoders[i], fired[i])
    output = vector(tool, NEURONS_OUTPUT)
    decoders = matrix(population, at.POPULATION_TOOL_DECODERS, len(output))
    product(decoders, output, vector(learner, structured_at.STRUCTURED_NEURON_FORCE))


@kernel
def look_ahead(learner, population, arm, inputs, command):
    """Write the neurons' inputs: those of the time at which their synapses pass it on.

    Angles and the tool's place go on at dq_s until then.
    """
    q, dq = vector(inputs, INPUT_Q), vector(command, COMMAND_DQ_S)
    lead, ahead = number(population, at.POPULATION_LEAD), vector(population, at.POPULATION_AHEAD)
    x = matrix(learner, structured_at.STRUCTURED_X, FRICTION)
    u = matrix(learner, structured_at.STRUCTURED_JOINT_U, SEEN + 1)
    for i in range(len(ahead)):
        ahead[i] = q[i] + lead * dq[i]
    encode_joints(whole(learner, structured_at.STRUCTURED_JOINTS), ahead, dq, x, u)
    pose, y = matrix(arm, ARM_POSE, 4), vector(learner, structured_at.STRUCTURED_Y)
    place = vector(learner, structured_at.STRUCTURED_TOOL_U)[:AT_PLACE]
    for k in range(3):
        place[k] = pose[k, ORIGIN] + lead * y[SPEED + k]
    encode_place(whole(learner, structured_at.STRUCTURED_TOOL), place, place)


@kernel
def supply_currents(learner, population):
    """Write the currents of all neurons."""
    joints, tool = whole(population, at.POPULATION_JOINTS), whole(population, at.POPULATION_TOOL)
    u = matrix(learner, structured_at.STRUCTURED_JOINT_U, SEEN + 1)
    k = len(vector(joints, NEURONS_CURRENT)) // len(u)
    encoders = cube(population, at.POPULATION_JOINT_ENCODERS, SEEN + 1, k)
    bias = matrix(population, at.POPULATION_JOINT_BIAS, k)
    J = matrix(joints, NEURONS_CURRENT, k)
    for i in range(len(u)):
        currents(encoders[i], bias[i], u[i], J[i])
    place = vector(learner, structured_at.STRUCTURED_TOOL_U)[:AT_PLACE]
    own = vector(tool, NEURONS_CURRENT)
    E = matrix(population, at.POPULATION_TOOL_ENCODERS, len(own))
    currents(E, vector(population, at.POPULATION_TOOL_BIAS), place, own)


@kernel
def renew_population(learner):
    """Take over the decoders of the neurons that have learned."""
    population = whole(learner, structured_at.STRUCTURED_POPULATION)
    neurons = whole(whole(learner, structured_at.STRUCTURED_LAW), REGRESSION_NEURONS)
    learned = matrix(neurons, JOINT_NEURONS_DECODERS, per_joint(neurons))
    half = len(vector(population, at.POPULATION_JOINT_BIAS)) // (2 * len(learned))
    shares = cube(population, at.POPULATION_JOINT_SHARES, 2, half)
    own = cube(population, at.POPULATION_JOINT_DECODERS, 2, half)
    for i in range(len(learned)):
        for image in range(2):
            share_decoders(learned[i], 1.0 - 2.0 * image, shares[i, image], own[i, image])
    e = len(vector(learner, structured_at.STRUCTURED_TOOL_ACTIVE))
    forces = matrix(learner, structured_at.STRUCTURED_TOOL_DECODERS, e)
    decoders = vector(population, at.POPULATION_TOOL_SHARES)
    tool = matrix(population, at.POPULATION_TOOL_DECODERS, len(decoders))
    for a in range(3):
        share_decoders(forces[a], 1.0, decoders, tool[a])


@kernel
def share_decoders(decoders, sign, shares, own):
    """Write the decoders of the neurons in the place of those with given ones."""
    copies = len(own) // len(decoders)
    for k in range(len(own)):
        own[k] = sign * decoders[k // copies] * shares[k]
