import numpy as np
import pytest
from machine_code import check_no_allocation

import arms
from nengo_forcectl.kernels import parts
from nengo_forcectl.kernels.block import Block
from nengo_forcectl.kernels.carried_body import (
    add_body,
    body_columns,
    locate_body,
    momentum_columns,
)
from nengo_forcectl.kernels.layout.body_fields import BODY

MASS, COM = 2.0, np.array([0.1, -0.05, 0.2])
INERTIA = np.array([[0.03, 0.002, -0.001], [0.002, 0.04, 0.003], [-0.001, 0.003, 0.05]])
ABOUT = INERTIA + MASS * (COM @ COM * np.eye(3) - np.outer(COM, COM))
PLACES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
THETA = np.array([MASS, *(MASS * COM), *(ABOUT[place] for place in PLACES)])


def tilted():
    """An iiwa on a wall with a tool, so that no axis is special."""
    arm, (x, y, z) = arms.load("kuka_iiwa"), np.array([2.0, -1.0, 2.0]) / 3
    angle = 0.7
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    T = np.eye(4)
    T[:3, :3] += np.sin(angle) * K + (1 - np.cos(angle)) * K @ K
    T[:3, 3] = 0.1, 0.2, 0.3
    return arm.with_base(T).with_gravity([1.0, 2.0, -9.0]).with_tool(T)


@pytest.fixture(scope="module", params=["tilted", "planar3"])
def case(request):
    """An arm, the arm with the load, a state, their terms, and the body's block."""
    arm = tilted() if request.param == "tilted" else arms.load(request.param)
    loaded = arm.with_payload(MASS, COM, INERTIA)
    state = np.random.default_rng(3).normal(size=(3, arm.dof))
    terms, with_load = arm.terms(*state[:2]), loaded.terms(*state[:2])
    body = Block(BODY, {"n": arm.dof}, {"gravity": arm.gravity_vector})
    locate_body(body.address, terms.pose, terms.J, terms.dJ, state[1])
    return arm, loaded, state, terms, with_load, body


def test_the_parameters_are_the_arm_s(case):
    """The payload's ten of `Arm.inertial_parameters`, in their order."""
    arm, loaded, *_ = case
    np.testing.assert_allclose(loaded.inertial_parameters[-10:], THETA, rtol=1e-12)
    np.testing.assert_array_equal(loaded.inertial_parameters[:-10], arm.inertial_parameters)


def test_the_columns_are_those_of_a_payload(case):
    """``Y theta`` is what `with_payload` adds to the inverse dynamics, to 1e-12."""
    arm, loaded, state, *_, body = case
    Y = np.full((arm.dof, 10), np.nan)
    body_columns(body.address, state[2], Y)
    added = loaded.inverse_dynamics(*state) - arm.inverse_dynamics(*state)
    np.testing.assert_allclose(Y @ THETA, added, rtol=0, atol=1e-12 * np.abs(added).max())
    np.testing.assert_allclose(Y, loaded.regressor(*state)[:, -10:], rtol=1e-9, atol=1e-12)


def test_the_momentum_columns_are_those_of_the_observer(case):
    """p is M dq and b is C^T dq - g, of the payload alone, to 1e-12."""
    arm, _, (_, dq, _), terms, loaded, body = case
    p, b = np.full((2, arm.dof, 10), np.nan)
    momentum_columns(body.address, p, b)
    np.testing.assert_allclose(p @ THETA, (loaded.M - terms.M) @ dq, rtol=0, atol=1e-12)
    bias = (loaded.C - terms.C).T @ dq - (loaded.g - terms.g)
    np.testing.assert_allclose(b @ THETA, bias, rtol=0, atol=1e-12 * np.abs(bias).max())


def test_a_body_is_added_to_the_model(case):
    """M, C dq, C^T dq and g become those of the arm with the payload, to 1e-12."""
    _, _, (_, dq, _), terms, loaded, body = case
    M, C, g = terms.M.copy(), terms.C.copy(), terms.g.copy()
    add_body(body.address, THETA, M, C, g)
    close = {"rtol": 0, "atol": 1e-12 * np.abs(loaded.g).max()}
    np.testing.assert_allclose(M, loaded.M, **close)
    np.testing.assert_array_equal(M - terms.M, (M - terms.M).T)
    np.testing.assert_allclose(C @ dq, loaded.C @ dq, **close)
    np.testing.assert_allclose(C.T @ dq, loaded.C.T @ dq, **close)
    np.testing.assert_allclose(g, loaded.g, **close)


def test_what_is_added_to_c_keeps_dm_dt_less_2_c_skew_symmetric(case):
    """Then no energy appears from the model's velocity terms."""
    arm, _, (q, dq, _), *_, body = case
    zero = np.zeros((arm.dof, arm.dof))
    C, rate, step = zero.copy(), zero.copy(), 1e-6
    add_body(body.address, THETA, zero.copy(), C, np.zeros(arm.dof))
    for sign in (1.0, -1.0):
        moved = arm.terms(q + sign * step * dq, dq)
        there = Block(BODY, {"n": arm.dof}, {"gravity": arm.gravity_vector})
        locate_body(there.address, moved.pose, moved.J, moved.dJ, dq)
        M = zero.copy()
        add_body(there.address, THETA, M, zero.copy(), np.zeros(arm.dof))
        rate += sign * M / (2 * step)
    skew = rate - 2 * C
    np.testing.assert_allclose(skew, -skew.T, rtol=0, atol=1e-7)


def test_the_kernels_allocate_nothing():
    """So that a C library can hold them: what they are compiled into calls no allocator."""
    check_no_allocation(*parts.ROWS, parts.supply_structured, parts.correct_model)
