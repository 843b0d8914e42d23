"""A rigid body fixed to the tool frame: its torque and momentum, linear in ten parameters.

The parameters are one link's of `Arm.inertial_parameters`, in its order: mass, first moment (3) and
the inertia's xx, xy, yy, xz, yz, zz about the tool frame's origin, in its axes (Atkeson, An and
Hollerbach 1986, doi:10.1177/027836498600500306). With V = R^T J the twist of that frame in its own
axes, v = V dq, and H(v) (6, 10) the momentum of unit parameters,

    tau = Y theta,          Y = V^T (H(V ddq + dV dq - g) + v x* H(v))
    p = V^T H(v) theta,     momentum, M dq
    b = (dV^T H(v) - V^T (v x* H(v) + H(-g))) theta,     C^T dq - g, so that dp/dt = tau + b

`locate_body` comes first; the others use the motion that it has stored in the block.
"""

from arms.machine.memory import arguments, cube_argument, matrix_argument, whole_argument
from arms.machine.numba_kernel import kernel, part

from .access import matrix, vector
from .layout import body_fields as at
from .layout.arm_fields import ANGULAR


@kernel
def locate_body(body, pose, J, dJ, dq):
    """Store V, dV, V dq, dV dq and minus gravity, in the tool's axes.

    Args:
        body: block; its ``gravity`` is given.
        pose: (4, 4), of the tool frame.
        J, dJ: (6, n), of the tool frame, base axes.
        dq: (n,).
    """
    n = len(dq)
    V, dV = matrix(body, at.BODY_V, n), matrix(body, at.BODY_DV, n)
    twist, drift = vector(body, at.BODY_TWIST), vector(body, at.BODY_DRIFT)
    gravity, up = vector(body, at.BODY_GRAVITY), vector(body, at.BODY_UP)
    wx, wy, wz = 0.0, 0.0, 0.0  # angular velocity, base axes
    for i in range(n):
        wx += J[3, i] * dq[i]
        wy += J[4, i] * dq[i]
        wz += J[5, i] * dq[i]
    for k in range(6):
        twist[k], drift[k] = 0.0, 0.0
    for half in range(0, 6, 3):  # linear, angular
        for i in range(n):
            x, y, z = J[half, i], J[half + 1, i], J[half + 2, i]
            dx = dJ[half, i] - (wy * z - wz * y)
            dy = dJ[half + 1, i] - (wz * x - wx * z)
            dz = dJ[half + 2, i] - (wx * y - wy * x)
            for k in range(3):
                V[half + k, i] = pose[0, k] * x + pose[1, k] * y + pose[2, k] * z
                dV[half + k, i] = pose[0, k] * dx + pose[1, k] * dy + pose[2, k] * dz
                twist[half + k] += V[half + k, i] * dq[i]
                drift[half + k] += dV[half + k, i] * dq[i]
    for k in range(3):
        up[k] = -(pose[0, k] * gravity[0] + pose[1, k] * gravity[1] + pose[2, k] * gravity[2])


@kernel
def body_columns(body, ddq, Y):
    """Compute Y (n, 10): the torque of unit parameters at accelerations ``ddq`` (n,)."""
    n = len(ddq)
    V, drift, rate = (
        matrix(body, at.BODY_V, n),
        vector(body, at.BODY_DRIFT),
        vector(body, at.BODY_RATE),
    )
    rate_at_rest(body)
    for k in range(6):
        rate[k] += drift[k]
        for i in range(n):
            rate[k] += V[k, i] * ddq[i]
    unit_forces(body)
    clear_matrix(Y)
    add_projected(1.0, V, matrix(body, at.BODY_FORCES, at.PARAMETERS), Y)


@kernel
def momentum_columns(body, p, b):
    """Compute p and b (n, 10) of unit parameters; see the module's equations."""
    n = len(p)
    V, dV = matrix(body, at.BODY_V, n), matrix(body, at.BODY_DV, n)
    momenta, forces = (
        matrix(body, at.BODY_MOMENTA, at.PARAMETERS),
        matrix(body, at.BODY_FORCES, at.PARAMETERS),
    )
    rate_at_rest(body)
    unit_forces(body)
    clear_matrix(p)
    clear_matrix(b)
    add_projected(1.0, V, momenta, p)
    add_projected(1.0, dV, momenta, b)
    add_projected(-1.0, V, forces, b)


@kernel
def add_body(body, theta, M, C, g):
    """Add a body of given parameters to an arm's M, C (n, n) and g (n,).

    ``C = V^T (I dV + [V_j x* h])`` with h = I v: dM/dt - 2 C is skew-symmetric, so that ``C^T dq``
    is right in the momentum's balance, too.

    Args:
        body: block.
        theta: (10,), the parameters.
        M, C, g: changed.
    """
    n = len(g)
    V, dV = matrix(body, at.BODY_V, n), matrix(body, at.BODY_DV, n)
    weighed, momenta = (
        matrix(body, at.BODY_WEIGHED, n),
        matrix(body, at.BODY_MOMENTA, at.PARAMETERS),
    )
    h = matrix(body, at.BODY_MOMENTUM, 1)
    rate_at_rest(body)
    unit_momenta(vector(body, at.BODY_RATE), momenta)
    combine(momenta, theta, h)  # its weight
    for i in range(n):
        for k in range(6):
            g[i] += V[k, i] * h[k, 0]
    weigh(theta, V, weighed)
    add_inertia(V, weighed, M)
    unit_momenta(vector(body, at.BODY_TWIST), momenta)
    combine(momenta, theta, h)
    weigh(theta, dV, weighed)
    for j in range(n):
        add_cross(V, j, h, 0, weighed, j)
    for i in range(n):
        for j in range(n):
            C[i, j] += column_product(V, i, weighed, j)


@kernel
def rate_at_rest(body):
    """Set the stored acceleration to that of a body held still: minus gravity."""
    rate, up = vector(body, at.BODY_RATE), vector(body, at.BODY_UP)
    for k in range(3):
        rate[k], rate[k + 3] = up[k], 0.0


@kernel
def unit_forces(body):
    """Compute the momenta H(v) and the forces H(a) + v x* H(v), a the stored acceleration."""
    momenta, forces = (
        matrix(body, at.BODY_MOMENTA, at.PARAMETERS),
        matrix(body, at.BODY_FORCES, at.PARAMETERS),
    )
    twist = matrix(body, at.BODY_TWIST, 1)
    unit_momenta(vector(body, at.BODY_TWIST), momenta)
    unit_momenta(vector(body, at.BODY_RATE), forces)
    for k in range(at.PARAMETERS):
        add_cross(twist, 0, momenta, k, forces, k)


@kernel
def unit_momenta(v, H):
    """Compute H (6, 10): the momentum of unit parameters at a twist v (6,)."""
    for k in range(6):
        for each in range(at.PARAMETERS):
            H[k, each] = 0.0
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        H[k, at.MASS] = v[k]
        H[k, at.MOMENT + j], H[k, at.MOMENT + i] = v[ANGULAR + i], -v[ANGULAR + j]  # omega x (m c)
        H[ANGULAR + k, at.MOMENT + i], H[ANGULAR + k, at.MOMENT + j] = v[j], -v[i]  # (m c) x v
    x, y, z = v[3], v[4], v[5]
    H[3, at.XX], H[3, at.XY], H[3, at.XZ] = x, y, z
    H[4, at.XY], H[4, at.YY], H[4, at.YZ] = x, y, z
    H[5, at.XZ], H[5, at.YZ], H[5, at.ZZ] = x, y, z


@kernel
def add_cross(V, i, H, k, F, column):
    """Add ``v x* h`` to a column of F: v is column i of V, a twist, h column k of H, a momentum."""
    for row in range(3):
        left, right = (row + 1) % 3, (row + 2) % 3
        y, z = V[ANGULAR + left, i], V[ANGULAR + right, i]
        F[row, column] += y * H[right, k] - z * H[left, k]
        F[ANGULAR + row, column] += y * H[ANGULAR + right, k] - z * H[ANGULAR + left, k]
        F[ANGULAR + row, column] += V[left, i] * H[right, k] - V[right, i] * H[left, k]


@kernel
def add_inertia(V, weighed, M):
    """Add ``V^T G V`` to M, (n, n), by V and G V, (6, n)."""
    for i in range(len(M)):
        for j in range(i + 1):
            change = column_product(V, i, weighed, j)
            M[i, j] += change
            if j < i:
                M[j, i] += change


@kernel
def column_product(A, i, B, j):
    """Return the product of column i of A (6, .) with column j of B."""
    total = 0.0
    for row in range(6):
        total += A[row, i] * B[row, j]
    return total


@kernel
def combine(H, theta, h):
    """Compute h = H theta, (6, 1)."""
    for k in range(6):
        h[k, 0] = 0.0
        for each in range(at.PARAMETERS):
            h[k, 0] += H[k, each] * theta[each]


@kernel
def weigh(theta, A, W):
    """Compute W = I A for twists in the columns of A (6, n), I of parameters theta."""
    m, x, y, z = theta[at.MASS], theta[at.MOMENT], theta[at.MOMENT + 1], theta[at.MOMENT + 2]
    for j in range(A.shape[1]):
        a, b, c, p, q, r = A[0, j], A[1, j], A[2, j], A[3, j], A[4, j], A[5, j]
        W[0, j] = m * a + q * z - r * y
        W[1, j] = m * b + r * x - p * z
        W[2, j] = m * c + p * y - q * x
        W[3, j] = y * c - z * b + theta[at.XX] * p + theta[at.XY] * q + theta[at.XZ] * r
        W[4, j] = z * a - x * c + theta[at.XY] * p + theta[at.YY] * q + theta[at.YZ] * r
        W[5, j] = x * b - y * a + theta[at.XZ] * p + theta[at.YZ] * q + theta[at.ZZ] * r


@kernel
def clear_matrix(Y):
    """Set Y to 0."""
    for i in range(Y.shape[0]):
        for k in range(Y.shape[1]):
            Y[i, k] = 0.0


@kernel
def add_projected(sign, V, F, Y):
    """Add ``sign V^T F`` to Y (n, k), for V (6, n) and F (6, k)."""
    for i in range(V.shape[1]):
        for k in range(F.shape[1]):
            total = 0.0
            for row in range(6):
                total += V[row, i] * F[row, k]
            Y[i, k] += sign * total


@kernel
def armature_columns(ddq, Y):
    """Compute Y (n, n): the torque of unit armature at each joint."""
    for i in range(len(ddq)):
        for j in range(len(ddq)):
            Y[i, j] = ddq[i] if i == j else 0.0


@part(1)
def body_rows(given):
    """Compute Y (k, n, 10) for k states: the other arrays have as many rows.

    Args:
        given: address of the packed body, pose, J, dJ, dq, ddq and Y.
    """
    own = arguments(given, 7)
    body, pose, J = whole_argument(own, 0), cube_argument(own, 1), cube_argument(own, 2)
    dJ, dq, ddq = cube_argument(own, 3), matrix_argument(own, 4), matrix_argument(own, 5)
    Y = cube_argument(own, 6)
    for row in range(len(Y)):
        locate_body(body, pose[row], J[row], dJ[row], dq[row])
        body_columns(body, ddq[row], Y[row])


@part(1)
def armature_rows(given):
    """Run `armature_columns` for k states: ``ddq`` (k, n), Y (k, n, n).

    Args:
        given: address of the packed ddq and Y.
    """
    own = arguments(given, 2)
    ddq, Y = matrix_argument(own, 0), cube_argument(own, 1)
    for row in range(len(Y)):
        armature_columns(ddq[row], Y[row])
