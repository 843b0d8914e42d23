"""Limits and stops of a controller as a C library: those of Python, to the last bit."""

import math
from contextlib import contextmanager

import numpy as np
import pytest
from c_controller import COMPILER, RUNS, InC
from collision_samples import ball_and_floor
from export_world import DT, path_of

import arms
from nengo_forcectl import (
    CompiledController,
    Impedance,
    JointPD,
    Limits,
    Reference,
    Safe,
    State,
    learning_cycle,
    load_controller,
)
from nengo_forcectl.control import CollisionAvoidance
from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.export import export_library
from nengo_forcectl.networks import home_posture
from nengo_forcectl.safety import Clearance

pytestmark = pytest.mark.skipif(
    COMPILER is None or not RUNS,
    reason="there is no C compiler, or this is another processor than the libraries are for",
)


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar3")


def faulty(state, reference, rng):
    """A state and a reference that may be wrong in one of many ways."""
    fault = rng.integers(200)
    q, dq = state.q.copy(), state.dq.copy()
    if fault == 0:
        return state._replace(q=np.full_like(q, math.nan)), reference
    if fault == 1:
        return state._replace(time=state.time - 5 * DT), reference
    if fault == 2:
        return state._replace(time=math.nan), reference
    if fault == 3:
        return state._replace(q=q + 0.2), reference
    if fault == 4:
        return state, reference._replace(x=np.full_like(reference.x, math.nan))
    if fault == 6 and state.wrench is not None:
        return state._replace(wrench=None), reference
    if fault == 7 and state.wrench is not None:
        return state, reference._replace(wrench=np.full(6, 100.0))
    if fault == 5:
        return state._replace(dq=-8.0 * dq), reference
    if fault < 20:
        return state._replace(time=state.time + 2 * DT), reference
    if fault < 30:
        return state._replace(sound=False), reference
    if fault < 40 and state.wrench is not None:
        return state._replace(wrench=state.wrench + 60.0), reference
    return state, reference._replace(x=reference.x + rng.normal(0, 0.002, len(reference.x)))


STOPS = {
    "joints": {1, 2, 6, 7, 9},
    "tool": {1, 2, 4, 5, 6, 8, 9, 11},
    "structured": {1, 2, 3, 6, 9, 12},
    "late": {1, 2, 3, 6, 9, 12},
    "consolidation": {1, 2, 3, 6, 9, 12},
    "spiking": {1, 2, 3, 6, 9, 12},
}
"""Codes of the stops that the faults lead to."""


@contextmanager
def controller_of(arm, which):
    """A controller of each exportable kind, with the size of its references."""
    home = home_posture(arm)
    options = {
        "structured": {},
        "late": {"delay": 0.003},
        "consolidation": {"neurons": 50},
        "spiking": {"neurons": 50, "neuron_type": "lif"},
    }
    if which == "joints":
        bare = Limits.of(arm, overruled=0.05, rate=20.0)
        yield Safe(CompiledController(arm, JointPD()), arm, bare, DT), arm.dof
    elif which == "tool":
        box = np.array([-0.2, -0.2, -1.0]), np.array([0.2, 0.2, 1.0])
        tool = arm.pose(home)[:3, 3]
        limits = Limits.of(
            arm, lower=tuple(tool + box[0]), upper=tuple(tool + box[1]), force=(30.0, 30.0)
        )
        task = CompiledController(arm, Impedance(home, rows=(0, 1)))
        yield Safe(task, arm, limits, DT), 3
    else:
        make = learning_cycle if which in ("structured", "late") else consolidating_cycle
        with make(arm, home, seed=0, dt=DT, **options[which]) as cycle:
            yield cycle, 3


@pytest.mark.filterwarnings("ignore:learning ends while limits act")
@pytest.mark.filterwarnings("ignore:100 states in sequence")
@pytest.mark.parametrize("which", STOPS)
def test_limits_and_stops_are_those_of_safe(arm, which, tmp_path):
    """The same torques, counts and stops for states and references of every kind of fault."""
    with controller_of(arm, which) as (original, k):
        folder = export_library(original, tmp_path / "mine")
    python, c, rng = load_controller(folder), InC(folder, arm.dof, k), np.random.default_rng(1)
    path, home, reasons = path_of(arm), home_posture(arm), set()
    q, dq, last = home.copy(), np.zeros(arm.dof), State(0.0, home, home)
    for step in range(4000):
        wrench = rng.normal(0, 1, 6) if which == "tool" else None
        state = State(step * DT, q.copy(), dq.copy(), wrench=wrench)
        reference = path.at(state.time)
        if k == arm.dof and which == "joints":
            reference = Reference(home + 0.2 * np.sin(state.time), np.zeros(k), np.zeros(k))
        state, reference = faulty(state, reference, rng)
        if step % 700 > 670:  # frozen sensors
            state = state._replace(q=last.q, dq=last.dq)
        if step % 900 > 893:  # a clock that stands still
            state = state._replace(time=last.time)
        last = state
        wanted = python.step(state, reference).tau
        tau, code = c.step(state, reference)
        np.testing.assert_array_equal(tau, wanted, err_msg=f"cycle {step}, {python.stopped}")
        assert (code == 0) == (python.stopped is None), (step, python.stopped)
        reasons.add(code)
        terms = arm.terms(q, dq)
        dq = dq + DT * np.linalg.solve(terms.M, wanted - terms.C @ dq - terms.g - 0.5 * dq)
        q = q + DT * dq
        if python.stopped is not None and rng.integers(20) == 0:
            python.reset()
            c.reset()
        if rng.integers(300) == 0:
            mode = int(rng.integers(3))
            python.learn((False, True, "hold")[mode])
            c.learn(mode)
            assert c.events == list(python.events.values())
    assert reasons >= STOPS[which]


@pytest.mark.filterwarnings("ignore:the limit of")
def test_links_are_kept_apart_as_python_keeps_them(tmp_path):
    """Clearance and collision avoidance, of a loaded controller and in C; links in touch stop."""
    pairs = ball_and_floor()
    arm, home = pairs.arm, home_posture(pairs.arm)
    law = Impedance(home, rows=(0, 1), secondary=(CollisionAvoidance(pairs, margin=0.3),))
    limits = Limits.of(arm, clearance=Clearance(pairs, distance=0.02))
    folder = export_library(Safe(CompiledController(arm, law), arm, limits, DT), tmp_path / "mine")
    own = Safe(CompiledController(arm, law), arm, limits, DT)
    python, c = load_controller(folder), InC(folder, arm.dof, 3)
    q, dq, ball = home.copy(), np.zeros(arm.dof), np.array([0.75, -0.35, 0.0])
    reference = Reference(ball, np.zeros(3), np.zeros(3))
    for step in range(3000):
        state = State(step * DT, q.copy(), dq.copy())
        wanted = own.step(state, reference).tau
        np.testing.assert_array_equal(python.step(state, reference).tau, wanted)
        tau, code = c.step(state, reference)
        np.testing.assert_array_equal(tau, wanted)
        terms = arm.terms(q, dq)
        dq = dq + DT * np.linalg.solve(terms.M, wanted - terms.C @ dq - terms.g)
        q = q + DT * dq
    assert code == 0
    assert c.events == list(python.events.values()) == list(own.events.values())
    assert own.events["clearance"] > 100
    inside = next(each for each in sampled(arm) if pairs.distances(each).distance.min() < -0.02)
    state = State(10.0, inside, np.zeros(arm.dof))
    for each in (own, python, c):
        each.reset()
    own.step(state, reference)
    assert "touches" in str(own.stopped)
    python.step(state, reference)
    assert python.stopped == own.stopped
    assert c.text("reason", c.step(state, reference)[1]).startswith("links are in touch")


def sampled(arm):
    rng = np.random.default_rng(0)
    while True:
        yield rng.uniform(np.maximum(arm.q_lower, -3.0), np.minimum(arm.q_upper, 3.0))
