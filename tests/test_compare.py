import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl.errors import NetworkError
from nengo_forcectl.kinematics.compare import compare_jacobians, compare_matrices, nearest_distance
from nengo_forcectl.nengodl.jacobians import input_jacobian
from nengo_forcectl.networks.building import simulator


def pairs(k, m, n, rng, off=0.05):
    J = rng.normal(size=(k, m, n))
    return J + off * rng.normal(size=J.shape), J


def worst(J, D):
    """The forces that are stationary for |D^T f| / |J^T f|: a generalised eigenproblem."""
    _, vectors = np.linalg.eig(np.linalg.solve(J @ J.T, D @ D.T))
    return vectors.real


@pytest.mark.parametrize(("m", "n"), [(2, 2), (2, 3), (3, 2), (6, 7), (1, 3)])
def test_every_measure_is_its_definition(m, n, rng):
    """Each measure, against its definition written down a second time, one matrix at a time."""
    L, J = pairs(20, m, n, rng)
    found = compare_matrices(np.zeros((20, n)), L, J)
    for i, (A, B) in enumerate(zip(L, J, strict=True)):
        D, size = A - B, np.sqrt(np.trace(B.T @ B))
        got = {name: measure.values[i] for name, measure in found.measures.items()}
        assert got["relative_error"] == pytest.approx(np.sqrt(np.trace(D.T @ D)) / size)
        assert np.mean(got["joint_error"] ** 2) == pytest.approx(got["relative_error"] ** 2)
        assert np.mean(got["row_error"] ** 2) == pytest.approx(got["relative_error"] ** 2)
        column = np.sqrt(D[:, -1] @ D[:, -1] * n) / size
        assert got["joint_error"][-1] == pytest.approx(column)
        G, G_l = (B @ B.T, A @ A.T) if m <= n else (B.T @ B, A.T @ A)
        w, w_l = np.sqrt(np.linalg.det(G)), np.sqrt(np.linalg.det(G_l))
        assert got["manipulability"] == pytest.approx(abs(w_l - w) / w, rel=1e-6)
        k, k_l = np.linalg.cond(B), np.linalg.cond(A)
        assert got["condition"] == pytest.approx(abs(k_l - k) / k, rel=1e-6, abs=1e-12)
        U, U_l = (np.linalg.eigh(X @ X.T)[1] for X in (B, A))
        assert got["angle_largest"] == pytest.approx(
            np.arccos(min(abs(U[:, -1] @ U_l[:, -1]), 1.0)), abs=1e-6
        )
        inverse, inverse_l = np.linalg.pinv(B), np.linalg.pinv(A)
        off = np.linalg.norm(B @ inverse_l - B @ inverse) / np.sqrt(min(m, n))
        assert got["velocity_error"] == pytest.approx(off)
        if m <= n:
            f = np.hstack([rng.normal(size=(m, 2000)), worst(B, D)])
            ratios = np.linalg.norm(D.T @ f, axis=0) / np.linalg.norm(B.T @ f, axis=0)
            assert ratios.max() <= got["torque_error"] * (1 + 1e-9)
            assert ratios.max() > (1 - 1e-9) * got["torque_error"]
        if n > m:
            P = np.eye(n) - inverse @ B, np.eye(n) - inverse_l @ A
            assert np.sin(got["null_angle"]) == pytest.approx(np.linalg.norm(P[0] - P[1], 2))
    assert found.null_angle.exists.all() == (n > m)


def test_at_a_singularity_measures_are_missing_and_never_nan(rng):
    """A stretched arm, an arm that does not move, equal singular values: counted, not averaged."""
    L, J = pairs(6, 2, 3, rng)
    J[0] = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]  # singular
    J[1] = 0.0
    J[2] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]  # a round ellipse
    found = compare_matrices(np.zeros((6, 3)), L, J)
    missing = {name: d["missing"] for name, d in found.distributions().items()}
    assert missing["relative_error"] == missing["joint_error"] == 1
    assert missing["manipulability"] == missing["condition"] == missing["null_angle"] == 2
    assert missing["velocity_error"] == missing["torque_error"] == 2
    assert missing["angle_largest"] == missing["angle_smallest"] == 2
    for measure in found.measures.values():
        assert np.isfinite(measure.values).all()
    whole = compare_matrices(np.zeros((3, 3)), L[3:], J[3:])
    assert found.manipulability.distribution()["mean"] > 0
    kept = compare_matrices(np.zeros((4, 3)), L[2:], J[2:]).condition
    assert found.condition.distribution()["mean"] == pytest.approx(kept.distribution()["mean"])
    nowhere = compare_matrices(np.zeros((1, 3)), L[:1], J[:1]).manipulability.distribution()
    assert nowhere["median"] is None
    assert nowhere["missing"] == 1
    assert whole.null_angle.exists.all()


def test_a_stretched_arm_is_singular():
    """planar2 at q = 0 has no manipulability to compare, and its distance to a singularity is 0."""
    arm = arms.load("planar2")
    analytic = lambda q: arm.jacobian(q)[:, :2]  # noqa: E731
    q = np.array([[0.3, 0.0], [0.3, 1.0]])
    found = compare_jacobians(lambda q: analytic(q) * 1.01, analytic, q)
    np.testing.assert_array_equal(found.manipulability.exists, [False, True])
    np.testing.assert_allclose(found.relative_error.values, 0.01)
    assert found.singularity[0] == pytest.approx(0.0, abs=1e-12)
    assert found.manipulability.values[1] == pytest.approx(0.0201)


def test_weights_make_units_comparable(rng):
    """Rows times a length, then compared, are the rows compared with that weight."""
    L, J = pairs(5, 3, 3, rng)
    weights = np.array([1.0, 2.0, 0.3])
    there = compare_matrices(np.zeros((5, 3)), L * weights[:, None], J * weights[:, None])
    here = compare_matrices(np.zeros((5, 3)), L, J, weights)
    for name, measure in here.measures.items():
        np.testing.assert_allclose(measure.values, there.measures[name].values, atol=1e-12)


def test_a_nengodl_network_is_a_function_too():
    """The input Jacobian of any NengoDL network goes in as it is."""
    with nengo.Network(seed=0) as network:
        node = nengo.Node(np.zeros(2))
        out = nengo.Node(size_in=2)
        nengo.Connection(node, out, transform=[[1.0, 2.0], [3.0, 4.0]], synapse=None)
        probe = nengo.Probe(out)
    with simulator(network) as sim:
        found = compare_jacobians(
            lambda q: input_jacobian(sim, probe, {node: q})[node],
            lambda q: np.tile([[1.0, 2.0], [3.0, 4.0]], (len(q), 1, 1)),
            np.zeros((3, 2)),
        )
    assert not found.relative_error.values.any()


def test_distributions_against_a_distance(rng):
    """Bins hold equal counts; an error that grows with distance grows from bin to bin."""
    distance = rng.uniform(size=1000)
    J = np.tile(np.eye(2), (1000, 1, 1))
    found = compare_matrices(np.zeros((1000, 2)), J * (1 + distance)[:, None, None], J)
    bins = found.relative_error.against(distance, 5)
    assert [each["count"] for each in bins] == [200] * 5
    medians = [each["median"] for each in bins]
    assert medians == sorted(medians)
    data = rng.uniform(size=(50, 2))
    q = rng.uniform(size=(20, 2))
    expected = np.min(np.linalg.norm(q[:, None] - data, axis=2), axis=1)
    np.testing.assert_allclose(nearest_distance(q, data), expected)


def test_functions_that_do_not_fit_are_refused():
    """Rows, joints, NaN, q, weights: one sentence each."""
    two, q = (lambda q: np.ones((len(q), 2, 3))), np.zeros((4, 3))
    with pytest.raises(NetworkError, match=r"\(3, 3\), analytic of \(2, 3\)"):
        compare_jacobians(lambda q: np.ones((len(q), 3, 3)), two, q)
    with pytest.raises(NetworkError, match=r"learned: gives shape \(4, 2, 5\)"):
        compare_jacobians(lambda q: np.ones((len(q), 2, 5)), two, q)
    with pytest.raises(NetworkError, match="analytic: is not finite at q"):
        compare_jacobians(two, lambda q: two(q) * np.nan, q)
    with pytest.raises(NetworkError, match=r"compare_jacobians\.q: has shape"):
        compare_jacobians(two, two, np.zeros(3))
    with pytest.raises(NetworkError, match="2 numbers above 0"):
        compare_jacobians(two, two, q, weights=np.array([1.0, -1.0]))
