"""M, C and the gradient of the dynamics by both ways to take wrenches to other joints."""

import numpy as np
import pytest

import arms
from arms.equations import pairs
from arms.equations.derive import derive_steps
from arms.machine.python_function import python_function
from arms.model.chain import Chain, Inertia, Joint, Link, Mimic, Pose
from arms.model.terms import Request

BLOCK = Inertia(2.0, (0.1, -0.05, 0.2), (0.04, 0.003, -0.002, 0.05, 0.001, 0.06))


@pytest.fixture(scope="module")
def branching():
    """Turns and slides on slanted axes, and a branch that follows one of them."""
    at = [Pose((0.2, 0.1, 0.3 * k), (0.4, -0.7 * k, 1.1)) for k in range(4)]
    joints = (
        Joint("j1", "prismatic", "base", "a", at[1], (0.0, 0.6, 0.8)),
        Joint("j2", "revolute", "a", "b", at[2], (0.0, 0.0, 1.0)),
        Joint("j3", "revolute", "b", "side", at[3], mimic=Mimic("j2", -0.7, 0.2)),
        Joint("j4", "prismatic", "b", "c", at[0], (0.6, 0.8, 0.0)),
        Joint("j5", "revolute", "c", "d", at[2], (0.0, 0.6, 0.8)),
    )
    links = (Link("base"), *(Link(joint.child, BLOCK) for joint in joints))
    return arms.Arm(Chain("branching", "base", "d", links, joints))


@pytest.mark.parametrize("terms", [("M", "C", "tau_q"), ("J", "M", "g")])
def test_both_ways_give_the_same_numbers(branching, terms, monkeypatch, rng):
    """To 1e-12 of the largest entry."""
    request = Request(terms)
    state = rng.normal(size=(3, branching.dof)).tolist()
    found = []
    for cheaper in (False, True):
        monkeypatch.setattr(pairs, "_in_base_is_cheaper", lambda *_, cheaper=cheaper: cheaper)
        steps = derive_steps(branching._bodies, request)
        out = [0.0] * len(steps.results)
        python_function(steps)(*state, out)
        found.append(out)
    np.testing.assert_allclose(*found, atol=1e-12 * np.abs(found).max(), rtol=0)
    assert found[0] != found[1]
