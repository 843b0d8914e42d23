"""The clearance of links and obstacles, against all that tries to make them touch."""

import logging
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from collision_samples import SCENES, ball_and_floor, free_posture, iiwa_at_a_table, own_links
from test_safety import REFERENCE, Asks, adversaries

import arms
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.export import export_controller
from nengo_forcectl.networks.workspace import home_posture, task_axes
from nengo_forcectl.safety import Clearance, Limits, Safe
from nengo_forcectl.sim.bullet import Bullet

LOG = logging.getLogger(__name__)  # pytest --log-cli-level=INFO shows the least distances
DISTANCE = 0.02  # to keep [m]
LEAST = 0.005  # kept in all tests, whatever the torques [m]


@cache
def limits_of(scene):
    """The limits, with speeds from which the motors of a planar arm can brake it."""
    pairs = SCENES[scene]()
    fastest = pairs.arm.dq_max * (1.0 if scene == "iiwa" else 0.5)
    return Limits.of(pairs.arm, dq_max=fastest, clearance=Clearance(pairs, DISTANCE))


def driven(scene, cycle, home, cycles=1000, reference=REFERENCE):
    """Let a cycle drive the simulated arm within its limits: all distances [m], and the rest."""
    pairs, limits = SCENES[scene](), limits_of(scene)
    arm, safe = pairs.arm, Safe(cycle, pairs.arm, limits)
    q = np.empty((cycles, arm.dof))
    with Bullet(arm, home) as robot:
        for k in range(cycles):
            robot.apply(safe.step(robot.read(), reference).tau)
            q[k] = robot.state()[0]
    assert safe.stopped is None
    assert (q > limits.q_lower + limits.margin - 1e-3).all()
    assert (q < limits.q_upper - limits.margin + 1e-3).all()
    return pairs.distances(q).distance, safe


def switching(arm, rng):
    """Full torques that change sign at random times."""
    periods, signs = rng.uniform(0.05, 1.0, arm.dof), rng.choice([-1.0, 1.0], (arm.dof, 100))
    return lambda state: arm.tau_max * signs[np.arange(arm.dof), (state.time / periods).astype(int)]


def hunting(pairs, rng, pair=None):
    """Full torque of every joint towards touch, of the closest pair or of one."""
    others = switching(pairs.arm, rng)

    def torque(state):
        distance, J = pairs.distances(state.q)
        row = J[np.argmin(distance) if pair is None else pair]
        return np.where(row == 0.0, others(state), -pairs.arm.tau_max * np.sign(row))

    return torque


@pytest.mark.parametrize("scene", SCENES)
def test_no_torque_makes_an_arm_touch(scene):
    """Full torque, swings, chatter, random, and what pushes each pair together: no touch, no stop.

    Most of them come up to the distance that is kept.
    """
    pairs = SCENES[scene]()
    rng, home, least = np.random.default_rng(0), home_posture(pairs.arm), {}
    torques = dict(adversaries(pairs.arm)) | {"hunt": hunting(pairs, rng)}
    for pair in range(0, len(pairs), max(1, len(pairs) // 4)):
        torques[f"push {pairs.names[pair]}"] = hunting(pairs, rng, pair)
    for what, torque in torques.items():
        distance, safe = driven(scene, Asks(pairs.arm.dof, torque), home)
        least[what] = distance.min()
        assert least[what] > LEAST, what
        assert safe.events["clearance"] > 0 or least[what] > DISTANCE, what
    LOG.info("%s: %s", scene, {what: f"{1e3 * d:.1f} mm" for what, d in least.items()})
    assert min(least.values()) < DISTANCE + 5e-3
    assert np.median(list(least.values())) < 0.1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scene", SCENES)
def test_from_anywhere_no_torque_makes_an_arm_touch(scene, seed):
    """Random postures, full torques that change sign at random times or push pairs together."""
    pairs, rng = SCENES[scene](), np.random.default_rng(seed)
    home = free_posture(pairs, rng, DISTANCE + 0.01)
    if seed % 2:
        torque = switching(pairs.arm, rng)
    else:
        torque = hunting(pairs, rng, rng.integers(len(pairs)))
    distance, _ = driven(scene, Asks(pairs.arm.dof, torque), home)
    LOG.info("%.1f mm", 1e3 * distance.min())
    assert distance.min() > LEAST


def test_a_target_behind_an_obstacle_stops_the_arm_before_it():
    """A law of the tool presses towards the middle of the ball, in one call with its limits."""
    arm = ball_and_floor().arm
    law = OperationalSpace(home_posture(arm), task_axes(arm))
    target = Reference(np.array([0.75, -0.35, 0.0]), np.zeros(3), np.zeros(3))
    cycle = CompiledController(arm, law)
    distance, safe = driven("obstacles", cycle, home_posture(arm), 2000, target)
    LOG.info("%.1f mm", 1e3 * distance.min())
    assert distance.min() > LEAST
    assert safe.events["clearance"] > 100


def test_a_target_below_the_table_stops_the_arm_above_it(iiwa):
    """Seven joints, a law of the tool whose target is half a metre below the table."""
    home = home_posture(iiwa)
    low = iiwa.pose(home)[:3, 3] * [1, 1, 0] - [0, 0, 0.5]

    def torque(state):
        pull = 300.0 * (low - iiwa.pose(state.q)[:3, 3])
        return iiwa.jacobian(state.q)[:3].T @ pull - 10.0 * state.dq + iiwa.gravity(state.q)

    distance, safe = driven("iiwa", Asks(7, torque), home, 2000)
    LOG.info("%.1f mm", 1e3 * distance.min())
    assert distance.min() > LEAST
    assert safe.events["clearance"] > 100


def test_far_from_any_contact_torques_are_those_without_a_clearance(iiwa):
    """Bit for bit, whatever the other limits do to them."""
    far = arms.CollisionPairs(iiwa, iiwa_at_a_table().shapes.values(), [
        arms.Sphere((0, 0, 50), 0.1, "far")
    ], [("lbr_iiwa_link_7", "far")])  # fmt: skip
    torque = adversaries(iiwa)["bang"]
    plain = limits_of("iiwa")
    sent = []
    for clearance in (None, Clearance(far)):
        safe = Safe(Asks(7, torque), iiwa, replace(plain, clearance=clearance))
        with Bullet(iiwa, home_posture(iiwa)) as robot:
            for _ in range(300):
                sent.append(safe.step(robot.read(), REFERENCE).tau)
                robot.apply(sent[-1])
        assert safe.events["clearance"] == 0
    np.testing.assert_array_equal(sent[:300], sent[300:])


@pytest.mark.parametrize("scene", SCENES)
def test_pairs_that_are_passed_over_would_change_nothing(scene, rng):
    """One guard bounds only what can come too close in its cycle, one all pairs: same torques."""
    pairs, limits = SCENES[scene](), limits_of(scene)
    arm, fewer = pairs.arm, 0
    guards = [Safe(Asks(arm.dof, lambda s: 0.0 * s.q), arm, limits) for _ in range(2)]
    assert guards[1]._pairs is not None
    guards[1]._pairs["reach"][...] = 1e9
    for _ in range(300):
        q, dq = free_posture(pairs, rng, DISTANCE), rng.uniform(-1, 1, arm.dof) * limits.dq_max
        tau, given = arm.tau_max * rng.uniform(-1, 1, arm.dof), []
        for safe in guards:
            safe.cycle.torque = lambda state, tau=tau: tau
            safe.reset()
            safe.warm_up()
            given.append(safe.step(State(0.0, q, dq), REFERENCE).tau)
            safe.stopped = None
        np.testing.assert_allclose(*given, atol=1e-9)
        fewer += guards[0].events["clearance"] > 0
    assert fewer


def test_an_arm_that_touches_comes_to_a_stop_that_names_the_links():
    """The pair, and its distance."""
    pairs = own_links()
    safe = Safe(Asks(3, lambda state: np.zeros(3)), pairs.arm, limits_of("own"))
    q = np.array([0.3, 2.95, 0.2])
    safe.step(State(0.0, q, np.zeros(3)), REFERENCE)
    deepest = pairs.distances(q).distance.argmin()
    first, second = pairs.names[deepest]
    assert safe.stopped is not None
    assert safe.stopped.startswith(f"at 0.000 s {first!r} touches {second!r}: their distance is -")


def test_an_arm_that_is_too_close_moves_away():
    """Started at rest 8 mm from the ball where 20 are to be kept, it is 19 mm away after 1 s."""
    pairs = ball_and_floor()
    arm, near = pairs.arm, pairs.names.index(("link3", "ball"))
    q = home_posture(arm)
    for _ in range(300):  # towards the ball
        distance, J = pairs.distances(q)
        q = q - 0.2 * (distance[near] - 0.008) * J[near] / (J[near] @ J[near])
    assert pairs.distances(q).distance.min() == pytest.approx(0.008, abs=1e-3)
    distance, _ = driven("obstacles", Asks(3, lambda s: arm.gravity(s.q)), q)
    assert distance[0].min() > 0.006
    assert distance[-1].min() > 0.019


@pytest.mark.needs("pybullet")
@pytest.mark.filterwarnings("always:the limit of clearance")
def test_a_clearance_that_acts_often_warns_once():
    """As every limit."""
    pairs = own_links()
    torque = hunting(pairs, np.random.default_rng(0), 0)
    with pytest.warns(RuntimeWarning, match="the limit of clearance changed the torque") as seen:
        driven("own", Asks(3, torque), home_posture(pairs.arm))
    assert sum("clearance" in str(each.message) for each in seen) == 1


def test_what_makes_no_sense_is_refused(iiwa, tmp_path):
    """Pairs of another arm, a distance below 0, something else; and an export."""
    pairs = own_links()
    for distance in (-0.1, np.nan, "far"):
        with pytest.raises(ConfigurationError, match=r"Clearance.distance: is .* from 0 up"):
            Clearance(pairs, distance)
    with pytest.raises(ConfigurationError, match=r"Clearance.pairs: is None, needs an arms.Coll"):
        Clearance(None)
    with pytest.raises(ConfigurationError, match=r"Limits.clearance: is .* a Clearance or None"):
        Limits.of(pairs.arm, clearance=pairs)
    with pytest.raises(ConfigurationError, match="is for arm 'planar3' with joints joint1, joint2"):
        Safe(Asks(7, lambda s: s.q), iiwa, Limits.of(iiwa, clearance=Clearance(pairs)))
    loaded = pairs.arm.with_payload(0.5)
    controller = CompiledController(loaded, OperationalSpace(home_posture(loaded)))
    safe = Safe(controller, loaded, limits_of("own"))
    with pytest.raises(ConfigurationError, match=r"limits.clearance.pairs.arm: is another arm, .*"):
        export_controller(safe, tmp_path / "x")
