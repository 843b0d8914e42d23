"""The integrals of control laws while limits change their torque, with and without a learner."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from law_equations import HOME, LAWS
from test_cycle_laws import blocks, compiled

from nengo_forcectl.adaptation import IntegralAction, NoAdaptation
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits

DT = 1e-3
INTEGRATES = [name for name in ("joint pid", "hybrid", "parallel", "admittance") if name in LAWS]
CYCLES = {
    "compiled": lambda arm, law: CompiledController(arm, law),
    "blocks": lambda arm, law: Blocks(arm, law, NoAdaptation()),
    "compiled and learning": compiled,
    "blocks and learning": blocks,
}


def prescribed(k):
    """A state on a slow motion, and a push."""
    s, ds = np.sin(DT * k), np.cos(DT * k)
    push = np.array([3.0, -2.0, 8.0, 0.1, 0.2, -0.1]) * (1.0 + 0.01 * k)
    return State(DT * k, HOME + 0.1 * s, np.full(7, 0.1 * ds), wrench=push)


def with_motors(arm, effort):
    """The arm with this torque limit [N m] at every joint."""
    joints = tuple(replace(joint, effort=effort) for joint in arm.chain.joints)
    return type(arm)(replace(arm.chain, joints=joints))


def integral_of(arm, name, make):
    """What a law remembers after 300 prescribed states, and the cycles that were overruled.

    A limit of the torque's rate that no torque keeps acts up to cycle 150, and no limit after it.
    """
    arm = with_motors(arm, 1e6)
    free = {"dq_max": np.full(7, np.inf), "braking": np.full(7, 1e9), "rate": 1e-9}
    safe = Safe(make(arm, LAWS[name](arm)), arm, Limits.of(arm, **free))
    pose, still = arm.pose(HOME), np.zeros(3)
    reference = Reference(pose[:3, 3], still, still, pose[:3, :3], wrench=np.full(6, -1.0))
    if isinstance(LAWS[name](arm), JointSpace):
        reference = Reference(HOME, np.zeros(7), np.zeros(7))
    overruled = []
    for k in range(300):
        if k == 150:
            safe._guard["tau_step"][:] = np.inf
        before = dict(safe.events)
        safe.step(prescribed(k), reference)
        overruled.append(safe.events != before)
    assert safe.stopped is None
    memory = safe.cycle.controller.memory
    return np.concatenate([np.ravel(value) for value in memory.values()]), np.array(overruled)


def test_every_law_that_remembers_is_tested(iiwa):
    """A law with memory of its own is in the list."""
    memory = {
        name: CompiledController(iiwa, law(iiwa)).controller.memory for name, law in LAWS.items()
    }
    remembers = {
        name for name in LAWS if any(not each.endswith(".withheld") for each in memory[name])
    }
    assert remembers == set(INTEGRATES)


@pytest.mark.parametrize("name", INTEGRATES)
def test_no_law_integrates_while_a_limit_changes_its_torque(iiwa, name):
    """On the same states every cycle has the same integral, with a learner or without."""
    results = {kind: integral_of(iiwa, name, make) for kind, make in CYCLES.items()}
    expected, overruled = results["compiled"]
    assert overruled[1:150].all()
    assert not overruled[150:].any()
    assert np.abs(expected).max() > 1e-4
    for kind, (value, also) in results.items():
        np.testing.assert_array_equal(also, overruled, err_msg=kind)
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12, err_msg=kind)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "alone"])
@pytest.mark.parametrize("kind", CYCLES)
def test_no_law_integrates_while_its_motors_are_at_their_limits(iiwa, kind, guarded):
    """Motors too weak to hold the arm: the integral takes its first step alone; it is counted."""
    weak = with_motors(iiwa, 1e-3)
    free = {"dq_max": np.full(7, np.inf), "braking": np.full(7, 1e9)}
    cycle = CYCLES[kind](weak, LAWS["joint pid"](weak))
    safe = Safe(cycle, weak, Limits.of(weak, **free)) if guarded else cycle
    reference, memory = Reference(HOME + 0.5, np.zeros(7), np.zeros(7)), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of limits that act often
        for k in range(30):
            safe.step(prescribed(k), reference)
            memory.append(next(iter(cycle.controller.memory.values())).copy())
    assert np.abs(memory[0]).max() > 1e-4
    np.testing.assert_array_equal(memory[-1], memory[0])
    if isinstance(safe, Safe):
        assert safe.events["torque"] == 30


def test_an_integral_action_does_not_integrate_while_a_limit_changes_its_torque(iiwa):
    """Its integral is that of the first cycle alone."""
    action = IntegralAction((0, 1, 2), 1000.0, DT)
    safe = Safe(Blocks(iiwa, OperationalSpace(HOME), action), iiwa, Limits.of(iiwa, rate=1e-9))
    x, still = iiwa.pose(HOME)[:3, 3] + 0.1, np.zeros(3)
    for k in range(100):
        safe.step(State(DT * k, HOME + 1e-9 * k, np.zeros(7)), Reference(x, still, still))
    assert safe.events["rate"] == 99
    np.testing.assert_allclose(action._sum, DT * 0.1, rtol=1e-6)
