"""`CollisionAvoidance`: links pushed apart in the null space of a law of the tool."""

import numpy as np
import pytest
from collision_samples import ball_and_floor, free_posture, iiwa_at_a_table, own_links
from law_equations import HOME

from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import CollisionAvoidance, Damping, OperationalSpace
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ConfigurationError


def slope_of(pairs, q, margin, k):
    """Minus the slope of ``k margin ((d - margin) - margin log(d / margin))``, summed over pairs.

    By central differences of the distances, which test_arms_collision.py compares with coal's.
    """

    def potential(at):
        d = pairs.distances(at).distance
        d = np.minimum(d, margin)
        return (-k * margin * ((d - margin) - margin * np.log(d / margin))).sum(axis=-1)

    h = 1e-6 * np.eye(len(q))
    return (potential(q + h) - potential(q - h)) / 2e-6


@pytest.mark.parametrize("scene", [own_links, ball_and_floor, iiwa_at_a_table])
def test_the_torque_is_the_slope_of_a_potential_of_the_distances(scene, rng):
    """At random postures, in which some pairs are near."""
    pairs, pushed = scene(), 0
    task = CollisionAvoidance(pairs, margin=0.3, k=200.0)
    for _ in range(20):
        q = free_posture(pairs, rng, 0.02)
        state = State(0.0, q, np.zeros(len(q)))
        tau = task.torque(pairs.arm.terms(q, state.dq), state)
        np.testing.assert_allclose(tau, slope_of(pairs, q, 0.3, 200.0), atol=1e-4, rtol=1e-6)
        pushed += np.abs(tau).max() > 1.0
    assert pushed > 5


def test_a_redundant_arm_moves_out_of_the_way_of_its_tool(iiwa):
    """The closest pair parts from 10 to 40 mm, and the tool stays where it is."""
    pairs = iiwa_at_a_table()
    start, near = HOME.copy(), pairs.names.index(("lbr_iiwa_link_5", "ball"))
    for _ in range(200):
        distance, J = pairs.distances(start)
        start = start - 0.2 * (distance[near] - 0.01) * J[near] / (J[near] @ J[near])
    target = Reference(iiwa.pose(start)[:3, 3], np.zeros(3), np.zeros(3))
    tasks = CollisionAvoidance(pairs, margin=0.1, k=2000.0), Damping(20.0)
    law = OperationalSpace(start, k_null=0.0, secondary=tasks)
    cycle, q, dq = CompiledController(iiwa, law), start, np.zeros(7)
    for k in range(1500):
        tau = cycle.step(State(1e-3 * k, q, dq), target).tau
        dq = dq + 1e-3 * iiwa.forward_dynamics(q, dq, tau)
        q = q + 1e-3 * dq
    before, after = (pairs.distances(each).distance.min() for each in (start, q))
    assert before < 0.011
    assert after > 0.04
    assert np.linalg.norm(iiwa.pose(q)[:3, 3] - target.x) < 1e-3


def test_what_makes_no_sense_is_refused(iiwa):
    """Another arm, no pairs, gains that are none; and an export."""
    pairs = own_links()
    with pytest.raises(
        ConfigurationError, match=r"CollisionAvoidance.pairs: are of arm 'planar3' with 3"
    ):
        CompiledController(iiwa, OperationalSpace(HOME, secondary=(CollisionAvoidance(pairs),)))
    with pytest.raises(ConfigurationError, match=r"CollisionAvoidance.pairs: is None, needs"):
        CollisionAvoidance(None)
    with pytest.raises(ConfigurationError, match=r"CollisionAvoidance.margin: is 0"):
        CollisionAvoidance(pairs, margin=0.0)
