"""`StructuredLeastSquares` against its equations in NumPy, on random data."""

import numpy as np
import pytest
from machine_code import check_no_allocation
from regression_samples import (
    FLOOR,
    LINKS,
    MOST,
    NOISE,
    TAKE_SAMPLES,
    TRUTH,
    N,
    P,
    add,
    call,
    data,
    feed,
    information,
    law_neurons,
    posterior,
    regression,
    solve,
)

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.kernels import add_sample, parts
from nengo_forcectl.kernels.layout.cycle_fields import STRUCTURES
from nengo_forcectl.learning.structured_least_squares import StructuredLeastSquares

DOUBT = 1e-4  # weight of a group's first variance


def test_the_solution_is_that_of_the_equations(rng):
    """Sums, weights, misfit, variances and noise are the docstring's, to 1e-9."""
    block, made, law = regression(rng)
    phi, y = data(rng, made, noise=0.5)
    late = 0.3 * rng.normal(size=(len(y), N, law.delays))
    late[..., 0] = 0.0
    feed(block, phi, y, late)
    root = np.sqrt(made.precision)[:, None]  # of P
    Phi, Y = (root * phi).reshape(-1, P), (root * (y[..., None] + late)).reshape(-1, law.delays)
    np.testing.assert_allclose(information(block), Phi.T @ Phi, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(block["moment"], Phi.T @ Y, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(block["square"], (Y**2).sum(0), rtol=1e-9)
    assert block["samples"] == len(Phi)
    variance = np.concatenate((rng.uniform(0.1, 1, 1 + N + 1)[made.group.astype(int)],))
    block["variance"][:] = variance
    C, trials = posterior(block)
    solve(block)
    np.testing.assert_allclose(block["trials"], trials, rtol=0, atol=1e-9)
    misfit = ((Y - Phi @ trials.T) ** 2).sum(0)
    np.testing.assert_allclose(block["fits"], misfit, rtol=1e-9)
    assert block["chosen"] == block["delay"] == 0  # none of the others is much better
    known, w = 1 - C.diagonal() / variance, trials[0]
    for group in range(2 + N):
        own = made.group == group
        expected = (w[own] @ w[own] + DOUBT) / (known[own].sum() + DOUBT)
        expected = min(expected, made.most[own].min())
        np.testing.assert_allclose(block["variance"][own], expected, rtol=1e-9)
    noise = law.spread * misfit[0] / (len(Phi) - known.sum())
    np.testing.assert_allclose(block["noise"], max(noise, FLOOR**2), rtol=1e-9)
    repeated = noise * (1.0 + len(Phi) / (law.distinct * N))
    np.testing.assert_allclose(block["repeated"], repeated, rtol=1e-9)
    np.testing.assert_allclose(block["deviations"], np.sqrt(C.diagonal()), rtol=1e-9)


def test_later_samples_are_paired_with_the_one_before(rng):
    """Sums are those of two samples, symmetric; the noise is that of third differences."""
    block, made, law = regression(rng)
    neurons = law_neurons(block)
    phi, y = data(rng, made, noise=0.5)
    late = 0.3 * rng.normal(size=(len(y), N, law.delays))
    late[..., 0] = 0.0
    active = rng.uniform(size=(len(y), N, neurons["phi"].shape[1]))
    block["since"][...], block["row"][...] = block["alone"], 1
    block["weights"][:] = rng.normal(size=P)
    block["misfit"][...] = -1e12  # so that all of it is noise
    for k in range(len(y)):
        block["phi"][:], block["lacking"][:], neurons["phi"][:] = phi[k], y[k], active[k]
        block["late"][:], block["white"][...] = late[k], 0.0 if k <= 3 else block["white"]
        add(block)
    Y, P_ = y[..., None] + late, made.precision

    def paired(a, b):
        return 0.5 * sum(
            np.einsum("kn...i,n,kn...j->...ij", one, P_, other)
            for one, other in ((a[1:], b[:-1]), (a[:-1], b[1:]))
        )

    each = np.moveaxis(active, 1, 0)[:, :, None]  # by joint
    np.testing.assert_allclose(information(block), paired(phi, phi), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(block["moment"], paired(phi, Y), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(block["square"], paired(Y, Y).diagonal(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(block["both"][:-1], paired(Y, Y).diagonal(1), rtol=1e-9, atol=1e-9)
    for i in range(N):
        a, b = (each[i] * np.eye(N)[i][:, None] for _ in range(2))
        np.testing.assert_allclose(neurons["own"][i], paired(a, b), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(neurons["cross"][:, i], paired(phi, a), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(neurons["moment"][i], paired(a, Y), rtol=1e-9, atol=1e-9)
    white, misfit = 0.0, y - phi @ block["weights"]
    for third in np.diff(np.concatenate((np.zeros((3, N)), misfit)), 3, axis=0)[3:]:
        white += (made.precision @ third**2 / 20.0 / N - white) / add_sample.WINDOW
    np.testing.assert_allclose(block["white"], white, rtol=1e-9)


@pytest.mark.parametrize("pairs", [False, True])
def test_a_joint_that_rests_counts_less(rng, pairs):
    """Its numbers are weighted by its misfits at rest and in motion, as in the docstring."""
    block, made, _ = regression(rng)
    phi, y = data(rng, made, noise=0.5)
    rest = rng.uniform(size=(len(y), N)) * [1.0, 0.9, 0.0]  # the last joint always moves
    y[:, 0] += 20.0 * rest[:, 0] * rng.normal(size=len(y))  # the first one sticks
    block["since"][...], block["weights"][:] = block["alone"], TRUTH / made.size
    block["misfit"][...] = -1e12 if pairs else 1e12
    roots = []
    for k in range(len(y)):
        block["phi"][:], block["lacking"][:], block["rest"][:] = phi[k], y[k], rest[k]
        block["row"][...] = max(float(block["row"]), float(pairs))
        add(block)
        roots.append(block["trust"].copy())
    square, long = (y - phi @ block["weights"]) ** 2, add_sample.LONG
    move, expected = np.maximum(1.0 - rest, add_sample.RARE), []
    for k in range(len(y)):
        kept = long ** np.arange(k, -1, -1)[:, None]
        stuck = (kept * rest[: k + 1] * square[: k + 1]).sum(0)
        stuck /= np.maximum((kept * rest[: k + 1]).sum(0), 1e-300)
        slides = (kept * move[: k + 1] * square[: k + 1]).sum(0) / (kept * move[: k + 1]).sum(0)
        expected.append(np.sqrt(slides / (slides + rest[k] * np.maximum(stuck - slides, 0.0))))
    np.testing.assert_allclose(roots, expected, rtol=1e-9)
    assert np.min(expected) < 0.5 < 1.0 == np.min(expected, axis=0)[2]
    before = np.concatenate((np.ones((1, N)), expected[:-1])) if pairs else np.array(expected)
    weight = np.array(expected) * before
    last = np.concatenate((np.zeros((1, N, P)), phi[:-1])) if pairs else phi
    half = np.einsum("kni,kn,knj->ij", phi, weight * made.precision, last)
    np.testing.assert_allclose(information(block), 0.5 * (half + half.T), rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(block["samples"], weight.sum(), rtol=1e-9)


def test_the_evidence_widens_a_prior(rng):
    """Weights far beyond their prior deviations raise its variance, up to the most allowed."""
    block, made, _ = regression(rng)
    truth = np.concatenate((TRUTH[:-4], 10.0 * made.size[-4:]))
    feed(block, *data(rng, made, truth))
    variances = []
    for _ in range(3):
        solve(block)
        variances.append(block["variance"][-1])
    assert variances[-1] == MOST
    assert block["variance"][: -len(TRUTH[-4:])].max() <= 1.0


def test_sums_that_are_not_positive_change_nothing(rng):
    """Pairs of samples of opposite signs make negative sums. Nothing of the solution changes then,
    it is counted, and samples paired with themselves mend the sums."""
    block, made, _ = regression(rng)
    feed(block, *data(rng, made))
    solve(block)
    names = "weights", "variance", "noise", "deviations"
    before = [block[name].copy() for name in names]
    block["since"][...] = block["alone"]
    phi, y = data(rng, made, count=400)
    signs = (-1.0) ** np.arange(400)[:, None]
    feed(block, signs[..., None] * np.abs(phi), signs * np.abs(y))
    assert np.linalg.eigvalsh(information(block))[0] < 0.0
    assert not solve(block)
    assert block["repaired"] == 1
    for name, value in zip(names, before, strict=True):
        np.testing.assert_array_equal(block[name], value)
    assert block["alone_until"] == 2 * block["since"]
    feed(block, *data(rng, made, count=2000))
    for _ in range(8):
        solve(block)
    np.testing.assert_allclose(block["weights"] * made.size, TRUTH, rtol=0, atol=0.01)


def test_noise_in_the_columns_is_no_bias(rng):
    """Noise that is in y and in the columns alike, as that of a velocity is, leaves no bias: ten
    times less than if each sample were paired with itself."""
    block, made, _ = regression(rng)
    slow = np.cumsum(rng.normal(size=(20_000, N, P)), axis=0)
    slow = np.sin(0.05 * slow) * made.size  # changes little from sample to sample
    y = slow @ (TRUTH / made.size)
    noise = rng.normal(size=slow.shape[:2])
    slow[..., -1] += noise
    y += noise
    bias = []
    for since in (0, block["alone"]):
        for name in ("information", "moment", "square", "both", "samples", "white", "misfit"):
            block[name][...] = 0.0
        block["since"][...] = since
        feed(block, slow, y)
        solve(block)
        bias.append(np.abs(block["weights"] * made.size - TRUTH)[-1])
    assert bias[1] < 0.1 * bias[0]


def test_exact_data_give_the_weights_exactly(rng):
    """Without noise, what made y is found to 1e-7 after a few solutions."""
    block, made, _ = regression(rng)
    feed(block, *data(rng, made))
    for _ in range(8):
        solve(block)
    np.testing.assert_allclose(block["weights"] * made.size, TRUTH, rtol=0, atol=1e-7)


def test_frozen_weights_stay_and_the_others_are_the_best_beside_them(rng):
    """The others are those of least squares without what the frozen ones explain."""
    block, made, _ = regression(rng, noise=0.1)
    frozen = np.zeros(P, bool)
    frozen[:LINKS] = frozen[-1] = True
    block["frozen"][:], kept = frozen, 0.3 * rng.normal(size=P)
    block["weights"][:] = kept
    phi, y = data(rng, made, noise=0.05)
    feed(block, phi, y)
    A, b = information(block), block["moment"][:, 0]
    prior = float(block["noise"]) * np.eye(P)
    best = np.linalg.solve(
        (A + prior)[np.ix_(~frozen, ~frozen)], (b - A[:, frozen] @ kept[frozen])[~frozen]
    )
    solve(block)
    np.testing.assert_array_equal(block["weights"][frozen], kept[frozen])
    np.testing.assert_allclose(block["weights"][~frozen], best, rtol=0, atol=1e-9)


def test_what_the_data_do_not_need_vanishes(rng):
    """A group of weights that are 0 keeps less than a hundredth of its first standard deviation,
    and the others stay as they are."""
    block, made, _ = regression(rng)
    truth = TRUTH.copy()
    truth[LINKS + N :] = 0.0
    feed(block, *data(rng, made, truth, noise=0.05, count=400))
    for _ in range(30):
        solve(block)
    assert (block["variance"][LINKS + N :] < 1e-4).all()
    np.testing.assert_allclose(block["weights"] * made.size, truth, rtol=0, atol=0.02)


@pytest.mark.parametrize("shift", [0, 1, 3, 6])
def test_a_delay_is_found(rng, shift):
    """If the motion answers the torque of ``shift`` cycles ago, that is the delay, and the weights
    are the true ones."""
    block, made, law = regression(rng)
    count = 300
    phi = rng.normal(size=(count, N, P)) * made.size
    y = phi @ (TRUTH / made.size)
    sent = np.cumsum(rng.normal(size=(count + law.delays, N)), axis=0)
    late = np.stack([sent[law.delays - s : count + law.delays - s] for s in range(law.delays)], 2)
    late -= late[..., :1].copy()
    feed(block, phi, y - late[..., shift], late)
    for _ in range(8):
        solve(block)
    assert block["chosen"] == shift
    np.testing.assert_allclose(block["delay"], shift, atol=0.5)
    np.testing.assert_allclose(block["weights"] * made.size, TRUTH, rtol=0, atol=1e-6)


@pytest.mark.parametrize("delay", [0.7, 2.4, 6.5])
def test_the_fraction_of_a_delay_is_found(rng, delay):
    """To 0.01 cycles, if the motion answers the mean of two torques.

    They change most in every third cycle, so that one neighbour of the delay fits better than the
    other.
    """
    block, made, law = regression(rng)
    count, most = 900, law.delays
    size = np.tile([1.0, 0.2, 0.1], (count + most) // 3)
    sent = np.cumsum(size[:, None] * rng.normal(size=(count + most, N)), axis=0)
    ends = np.arange(0, count, 3) + most
    phi = rng.normal(size=(len(ends), N, P)) * made.size
    late = np.stack([sent[ends - s] for s in range(most)], axis=2)
    whole, part = int(delay), delay % 1
    answered = (1 - part) * late[..., whole] + part * late[..., whole + 1]
    y = phi @ (TRUTH / made.size) + late[..., 0] - answered
    feed(block, phi, y, late - late[..., :1])
    for _ in range(8):
        solve(block)
    np.testing.assert_allclose(block["delay"], delay, atol=0.01)


def test_a_solution_over_many_cycles_is_the_same(rng):
    """Six jobs a cycle give the same bits as all at once, also if samples come in between."""
    block, made, _ = regression(rng)
    other, *_ = regression(np.random.default_rng(0))
    phi, y = data(rng, made, noise=0.5)
    for each in (block, other):
        feed(each, phi, y)
    solve(block)
    other["size"][:], other["job"][...], other["since"][...] = made.size, 0, 1
    cycles = 1
    while not call(parts.solve_regression, other):
        cycles += 1
        feed(other, phi[:1], y[:1])
    assert cycles > 5
    for name in ("weights", "variance", "noise", "deviations", "delay"):
        np.testing.assert_array_equal(block[name], other[name])


def test_samples_and_solutions_come_in_time(rng):
    """A sample every 3 cycles at first, then every 10 ms; a solution every 2 cycles from the third
    on, then every 0.2 s."""
    block, *_ = regression(rng)
    block["phi"][:] = 1.0
    taken, solved = [], []
    for cycle in range(1, 901):
        before = float(block["samples"])
        call(TAKE_SAMPLES, block)
        if block["samples"] > before:
            taken.append(cycle)
        if call(parts.solve_regression, block):
            solved.append(cycle)
    assert [each for each in taken if each < 100] == [
        each for each in range(1, 100) if each % 3 == 0 or each % 10 == 0
    ]
    assert [each for each in taken if each > 100] == list(range(110, 901, 10))
    assert [each for each in solved if each < 160] == list(range(9, 160, 2))
    later = [each for each in solved if each > 170]
    assert np.diff(later).tolist() == [200] * 3
    assert 200 < later[0] < 250


def test_a_sample_is_added_in_parts(rng):
    """Four cycles add some rows each; the sums are then those of whole samples, bit by bit."""
    block, made, _ = regression(rng)
    other, *_ = regression(np.random.default_rng(0))
    phi, y = data(rng, made, noise=0.5, count=20)
    neurons = [law_neurons(each) for each in (block, other)]
    for each in (block, other):
        each["since"][...], each["misfit"][...] = each["alone"], -1e12  # samples are paired
    for k in range(len(y)):
        left = []
        for _ in range(int(block["every"]) - 1):  # what the filter holds then is not the sample's
            block["phi"][:], block["lacking"][:] = rng.normal(size=phi[k].shape), 0.0
            call(TAKE_SAMPLES, block)
            left.append(int(block["left"]))
        if k:
            assert left[0] > left[1] > left[2] > left[3] == left[-1] == 0
        active = rng.uniform(size=neurons[0]["phi"].shape)
        for each, own in zip((block, other), neurons, strict=True):
            each["phi"][:], each["lacking"][:], own["phi"][:] = phi[k], y[k], active
        call(TAKE_SAMPLES, block)
        assert block["left"] == P
        add(other)
    parts.complete_sums.call(block.address)
    for name in ("information", "moment", "square", "both", "phi_last", "y_last", "samples"):
        np.testing.assert_array_equal(block[name], other[name], err_msg=name)
    for name in ("own", "cross", "moment", "phi_last"):
        np.testing.assert_array_equal(neurons[0][name], neurons[1][name], err_msg=name)


def test_the_kernels_allocate_nothing():
    """So that a C library can hold them: what they are compiled into calls no allocator."""
    check_no_allocation(*parts.STEPS[STRUCTURES].values(), parts.supply_structured)


@pytest.mark.parametrize(
    "bad", [{"noise": 0.0}, {"floor": -1.0}, {"delays": 0}, {"period": np.nan}, {"gain": 0.0}]
)
def test_a_bad_setting_is_refused(bad):
    """By its name."""
    with pytest.raises(ConfigurationError, match=f"StructuredLeastSquares.{next(iter(bad))}"):
        StructuredLeastSquares(**{"noise": NOISE, "floor": FLOOR} | bad)
