"""Every control law against its equation in NumPy and Pinocchio, and its compiled form."""

import numpy as np
import pytest
from arms_reference import Pinocchio

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.control import (
    Admittance,
    ComputedTorque,
    Damping,
    Floating,
    HybridForce,
    Impedance,
    JointLimits,
    JointPD,
    Manipulability,
    ObstacleAvoidance,
    OperationalSpace,
    ParallelForce,
    Posture,
    Sliding,
)
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle import Blocks
from nengo_forcectl.exceptions import ArmError, ConfigurationError, SimulationError
from nengo_forcectl.fused import CompiledController
from nengo_forcectl.paths import Reference
from nengo_forcectl.robot import State

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


def expected(law, model, state, reference, z, moving):
    """The law's torque, written out with Pinocchio's terms; z and the offset go one step on."""
    q, dq, n = state.q, state.dq, 7
    t = model.terms(q, dq, np.zeros(n), "tool")
    M, h, g = t["M"], t["h"], t["g"]
    as_matrix = lambda value, m: value if np.ndim(value) == 2 else value * np.eye(m)  # noqa: E731
    if isinstance(law, JointSpace):
        e, de = reference.x - q, reference.dx - dq
        if isinstance(law, JointPD):
            return g + law.kp * e + law.kv * de
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
    tau_0 = law.k_null * (law.posture - q) - 2 * np.sqrt(law.k_null * np.diag(M)) * dq
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
            F = chosen @ (f_r + law.kf * pushes + kd @ chosen @ de) + z
        else:
            a = np.linalg.solve(law.mass, chosen @ (law.kf * pushes) + z)
            a, F = a + ddx + law.kp * e + law.kv * de, -f
        z += DT * law.ki * chosen @ pushes
    return J.T @ (Lambda @ (a - bias) + F) + N_T @ tau_0 + h


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


@pytest.mark.parametrize("name", LAWS)
def test_every_law_is_its_equation(iiwa, name):
    """At random states the torque is the law's in NumPy over Pinocchio's terms, to 1e-9.

    Slopes that have to be differences (the secondary tasks' potentials) agree to 1e-6, and so does
    C of the sliding law, from differences of M, to 1e-8.
    """
    law = LAWS[name](iiwa)
    model = Pinocchio(iiwa.to_urdf(), iiwa)
    z, moving = np.zeros(len(getattr(law, "rows", ()))), np.zeros((2, 6))
    tolerance = {"with secondary tasks": 1e-6, "sliding": 1e-8}.get(name, 1e-9)
    for state, tool, joints in references(iiwa, 20):
        reference = joints if isinstance(law, JointSpace) else tool
        wanted = expected(law, model, state, reference, z, moving)
        tau = law.torque(iiwa.terms(state.q, state.dq), state, reference).tau
        assert np.abs(tau - wanted).max() < tolerance * max(1.0, np.abs(wanted).max())
    if name in ("hybrid", "parallel"):
        np.testing.assert_allclose(law.integral, z, atol=1e-12)
        assert np.abs(z).max() > 1e-3


@pytest.mark.parametrize("name", LAWS)
def test_every_law_compiled_is_the_law(iiwa, name):
    """One compiled call gives the blocks' torque to 1e-9 of it, and what the law remembers."""
    law, other = LAWS[name](iiwa), LAWS[name](iiwa)
    fused, blocks = CompiledController(iiwa, law), Blocks(iiwa, other, NoAdaptation())
    for k, (state, tool, joints) in enumerate(references(iiwa, 50)):
        reference = joints if isinstance(law, JointSpace) else tool
        state = state._replace(sound=k % 3 > 0)
        ours, theirs = fused.step(state, reference), blocks.step(state, reference)
        np.testing.assert_allclose(ours.tau, theirs.tau, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(ours.tool, theirs.tool, atol=1e-12)
        assert ours.singularity == pytest.approx(theirs.singularity, abs=1e-9)
    for memory in ("integral", "moving"):
        if getattr(law, memory, None) is not None:
            np.testing.assert_allclose(getattr(law, memory), getattr(other, memory), atol=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_at_rest_on_the_target_every_torque_is_gravity(iiwa, name):
    """At rest, on the target, pressing as hard as is wanted: tau = g - J^T f, to 1e-9.

    Without contact it is g. Secondary tasks leave the tool alone, but not the joints.
    """
    if name == "with secondary tasks":
        law = OperationalSpace(HOME, secondary=(Damping(), JointLimits(iiwa.q_lower, iiwa.q_upper)))
    else:
        law = LAWS[name](iiwa)
    pose, still = iiwa.pose(HOME), np.zeros(3)
    tool = Reference(pose[:3, 3], still, still, pose[:3, :3])
    reference = Reference(HOME, *np.zeros((2, 7))) if isinstance(law, JointSpace) else tool
    state = State(0.0, HOME, np.zeros(7), wrench=np.zeros(6))
    command = law.torque(iiwa.terms(HOME, np.zeros(7)), state, reference)
    for tau in (command.tau, CompiledController(iiwa, law).step(state, reference).tau):
        np.testing.assert_allclose(tau, iiwa.gravity(HOME), rtol=0, atol=1e-9)
    np.testing.assert_allclose(command.error, 0, atol=1e-9)
    np.testing.assert_allclose(command.task_error, 0, atol=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_tells_what_a_learning_law_needs(iiwa, name):
    """The task's error is what the task's torque does to the task, at random states."""
    law = LAWS[name](iiwa)
    for state, tool, joints in references(iiwa, 5):
        reference = joints if isinstance(law, JointSpace) else tool
        command = law.torque(iiwa.terms(state.q, state.dq), state, reference)
        assert command.error.shape == command.dq_r.shape == command.ddq_r.shape == (7,)
        acceleration = command.mobility @ command.task_torque
        scale = 1e-3 * max(1.0, np.abs(command.task_error).max())  # what the damping costs
        np.testing.assert_allclose(acceleration, command.task_error, atol=scale)


def test_impedance_counts_no_measured_push_as_an_error(iiwa):
    """Where the spring holds a push that the sensor tells of, there is nothing to learn from."""
    law = Impedance(HOME, k_null=0.0)
    pose, push = iiwa.pose(HOME), np.array([8.0, -6.0, 4.0])
    reference = Reference(pose[:3, 3] - push / law.K, np.zeros(3), np.zeros(3))
    state = State(0.0, HOME, np.zeros(7), wrench=np.concatenate((push, np.zeros(3))))
    terms = iiwa.terms(HOME, np.zeros(7))
    np.testing.assert_allclose(law.torque(terms, state, reference).error, 0, atol=1e-9)
    blind = law.torque(terms, state._replace(wrench=None), reference)
    np.testing.assert_allclose(blind.error, -terms.J[:3].T @ push, atol=1e-9)


def test_the_integral_is_kept_within_its_bound(iiwa):
    """A force that never comes fills z up to ``windup``; it empties at once when it comes."""
    law = HybridForce(HOME, windup=(20.0, 1.0), ki=50.0)
    pose = iiwa.pose(HOME)
    wanted = np.array([0.0, 0.0, -10.0, 0.0, 0.0, 0.0])
    reference = Reference(pose[:3, 3], np.zeros(3), np.zeros(3), wrench=wanted)
    free = State(0.0, HOME, np.zeros(7), wrench=np.zeros(6))
    terms = iiwa.terms(HOME, np.zeros(7))
    for _ in range(500):
        law.torque(terms, free, reference)
    np.testing.assert_allclose(law.integral, [0.0, 0.0, -20.0], atol=1e-12)
    law.torque(terms, free._replace(wrench=-2 * wanted), reference)
    assert law.integral[2] == pytest.approx(-19.5)
    law.torque(terms, free._replace(sound=False), reference)
    assert law.integral[2] == pytest.approx(-19.5)
    law.reset()
    assert not law.integral.any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: ComputedTorque(kp=np.ones((3, 2))), r"ComputedTorque.kp: has shape \(3, 2\)"),
        (lambda arm: ComputedTorque(kv=-np.ones(7)), "ComputedTorque.kv: has value -1"),
        (lambda arm: Sliding(K=np.array([[1.0, 2], [0, 1]])), "Sliding.K: is not symmetric"),
        (lambda arm: Sliding(slope=np.diag([1.0, -1])), "Sliding.slope: has eigenvalue -1"),
        (lambda arm: Sliding(boundary=0.0), "Sliding.boundary: is 0.0, needs a number above 0"),
        (lambda arm: Floating(kv="much"), "Floating.kv: is much"),
        (
            lambda arm: OperationalSpace(HOME, kp=np.ones(4)),
            r"OperationalSpace.kp: has shape \(4,\), needs a number, \(3,\) or \(3, 3\)",
        ),
        (lambda arm: OperationalSpace(HOME, inertia_max=0.0), "OperationalSpace.inertia_max"),
        (lambda arm: Impedance(HOME, inertia=0.0), "Impedance.inertia: is 0.0"),
        (lambda arm: Impedance(HOME, rows=(1, 1)), r"Impedance.rows: is \(1, 1\)"),
        (lambda arm: HybridForce(HOME, axes=(4,)), r"HybridForce.axes: is \(4,\)"),
        (lambda arm: HybridForce(HOME, frame=np.ones((3, 3))), "HybridForce.frame"),
        (lambda arm: HybridForce(HOME, (0, 2), frame=TILT), r"HybridForce.rows: is \(0, 2\)"),
        (lambda arm: ParallelForce(HOME, dt=0.0), "ParallelForce.dt"),
        (lambda arm: ParallelForce(HOME, windup=(1.0, -1.0)), "ParallelForce.windup"),
        (lambda arm: Admittance(JointPD()), "Admittance.inner"),
        (lambda arm: Admittance(OperationalSpace(HOME), rows=(5,)), r"Admittance.rows: is \(5,\)"),
        (lambda arm: Posture(HOME, k=np.ones(3)), r"Posture.k: has shape \(3,\)"),
        (lambda arm: JointLimits(np.ones(7), np.ones(7)), "JointLimits.lower: is 1.0 at joint 0"),
        (lambda arm: ObstacleAvoidance(arm, [], np.ones((1, 4))), "ObstacleAvoidance.points"),
        (
            lambda arm: ObstacleAvoidance(arm, [("tool", (0, 0, 0))], np.ones((2, 3))),
            r"ObstacleAvoidance.spheres: has shape \(2, 3\)",
        ),
        (lambda arm: Manipulability(arm, rows=(6,)), r"Manipulability.rows: is \(6,\)"),
        (lambda arm: CompiledController(arm, JointPD(np.ones(3))), r"JointPD.kp: has shape \(3,\)"),
        (lambda arm: CompiledController(arm, "nothing"), "no compiled form of nothing"),
        (
            lambda arm: CompiledController(arm, OperationalSpace(np.zeros(3))),
            "Posture.posture: has 3 values, needs 7",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(iiwa, make, message):
    """The message names the field, what it is and what it needs."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)


def test_a_frame_that_the_arm_lacks_is_refused(iiwa):
    """The message lists those that there are."""
    with pytest.raises(ArmError, match="has no frame 'elbow'; frames: "):
        ObstacleAvoidance(iiwa, [("elbow", (0, 0, 0))], np.ones((1, 4)))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("pose", {"R": None}, "R"),
        ("pose", {"R": np.ones(3)}, "R"),
        ("position", {"x": np.zeros(7)}, "x"),
        ("joint pd", {"x": np.zeros(3)}, "x"),
        ("hybrid", {"wrench": np.zeros(3)}, "wrench"),
        ("hybrid", {"wrench": np.full(6, np.nan)}, "wrench"),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_reference_that_does_not_fit_gives_no_torque(iiwa, name, change, message, compiled):
    """The message names what does not fit; what the law remembers stays as it was."""
    law = LAWS[name](iiwa)
    cycle = CompiledController(iiwa, law) if compiled else Blocks(iiwa, law, NoAdaptation())
    state, tool, joints = next(references(iiwa, 1))
    reference = joints if isinstance(law, JointSpace) else tool
    with pytest.raises(SimulationError, match=message):
        cycle.step(state, reference._replace(**change))
    if name == "hybrid":
        assert not law.integral.any()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_force_law_needs_a_force(iiwa, compiled):
    """Without a sensor's wrench, or with one that is not finite, it says so and stays as it was."""
    state, tool, _ = next(references(iiwa, 1))
    for name in ("hybrid", "parallel", "impedance, shaped", "admittance"):
        law = LAWS[name](iiwa)
        cycle = CompiledController(iiwa, law) if compiled else Blocks(iiwa, law, NoAdaptation())
        for wrench in (None, np.full(6, np.nan), np.zeros(3)):
            with pytest.raises(SimulationError, match="wrench"):
                cycle.step(state._replace(wrench=wrench), tool)
        for memory in ("integral", "moving"):
            held = getattr(law, memory, None)
            assert held is None or not held.any()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("q4", [0.0, 1e-8, 1e-3, 0.02, 0.1])
def test_near_a_singularity_the_torque_is_bounded_and_it_is_said(iiwa, compiled, q4):
    """With the elbow almost straight the torque for 1 cm along the arm is moderate, and said so."""
    q = np.array([0.0, 0.4, 0.0, -q4, 0.0, 0.0, 0.0])
    law = OperationalSpace(q, SIX, damping=0.0, secondary=(Manipulability(iiwa, rows=SIX),))
    cycle = CompiledController(iiwa, law) if compiled else Blocks(iiwa, law, NoAdaptation())
    pose = iiwa.pose(q)
    along = pose[:3, 2]
    reference = Reference(pose[:3, 3] - 0.01 * along, np.zeros(3), np.zeros(3), pose[:3, :3])
    result = cycle.step(State(0.0, q, np.zeros(7)), reference)
    assert np.abs(result.tau - iiwa.gravity(q)).max() < 40.0
    assert 0.0 < result.singularity <= 1.0
    if q4 < 1e-6:
        assert result.singularity == pytest.approx(1.0, abs=1e-3)


def test_away_from_singularities_nothing_is_damped(iiwa):
    """In its posture the arm is not singular, and the record says so."""
    state, pose = State(0.0, HOME, np.zeros(7)), iiwa.pose(HOME)
    reference = Reference(pose[:3, 3], np.zeros(3), np.zeros(3), pose[:3, :3])
    assert CompiledController(iiwa, LAWS["pose"](iiwa)).step(state, reference).singularity == 0.0


def test_an_arm_of_two_joints_has_its_laws_too():
    """Rows and joints of other sizes: the compiled law and the blocks agree."""
    arm = arms.load("planar2")
    q, dq = np.array([0.4, 0.9]), np.array([0.3, -0.2])
    law = OperationalSpace(q, rows=(0, 1), secondary=(Manipulability(arm, rows=(0, 1)),))
    reference = Reference(arm.pose(q)[:3, 3] + 0.01, np.zeros(3), np.zeros(3))
    state = State(0.0, q, dq)
    ours = CompiledController(arm, law).step(state, reference).tau
    theirs = Blocks(arm, law, NoAdaptation()).step(state, reference).tau
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_arrays_of_any_make_give_the_same_torque(iiwa):
    """Read-only, strided and integer arrays, and lists: the same torque, to the last bit."""
    state, tool, _ = next(references(iiwa, 1))
    pose = iiwa.pose(state.q)
    pose.flags.writeable = False
    tool = tool._replace(R=pose[:3, :3], x=pose[:3, 3], dx=np.zeros(3))
    odd = tool._replace(dx=np.zeros(3, dtype=int), ddx=tool.ddx.tolist())
    plain = tool._replace(R=pose[:3, :3].copy(), x=pose[:3, 3].copy())
    cycle = CompiledController(iiwa, LAWS["pose"](iiwa))
    expected = cycle.step(state, plain).tau
    np.testing.assert_array_equal(cycle.step(state, tool).tau, expected)
    np.testing.assert_array_equal(cycle.step(state, odd).tau, expected)
