"""Rotors and elastic joints against closed forms, the model, and MuJoCo's own armature."""

import math
from typing import Any

import numpy as np
import pytest

import arms
from arms import Arm
from arms.catalog.planar import planar
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim import (
    Bullet,
    CoulombFriction,
    ElasticJoints,
    MuJoCo,
    Payload,
    RotorInertia,
    Table,
    TorqueRipple,
    ViscousFriction,
    resolved_step,
)
from nengo_forcectl.sim.surfaces import TIP

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
ENGINES = pytest.mark.parametrize("engine", [Bullet, MuJoCo])
PUSH = np.array([5.0, -5.0, 3.0, 3.0, -2.0, 2.0, 1.0])


def single():
    """One joint without gravity, and the inertia of its link [kg m^2]."""
    arm = Arm(planar(1)).with_gravity((0.0, 0.0, 0.0))
    return arm, float(arm.mass_matrix([0.0])[0, 0])


def fit_swing(time, x):
    """Frequency [rad/s], decay [1/s] and amplitude of a swing about 0, by linear prediction."""
    steps = time[1] - time[0]
    (a, b), *_ = np.linalg.lstsq(np.stack((x[1:-1], x[:-2]), 1), x[2:], rcond=None)
    root = np.roots([1.0, -a, -b])[0]
    pole = np.log(root.astype(complex)) / steps
    basis = np.exp(np.outer(time, [pole, np.conj(pole)]))
    weights, *_ = np.linalg.lstsq(basis, x.astype(complex), rcond=None)
    return abs(pole.imag), -pole.real, 2.0 * abs(weights[0])


@ENGINES
@pytest.mark.parametrize("share", [0.0, 0.05])
def test_two_masses_and_a_spring_swing_as_the_closed_form_says(engine, share):
    """After a step of torque tau: frequency, amplitude, and what is left of it, to 1 %.

    The amplitude is tau / (B w^2), w^2 = k (1 / B + 1 / I), and the damping is a share of the
    critical one. The step is the longest that is accepted.
    """
    arm, inertia = single()
    rotor, k, tau = 0.3, 2e3, 0.5
    mass = 1.0 / (1.0 / rotor + 1.0 / inertia)
    w = np.sqrt(k / mass)
    disturbances = [RotorInertia(rotor), ElasticJoints(k, 2.0 * share * np.sqrt(k * mass))]
    dt = 0.999 * resolved_step(arm, np.zeros(1), disturbances)
    times, stretches, middles = [], [], []
    with engine(arm, np.zeros(1), disturbances, dt) as robot:
        for _ in range(int(6 * 2 * np.pi / w / dt)):
            robot.apply(np.array([tau]))
            theta, q = robot.read().q[0], robot.state()[0][0]
            times.append(robot.steps * dt)
            stretches.append(theta - q)
            middles.append((rotor * theta + inertia * q) / (rotor + inertia))
    times = np.array(times)
    rest = tau / (rotor * w**2)
    frequency, decay, amplitude = fit_swing(times, np.array(stretches) - rest)
    assert frequency == pytest.approx(w * np.sqrt(1 - share**2), rel=0.01)
    assert np.exp(-decay / w / 0.05) == pytest.approx(np.exp(-share / 0.05), abs=0.01)
    assert amplitude == pytest.approx(rest / np.sqrt(1 - share**2), rel=0.01)
    np.testing.assert_allclose(middles, 0.5 * tau / (rotor + inertia) * times**2, atol=1e-9)


@pytest.mark.parametrize("name", ["kuka_iiwa", "ur5e"])
def test_rotors_are_mujocos_armature(name):
    """A whole motion of 0.3 s in PyBullet, which has no armature, and in MuJoCo: to 1e-9."""
    arm = arms.load(name)
    n = arm.dof
    q, push = Q[:n], PUSH[:n]
    disturbances = [RotorInertia(0.1), Payload(1.0), ViscousFriction(0.2)]
    with Bullet(arm, q, disturbances) as bullet, MuJoCo(arm, q, disturbances) as mujoco:
        for cycle in range(300):
            tau = arm.gravity(q) + (push if cycle < 150 else -push)
            bullet.apply(tau)
            mujoco.apply(tau)
        for one, other in zip(bullet.state(), mujoco.state(), strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
        assert np.abs(bullet.state()[0] - q).max() > 0.05


@ENGINES
def test_an_arm_with_armature_is_simulated_with_it(iiwa, engine, rng):
    """One step changes dq by dt ddq of the arm's own forward dynamics, told or untold."""
    inertia = tuple(np.linspace(0.3, 0.05, 7).tolist())
    told = iiwa.with_armature(inertia)
    with engine(told, Q) as one, engine(iiwa, Q, [RotorInertia(inertia)]) as other:
        for _ in range(3):
            q, dq, tau = rng.uniform(-1, 1, 7), rng.uniform(-1, 1, 7), rng.uniform(-15, 15, 7)
            expected = told.forward_dynamics(q + 0.5e-3 * dq, dq, tau)
            for robot in (one, other):
                robot.reset(q, dq)
                robot.apply(tau)
                np.testing.assert_allclose((robot.read().dq - dq) / 1e-3, expected, rtol=1e-8)


@ENGINES
def test_friction_of_the_model_is_simulated(iiwa, engine):
    """An arm that states friction moves like one that has it as disturbances, to the last bit."""
    told = iiwa.with_friction(0.9, 1.0)
    with (
        engine(told, Q) as one,
        engine(iiwa, Q, [ViscousFriction(0.9), CoulombFriction(1.0)]) as other,
    ):
        for _ in range(50):
            one.apply(iiwa.gravity(Q) + PUSH)
            other.apply(iiwa.gravity(Q) + PUSH)
        np.testing.assert_array_equal(one.read().q, other.read().q)


@ENGINES
def test_dry_friction_with_rotors_obeys_coulombs_law(iiwa, engine, rng):
    """|tau| <= F on every joint, and tau = -F sign(dq') on every one that moves after the step."""
    told, held, slid = iiwa.with_armature(0.1), 0, 0
    with engine(told, Q, [CoulombFriction(2.0)]) as robot:
        for _ in range(20):
            q = rng.uniform(-1, 1, 7)
            dq = rng.uniform(-0.01, 0.01, 7) * (rng.random(7) < 0.5)
            tau = iiwa.gravity(q) + rng.uniform(-4, 4, 7)
            robot.reset(q, dq)
            robot.apply(tau)
            after = robot.read().dq
            middle = q + 0.5e-3 * dq
            braking = told.inverse_dynamics(middle, dq, (after - dq) / 1e-3) - tau
            assert np.all(np.abs(braking) <= 2.0 + 1e-6)
            moves = np.abs(after) > 1e-9
            np.testing.assert_allclose(braking[moves], -2.0 * np.sign(after)[moves], atol=1e-6)
            held, slid = held + np.sum(~moves), slid + np.sum(moves)
    assert held > 20
    assert slid > 20


def test_an_elastic_arm_moves_as_with_mujocos_own_springs(iiwa):
    """Links and rotors in a motion of 0.2 s: 2e-5 rad from tendons to rotors, steps of 10 us."""
    mujoco: Any = pytest.importorskip("mujoco")
    rotor, k, damping, g = 0.2, 5e3, 1.0, iiwa.gravity(Q)
    spec = mujoco.MjSpec.from_string(iiwa.to_urdf())
    for name in iiwa.joint_names:
        body = spec.worldbody.add_body(mass=1.0, inertia=[rotor] * 3, explicitinertial=True)
        body.add_joint(name=f"rotor of {name}", type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 0, 1])
        spring = spec.add_tendon(stiffness=k, damping=damping, springlength=[0, 0])
        spring.wrap_joint(f"rotor of {name}", 1.0)
        spring.wrap_joint(name, -1.0)
    model = spec.compile()
    model.opt.timestep = 1e-5
    model.opt.gravity[:] = iiwa.gravity_vector
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    data = mujoco.MjData(model)
    links = [model.joint(name).qposadr[0] for name in iiwa.joint_names]
    rotors = [model.joint(f"rotor of {name}").qposadr[0] for name in iiwa.joint_names]
    data.qpos[links], data.qpos[rotors] = Q, Q + g / k
    disturbances = [RotorInertia(rotor), ElasticJoints(k, damping)]
    steps = math.ceil(1e-3 / resolved_step(iiwa, Q, disturbances))
    with Bullet(iiwa, Q, disturbances, 1e-3 / steps, period=1e-3) as robot:
        for cycle in range(200):
            tau = g + (PUSH if cycle < 100 else -PUSH)
            data.qfrc_applied[rotors] = tau
            for _ in range(100):
                mujoco.mj_step(model, data)
            robot.apply(tau)
            np.testing.assert_allclose(robot.state()[0], data.qpos[links], rtol=0, atol=2e-5)
            np.testing.assert_allclose(robot.read().q, data.qpos[rotors], rtol=0, atol=2e-5)
        assert np.abs(robot.state()[0] - Q).max() > 0.05


@ENGINES
def test_stiff_joints_move_as_rigid_ones(iiwa, engine):
    """The stiffer the joints, the nearer to an arm with rigid rotors: half the error at twice k."""
    with MuJoCo(iiwa, Q, [RotorInertia(0.1)], 1e-4, period=1e-3) as robot:
        for _ in range(100):
            robot.apply(iiwa.gravity(Q) + PUSH)
        rigid = robot.state()[0]
    errors = []
    for k in (2e4, 4e4):
        joints = ElasticJoints(k, np.sqrt(k / 2e4), encoders="link")
        with engine(iiwa, Q, [RotorInertia(0.1), joints], 4e-5, period=1e-3) as robot:
            for _ in range(100):
                robot.apply(iiwa.gravity(Q) + PUSH)
            errors.append(np.abs(robot.read().q - rigid).max())
    assert errors[1] < 0.6 * errors[0] < 0.6e-3


@ENGINES
def test_an_elastic_arm_starts_at_rest_with_its_weight_on_the_springs(iiwa, engine):
    """Held by its gravity it stays; motor encoders are off by g / k, link encoders are not."""
    k, gap, g = 1e4, 1e-3, iiwa.gravity(Q)
    for encoders in ("motor", "link"):
        joints = ElasticJoints(k, 1.0, gap, encoders)
        with engine(iiwa, Q, [RotorInertia(0.1), joints], 5e-5, period=1e-3) as robot:
            for _ in range(50):
                robot.apply(g)
            sag = g / k + 0.5 * gap * np.sign(g) if encoders == "motor" else 0.0
            np.testing.assert_allclose(robot.state()[0], Q, rtol=0, atol=1e-6)
            np.testing.assert_allclose(robot.read().q, Q + sag, rtol=0, atol=1e-6)


def test_a_rotor_crosses_the_backlash_freely():
    """It moves the whole gap before the link does, by tau t^2 / (2 B)."""
    arm, _ = single()
    rotor, gap, tau = 0.1, 2e-3, 0.5
    joints = ElasticJoints(1e3, 1.0, gap)
    with Bullet(arm, np.zeros(1), [RotorInertia(rotor), joints]) as robot:
        free = int(1e3 * np.sqrt(gap * rotor / tau))  # to the end of half the gap
        for cycle in range(1, free):
            robot.apply(np.array([tau]))
            assert robot.state()[0][0] == 0.0
            assert robot.read().q[0] == pytest.approx(0.5 * tau / rotor * (1e-3 * cycle) ** 2)
        for _ in range(3):
            robot.apply(np.array([tau]))
        assert robot.state()[0][0] > 0.0


@ENGINES
def test_friction_and_ripple_of_elastic_joints_act_on_the_rotors(engine):
    """A rotor within its friction stays, whatever the link does; ripple is of its own position."""
    arm, _ = single()
    joints = ElasticJoints(1e3, 0.0, encoders="motor")
    with engine(arm, np.zeros(1), [RotorInertia(0.1), joints, CoulombFriction(1.0)]) as robot:
        robot.reset(np.zeros(1))
        for _ in range(100):
            robot.apply(np.array([0.9]))
        assert robot.read().q[0] == robot.state()[0][0] == 0.0
    ripple = TorqueRipple(0.5, 10.0)
    with engine(arm, np.array([0.05]), [RotorInertia(0.1), joints, ripple]) as robot:
        robot.apply(np.zeros(1))
        expected = 1e-3 / 0.1 * 0.5 * np.sin(0.5)
        assert robot.read().dq[0] == pytest.approx(expected)
        assert robot.state()[1][0] == 0.0


def test_rotors_press_a_surface_as_the_arm_without_them_does(iiwa):
    """At rest the same force; on the way, as near to that of a tenth of the step."""
    arm = iiwa
    x = arm.pose(Q)[:3, 3]
    table = Table((0.0, 0.0, float(x[2]) - TIP), 2e4, 50.0)
    press = arm.jacobian(Q)[:3].T @ [0.0, 0.0, -10.0]

    def forces(rotor, dt):
        pressed = []
        with Bullet(arm, Q, [RotorInertia(rotor)], dt, period=1e-3, surface=table) as robot:
            for _ in range(1000):
                _, q, dq, *_ = robot.read()
                hold = arm.gravity(q) - 100.0 * (q - Q) - np.array([20.0] * 4 + [0.2] * 3) * dq
                robot.apply(hold + press)
                pressed.append(robot.contact[2])
        return np.array(pressed)

    coarse, fine = forces(0.1, 1e-3), forces(0.1, 1e-4)
    assert coarse[-1] == pytest.approx(forces(0.0, 1e-3)[-1], rel=0.01)
    assert np.abs(coarse - fine).max() < 0.06 * np.abs(fine).max()


def test_a_reset_forgets_rotors_motors_and_friction(iiwa):
    """The same torques after a reset give the same motion, to the last bit."""
    from nengo_forcectl.jobs.bench.conditions import condition  # the whole mild combination

    made = condition("mild", iiwa, 0)
    still = [each for each in made.disturbances if type(each).__name__ != "IrregularCycles"]
    with Bullet(iiwa, Q, still, made.dt, period=1e-3, sensors=made.sensors) as robot:
        runs = []
        for _ in range(2):
            robot.reset(Q)
            for _ in range(40):
                robot.apply(iiwa.gravity(Q) + PUSH)
            runs.append(robot.read())
    for one, other in zip(*(run[:3] for run in runs), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_that_is_too_long_is_refused_with_one_that_is_not(iiwa):
    """The step of the message is accepted."""
    joints = [RotorInertia(0.3), ElasticJoints(1e4)]
    message = r"ElasticJoints.stiffness: is 10000.0 N m/rad \(joint 7 .*Hz\), needs .* of (\S+) s"
    with pytest.raises(ConfigurationError, match=message) as error:
        Bullet(iiwa, Q, joints)
    said = float(str(error.value).partition("step of ")[2].split()[0])
    assert 0.9 * resolved_step(iiwa, Q, joints) <= said <= resolved_step(iiwa, Q, joints)
    Bullet(iiwa, Q, joints, said).close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: RotorInertia(-0.1), r"RotorInertia.inertia: is -0.1 kg m\^2, needs a number"),
        (lambda arm: RotorInertia(np.nan), r"RotorInertia.inertia: is nan kg m\^2"),
        (
            lambda arm: ElasticJoints(0.0),
            r"ElasticJoints.stiffness: is 0.0 N m/rad, needs .* above",
        ),
        (lambda arm: ElasticJoints(np.nan), r"ElasticJoints.stiffness: is nan N m/rad"),
        (lambda arm: ElasticJoints(1e4, -1.0), r"ElasticJoints.damping: is -1.0 N m s/rad"),
        (lambda arm: ElasticJoints(1e4, 0, np.inf), r"ElasticJoints.backlash: is inf rad"),
        (lambda arm: ElasticJoints(1e4, encoders="both"), r"encoders: is 'both', needs one of"),  # pyright: ignore
        (
            lambda arm: Bullet(arm, Q, [RotorInertia([0.1, 0.2])]),
            r"has 2 values, needs one .* or 7",
        ),
        (lambda arm: Bullet(arm, Q, [ElasticJoints(1e4)]), r"joint 1 has no inertia, needs one"),
        (
            lambda arm: Bullet(arm, Q, [RotorInertia(0.1), ElasticJoints(1), ElasticJoints(1)]),
            r"ElasticJoints occurs 2 times, needs one",
        ),
    ],
)
def test_bad_values_are_named(iiwa, make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)
