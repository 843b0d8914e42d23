"""The structured learner in the loop: what it finds, and how calm it is."""

import numpy as np
import pytest
from reaching_job import DT, FRICTION, MAIN, MASS, job_of, rms, run, spatial

from nengo_forcectl import learning_cycle
from nengo_forcectl.contract import Reference
from nengo_forcectl.control import ComputedTorque, JointPD, OperationalSpace
from nengo_forcectl.cycle import CompiledController
from nengo_forcectl.jobs.bench.conditions import condition
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.workspace import task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.forces import ForceField
from nengo_forcectl.sim.friction import UnevenFriction, ViscousFriction
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.rotors import RotorInertia


def second_moments(theta):
    """Those of a payload's mass about the tool frame's origin, with its mass: pseudo-inertia."""
    m, moment, (xx, xy, yy, xz, yz, zz) = theta[0], theta[1:4], theta[4:]
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    pseudo = np.empty((4, 4))
    pseudo[:3, :3] = 0.5 * np.trace(inertia) * np.eye(3) - inertia
    pseudo[:3, 3] = pseudo[3, :3] = moment
    pseudo[3, 3] = m
    return pseudo


class Watch:
    """What must hold in every cycle, kept for the tests."""

    def __init__(self, arm):
        self.arm, self.count, self.last = arm, 0, None
        self.least_moment = self.least_M = self.least_positive = np.inf
        self.renewed = []

    def __call__(self, learner, state):
        self.count += 1
        weights = learner._sums["weights"].copy()
        if self.last is not None and not (weights != self.last).any():
            return
        self.last = weights
        self.renewed.append(self.count)
        block = learner.block
        values = np.linalg.eigvalsh(second_moments(block["payload"]))
        self.least_moment = min(self.least_moment, values.min())
        positive = learner.design.columns.positive > 0  # armature and friction
        self.least_positive = min(self.least_positive, weights[positive].min())
        M = block["M"] + np.diag(block["armature"])
        terms = self.arm.terms(state.q, state.dq)
        R = terms.pose[:3, :3]
        V = np.concatenate((R.T @ terms.J[:3], R.T @ terms.J[3:]))
        M += V.T @ spatial(block["payload"]) @ V
        self.least_M = min(self.least_M, np.linalg.eigvalsh(M).min())


@pytest.fixture(scope="module")
def main(iiwa_job):
    """The main job: two passes of learning, then off, over unseen targets."""
    arm, home, path, cycles = iiwa_job
    watch = Watch(arm)
    with Bullet(arm, home, MAIN, DT) as robot, learning_cycle(arm, home, seed=0) as cycle:
        first, torque = run(robot, cycle, path, cycles, watch)
        second, more = run(robot, cycle, path, cycles, watch)
        cycle.learn(False)
        unseen, _ = run(robot, cycle, path, cycles)
        yield {
            "first": first, "second": second, "unseen": unseen, "watch": watch,
            "torque": np.concatenate((torque, more)), "learned": cycle.learned, "cycle": cycle,
        }  # fmt: skip


def test_the_main_job_s_payload_and_friction_are_found(main):
    """Mass to 1 %, the friction of joints that move to 5 %, the other quantities next to 0, and
    the truth is within three standard deviations."""
    found = main["learned"]
    assert found.payload.mass == pytest.approx(MASS, rel=0.01)
    assert abs(found.payload.mass - MASS) < 5 * found.payload.mass_deviation
    np.testing.assert_allclose(found.payload.com, 0, atol=5e-3)
    np.testing.assert_allclose(found.friction.viscous.value[[0, 1, 2, 3, 5]], FRICTION, rtol=0.05)
    assert found.armature.value.max() < 0.01
    assert found.delay == found.changes == found.backed_off == 0


def test_the_second_pass_is_exact(main, iiwa_job):
    """Below 0.05 mm, where the model alone has tens; unseen targets with learning off below
    0.25 mm; no limit acts."""
    arm, home, path, cycles = iiwa_job
    assert rms(main["first"]) < 1e-3
    assert rms(main["second"]) < 0.05e-3
    assert rms(main["unseen"]) < 0.25e-3
    with Bullet(arm, home, MAIN, DT) as robot:
        alone = Safe(CompiledController(arm, OperationalSpace(home, task_axes(arm))), arm)
        assert rms(run(robot, alone, path, cycles)[0]) > 10e-3


def test_what_is_learned_is_physical_in_every_cycle(main):
    """The payload is a body, armature and friction are not negative, M stays positive definite."""
    watch = main["watch"]
    assert len(watch.renewed) > 20
    assert watch.least_moment > -1e-7
    assert watch.least_positive >= 0
    assert watch.least_M > 0


def test_the_torque_does_not_jump_with_new_weights(main, iiwa_job):
    """Where weights have changed, its change in a cycle is like that of the cycles before."""
    torque, renewed = main["torque"], [each for each in main["watch"].renewed if each > 400]
    change = np.abs(np.diff(torque, axis=0)) / iiwa_job.arm.tau_max
    at = np.array(renewed)[np.array(renewed) < len(change)]
    assert len(at) > 20
    assert change[at - 1].max() < 5e-3
    assert change[400:].max() < 5e-3


def test_the_network_supplies_what_the_learner_does(main, iiwa_job, rng):
    """Names and shapes are the network's; with the weights stored, NengoDL gives the torque of the
    learned body (at ddq), friction and tool's forces, to 1e-9."""
    cycle, arm = main["cycle"], iiwa_job.arm
    weights = named_weights(cycle.sim)
    read = cycle.read()
    assert {name: value.shape for name, value in read.items()} == {
        name: weights[name].shape for name in read
    }
    cycle.store()
    learner = cycle.cycle.learner
    encoding, found = learner.encoding, cycle.learned
    sim = cycle.sim
    q, dq, ddq = iiwa_job.home + 0.3 * rng.normal(size=7), rng.normal(size=7), rng.normal(size=7)
    v = encoding.input(q[None], dq[None], ddq[None])
    network = sim.model.toplevel
    sim.reset(include_trainable=False)
    sim.run_steps(1, data={network.state: v[None]}, progress_bar=False)
    body, model = read["payload"][:, 0], encoding.arm
    heavier = model.with_payload(body[0], body[1:4] / body[0], about_centre(body)).inverse_dynamics(
        q, dq, ddq
    ) - model.inverse_dynamics(q, dq, ddq)
    J, x = arm.jacobian(q)[:3], arm.pose(q)[:3, 3]
    tool = found.tool
    force = tool.force - tool.stiffness @ (x - tool.origin) - tool.damping @ (J @ dq)
    expected = heavier + found.armature.value * ddq + found.friction.curve(dq) - J.T @ force
    expected += found.offset.value + model.gravity_gradient(q) @ found.gravity.value
    expected += model.regressor(q, dq, ddq) @ found.links.value
    np.testing.assert_allclose(sim.data[network.probe][0, -1], expected, rtol=0, atol=1e-9)


def about_centre(theta):
    """The inertia of ten parameters about their centre of mass."""
    m, moment, (xx, xy, yy, xz, yz, zz) = theta[0], theta[1:4], theta[4:]
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    c = moment / m
    return inertia - m * (c @ c * np.eye(3) - np.outer(c, c))


@pytest.mark.parametrize("name", ["planar2", "planar3", "ur5"])
def test_other_arms_learn_too(name):
    """Two, three and six joints: the mass to 1 %, the second pass below 0.1 mm."""
    arm, home, path, cycles = job_of(name, reaches=2)
    load = 1.0
    with (
        Bullet(arm, home, [Payload(load)], DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        run(robot, cycle, path, cycles)
        errors, _ = run(robot, cycle, path, cycles)
        assert cycle.learned.payload.mass == pytest.approx(load, rel=0.02)
        assert rms(errors) < 0.1e-3


TOO_LIGHT = pytest.mark.xfail(
    strict=True, reason="1.979 of 2 kg after the second pass, 1.983 after three"
)


@pytest.mark.parametrize("dt", [2e-3, pytest.param(4e-3, marks=TOO_LIGHT)])
def test_slower_cycles_learn_too(iiwa_job, dt):
    """At 500 and 250 Hz: the mass to 1 %, the second pass below 0.1 mm."""
    arm, home, path, cycles = job_of("kuka_iiwa", dt=dt)
    with Bullet(arm, home, MAIN, dt) as robot, learning_cycle(arm, home, seed=0, dt=dt) as cycle:
        run(robot, cycle, path, cycles)
        errors, _ = run(robot, cycle, path, cycles)
        assert cycle.learned.payload.mass == pytest.approx(MASS, rel=0.01)
        assert rms(errors) < 0.1e-3


def test_rotors_are_found(iiwa_job):
    """Their inertia, where the joint moves, to 20 %; no payload."""
    arm, home, path, cycles = iiwa_job
    rotor = [RotorInertia(0.1)]
    with Bullet(arm, home, rotor, DT) as robot, learning_cycle(arm, home, seed=0) as cycle:
        run(robot, cycle, path, 2 * cycles)
        found = cycle.learned
        np.testing.assert_allclose(found.armature.value[[0, 1, 2, 3]], 0.1, rtol=0.2)
        assert abs(found.payload.mass) < 0.05


def test_pick_and_drop_are_noticed(iiwa_job):
    """Both changes are found, and the friction stays."""
    arm, home, path, _ = iiwa_job
    loads = [Payload(MASS, start=2.5, end=5.5), ViscousFriction(FRICTION)]
    with Bullet(arm, home, loads, DT) as robot, learning_cycle(arm, home, seed=0) as cycle:
        run(robot, cycle, path, 2400)
        before = cycle.learned
        run(robot, cycle, path, 3000)
        loaded = cycle.learned
        run(robot, cycle, path, 2500)
        after = cycle.learned
    assert (before.changes, loaded.changes, after.changes) == (0, 1, 2)
    assert before.payload.mass == pytest.approx(0, abs=0.05)
    assert loaded.payload.mass == pytest.approx(MASS, rel=0.02)
    assert after.payload.mass == pytest.approx(0, abs=0.05)
    for found in (loaded, after):
        viscous = found.friction.viscous.value[[0, 1, 3]]
        np.testing.assert_allclose(viscous, FRICTION, rtol=0.1)


@pytest.mark.parametrize("measured", [True, False])
def test_a_measured_push_is_no_load(iiwa_job, measured):
    """A constant force that the wrist measures is not learned, one that it does not, is."""
    arm, home, path, _ = iiwa_job
    force = np.array([5.0, -8.0, -15.0])
    wrench = np.concatenate((force, np.zeros(3)))
    with (
        Bullet(arm, home, [ForceField(tuple(force))], DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        for _ in range(2000):
            state = robot.read()
            if measured:
                state = state._replace(wrench=wrench)
            robot.apply(cycle.step(state, path.at(state.time)).tau)
        found = cycle.learned
        pull = found.tool.force + found.payload.mass * np.array([0, 0, -9.81])
        np.testing.assert_allclose(pull, 0 * force if measured else force, atol=1.0)


@pytest.mark.parametrize("name", ["JointPD", "ComputedTorque"])
def test_a_law_of_the_joints_learns_too(iiwa_job, name):
    """The mass to 1 %, the friction of all joints to 5 %; the computed torque's error falls to a
    fifth, a PD's stays, because it does not use M."""
    arm, home, _, _ = iiwa_job
    inertia = arm.mass_matrix(home).diagonal()
    law = JointPD(kp=200 * inertia, kv=20 * inertia) if name == "JointPD" else ComputedTorque()
    with (
        Bullet(arm, home, MAIN, DT) as robot,
        learning_cycle(arm, home, seed=0, controller=law) as cycle,
    ):
        errors = []
        for _ in range(3000):
            state = robot.read()
            t = state.time
            q = home + 0.3 * (1 - np.cos(3 * t))
            wanted = Reference(q, np.full(7, 0.9 * np.sin(3 * t)), np.full(7, 2.7 * np.cos(3 * t)))
            robot.apply(cycle.step(state, wanted).tau)
            errors.append(np.abs(state.q - q).max())
        found = cycle.learned
        assert found.payload.mass == pytest.approx(MASS, rel=0.01)
        np.testing.assert_allclose(found.friction.viscous.value, FRICTION, rtol=0.05)
        if name == "ComputedTorque":
            assert max(errors[2000:]) < 0.2 * max(errors[:1000])


PASSES = 7
UNEVEN = UnevenFriction(1.2)


@pytest.fixture(scope="module")
def rubbing():
    """Learned with and without neurons, then off: errors over the same path, and the last loop."""
    arm, home, path, cycles = job_of("iiwa14")
    seen = path.points[1 : 1 + cycles // 1000]
    path = MinimumJerk([path.points[0], *(PASSES + 1) * [*seen]], 1.0)
    errors, found, visited = {}, {}, []
    for awake in (True, False):
        with (
            Bullet(arm, home, [UNEVEN], DT) as robot,
            learning_cycle(arm, home, seed=0, neurons=awake) as cycle,
        ):
            run(robot, cycle, path, PASSES * cycles)
            cycle.learn(False)
            error, _ = run(robot, cycle, path, cycles, lambda _, state: visited.append(state))
            errors[awake], found[awake] = rms(error), cycle.learned.friction
    return errors, found, arm, visited


def test_neurons_recall_friction_that_varies_with_the_angle(rubbing):
    """Learned and off, on the same path: 60 um, and a fifth of what sleeping neurons leave."""
    errors, found, _, _ = rubbing
    assert errors[True] < min(6e-5, 0.2 * errors[False])
    assert found[True].neurons.max() > 0.05
    assert not found[False].neurons.any()


def test_the_curve_of_friction_is_the_real_one(rubbing):
    """At the states of the motion, to a tenth in the joints that move."""
    _, found, arm, visited = rubbing
    q, dq = (np.array([getattr(state, name) for state in visited]) for name in ("q", "dq"))
    real = -UNEVEN.torque(arm, 0.0, q, dq)
    apart = found[True].curve(dq, q) - real
    for j in (0, 1, 3):
        assert rms(apart[:, j]) < 0.1 * rms(real[:, j])


@pytest.mark.parametrize(("arm", "seed"), [("ur5e", 3), ("ur5e", 4), ("ur10e", 1), ("ur10e", 5)])
def test_a_light_wrist_survives_friction_that_the_structure_cannot_explain(arm, seed):
    """Inertia that would explain it, too, is not believed: the bare wrist is not thrown."""
    scene = reaching_scene(ReachSettings(seed=seed, arm=arm, passes=2))
    friction = condition("uneven", scene.arm, seed).disturbances
    path = MinimumJerk([scene.arm.pose(scene.home)[:3, 3], *scene.targets], scene.reach_time)
    with (
        Bullet(scene.arm, scene.home, friction, DT) as robot,
        learning_cycle(scene.arm, scene.home, seed=seed, limits=scene.limits) as cycle,
    ):
        errors, _ = run(robot, cycle, path, round(len(scene.targets) * scene.reach_time / DT))
        assert cycle.stopped is None
        own = np.diag(scene.arm.mass_matrix(scene.home))
        assert (cycle.learned.armature.value < 4 * own).all()
    assert rms(errors) < 1e-3
