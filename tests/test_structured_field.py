"""The neurons of the tool in `StructuredLeastSquares`, and in the loop."""

import numpy as np
import pytest
from reaching_job import DT, rms, run
from regression_samples import (
    BEGIN_SOLUTION,
    LINKS,
    TRUTH,
    N,
    P,
    call,
    data,
    feed,
    information,
    law_neurons,
    regression,
    solve,
)

from nengo_forcectl import learning_cycle
from nengo_forcectl.kernels.regress import forget_payload
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.forces import ForceBump

PASSES = 9
FIELD = 3  # decoders of the tool's neurons, the last weights of the samples


def test_while_they_sleep_they_stay_and_the_others_are_the_best_beside_them(rng):
    """Least squares of the other columns over what the decoders leave of y, to 1e-9."""
    block, made, law = regression(rng, FIELD, noise=1.0)
    neurons = law_neurons(block)
    core, (phi, y) = P - FIELD, data(rng, made, noise=0.3)
    late = 0.3 * rng.normal(size=(len(y), N, law.delays))
    late[..., 0] = 0.0
    feed(block, phi, y, late)
    held = rng.normal(size=FIELD)
    block["weights"][core:] = held
    block["positive"][...] = 0  # the sums alone
    assert block["core"] == core
    solve(block)
    root = np.sqrt(made.precision)[:, None]
    Phi, Y = (root * phi).reshape(-1, P), (root * (y[..., None] + late)).reshape(-1, law.delays)
    left = Y - (Phi[:, core:] @ held)[:, None]
    A = Phi[:, :core].T @ Phi[:, :core] + np.eye(core)
    expected = np.linalg.solve(A, Phi[:, :core].T @ left)
    np.testing.assert_allclose(block["trials"][:, :core], expected.T, rtol=0, atol=1e-9)
    misfit = ((left - Phi[:, :core] @ expected) ** 2).sum(0)
    np.testing.assert_allclose(block["fits"], misfit, rtol=1e-9)
    np.testing.assert_array_equal(block["weights"][core:], held)
    both = np.einsum("ks,ks->s", left[:, :-1], left[:, 1:])
    np.testing.assert_allclose(block["target_both"][:-1], both, rtol=1e-9)
    block["since"][...] = block["wake"] + 1  # from now on they learn
    neurons["frozen"][...] = 1
    call(BEGIN_SOLUTION, block)
    assert block["solved"] == core  # not while neurons are frozen
    neurons["frozen"][...] = 0
    block["noise"][...] = block["repeated"][...] = block["variance"][...] = 1.0
    solve(block)
    assert block["solved"] == P
    everything = np.linalg.solve(information(block) + np.eye(P), Phi.T @ Y[:, 0])
    np.testing.assert_allclose(block["trials"][0], everything, rtol=0, atol=1e-9)
    assert np.abs(block["weights"][core:] - held).max() > 0.1


def test_once_their_variance_is_nothing_they_are_silent_for_good(rng):
    """The others are the best without them; they have neither samples nor a part in solutions."""
    block, made, _ = regression(rng, FIELD, noise=1.0)
    core, truth = P - FIELD, TRUTH.copy()
    truth[made.group == made.group[-1]] = 0.0
    phi, y = data(rng, made, truth, noise=1.0, count=400)
    feed(block, phi, y)
    block["since"][...], block["alone"][...] = block["wake"] + 1, np.inf
    block["positive"][...] = 0
    block["weights"][core:] = 1.0
    assert solve(block)
    assert block["solved"] == P
    assert (block["variance"][core:] == 1e-6).all()
    np.testing.assert_array_equal(block["weights"][core:], 0.0)
    feed(block, phi, y)
    sums = information(block)
    np.testing.assert_allclose(
        sums[:core, :core], 2.0 * weighed(made, phi)[:core, :core], rtol=1e-9
    )
    np.testing.assert_allclose(sums[core:], weighed(made, phi)[core:], rtol=1e-9, atol=1e-9)
    block["noise"][...] = block["repeated"][...] = block["variance"][:core] = 1.0
    solve(block)
    assert block["solved"] == core
    A = sums[:core, :core] + np.eye(core)
    expected = np.linalg.solve(A, block["moment"][:core, 0])
    np.testing.assert_allclose(block["trials"][0, :core], expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(block["weights"][core:], 0.0)


def test_a_change_wakes_them_without_their_old_samples(rng):
    """What is known of the others but the payload stays; new samples count for all columns."""
    block, made, _ = regression(rng, FIELD, noise=1.0)
    core, neurons = P - FIELD, law_neurons(block)
    phi, y = data(rng, made, noise=1.0, count=50)
    feed(block, phi, y)
    neurons["cross"][...] = 1.0
    forget_payload(block.address)
    assert information(block)[core:].any()  # they are awake, and stay as they are
    feed(block, phi, y)
    neurons["cross"][...] = 1.0
    block["variance"][core:] = 1e-6
    forget_payload(block.address)
    assert (block["variance"][core:] == block["field"]).all()
    sums = information(block)
    assert sums[LINKS:core, LINKS:core].any()
    assert not sums[core:].any()
    assert not block["moment"][core:].any()
    assert not neurons["cross"][core:].any()
    feed(block, phi, y)
    np.testing.assert_allclose(information(block)[core:], weighed(made, phi)[core:], atol=1e-9)


def weighed(made, phi):
    """Lambda of samples that are paired with themselves."""
    Phi = (np.sqrt(made.precision)[:, None] * phi).reshape(-1, P)
    return Phi.T @ Phi


def test_they_and_the_joints_neurons_sleep_together(rng):
    """The target is what both leave of y, and so is the sum of its squares."""
    block, made, _ = regression(rng, FIELD, noise=1.0)
    neurons = law_neurons(block)
    phi, y = data(rng, made, noise=0.3)
    active = rng.uniform(size=(len(y), N, neurons["phi"].shape[1]))
    for k in range(len(y)):
        neurons["phi"][:] = active[k]
        feed(block, phi[k : k + 1], y[k : k + 1])
    w, v = rng.normal(size=FIELD), rng.normal(size=neurons["weights"].shape)
    block["weights"][P - FIELD :], neurons["weights"][:] = w, v
    call(BEGIN_SOLUTION, block)
    left = y - phi[..., P - FIELD :] @ w - np.einsum("kna,na->kn", active, v)
    own = phi[..., : P - FIELD]
    target = np.einsum("knp,n,kn->p", own, made.precision, left)
    np.testing.assert_allclose(block["target"][: P - FIELD, 0], target, rtol=0, atol=1e-9)
    square = np.einsum("n,kn->", made.precision, left**2)
    np.testing.assert_allclose(block["target_square"], square, rtol=1e-9)


@pytest.fixture(scope="module")
def bumped(iiwa_job):
    """Learned with and without neurons in a bump of force, then off: errors over the same path."""
    arm, home, path, cycles = iiwa_job
    seen = path.points[1 : 1 + cycles // 1000]
    path = MinimumJerk([path.points[0], *(PASSES + 1) * [*seen]], 1.0)
    middle = 0.5 * (seen[0] + seen[1])
    bump = ForceBump(tuple(middle.tolist()), (12.0, -9.0, 15.0))
    errors, found = {}, {}
    for awake in (True, False):
        with (
            Bullet(arm, home, [bump], DT) as robot,
            learning_cycle(arm, home, seed=0, neurons=awake) as cycle,
        ):
            run(robot, cycle, path, PASSES * cycles)
            cycle.learn(False)
            error, _ = run(robot, cycle, path, cycles)
            errors[awake], found[awake] = rms(error), cycle.learned
    return errors, found, path, bump


def test_they_recall_a_force_that_varies_with_the_place(bumped):
    """Learned and off, on the same path: at most a fifth of the error of sleeping neurons."""
    errors, found, _, _ = bumped
    assert errors[True] < 0.2 * errors[False]
    assert found[True].tool.neurons > 1.0  # [N]
    assert found[False].tool.neurons == 0.0
    assert found[True].payload.mass < 0.1


def test_the_force_that_was_found_is_the_real_one(bumped):
    """Along the path, to a tenth."""
    _, found, path, bump = bumped
    x = np.array([path.at(t).x for t in np.arange(1.0, 4.0, 0.05)])
    away = np.sum((x - bump.centre) ** 2, axis=1)
    real = np.exp(-0.5 * away / bump.width**2)[:, None] * np.array(bump.force)
    apart = found[True].tool.field(x) - real
    assert rms(np.linalg.norm(apart, axis=1)) < 0.1 * rms(np.linalg.norm(real, axis=1))
    np.testing.assert_allclose(found[True].tool.field(x[3]), found[True].tool.field(x)[3])
