"""Every control law against its equation in NumPy and Pinocchio, and its compiled form."""

import numpy as np
import pytest
from arms_reference import Pinocchio
from law_equations import HOME, LAWS, expected, references

import arms
from nengo_forcectl import control
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import (
    Damping,
    HybridForce,
    Impedance,
    JointLimits,
    Manipulability,
    OperationalSpace,
    Secondary,
)
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ConfigurationError


@pytest.mark.parametrize("name", LAWS)
def test_every_law_is_its_equation(iiwa, name):
    """At random states the torque is the law's in NumPy over Pinocchio's terms, to 1e-9.

    Slopes that have to be differences (the secondary tasks' potentials) agree to 1e-6, and so does
    C of the sliding law, from differences of M, to 1e-8.
    """
    law = LAWS[name](iiwa)
    bound = law.bind(iiwa)
    model = Pinocchio(iiwa.to_urdf(), iiwa)
    z = np.zeros(7 if isinstance(law, JointSpace) else len(law.rows))
    moving, withheld = np.zeros((2, 6)), np.zeros(1)
    tolerance = {"with secondary tasks": 1e-6, "sliding": 1e-8}.get(name, 1e-9)
    for state, tool, joints in references(iiwa, 20):
        reference = joints if isinstance(law, JointSpace) else tool
        wanted = expected(law, model, state, reference, z, moving, withheld, iiwa.dq_max)
        tau = bound.torque(iiwa.terms(state.q, state.dq), state, reference).tau
        assert np.abs(tau - wanted).max() < tolerance * max(1.0, np.abs(wanted).max())
    if name in ("hybrid", "parallel", "joint pid"):
        integral = bound.memory[f"{type(law).__name__}.integral"]
        np.testing.assert_allclose(integral, z, atol=1e-12)
        assert np.abs(z).max() > 1e-3


@pytest.mark.parametrize("name", LAWS)
def test_every_law_compiled_is_the_law(iiwa, name):
    """One compiled call gives the blocks' torque to 1e-9 of it, and what the law remembers."""
    law, other = LAWS[name](iiwa), LAWS[name](iiwa)
    fused, blocks = CompiledController(iiwa, law), Blocks(iiwa, other, NoAdaptation())
    for k, (state, tool, joints) in enumerate(references(iiwa, 50)):
        reference = joints if isinstance(law, JointSpace) else tool
        state = state._replace(sound=k % 3 > 0)
        ours, theirs = fused.step(state, reference), blocks.step(state, reference)
        np.testing.assert_allclose(ours.tau, theirs.tau, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(ours.tool, theirs.tool, atol=1e-12)
        assert ours.singularity == pytest.approx(theirs.singularity, abs=1e-9)
    theirs = blocks.controller.memory
    for memory, value in fused.controller.memory.items():
        np.testing.assert_allclose(value, theirs[memory], atol=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_at_rest_on_the_target_every_torque_is_gravity(iiwa, name):
    """At rest, on the target, pressing as hard as is wanted: tau = g - J^T f, to 1e-9.

    Without contact it is g. Secondary tasks leave the tool alone, but not the joints.
    """
    if name == "with secondary tasks":
        law = OperationalSpace(HOME, secondary=(Damping(), JointLimits(iiwa.q_lower, iiwa.q_upper)))
    else:
        law = LAWS[name](iiwa)
    pose, still = iiwa.pose(HOME), np.zeros(3)
    tool = Reference(pose[:3, 3], still, still, pose[:3, :3])
    reference = Reference(HOME, *np.zeros((2, 7))) if isinstance(law, JointSpace) else tool
    state = State(0.0, HOME, np.zeros(7), wrench=np.zeros(6))
    command = law.torque(iiwa.terms(HOME, np.zeros(7)), state, reference)
    for tau in (command.tau, CompiledController(iiwa, law).step(state, reference).tau):
        np.testing.assert_allclose(tau, iiwa.gravity(HOME), rtol=0, atol=1e-9)
    np.testing.assert_allclose(command.error, 0, atol=1e-9)
    np.testing.assert_allclose(command.task_error, 0, atol=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_tells_what_a_learning_law_needs(iiwa, name):
    """The task's error is what the task's torque does to the task, at random states."""
    law = LAWS[name](iiwa)
    for state, tool, joints in references(iiwa, 5):
        reference = joints if isinstance(law, JointSpace) else tool
        command = law.torque(iiwa.terms(state.q, state.dq), state, reference)
        assert command.error.shape == command.dq_r.shape == command.ddq_r.shape == (7,)
        acceleration = command.mobility @ command.task_torque
        scale = 1e-3 * max(1.0, np.abs(command.task_error).max())  # what the damping costs
        np.testing.assert_allclose(acceleration, command.task_error, atol=scale)


def test_impedance_counts_no_measured_push_as_an_error(iiwa):
    """Where the spring holds a push that the sensor tells of, there is nothing to learn from."""
    law = Impedance(HOME, k_null=0.0)
    pose, push = iiwa.pose(HOME), np.array([8.0, -6.0, 4.0])
    reference = Reference(pose[:3, 3] - push / law.K, np.zeros(3), np.zeros(3))
    state = State(0.0, HOME, np.zeros(7), wrench=np.concatenate((push, np.zeros(3))))
    terms = iiwa.terms(HOME, np.zeros(7))
    np.testing.assert_allclose(law.torque(terms, state, reference).error, 0, atol=1e-9)
    blind = law.torque(terms, state._replace(wrench=None), reference)
    np.testing.assert_allclose(blind.error, -terms.J[:3].T @ push, atol=1e-9)


def test_the_integral_is_kept_within_its_bound(iiwa):
    """A force that never comes fills z up to ``windup``; it empties at once when it comes."""
    law = HybridForce(HOME, windup=(20.0, 1.0), ki=50.0)
    pose = iiwa.pose(HOME)
    wanted = np.array([0.0, 0.0, -10.0, 0.0, 0.0, 0.0])
    reference = Reference(pose[:3, 3], np.zeros(3), np.zeros(3), wrench=wanted)
    free = State(0.0, HOME, np.zeros(7), wrench=np.zeros(6))
    terms = iiwa.terms(HOME, np.zeros(7))
    bound = law.bind(iiwa)
    integral = bound.memory["HybridForce.integral"]
    for _ in range(500):
        bound.torque(terms, free, reference)
    np.testing.assert_allclose(integral, [0.0, 0.0, -20.0], atol=1e-12)
    bound.torque(terms, free._replace(wrench=-2 * wanted), reference)
    assert integral[2] == pytest.approx(-19.5)
    bound.torque(terms, free._replace(sound=False), reference)
    assert integral[2] == pytest.approx(-19.5)
    bound.forget_motion()
    assert not integral.any()


def test_an_arm_of_two_joints_has_its_laws_too():
    """Rows and joints of other sizes: the compiled law and the blocks agree."""
    arm = arms.load("planar2")
    q, dq = np.array([0.4, 0.9]), np.array([0.3, -0.2])
    law = OperationalSpace(q, rows=(0, 1), secondary=(Manipulability(arm, rows=(0, 1)),))
    reference = Reference(arm.pose(q)[:3, 3] + 0.01, np.zeros(3), np.zeros(3))
    state = State(0.0, q, dq)
    ours = CompiledController(arm, law).step(state, reference).tau
    theirs = Blocks(arm, law, NoAdaptation()).step(state, reference).tau
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_arrays_of_any_make_give_the_same_torque(iiwa):
    """Read-only, strided and integer arrays, and lists: the same torque, to the last bit."""
    state, tool, _ = next(references(iiwa, 1))
    pose = iiwa.pose(state.q)
    pose.flags.writeable = False
    tool = tool._replace(R=pose[:3, :3], x=pose[:3, 3], dx=np.zeros(3))
    odd = tool._replace(dx=np.zeros(3, dtype=int), ddx=tool.ddx.tolist())
    plain = tool._replace(R=pose[:3, :3].copy(), x=pose[:3, 3].copy())
    cycle = CompiledController(iiwa, LAWS["pose"](iiwa))
    expected = cycle.step(state, plain).tau
    np.testing.assert_array_equal(cycle.step(state, tool).tau, expected)
    np.testing.assert_array_equal(cycle.step(state, odd).tau, expected)


def test_every_registered_law_has_an_equation(iiwa):
    """A law that is in the package and not among the equations above is not tested at all."""
    assert {type(make(iiwa)) for make in LAWS.values()} == set(control.LAWS)


def test_the_public_names_are_those_of_the_registry():
    """Every law and every secondary task can be imported from the package by its name."""
    registered = {each.__name__ for each in (*control.LAWS, *control.SECONDARY_TASKS)}
    assert registered <= set(control.__all__)
    assert all(hasattr(control, name) for name in control.__all__)


def test_a_secondary_task_in_python_is_one_of_the_blocks(iiwa):
    """`Blocks` asks it in every cycle; the compiled cycle says that it has no form of it."""

    class Pull(Secondary):
        def torque(self, terms, state):
            return np.arange(7.0) * state.q

    law = OperationalSpace(HOME, secondary=(Pull(),))
    state, tool, _ = next(references(iiwa, 1))
    plain = Blocks(iiwa, OperationalSpace(HOME), NoAdaptation()).step(state, tool).tau
    tau = Blocks(iiwa, law, NoAdaptation()).step(state, tool).tau
    terms = iiwa.terms(state.q, state.dq)
    J, M_inverse = terms.J[:3], np.linalg.inv(terms.M)
    N_T = np.eye(7) - J.T @ np.linalg.inv(J @ M_inverse @ J.T + 1e-6 * np.eye(3)) @ J @ M_inverse
    np.testing.assert_allclose(tau - plain, N_T @ (np.arange(7.0) * state.q), atol=1e-9)
    with pytest.raises(ConfigurationError, match="no compiled form of OperationalSpace"):
        CompiledController(iiwa, law)
