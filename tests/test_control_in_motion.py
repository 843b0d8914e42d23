"""Control laws with a real arm in PyBullet: short runs."""

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import DisturbanceObserver, NetworkAdaptation, NoAdaptation
from nengo_forcectl.contract import Reference
from nengo_forcectl.control import (
    Admittance,
    ComputedTorque,
    Damping,
    Floating,
    HybridForce,
    Impedance,
    JointLimits,
    Manipulability,
    ObstacleAvoidance,
    OperationalSpace,
    ParallelForce,
    Sliding,
)
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork
from nengo_forcectl.networks.workspace import home_posture, task_axes
from nengo_forcectl.paths.slerp import rotation_vector
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.forces import ForceField, Spring
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

HOME = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
SIX = (0, 1, 2, 3, 4, 5)
STILL = np.zeros(3)
DT = 1e-3


def standing(arm, q, offset=STILL, wrench=None):
    """The pose at q, moved by ``offset``."""
    pose = arm.pose(q)
    return Reference(pose[:3, 3] + offset, STILL, STILL, pose[:3, :3], wrench=wrench)


def drive(robot, cycle, reference, cycles, sense=None, watch=None):
    """Hold the reference; ``sense(q, dq)`` is the wrist's wrench. The last state."""
    for _ in range(cycles):
        state = robot.read()
        if sense is not None:
            state = state._replace(wrench=sense(state.q, state.dq))
        if watch is not None:
            watch(state)
        robot.apply(cycle.step(state, reference).tau)
    return robot.read()


@pytest.mark.parametrize("name", ["panda", "fr3", "xarm7"])
def test_late_sensors_do_not_shake_an_upright_arm(name):
    """Joints 1 and 3, whose axes are nearly in line, move hardly any mass when they turn against
    each other: the posture's damping must not be quicker than sensors 4 ms late allow."""
    arm = arms.load(name)
    home = home_posture(arm)
    soft = 100.0 * arm.mass_matrix(home).diagonal()  # of a flange, else quicker than the sensors
    law = OperationalSpace(home, task_axes(arm), k_null=np.minimum(OperationalSpace.k_null, soft))
    disturbances, sensors = [Payload(1.0), ViscousFriction(0.9)], Sensors(delay=4e-3)
    speeds = []
    with Bullet(arm, home, disturbances, sensors=sensors) as robot:
        goal = standing(arm, home, np.array([0.004, 0.004, 0.0]))
        drive(robot, CompiledController(arm, law), goal._replace(R=None), 1000, watch=speeds.append)
    late = np.abs([state.dq for state in speeds[700:]])
    assert late[:, [0, 2]].max() < 0.02


def test_a_pushed_impedance_gives_way_as_its_stiffness_says(iiwa):
    """At rest under 12 N the tool is K^-1 f away, with and without a shaped inertia, to 1 %."""
    force = np.array([8.0, -6.0, 6.0])
    K = np.array([[500.0, 100, 0], [100, 300, 0], [0, 0, 400]])
    for inertia in (None, 4.0):
        law = Impedance(HOME, K=K, D=80.0, inertia=inertia, k_null=0.0, secondary=(Damping(3.0),))
        with Bullet(iiwa, HOME, [ForceField(tuple(force))]) as robot:
            cycle, reference = CompiledController(iiwa, law), standing(iiwa, HOME)
            wrench = np.concatenate((force, STILL))
            state = drive(robot, cycle, reference, 3000, lambda q, dq, w=wrench: w)
        moved = iiwa.pose(state.q)[:3, 3] - reference.x
        np.testing.assert_allclose(K @ moved, force, rtol=0.01, atol=0.05)


def test_an_orientation_is_reached_the_shorter_way(iiwa):
    """From 30 degrees away tool and orientation get to where they are to be, to 0.1 mrad."""
    start = HOME + np.array([0.2, 0.1, -0.3, 0.1, 0.2, -0.3, 0.4])
    reference = standing(iiwa, HOME)
    law = OperationalSpace(HOME, SIX)
    before = np.linalg.norm(rotation_vector(reference.R @ iiwa.pose(start)[:3, :3].T))
    with Bullet(iiwa, start) as robot:
        state = drive(robot, CompiledController(iiwa, law), reference, 1500)
    pose = iiwa.pose(state.q)
    assert before > 0.4
    assert np.linalg.norm(rotation_vector(reference.R @ pose[:3, :3].T)) < 1e-4
    assert np.linalg.norm(pose[:3, 3] - reference.x) < 1e-4


@pytest.mark.parametrize("law", [ComputedTorque(), Sliding(K=[20, 20, 6, 6, 0.1, 0.1, 0.02])])
def test_joints_are_brought_to_the_reference(iiwa, law):
    """The error dies out as the law says: 0.3 rad are less than 0.5 mrad after 2.5 s."""
    start = HOME + 0.3
    with Bullet(iiwa, start) as robot:
        reference = Reference(HOME, *np.zeros((2, 7)))
        state = drive(robot, CompiledController(iiwa, law), reference, 2500)
    assert np.abs(state.q - HOME).max() < 5e-4


def test_a_floating_arm_stays_where_it_is_left(iiwa):
    """Without a target nothing moves; damped, a push moves it and it comes to rest."""
    with Bullet(iiwa, HOME) as robot:
        light = Floating(kv=[4.0, 4.0, 2.0, 2.0, 0.05, 0.05, 0.01])  # [N m s/rad]
        cycle = CompiledController(iiwa, light)
        reference = standing(iiwa, HOME)
        state = drive(robot, cycle, reference, 500)
        np.testing.assert_allclose(state.q, HOME, atol=1e-9)
        robot.reset(HOME, np.full(7, 0.2))
        state = drive(robot, cycle, reference, 4000)
        assert np.abs(state.q - HOME).max() > 0.02
        assert np.abs(state.dq).max() < 5e-3


def test_joint_limits_are_kept_away_from(iiwa):
    """A posture pulls joints past a limit; with the avoidance they stay clear, the tool stays."""
    posture = HOME + np.array([0.8, 0.0, -0.9, 0.0, 0.0, 0.0, 0.0])
    reference = standing(iiwa, HOME)

    def swing(tasks):
        seen = []
        with Bullet(iiwa, HOME) as robot:
            cycle = CompiledController(iiwa, OperationalSpace(posture, secondary=tasks))
            drive(robot, cycle, reference, 2500, watch=lambda state: seen.append(state.q[0]))
            end = iiwa.pose(robot.read().q)[:3, 3]
        assert np.linalg.norm(end - reference.x) < 1e-3
        return max(seen)

    free = swing(())
    upper = np.full(7, np.inf)
    upper[0] = 0.5 * (HOME[0] + free)
    assert free - upper[0] > 0.05
    assert swing((JointLimits(np.full(7, -np.inf), upper, margin=0.1, k=200.0),)) < upper[0]


def test_an_obstacle_is_given_room(iiwa):
    """A sphere in the elbow's way keeps its distance, and the tool stays where it is to be."""
    posture = HOME + np.array([0.8, 0.0, -0.9, 0.0, 0.0, 0.0, 0.0])
    frame = iiwa.frames[4]
    reference = standing(iiwa, HOME)

    def swing(tasks):
        clear = []
        with Bullet(iiwa, HOME) as robot:
            cycle = CompiledController(iiwa, OperationalSpace(posture, secondary=tasks))
            drive(
                robot, cycle, reference, 2000,
                watch=lambda s: clear.append(iiwa.pose(s.q, frame)[:3, 3]),
            )  # fmt: skip
            end = iiwa.pose(robot.read().q)[:3, 3]
        assert np.linalg.norm(end - reference.x) < 1e-3
        return np.array(clear)

    free = swing(())
    centre, radius = free[-1], 0.03
    assert np.linalg.norm(free[0] - centre) > radius + 0.03
    avoidance = ObstacleAvoidance(
        iiwa, [(frame, (0, 0, 0))], [[*centre, radius]], margin=0.05, k=2000.0
    )
    distance = np.linalg.norm(swing((avoidance,)) - centre, axis=1) - radius
    assert distance.min() > 0.0


def test_manipulability_is_climbed(iiwa):
    """The null space moves to where the arm is more dexterous, the tool does not."""
    start = np.array([0.3, 0.9, 0.4, -0.6, 0.2, 0.6, 0.3])
    law = OperationalSpace(start, k_null=0.0, secondary=(Manipulability(iiwa), Damping(20.0)))
    reference = standing(iiwa, start)
    rows = slice(0, 3)
    with Bullet(iiwa, start) as robot:
        state = drive(robot, CompiledController(iiwa, law), reference, 1500)
    before, after = (iiwa.manipulability(q, rows=rows) for q in (start, state.q))
    assert after > 1.04 * before
    assert np.linalg.norm(iiwa.pose(state.q)[:3, 3] - reference.x) < 1e-3


def wall(arm, stiffness):
    """A stiff spring below the tool that only pushes, and the wrench that it exerts."""
    height = arm.pose(HOME)[2, 3]
    spring = Spring((*arm.pose(HOME)[:2, 3], height), stiffness, 10.0)

    def sense(q, dq):
        x, dx = arm.pose(q)[:3, 3], arm.jacobian(q)[:3] @ dq
        return np.concatenate((stiffness * (np.array(spring.anchor) - x) - 10.0 * dx, STILL))

    return spring, sense


@pytest.mark.parametrize("law", [HybridForce, ParallelForce])
@pytest.mark.parametrize("payload", [0.0, 1.0])
def test_a_wanted_force_is_reached_on_a_surface_of_unknown_stiffness(iiwa, law, payload):
    """15 N against 3 kN/m come to 1 %, also with an unknown payload: the integral's work."""
    spring, sense = wall(iiwa, 3000.0)
    wanted = np.array([0.0, 0.0, -15.0, 0.0, 0.0, 0.0])
    reference = standing(iiwa, HOME, wrench=wanted)
    loads = [Payload(payload)] if payload else []
    with Bullet(iiwa, HOME, [spring, *loads]) as robot:
        state = drive(robot, CompiledController(iiwa, law(HOME)), reference, 4000, sense)
    assert -sense(state.q, state.dq)[2] == pytest.approx(-15.0, rel=0.01)


def test_an_admittance_yields_as_a_spring_of_its_stiffness(iiwa):
    """Pushed with 12 N in z the tool rests 12 / 300 m away, although its controller is stiff."""
    push = np.array([0.0, 0.0, 12.0, 0.0, 0.0, 0.0])
    law = Admittance(OperationalSpace(HOME), mass=8.0, damping=120.0, stiffness=300.0)
    reference = standing(iiwa, HOME)
    with Bullet(iiwa, HOME) as robot:
        state = drive(robot, CompiledController(iiwa, law), reference, 3000, lambda q, dq: push)
    moved = iiwa.pose(state.q)[:3, 3] - reference.x
    np.testing.assert_allclose(moved, [0, 0, 0.04], atol=2e-4)


def error_at_rest(arm, law, adaptation, disturbances, cycles=2000, sense=None):
    reference = standing(arm, HOME)
    with Bullet(arm, HOME, disturbances) as robot:
        state = drive(robot, Blocks(arm, law, adaptation), reference, cycles, sense)
    return np.linalg.norm(arm.pose(state.q)[:3, 3] - reference.x)


def test_a_network_takes_a_payload_off_an_impedance(iiwa):
    """With the gradient law on the command's error 2 kg sag to a tenth of what they did."""
    law = Impedance(HOME, K=1500.0, D=150.0)
    network = adaptive_network(14, 7, 200, seed=0, radius=1.5)
    with simulator(network, dt=DT) as sim:
        learner = ClosedFormNetwork(sim, network.probe, Gradient(1.0, sigma=0.01, bound=1e3))
        learned = error_at_rest(iiwa, law, NetworkAdaptation(iiwa, learner), [Payload(2.0)])
    assert learned < 0.1 * error_at_rest(iiwa, law, NoAdaptation(), [Payload(2.0)])


def test_an_observer_takes_a_payload_off_and_leaves_a_measured_push(iiwa):
    """2 kg sag no more; a push that the wrist tells of is yielded to as the stiffness says."""
    law = Impedance(HOME, K=500.0, D=80.0)
    observer = DisturbanceObserver(iiwa, 50.0, DT)
    assert error_at_rest(iiwa, law, observer, [Payload(2.0)]) < 1e-3
    force = np.array([0.0, 0.0, 15.0])
    away = error_at_rest(
        iiwa, law, DisturbanceObserver(iiwa, 50.0, DT), [Payload(2.0), ForceField(tuple(force))],
        sense=lambda q, dq: np.concatenate((force, STILL)),
    )  # fmt: skip
    assert away == pytest.approx(15.0 / 500.0, rel=0.05)
