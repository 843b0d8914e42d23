"""`JointEncoding` and `ToolEncoding`: what joints' and tool's friction and forces depend on."""

import math

from arms.machine.memory import arguments, cube_argument, matrix_argument, whole_argument
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, vector
from .encode import raise_to_sphere
from .layout import network_fields as at
from .layout.arm_fields import ORIGIN


@kernel
def encode_joints(joints, q, dq, x, u):
    """Compute the direct inputs and the neurons' inputs of every joint.

    Args:
        joints: block of a `JointEncoding`.
        q, dq: (n,).
        x: (n, 3), written: dq / s, tanh(dq / v) and 1.
        u: (n, 3), written: asinh(dq / v) / asinh(s / v) and (q - c) / h, bounded, on a sphere.
    """
    slow, lift = number(joints, at.JOINTS_SLOW), number(joints, at.JOINTS_LIFT)
    speed, centre = vector(joints, at.JOINTS_SPEED), vector(joints, at.JOINTS_CENTRE)
    spread = vector(joints, at.JOINTS_SPREAD)
    lower, upper = (
        matrix(joints, at.JOINTS_LOWER, at.SEEN),
        matrix(joints, at.JOINTS_UPPER, at.SEEN),
    )
    for j in range(len(q)):
        x[j, at.VISCOUS] = dq[j] / speed[j]
        x[j, at.DRY] = math.tanh(dq[j] / slow)
        x[j, at.OFFSET] = 1.0
        u[j, at.PACE] = math.asinh(dq[j] / slow) / math.asinh(speed[j] / slow)
        u[j, at.ANGLE] = (q[j] - centre[j]) / spread[j]
        for k in range(at.SEEN):
            u[j, k] = min(max(u[j, k], lower[j, k]), upper[j, k])
        raise_to_sphere(u[j], lift)


@kernel
def encode_tool(tool, pose, J, dq, y, u):
    """Compute the direct inputs and the neurons' inputs of the tool.

    Args:
        tool: block of a `ToolEncoding`.
        pose: (4, 4).
        J: (6, n).
        dq: (n,).
        y: (7,), written: 1, x - x_0 [m], dx [m/s].
        u: (17,), written: x on a sphere (4), then x, dx and R on another (13).
    """
    centre, scale = vector(tool, at.TOOL_CENTRE), vector(tool, at.TOOL_SCALE)
    lower, upper = vector(tool, at.TOOL_LOWER), vector(tool, at.TOOL_UPPER)
    lift = number(tool, at.TOOL_LIFT)
    place, motion = u[: at.AT_PLACE], u[at.AT_PLACE :]
    select_tool(pose, J, dq, motion)
    y[at.ONE] = 1.0
    for k in range(3):
        y[at.PLACE + k], y[at.SPEED + k] = motion[k] - centre[k], motion[at.VELOCITY + k]
    encode_place(tool, motion[at.POSITION : at.VELOCITY], place)
    for k in range(12):
        motion[k] = (min(max(motion[k], lower[k]), upper[k]) - centre[k]) * scale[k]
    raise_to_sphere(motion, lift)


@kernel
def encode_place(tool, x, place):
    """Compute the inputs of neurons that see the place alone.

    Args:
        tool: block of a `ToolEncoding`.
        x: (3,), position of the tool [m].
        place: (4,), written.
    """
    centre, scale = vector(tool, at.TOOL_CENTRE), vector(tool, at.TOOL_SCALE)
    lower, upper = vector(tool, at.TOOL_LOWER), vector(tool, at.TOOL_UPPER)
    for k in range(3):
        place[k] = (min(max(x[k], lower[k]), upper[k]) - centre[k]) * scale[k]
    raise_to_sphere(place, number(tool, at.TOOL_LIFT))


@kernel
def select_tool(pose, J, dq, x):
    """Write the first 12 numbers of ``x``: position, velocity, the first two columns of R."""
    for k in range(3):
        x[at.POSITION + k], x[at.VELOCITY + k] = pose[k, ORIGIN], 0.0
        x[at.FIRST_AXIS + k], x[at.SECOND_AXIS + k] = pose[k, 0], pose[k, 1]
        for i in range(len(dq)):
            x[at.VELOCITY + k] += J[k, i] * dq[i]


@part(1)
def encode_joints_rows(given):
    """Run `encode_joints` for k states: all arrays have as many rows.

    Args:
        given: address of the packed encoding, q, dq, x and u.
    """
    own = arguments(given, 5)
    joints, q, dq = whole_argument(own, 0), matrix_argument(own, 1), matrix_argument(own, 2)
    x, u = cube_argument(own, 3), cube_argument(own, 4)
    for row in range(len(q)):
        encode_joints(joints, q[row], dq[row], x[row], u[row])


@part(1)
def encode_tool_rows(given):
    """Run `encode_tool` for k states: all arrays have as many rows.

    Args:
        given: address of the packed encoding, pose, J, dq, y and u.
    """
    own = arguments(given, 6)
    tool, pose, J = whole_argument(own, 0), cube_argument(own, 1), cube_argument(own, 2)
    dq, y, u = matrix_argument(own, 3), matrix_argument(own, 4), matrix_argument(own, 5)
    for row in range(len(dq)):
        encode_tool(tool, pose[row], J[row], dq[row], y[row], u[row])


@part(1)
def select_tool_rows(given):
    """Run `select_tool` for k states: all arrays have as many rows.

    Args:
        given: address of the packed pose, J, dq and x.
    """
    own = arguments(given, 4)
    pose, J = cube_argument(own, 0), cube_argument(own, 1)
    dq, x = matrix_argument(own, 2), matrix_argument(own, 3)
    for row in range(len(dq)):
        select_tool(pose[row], J[row], dq[row], x[row])
