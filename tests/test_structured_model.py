"""What the structured learner finds of gravity, links and motors; what it refuses."""

import math
from itertools import product

import numpy as np
import pytest
from reaching_job import DT, job_of, rms, run

from nengo_forcectl import learning_cycle
from nengo_forcectl.kernels.joint_gains import doubt_inertia
from nengo_forcectl.kernels.keep_physical import keep_inertia
from nengo_forcectl.sim import TiltedBase, TorqueError, WrongMasses
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.forces import ForceBump

OFFSET = np.array([0.8, -0.5, 0.6, -0.4, 0.3, -0.2, 0.1])  # [N m]


def learned_in(job, disturbance):
    """What two passes find, and the error [m] of a third over unseen targets, learning off."""
    arm, home, path, cycles = job
    with (
        Bullet(arm, home, [disturbance], DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        run(robot, cycle, path, 2 * cycles)
        cycle.learn(False)
        errors, _ = run(robot, cycle, path, cycles)
        return cycle, cycle.learned, rms(errors)


def test_a_tilted_base_is_found(iiwa_job):
    """Gravity's change to 0.02 m/s^2; without observer, unseen reaches below 0.1 mm."""
    _, learned, error = learned_in(iiwa_job, TiltedBase(math.radians(3.0), math.radians(2.0)))
    sideways = 9.81 * np.array([math.sin(math.radians(2.0)), -math.sin(math.radians(3.0))])
    np.testing.assert_allclose(learned.gravity.value[:2], sideways, rtol=0, atol=0.02)
    assert learned.payload.mass < 0.05
    assert error < 0.1e-3


def test_wrong_masses_are_made_up_for(iiwa_job):
    """Without observer, unseen reaches below 0.1 mm; together the numbers give the torque."""
    _, learned, error = learned_in(iiwa_job, WrongMasses(0.3, 0))
    assert error < 0.1e-3
    assert np.count_nonzero(learned.links.value) > 5


def test_offsets_of_motors_are_found(iiwa_job):
    """A constant torque, to 0.05 N m, and no other cause."""
    _, learned, error = learned_in(iiwa_job, TorqueError(offset=tuple(-OFFSET)))
    np.testing.assert_allclose(learned.offset.value, OFFSET, rtol=0, atol=0.05)
    assert learned.payload.mass < 0.05
    assert error < 0.2e-3


def test_links_that_make_the_inertia_singular_are_kept_out(iiwa_job):
    """Then their parameters stay those of the last solution, and it is counted."""
    arm, home, _, _ = iiwa_job
    with learning_cycle(arm, home, seed=0) as cycle:
        learner = cycle.cycle.learner
        law, links = learner._sums, len(learner.design.columns.chosen)
        core = int(law["core"])
        law["covariance"].ravel()[: core**2] = np.eye(core).ravel()
        own = slice(core - links, core)
        law["weights"][own] = 0.01
        before = float(law["repaired"])
        law["next"][:] = 0.0
        assert not keep_inertia(law.address)
        law["next"][own] = -40.0 * np.sign(np.trace(law["changes"], axis1=1, axis2=2))
        assert keep_inertia(law.address)
        np.testing.assert_array_equal(law["next"][own], 0.01)
        assert law["repaired"] == before + 1
        assert not keep_inertia(law.address)


def test_an_inertia_that_is_not_known_is_not_believed(iiwa_job, rng):
    """By its equation in NumPy, for payloads and armature that are known, doubtful or unknown."""
    arm, home, _, _ = iiwa_job
    with learning_cycle(arm, home, seed=0) as cycle:
        learner = cycle.cycle.learner
        law, block, size = learner._sums, learner.block, learner.design.columns.size
        own, shares = np.array(block["home_M"]), set()
        for mass, away, spread in product((0.0, 0.05, 2.0), (0.0, 0.1, 0.3), (0.0, 1e-3, 0.3)):
            body = inertial_parameters(mass, away * rng.normal(size=3))
            armature = rng.uniform(0.0, 0.1, arm.dof)
            law["weights"][:17] = np.concatenate((body, armature)) / size[:17]
            deviations = spread * np.array([1.0, *3 * [0.1], *6 * [0.05], *arm.dof * [0.05]])
            law["deviations"][:17] = deviations / size[:17]
            block["believed"][...] = before = rng.uniform()
            block["armature"][:] = rng.uniform(0.0, 0.1, arm.dof)  # so far
            misfit = rng.uniform(1.0, 15.0)
            law["noise"][...] = (misfit * float(law["floor"])) ** 2
            doubt_inertia(block.address, law.address)
            unexplained = min(max((misfit - 1.0) / 9.0, 0.25), 1.0)
            share, armature = plain_doubt(block, own, (body, armature, deviations), unexplained)
            share = min(share, before + 0.2 * (share - before))
            expected = [body[0], *np.sqrt(share) * body[1:4], *share * body[4:], *armature]
            np.testing.assert_allclose(law["weights"][:17] * size[:17], expected, rtol=1e-12)
            shares.add(round(share, 3))
        law["weights"][:17] = weights = np.concatenate((body, armature + 0.5)) / size[:17]
        law["noise"][...] = (15.0 * float(law["floor"])) ** 2
        block["loop"][...], block["believed"][...] = 0.0, 1.0
        doubt_inertia(block.address, law.address)
        np.testing.assert_array_equal(law["weights"][:17], weights, "a replay believes all")
    assert len(shares) > 5


def inertial_parameters(mass, com):
    """Return the ten parameters of a point mass."""
    x, y, z = com
    inertia = [y * y + z * z, -x * y, x * x + z * z, -x * z, -y * z, x * x + y * y]
    return np.concatenate(([mass], mass * com, mass * np.array(inertia)))


def plain_doubt(block, own, found, unexplained):
    """Return the share of a payload's inertia that is known, and the armature that is."""
    body, armature, deviations = found

    def added(theta):
        m, (x, y, z), (xx, xy, yy, xz, yz, zz) = theta[0], theta[1:4], theta[4:]
        S = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        H = np.block([[m * np.eye(3), -S], [S, inertia]])
        V = np.asarray(block["home_V"]).reshape(6, -1)
        return np.einsum("ai,ab,bi->i", V, H, V)

    def known(inertia, doubt):
        slight = inertia <= 1.5 * own
        return np.where(slight, 1.0, np.maximum(inertia - doubt, 1.5 * own) / inertia)

    whole = added(body)
    parts = np.array([added(np.where(np.arange(10) == k, deviations[:10], 0.0)) for k in range(10)])
    sure = np.clip(body[0] / max(deviations[0], 1e-9) - 1.0, 0.0, 1.0)
    doubt = 6.0 * np.sqrt((parts**2).sum(axis=0)) + (1.0 - sure) * whole
    doubt *= unexplained
    with np.errstate(invalid="ignore", divide="ignore"):
        share = known(whole, doubt).min()
        armature = armature * known(armature, 6.0 * unexplained * deviations[10:])
    return share, np.minimum(armature, 1.5 * np.maximum(block["armature"], own))


def test_a_force_that_no_weight_can_hold_throws_no_light_joint():
    """A bump of force beside the path looks like a payload of many times the wrist's inertia."""
    arm, home, path, cycles = job_of("xarm6")
    place = arm.pose(home)[:3, 3] + [0.05, 0.05, 0.0]
    with (
        Bullet(arm, home, [ForceBump(tuple(place), (20.0, -15.0, 25.0))], DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        run(robot, cycle, path, 3 * cycles)
        assert cycle.stopped is None


def test_a_last_link_that_is_lighter_than_in_the_model_is_found(iiwa_job):
    """A payload cannot be negative: the links' parameters explain it. Without observer, unseen
    reaches below 0.15 mm."""
    _, learned, error = learned_in(iiwa_job, WrongMasses(0.3, 3))
    assert learned.payload.mass < 0.05
    assert error < 0.15e-3


@pytest.mark.parametrize("name", ["ur5e", "panda", "planar3"])
def test_parameters_of_links_are_chosen_that_the_others_do_not_explain(name):
    """With armature, the chosen columns have full rank; without the shared ones, with a payload
    too. Both span all of the links'."""
    arm, home, _, _ = job_of(name)
    with learning_cycle(arm, home, seed=0) as cycle:
        learner = cycle.cycle.learner
        encoding, columns = learner.encoding, learner.design.columns
    rng = np.random.default_rng(0)
    q, dq, ddq = (rng.normal(size=(200, arm.dof)) for _ in range(3))
    armature = (ddq[:, :, None] * np.eye(arm.dof)).reshape(-1, arm.dof)
    payload = encoding.input(q, dq, ddq)[:, encoding.places["payload"]].reshape(-1, 10)
    Y = encoding.arm.regressor(q, dq, ddq).reshape(len(armature), -1)
    Y = Y / np.maximum(np.linalg.norm(Y, axis=0), 1e-9)
    own = columns.chosen[columns.shared == 0]
    for known, chosen in ((np.hstack((payload, armature)), own), (armature, columns.chosen)):
        size = np.linalg.norm(known, axis=0)
        known = known[:, size > 1e-9] / size[size > 1e-9]
        rank = np.linalg.matrix_rank(known, tol=1e-8)
        both = np.hstack((known, Y[:, chosen]))
        assert np.linalg.matrix_rank(both, tol=1e-8) == rank + len(chosen)
