"""What control laws refuse, and what they do where the arm is singular."""

import numpy as np
import pytest
from law_equations import HOME, LAWS, SIX, TILT, references

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import (
    Admittance,
    ComputedTorque,
    Floating,
    HybridForce,
    Impedance,
    JointLimits,
    JointPD,
    Manipulability,
    ObstacleAvoidance,
    OperationalSpace,
    ParallelForce,
    Posture,
    Sliding,
)
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ArmError, ConfigurationError, SimulationError


def climbing(arm):
    return OperationalSpace(HOME, secondary=[Manipulability(arm)])


def keeping_off(arm):
    return OperationalSpace(
        HOME, secondary=[ObstacleAvoidance(arm, [("tool", (0, 0, 0))], np.ones((1, 4)))]
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: ComputedTorque(kp=np.ones((3, 2))), r"ComputedTorque.kp: has shape \(3, 2\)"),
        (lambda arm: ComputedTorque(kv=-np.ones(7)), "ComputedTorque.kv: has value -1"),
        (lambda arm: Sliding(K=np.array([[1.0, 2], [0, 1]])), "Sliding.K: is not symmetric"),
        (lambda arm: Sliding(slope=np.diag([1.0, -1])), "Sliding.slope: has eigenvalue -1"),
        (lambda arm: Sliding(boundary=0.0), "Sliding.boundary: is 0.0, needs a number above 0"),
        (lambda arm: Floating(kv="much"), "Floating.kv: is much"),
        (
            lambda arm: OperationalSpace(HOME, kp=np.ones(4)),
            r"OperationalSpace.kp: has shape \(4,\), needs a number, \(3,\) or \(3, 3\)",
        ),
        (lambda arm: OperationalSpace(HOME, inertia_max=0.0), "OperationalSpace.inertia_max"),
        (lambda arm: Impedance(HOME, inertia=0.0), "Impedance.inertia: is 0.0"),
        (lambda arm: Impedance(HOME, rows=(1, 1)), r"Impedance.rows: is \(1, 1\)"),
        (lambda arm: HybridForce(HOME, axes=(4,)), r"HybridForce.axes: is \(4,\)"),
        (lambda arm: HybridForce(HOME, frame=np.ones((3, 3))), "HybridForce.frame"),
        (lambda arm: HybridForce(HOME, (0, 2), frame=TILT), r"HybridForce.rows: is \(0, 2\)"),
        (lambda arm: ParallelForce(HOME, dt=0.0), "ParallelForce.dt"),
        (lambda arm: ParallelForce(HOME, windup=(1.0, -1.0)), "ParallelForce.windup"),
        (lambda arm: Admittance(JointPD()), "Admittance.inner"),
        (lambda arm: Admittance(OperationalSpace(HOME), rows=(5,)), r"Admittance.rows: is \(5,\)"),
        (lambda arm: Posture(HOME, k=np.ones(3)), r"Posture.k: has shape \(3,\)"),
        (lambda arm: JointLimits(np.ones(7), np.ones(7)), "JointLimits.lower: is 1.0 at joint 0"),
        (lambda arm: ObstacleAvoidance(arm, [], np.ones((1, 4))), "ObstacleAvoidance.points"),
        (
            lambda arm: ObstacleAvoidance(arm, [("tool", (0, 0, 0))], np.ones((2, 3))),
            r"ObstacleAvoidance.spheres: has shape \(2, 3\)",
        ),
        (lambda arm: Manipulability(arm, rows=(6,)), r"Manipulability.rows: is \(6,\)"),
        (lambda arm: CompiledController(arm, JointPD(np.ones(3))), r"JointPD.kp: has shape \(3,\)"),
        (lambda arm: CompiledController(arm, "nothing"), "no compiled form of nothing"),
        (
            lambda arm: CompiledController(arm, OperationalSpace(np.zeros(3))),
            "Posture.posture: has 3 values, needs 7",
        ),
        (
            lambda arm: CompiledController(arm, climbing(arms.load("ur5"))),
            r"Manipulability.arm: is 'ur5' with 6 joints, needs the controlled arm, with 7",
        ),
        (
            lambda arm: CompiledController(arm, keeping_off(arms.load("planar2"))),
            r"ObstacleAvoidance.arm: is 'planar2' with 2 joints, needs the controlled arm, with 7",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(iiwa, make, message):
    """The message names the field, what it is and what it needs."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)


def test_a_frame_that_the_arm_lacks_is_refused(iiwa):
    """The message lists those that there are."""
    with pytest.raises(ArmError, match="has no frame 'elbow'; frames: "):
        ObstacleAvoidance(iiwa, [("elbow", (0, 0, 0))], np.ones((1, 4)))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("pose", {"R": None}, "R"),
        ("pose", {"R": np.ones(3)}, "R"),
        ("position", {"x": np.zeros(7)}, "x"),
        ("joint pd", {"x": np.zeros(3)}, "x"),
        ("hybrid", {"wrench": np.zeros(3)}, "wrench"),
        ("hybrid", {"wrench": np.full(6, np.nan)}, "wrench"),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_reference_that_does_not_fit_gives_no_torque(iiwa, name, change, message, compiled):
    """The message names what does not fit; what the law remembers stays as it was."""
    law = LAWS[name](iiwa)
    cycle = CompiledController(iiwa, law) if compiled else Blocks(iiwa, law, NoAdaptation())
    state, tool, joints = next(references(iiwa, 1))
    reference = joints if isinstance(law, JointSpace) else tool
    with pytest.raises(SimulationError, match=message):
        cycle.step(state, reference._replace(**change))
    if name == "hybrid":
        assert not any(memory.any() for memory in cycle.controller.memory.values())


@pytest.mark.parametrize("compiled", [False, True])
def test_a_force_law_needs_a_force(iiwa, compiled):
    """Without a sensor's wrench, or with one that is not finite, it says so and stays as it was."""
    state, tool, _ = next(references(iiwa, 1))
    for name in ("hybrid", "parallel", "impedance, shaped", "admittance"):
        law = LAWS[name](iiwa)
        cycle = CompiledController(iiwa, law) if compiled else Blocks(iiwa, law, NoAdaptation())
        for wrench in (None, np.full(6, np.nan), np.zeros(3)):
            with pytest.raises(SimulationError, match="wrench"):
                cycle.step(state._replace(wrench=wrench), tool)
        assert not any(memory.any() for memory in cycle.controller.memory.values())


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("q4", [0.0, 1e-8, 1e-3, 0.02, 0.1])
def test_near_a_singularity_the_torque_is_bounded_and_it_is_said(iiwa, compiled, q4):
    """With the elbow almost straight the torque for 1 cm along the arm is moderate, and said so."""
    q = np.array([0.0, 0.4, 0.0, -q4, 0.0, 0.0, 0.0])
    law = OperationalSpace(q, SIX, damping=0.0, secondary=(Manipulability(iiwa, rows=SIX),))
    cycle = CompiledController(iiwa, law) if compiled else Blocks(iiwa, law, NoAdaptation())
    pose = iiwa.pose(q)
    along = pose[:3, 2]
    reference = Reference(pose[:3, 3] - 0.01 * along, np.zeros(3), np.zeros(3), pose[:3, :3])
    result = cycle.step(State(0.0, q, np.zeros(7)), reference)
    assert np.abs(result.tau - iiwa.gravity(q)).max() < 40.0
    assert 0.0 < result.singularity <= 1.0
    if q4 < 1e-6:
        assert result.singularity == pytest.approx(1.0, abs=1e-3)


def test_away_from_singularities_nothing_is_damped(iiwa):
    """In its posture the arm is not singular, and the record says so."""
    state, pose = State(0.0, HOME, np.zeros(7)), iiwa.pose(HOME)
    reference = Reference(pose[:3, 3], np.zeros(3), np.zeros(3), pose[:3, :3])
    assert CompiledController(iiwa, LAWS["pose"](iiwa)).step(state, reference).singularity == 0.0


def test_inputs_that_cannot_be_read_are_an_error(iiwa, monkeypatch):
    """Not a torque from the inputs of the last cycle."""
    bound = JointPD().bind(iiwa)
    state, reference = State(0.5, HOME, np.zeros(7)), Reference(*np.zeros((3, 7)))
    terms = iiwa.terms(state.q, state.dq)
    bound.torque(terms, state, reference)

    def write(*parts):
        raise ValueError("too many values to unpack")

    monkeypatch.setattr(bound.inputs, "_write", write)
    with pytest.raises(SimulationError, match=r"inputs at 0.500 s: cannot be read; JointPD needs"):
        bound.torque(terms, state, reference)
