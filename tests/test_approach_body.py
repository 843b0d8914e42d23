"""The body that explains a load's equations best, in NumPy."""

import numpy as np
import pytest
from test_found_load import stepped
from test_safety import adversaries

import arms
from nengo_forcectl.kernels.approach_body import LENGTH, ROUNDS, WEIGHT
from nengo_forcectl.kernels.choose_load import WORTH
from nengo_forcectl.kernels.weigh_load import FAR, HEAVY, WIDE
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

USUAL = np.diag(np.array([HEAVY, *3 * [FAR], *6 * [WIDE]]) ** -2.0)
SCALE = np.outer([1 / LENGTH, 1 / LENGTH, 1 / LENGTH, 1.0], [1 / LENGTH, 1 / LENGTH, 1 / LENGTH, 1])


def pseudo_inertia(theta):
    """Return the scaled pseudo-inertia of ten parameters."""
    m, x, y, z, xx, xy, yy, xz, yz, zz = theta
    half = 0.5 * (xx + yy + zz)
    S = [[half - xx, -xy, -xz, x], [-xy, half - yy, -yz, y], [-xz, -yz, half - zz, z], [x, y, z, m]]
    return SCALE * np.array(S)


def parameters(P):
    """Return the ten parameters of a scaled pseudo-inertia."""
    P = P / SCALE
    J = np.trace(P[:3, :3]) * np.eye(3) - P[:3, :3]
    return np.array([P[3, 3], *P[:3, 3], J[0, 0], J[0, 1], J[1, 1], J[0, 2], J[1, 2], J[2, 2]])


def nearest(theta):
    """Return the body nearest to ten parameters, by the eigenvalues of the pseudo-inertia."""
    values, axes = np.linalg.eigh(pseudo_inertia(theta))
    return parameters(axes @ np.diag(np.maximum(values, 0.0)) @ axes.T)


@pytest.fixture(scope="module")
def found():
    """What a guard knows of a load off the centre line in two cycles, one after the other."""
    arm, load = arms.load("ur5e"), Payload(2.0, com=(0.1, 0.05, 0.1))
    kept, names = [], ("information", "fitted", "near", "pull", "theta")
    for safe, _ in stepped(arm, adversaries(arm)["bang"], 50, [load]):
        block = safe._guard._keeps[-1]
        kept.append({name: block[name].copy() for name in names})
    for each in kept:
        each["information"] = np.tril(each["information"])
        each["information"] += np.tril(each["information"], -1).T
    return kept[-2:]


def test_a_cycle_makes_some_rounds_of_the_search(found):
    """x of the equations and of the body before, z by its eigenvalues, u what is between them."""
    before, after = found
    basis = np.array([pseudo_inertia(unit).ravel() for unit in np.eye(10)])
    W, A = WEIGHT * basis @ basis.T, after["information"] + USUAL
    assert np.linalg.eigvalsh(pseudo_inertia(np.linalg.solve(A, after["fitted"])))[0] < -1e-3
    z, u = before["near"], before["pull"]
    for _ in range(ROUNDS):
        x = np.linalg.solve(A + W, after["fitted"] + W @ (z - u))
        z, u = nearest(x + u), u + x - nearest(x + u)
    np.testing.assert_allclose(after["near"], z, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(after["pull"], u, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(after["theta"], z, rtol=1e-6, atol=1e-7)


def test_no_body_explains_the_motion_much_better(found):
    """After 50 cycles the misfit is within 1 % of its size of the least that a body leaves."""
    after = found[-1]
    A, b = after["information"] + USUAL, after["fitted"]
    basis = np.array([pseudo_inertia(unit).ravel() for unit in np.eye(10)])
    W, z, u = WEIGHT * basis @ basis.T, np.zeros(10), np.zeros(10)
    for _ in range(1000):
        x = np.linalg.solve(A + W, b + W @ (z - u))
        z, u = nearest(x + u), u + x - nearest(x + u)
    slope = A @ z - b  # z is the optimum: no body lowers the misfit
    assert abs(slope @ z) < 1e-6 * (b @ z)
    for axis in np.random.default_rng(0).normal(size=(100, 4)):
        assert slope @ parameters(np.outer(axis, axis)) > -1e-6 * (b @ z)
    theta = after["theta"]
    left = [each @ A @ each - 2.0 * b @ each for each in (theta, z)]
    assert left[0] - left[1] < 0.01 * (b @ z)


def left_by_solution(load):
    """Return the share of the squares that the solution of the least squares leaves."""
    s = int(load["delay"])
    mix = np.array([1.0 - load["delay"] + s, load["delay"] - s])
    squares = [[load["size"][s], load["both"][s]], [load["both"][s], load["size"][s + 1]]]
    theta, A = mix @ load["trials"][s : s + 2], np.tril(load["information"])
    A += np.tril(A, -1).T
    return 1.0 + theta @ (A @ theta - 2.0 * load["fitted"]) / (mix @ squares @ mix)


def test_the_search_waits_where_no_body_explains_the_motion():
    """With much noise it stands in just those cycles in which the solution leaves too much."""
    arm, load = arms.load("ur5e"), Payload(2.0, com=(0.1, 0.05, 0.1))
    noise, last, stood = Sensors(velocity_noise=3e-2), np.zeros((2, 10)), []
    for safe, _ in stepped(arm, adversaries(arm)["bang"], 300, [load], noise):
        block = safe._guard._keeps[-1]
        now = np.array([block["near"], block["pull"]])
        if now[1].any() and block["delay"] < len(block["size"]) - 1:
            stood.append((now == last).all())
            assert stood[-1] == (left_by_solution(block) >= WORTH)
        last = now
    assert 10 < sum(stood) < len(stood) - 10
