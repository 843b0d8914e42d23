"""Every control law written out a second time, in NumPy over Pinocchio's terms."""

import numpy as np

from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import (
    Admittance,
    ComputedTorque,
    Damping,
    Floating,
    HybridForce,
    Impedance,
    JointLimits,
    JointPD,
    JointPID,
    Manipulability,
    ObstacleAvoidance,
    OperationalSpace,
    ParallelForce,
    Sliding,
)
from nengo_forcectl.control.joint_space import JointSpace

HOME = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
SIX = (0, 1, 2, 3, 4, 5)
TILT = np.array([[0.8, 0.0, 0.6], [0.0, 1.0, 0.0], [-0.6, 0.0, 0.8]])  # a turn about y
POSITIVE = np.diag([3.0, 2.0, 1.0]) + 0.3
DT = 1e-3


def turn(axis, angle):
    """Rodrigues' formula, by the exponential's series."""
    x, y, z = angle * np.asarray(axis) / np.linalg.norm(axis)
    K, R, term = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0.0]]), np.eye(3), np.eye(3)
    for k in range(1, 40):
        term = term @ K / k
        R = R + term
    return R


def secondaries(arm):
    spheres = [[0.3, 0.0, 0.5, 0.1], [0.2, 0.2, 0.6, 0.05]]
    points = [(arm.frames[4], (0.0, 0.0, 0.05)), ("tool", (0.0, 0.0, 0.0))]
    return (
        Damping(3.0),
        JointLimits(arm.q_lower, arm.q_upper, margin=2.0),
        ObstacleAvoidance(arm, points, spheres, margin=0.5),
        Manipulability(arm, rows=SIX),
    )


LAWS = {
    "joint pd": lambda arm: JointPD(kp=np.arange(1.0, 8.0)),
    "joint pid": lambda arm: JointPID(kp=np.arange(1.0, 8.0), ki=np.arange(2.0, 9.0)),
    "computed torque": lambda arm: ComputedTorque(kp=50 * np.eye(7) + 5.0, kv=np.full(7, 12.0)),
    "sliding": lambda arm: Sliding(slope=5.0, K=np.arange(1.0, 8.0), robust=3.0, boundary=0.5),
    "floating": lambda arm: Floating(kv=2.0),
    "position": lambda arm: OperationalSpace(HOME),
    "pose": lambda arm: OperationalSpace(HOME, SIX, kp=np.arange(50.0, 56.0)),
    "some rows": lambda arm: OperationalSpace(HOME, (0, 2, 5), kp=50.0 * POSITIVE),
    "orientation": lambda arm: OperationalSpace(HOME, (3, 4, 5)),
    "with secondary tasks": lambda arm: OperationalSpace(HOME, secondary=secondaries(arm)),
    "impedance": lambda arm: Impedance(HOME, K=300.0 * POSITIVE, D=30.0 * POSITIVE),
    "impedance, shaped": lambda arm: Impedance(
        HOME, SIX, K=np.r_[300.0, 200, 100, 10, 20, 30], inertia=np.r_[5.0, 6, 7, 0.5, 0.6, 0.7]
    ),
    "hybrid": lambda arm: HybridForce(
        HOME, SIX, axes=(2, 3), frame=TILT, kd=np.r_[200.0, 200, 200, 2, 2, 2]
    ),
    "parallel": lambda arm: ParallelForce(HOME, frame=TILT, mass=POSITIVE),
    "admittance": lambda arm: Admittance(
        OperationalSpace(HOME, SIX), mass=np.r_[5.0, 6, 7, 0.5, 0.6, 0.7], rows=SIX, stiffness=9.0
    ),
}


def references(arm, count, seed=0):
    """Random states and references near them, for the tool and for the joints."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        q, dq = HOME + rng.uniform(-0.5, 0.5, 7), rng.uniform(-1, 1, 7)
        pose = arm.pose(q)
        R = turn(rng.normal(size=3), rng.uniform(0, 3)) @ pose[:3, :3]
        vectors = rng.normal(size=(4, 3))
        tool = Reference(
            pose[:3, 3] + rng.normal(0, 0.05, 3), *vectors[:2], R, *vectors[2:], rng.normal(size=6)
        )
        joints = Reference(q + rng.normal(0, 0.05, 7), *rng.normal(size=(2, 7)))
        yield State(k * DT, q, dq, wrench=rng.normal(size=6)), tool, joints


def expected(law, model, state, reference, z, moving, withheld, dq_max):
    """The law's torque, written out with Pinocchio's terms; its memory goes one step on."""
    q, dq, n = state.q, state.dq, 7
    t = model.terms(q, dq, np.zeros(n), "tool")
    M, h, g = t["M"], t["h"], t["g"]
    as_matrix = lambda value, m: value if np.ndim(value) == 2 else value * np.eye(m)  # noqa: E731
    if isinstance(law, JointSpace):
        e, de = reference.x - q, reference.dx - dq
        if isinstance(law, JointPD):
            return g + law.kp * e + law.kv * de
        if isinstance(law, JointPID):
            tau = g + law.kp * e + law.kv * de + z
            z += DT * law.ki * e
            return tau
        if isinstance(law, Floating):
            return g - law.kv * dq
        if isinstance(law, ComputedTorque):
            return M @ (reference.ddx + law.kv * de + law.kp @ e) + h
        s = de + law.slope * e
        force = law.K * s + law.robust * np.clip(s / law.boundary, -1, 1)
        # Pinocchio's C is another factorisation, so C dq_v is taken from Christoffel symbols.
        C = christoffel(model, q, dq)
        return M @ (reference.ddx + law.slope * de) + C @ (dq + s) + g + force
    f, f_r = state.wrench, reference.wrench
    x, dx, ddx, R, omega, domega = reference[:6]
    if isinstance(law, Admittance):
        m, d, k = (as_matrix(v, 6) for v in (law.mass, law.damping, law.stiffness))
        before, c = moving[1].copy(), moving[0]
        new = np.linalg.solve(m + DT * d + DT**2 * k, m @ before + DT * (f + f_r - k @ c))
        moving[1], moving[0] = new, c + DT * new
        dnew = (new - before) / DT
        x, dx, ddx = x + moving[0][:3], dx + new[:3], ddx + dnew[:3]
        R = turn(moving[0][3:], np.linalg.norm(moving[0][3:])) @ R
        omega, domega = omega + new[3:], domega + dnew[3:]
        law = law.inner
    rows, m = list(law.rows), len(law.rows)
    J, bias = t["J"][rows], (t["dJ"] @ dq)[rows]
    pose = t["pose"]
    q_e = pin_quaternion(R @ pose[:3, :3].T)
    e = np.concatenate((x - pose[:3, 3], 2 * np.copysign(1, q_e[3]) * q_e[:3]))[rows]
    dx, ddx = np.concatenate((dx, omega))[rows], np.concatenate((ddx, domega))[rows]
    de = dx - J @ dq
    inverse = J @ np.linalg.inv(M) @ J.T + 1e-6 * np.eye(m)
    assert np.linalg.eigvalsh(inverse)[0] > 1e-2
    Lambda = np.linalg.inv(inverse)
    N_T = np.eye(n) - J.T @ Lambda @ J @ np.linalg.inv(M)
    d = np.minimum(2 * np.sqrt(law.k_null * np.diag(M)), 100 / np.diag(np.linalg.inv(M)))
    pull, most = law.k_null * (law.posture - q), d * dq_max
    soft = np.minimum(law.k_null, 2500 / np.diag(np.linalg.inv(M))) * (law.posture - q)
    fast = np.clip((np.abs(dq) / dq_max - 0.6) / 0.4, 0, 1)
    d += fast * (100 / np.diag(np.linalg.inv(M)) - d)
    tau_0 = pull + withheld * (np.clip(soft, -most, most) - pull) - d * dq
    for task in law.secondary:
        tau_0 = tau_0 + written_out(task, model, state)
    F, pushes, f, f_r = np.zeros(m), (f_r + f)[rows], f[rows], f_r[rows]
    if isinstance(law, OperationalSpace):
        a = ddx + as_matrix(law.kp, m) @ e + law.kv * de
    elif isinstance(law, Impedance):
        K, D = as_matrix(law.K, m), as_matrix(law.D, m)
        if law.inertia is None:
            a, F = ddx, K @ e + D @ de + f_r
        else:
            a, F = ddx + np.linalg.solve(np.diag(law.inertia), K @ e + D @ de + pushes), -f
    else:
        T = np.kron(np.eye(2), law.frame)[np.ix_(rows, rows)]
        chosen = T @ np.diag(np.isin(rows, law.axes).astype(float)) @ T.T
        other = np.eye(m) - chosen
        if isinstance(law, HybridForce):
            a = other @ (ddx + law.kp * e + law.kv * de)
            kd = T @ as_matrix(law.kd, m) @ T.T
            F = chosen @ (f_r + law.kf * pushes + kd @ chosen @ de) + z - other @ f
        else:
            a = np.linalg.solve(law.mass, chosen @ (law.kf * pushes) + z)
            a, F = a + ddx + law.kp * e + law.kv * de, -f
        z += DT * law.ki * chosen @ pushes
    mobility = J @ np.linalg.inv(M)
    asked = a - bias
    a = held_back(asked, law, model, state, inverse, mobility, tau_0, dq_max)
    late = (np.abs(mobility.T @ Lambda @ e) / dq_max).max() / 0.1
    wanted = min(late, 1.0) if np.abs(a - asked).max() > 1e-9 else 0.0
    withheld += (0.01 if wanted > withheld else 0.001) * (wanted - withheld)
    others = [row for row in range(6) if row not in rows]
    pushed = t["J"][others].T @ state.wrench[others] if law.needs_wrench else 0.0
    return J.T @ (Lambda @ a + F) + N_T @ tau_0 + h - pushed


def held_back(a, law, model, state, inverse, mobility, tau_0, dq_max):
    """The task's acceleration that is left of ``a`` near a singularity; see `TaskSpace`."""
    s, U = np.linalg.eigh(inverse)
    ds, dq, most = eigenvalue_rates(law, model, state), state.dq, law.inertia_max
    M = model.terms(state.q, dq, np.zeros(7), "tool")["M"]
    a, dx = U.T @ a, U.T @ mobility @ M @ dq
    for k in np.flatnonzero(s * most < 4.0):
        v = 0.06 * most * s[k] / (1.0 - s[k] * most / 4.0)
        room = max(18.0 * v + 0.06 * most * ds[k], 0.0)
        a[k] = np.clip(a[k], -room - 18.0 * dx[k], room - 18.0 * dx[k])
    heavy = 1.0 / (s[0] * most)
    if heavy <= 0.08:
        return U @ a
    v, dv = 0.1 + 0.3 / np.sqrt(heavy), 0.15 / np.sqrt(heavy) / s[0] * ds[0]
    ddq = mobility.T @ U @ ((a - U.T @ mobility @ tau_0) / s) + np.linalg.solve(M, tau_0)
    gain, ddq = np.sign(dq) * np.array([mobility.T @ U[:, 0] / s[0], ddq]) / dq_max
    speed = np.abs(dq) / dq_max
    grows = np.maximum(18.0 * (v - speed) * np.maximum(1.0, v / speed) + dv, -18.0 * speed)
    moved = np.linalg.norm(mobility @ M * (mobility.T @ U[:, 0] / s[0]), axis=0)
    weight = np.minimum(moved, 1.0) * gain**2
    cost = 0.1**2 * (weight * gain**2).max()
    slope = lambda x: cost * x + (weight * gain) @ np.maximum(ddq + gain * x - grows, 0.0)  # noqa: E731
    ends = np.sort([0.0, -slope(0.0) / cost])
    for _ in range(60):  # slope rises
        middle = ends.mean()
        ends[int(slope(middle) > 0.0)] = middle
    a[0] += ends.mean() * min(1.0, (heavy - 0.08) / 0.03)
    return U @ a


def eigenvalue_rates(law, model, state, step=1e-3):
    """Rates of Lambda^-1's eigenvalues, by fourth-order differences of Pinocchio's terms."""
    rows = list(law.rows)

    def at(k):
        t = model.terms(state.q + k * step * state.dq, state.dq, np.zeros(7), "tool")
        J = t["J"][rows]
        return np.linalg.eigvalsh(J @ np.linalg.solve(t["M"], J.T))

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)


def pin_quaternion(R):
    import pinocchio

    return pinocchio.Quaternion(R).coeffs()  # x, y, z, w


def christoffel(model, q, dq, step=1e-3):
    """C from fourth-order differences of Pinocchio's M."""
    n = len(q)
    at = lambda k, h: model.terms(q + h * np.eye(n)[k], dq, dq, "tool")["M"]  # noqa: E731
    D = np.stack(
        [
            (8 * (at(k, step) - at(k, -step)) - (at(k, 2 * step) - at(k, -2 * step))) / (12 * step)
            for k in range(n)
        ],
        axis=-1,
    )  # dM_ij / dq_k
    symbols = 0.5 * (D + D.transpose(0, 2, 1) - D.transpose(2, 1, 0))
    return symbols @ dq


def written_out(task, model, state):
    """A secondary task's torque, by potentials' differences where there is one."""
    import pinocchio as pin

    q, step = state.q, 1e-5

    def point(q, frame, offset):
        pin.framesForwardKinematics(model.model, model.data, q)
        return model.data.oMf[model.model.getFrameId(frame)].act(np.asarray(offset))

    def downhill(potential):
        return np.array(
            [(potential(q - h) - potential(q + h)) / (2 * step) for h in step * np.eye(7)]
        )

    def potential_of(distance, margin, k):
        # k margin (margin - rho) / rho is minus the slope of this, below the margin.
        return k * margin * ((distance - margin) - margin * np.log(distance / margin))

    if isinstance(task, Damping):
        return -task.kv * model.terms(q, state.dq, state.dq, "tool")["M"] @ state.dq
    if isinstance(task, JointLimits):
        both = lambda q: np.concatenate((q - task.lower, task.upper - q))  # noqa: E731
        return downhill(
            lambda q: sum(potential_of(d, task.margin, task.k) for d in both(q) if d < task.margin)
        )
    if isinstance(task, ObstacleAvoidance):

        def potential(q):
            total = 0.0
            for frame, offset in task.points:
                for *centre, radius in task.spheres:
                    d = np.linalg.norm(point(q, frame, offset) - centre) - radius
                    total += potential_of(d, task.margin, task.k) if d < task.margin else 0.0
            return total

        return downhill(potential)
    rows = list(task.rows)

    def manipulability(q):
        pin.computeJointJacobians(model.model, model.data, q)
        pin.updateFramePlacements(model.model, model.data)
        J = model.jacobian(pin.LOCAL_WORLD_ALIGNED, model.model.getFrameId("tool"))[rows]
        return np.sqrt(np.linalg.det(J @ J.T))

    return -task.k * downhill(manipulability)
