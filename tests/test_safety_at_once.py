"""`Safe` done in the one call of a compiled cycle, against `Safe` around any cycle."""

from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np
import pytest
from law_equations import HOME, LAWS, turn
from plain_network import network_and_law

from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import JointPD, OperationalSpace
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.cycle.compiled_learning import CompiledCycle, CompiledGradientCycle
from nengo_forcectl.cycle.consolidating_learner import consolidating_cycle
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits

DT, CYCLES = 1e-3, 1000


class Hidden:
    """A compiled cycle of which `Safe` does not see that it is one."""

    def __init__(self, cycle):
        self.dof, self.step, self.learn = cycle.dof, cycle.step, cycle.learn
        self.overruled = getattr(cycle, "overruled", lambda tau: None)
        self.forget_motion = cycle.forget_motion
        self.learns_from_sent = cycle.learns_from_sent


@contextmanager
def consolidating(arm):
    with consolidating_cycle(arm, HOME, seed=0, neurons=60) as safe:
        yield safe.cycle, safe.cycle.checkpoint


@contextmanager
def gradient(arm):
    network = adaptive_network(14, 7, 60, seed=0)
    with simulator(network, dt=DT) as sim:
        law = Gradient(0.2, sigma=0.02, bound=1e3)
        closed = ClosedFormNetwork(sim, network.probe, law)
        yield CompiledGradientCycle(arm, OperationalSpace(HOME), closed), closed.read


@contextmanager
def without_learning(arm, name):
    cycle = CompiledController(arm, LAWS[name](arm))
    yield cycle, cycle.checkpoint


@contextmanager
def feeling(arm, name):
    network, learns = network_and_law(arm, HOME)
    cycle = CompiledCycle.of_arrays(arm, LAWS[name](arm), network, learns, DT)
    yield cycle, cycle.checkpoint


FEELING = {
    f"{name} and consolidation": partial(feeling, name=name) for name in ("hybrid", "sliding")
}
LEARNING = FEELING | {
    "consolidating": consolidating,
    "gradient": gradient,
}


def made(arm, name):
    """A context of a cycle and a function that says what it remembers."""
    return LEARNING[name](arm) if name in LEARNING else without_learning(arm, name)


def sensed(k, state, before):
    """What the sensors make of the state in cycle ``k``; ``before`` is what they said last."""
    if 200 <= k < 206:
        return before
    if 300 < k < 330:
        return before._replace(time=state.time)
    if k in (400, 801):
        return state._replace(q=np.full(7, np.nan))
    if 560 <= k < 565:
        return state._replace(q=state.q.tolist())
    if k == 650:
        return state._replace(time=before.time - 5e-3)
    if k == 660:
        return state._replace(time=np.nan)
    if k == 700:
        return state._replace(dq=np.full(7, 1e3))
    return state._replace(sound=k not in range(600, 640, 7))


def wanted(k, arm, name):
    """The reference in cycle ``k``: it leaps from one side to the other."""
    pose, still = arm.pose(HOME), np.zeros(3)
    side, still_joints = k // 150 % 2, np.zeros(7)
    law = LAWS.get(name.removesuffix(" and consolidation"))
    if law is not None and isinstance(law(arm), JointSpace):
        reference = Reference(HOME + (1.5 if side else -1.5), still_joints, still_joints)
    else:
        x = pose[:3, 3] + (0.4 if side else -0.3)
        R = turn([1.0, 0, 0], 2.0 if side else -2.0) @ pose[:3, :3]
        reference = Reference(x, still, still, R, still, still, np.zeros(6))
    if k in (450, 801):
        return reference._replace(x=reference.x * np.nan)
    if k == 500:
        return reference._replace(x=np.zeros(4))
    return reference._replace(dx=still.tolist()) if k == 570 else reference


def limits_of(arm):
    """The arm's limits and a box for the tool, wide enough for joint limits to be met as well."""
    x = arm.pose(HOME)[:3, 3]
    return Limits.of(arm, torque_margin=0.6, lower=tuple(x - 0.35), upper=tuple(x + 0.25))


@pytest.mark.parametrize("name", [*LAWS, *LEARNING])
def test_one_call_is_the_layer_around_the_cycle(iiwa, name):
    """Torques, tool, events, reasons to stop and memory of a run in which all goes wrong.

    Limits of all kinds; states that are frozen, late, not finite, too fast, or lists; torques that
    are not finite; stops and resets.
    """
    rng, limits = np.random.default_rng(0), limits_of(iiwa)
    reasons = set()
    with ExitStack() as stack:
        (one, memory), (other, other_memory) = (
            stack.enter_context(made(iiwa, name)) for _ in range(2)
        )
        at_once, apart = Safe(one, one.arm, limits), Safe(Hidden(other), other.arm, limits)
        assert at_once._fused
        q, dq, time, state = HOME.copy(), np.zeros(7), 0.0, None
        for k in range(CYCLES):
            time += 10 * DT if k == 680 else DT
            push = rng.normal(size=6) if name in LAWS or name in FEELING else None
            state = sensed(k, State(time, q.copy(), dq.copy(), wrench=push), state)
            reference = wanted(k, iiwa, name)
            results = []
            for safe in (at_once, apart):
                if k == 750:
                    safe.stop("told to")
                if k % 50 == 40:
                    safe.reset()
                results.append(safe.step(state, reference))
            ours, theirs = results
            assert (at_once.events, at_once.stopped) == (apart.events, apart.stopped), k
            for field in ("tau", "feedforward", "tool", "singularity"):
                value, expected = getattr(ours, field), getattr(theirs, field)
                np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12, err_msg=k)
            reasons.add((at_once.stopped or "").split(" at ")[0].split(" for ")[0])
            dq = dq + DT * iiwa.forward_dynamics(q, dq, ours.tau)
            q = q + DT * dq
        for key, value in memory().items():
            assert np.isfinite(value).all(), key
            np.testing.assert_allclose(value, other_memory()[key], rtol=1e-9, atol=1e-9)
    assert {"", "told to", "no new state"} <= reasons
    if name != "floating":  # it goes nowhere
        met = {limit for limit, count in at_once.events.items() if count}
        assert {"velocity", "stop"} < met
        assert {"state", "the same state"} <= reasons


@pytest.mark.parametrize("name", ["position", "hybrid", "joint pd"])
def test_one_call_takes_the_wrench_of_a_cycle_that_learns(iiwa, name):
    """With a wrist sensor, too, `Safe` calls no step beside its own."""
    with feeling(iiwa, name) as (cycle, _):
        safe, state = Safe(cycle, iiwa), State(0.0, HOME, np.zeros(7), wrench=np.zeros(6))
        cycle.step = None
        tau = safe.step(state, wanted(0, iiwa, name)).tau
    assert safe.stopped is None
    assert np.abs(tau).max() > 1.0


def test_a_cycle_with_a_step_of_its_own_is_asked_for_it(iiwa):
    """A subclass that overrides ``step``, or another arm: `Safe` calls that step."""

    class Halved(CompiledController):
        def step(self, state, reference):
            result = super().step(state, reference)
            return result._replace(tau=0.5 * result.tau)

    still, reference = np.zeros(7), Reference(HOME, np.zeros(7), np.zeros(7))
    state = State(0.0, HOME, still)
    half = Safe(Halved(iiwa, JointPD()), iiwa).step(state, reference).tau
    np.testing.assert_allclose(half, 0.5 * iiwa.gravity(HOME), atol=1e-9)
    loaded = iiwa.with_payload(1.0)
    safe = Safe(CompiledController(iiwa, JointPD()), loaded)
    np.testing.assert_allclose(safe.step(state, reference).tau, iiwa.gravity(HOME), atol=1e-9)
