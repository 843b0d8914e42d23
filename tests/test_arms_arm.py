import copy
import pickle

import numpy as np
import pytest

import arms
from arms.arm import Arm
from arms.model.chain import Chain, Joint, Link


@pytest.fixture(scope="module")
def arm():
    return arms.load("ur5")


@pytest.mark.parametrize(
    ("q", "message"),
    [
        (np.zeros(7), r"Arm 'ur5' has 6 joints, q has shape \(7,\); its last axis must be 6"),
        (np.zeros((6, 2)), r"has 6 joints, q has shape \(6, 2\)"),
        (0.0, r"q has shape \(\)"),
        ([0, 0, np.nan, 0, 0, 0], r"q\[2\] \(joint 'elbow_joint'\) is nan"),
        ([[0.0] * 6, [0, 0, 0, 0, np.inf, 0]], r"q\[1, 4\] \(joint 'wrist_2_joint'\) is inf"),
        (np.zeros(6, complex), "holds complex128 values, not real numbers"),
        (["a"] * 6, "not real numbers"),
        ([None] * 6, "holds object values"),
        (np.zeros(6, bool), "holds bool values"),
        (np.ma.masked_array(np.zeros(6), [1, 0, 0, 0, 0, 0]), "q has masked entries, needs a"),
        ([np.ma.masked_array(np.zeros(6), [1, 0, 0, 0, 0, 0])], "q has masked entries"),
        ([[np.zeros(6)], (np.ma.masked_less([-1] + 5 * [0], 0),)], "q has masked entries"),
        ([[0.0] * 6, [0.0] * 5], "q is a ragged sequence"),
    ],
)
def test_a_bad_q_gives_an_error_about_the_arm(arm, q, message):
    """Shape, NaN by joint, complex, text, None, ragged: each has a clear error."""
    arm.mass_matrix(np.zeros(6))
    for method in (arm.mass_matrix, arm.jacobian, lambda q: arm.terms(q, np.zeros(6))):
        with pytest.raises(arms.ArmError, match=message):
            method(q)
    with pytest.raises(arms.ArmError, match=message):
        arm.checked("q", q)


def test_any_real_sequence_is_handled(arm):
    """Lists, integers, float32, Fortran order, views and non-native bytes give float64 answers."""
    q = np.array([1, -2, 3, 0, 1, 2])
    expected = arm.mass_matrix(q.astype(float))
    wide = np.zeros((6, 3))
    wide[:, 1] = q
    for same in (
        q,
        q.tolist(),
        tuple(q),
        q.astype("f4"),
        q.astype(">f8"),
        wide[:, 1],
        q[::-1][::-1],
    ):
        M = arm.mass_matrix(same)
        assert M.dtype == np.float64
        np.testing.assert_array_equal(M, expected)
    batch = np.asfortranarray(np.stack([q, q, -q]).astype(float))
    np.testing.assert_array_equal(arm.mass_matrix(batch)[1], expected)


def test_batches_broadcast(arm):
    """Leading axes broadcast; an empty batch gives an empty result; other shapes are refused."""
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(4, 1, 6)), rng.normal(size=(3, 6))
    C = arm.coriolis(q, dq)
    assert C.shape == (4, 3, 6, 6)
    np.testing.assert_array_equal(C[2, 1], arm.coriolis(q[2, 0], dq[1]))
    assert arm.coriolis(np.empty((0, 6)), np.empty((0, 6))).shape == (0, 6, 6)
    for count in (1, 2, 3, 5, 8, 9):
        batch = arm.gravity(np.tile(q[0], (count, 1)))
        np.testing.assert_array_equal(batch, np.tile(arm.gravity(q[0, 0]), (count, 1)))
    with pytest.raises(arms.ArmError, match=r"leading axes do not fit: \(2, 6\) and \(3, 6\)"):
        arm.coriolis(np.zeros((2, 6)), np.zeros((3, 6)))


def test_results_are_new_and_inputs_untouched(arm):
    """A later call changes no earlier result; writing into a result changes no later one."""
    q = np.full(6, 0.3)
    first = arm.terms(q, q)
    kept = [part.copy() for part in first]
    arm.terms(q + 1, q)
    for part, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(part, before)
        assert part.flags.writeable
        assert part.flags.c_contiguous
    first.M[:] = 0
    np.testing.assert_array_equal(arm.terms(q, q).M, kept[3])
    np.testing.assert_array_equal(q, np.full(6, 0.3))
    checked = arm.checked("q", q)
    assert checked is not q
    assert not np.shares_memory(checked, q)


def test_unknown_frames_terms_and_axes_are_reported(arm):
    """The message lists what there is."""
    with pytest.raises(arms.ArmError, match=r"no frame 'toool'; frames: base_link, .*tool$"):
        arm.pose(np.zeros(6), "toool")
    with pytest.raises(arms.ArmError, match="no term 'X'; terms: pose, J"):
        arm.kernel("X")
    with pytest.raises(arms.ArmError, match="no axes 'world'; axes: base, local, spatial"):
        arm.jacobian(np.zeros(6), axes="world")


def test_what_is_no_name_is_no_term_frame_or_axes(arm):
    """Of any type; and a third input is not a point and an acceleration at once."""
    q = np.zeros(6)
    for frame in (None, 3, b"tool", {"tool"}, ["tool", None], [["tool"]]):
        with pytest.raises(arms.ArmError, match=r"frame: is .*, needs a name, or a sequence of"):
            arm.pose(q, frame)
    for call, message in (
        (lambda: arm.kernel(["M"]), r"no term \['M'\]; terms"),
        (lambda: arm.kernel(), "no term is named, needs some of pose"),
        (lambda: arm.jacobian(q, axes=["base"]), r"no axes \['base'\]; axes"),
        (
            lambda: arm.kernel("J", "Y", at_point=True),
            "third input is a point, and ddq of term 'Y'",
        ),
        (lambda: arm.manipulability(q, rows=[6]), r"rows are \[6\], need some of 0 to 5"),
        (lambda: arm.manipulability_gradient(q, rows=[]), r"rows are \[\], need some of"),
        (lambda: arm.base_parameters(seed="x"), "seed: is 'x', needs a whole number from 0 up"),
        (lambda: arm.forward_dynamics(q, q + 1e160, q), "forward dynamics are not finite"),
        (lambda: arms.summary(3), "arm: is 3, needs an Arm"),
        (lambda: arms.drives(None), "name: is None, needs a text"),
        (lambda: arms.Arm("ur5"), "chain: is 'ur5', needs a Chain; arms.load takes a name"),
    ):
        with pytest.raises(arms.ArmError, match=message):
            call()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0,), "payload's mass is -1.0 kg, needs a finite number from 0 up"),
        ((float("nan"),), "mass is nan"),
        (("heavy",), "payload's mass holds <U5 values, not real numbers"),
        ((1.0, (0.0, 0.0)), "com is .* three finite numbers"),
        ((1.0, np.ma.masked_less((-1.0, 0.0, 0.0), 0.0)), "com has masked entries"),
        ((1.0, (0.0, 0.0, np.inf)), "com is"),
        ((1e300,), r"mass: is 1e\+300 kg, needs at most 1e\+09"),
        ((1.0, (0.0, 0.0, 0.0), np.eye(2)), "inertia is .* symmetric"),
        ((1.0, (0.0, 0.0, 0.0), np.diag([1.0, 1.0, 3.0])), "do not belong to a rigid body"),
        ((1.0, (0.0, 0.0, 0.0), np.diag([-1.0, 1.0, 1.0])), "do not belong to a rigid body"),
    ],
)
def test_a_bad_payload_is_reported(arm, arguments, message):
    """Mass, centre of mass and inertia are checked, each with its own message."""
    with pytest.raises(arms.ArmError, match=message):
        arm.with_payload(*arguments)


def test_a_bad_tool_base_or_gravity_is_reported(arm):
    """A transform must be a rigid motion, a gravity three numbers."""
    with pytest.raises(arms.ArmError, match="tool's transform is not a rigid motion"):
        arm.with_tool(np.diag([1.0, 1.0, -1.0, 1.0]))
    with pytest.raises(arms.ArmError, match="transform is a ragged sequence"):
        arm.with_tool([[1.0], [1.0, 2.0]])
    with pytest.raises(arms.ArmError, match=r"base's transform has shape \(3, 3\)"):
        arm.with_base(np.eye(3))
    with pytest.raises(
        arms.ArmError, match=r"gravity is \(0.0, -9.81\), needs three finite numbers"
    ):
        arm.with_gravity((0.0, -9.81))


@pytest.mark.parametrize("degrees", [90.0, 12.3, -67.8])
def test_a_transform_may_have_rounded_digits(arm, degrees):
    """float32, or six digits, mean the nearest rotation; what is further off is refused."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    T = np.array([[c, -s, 0, 0.1], [s, c, 0, 0.2], [0, 0, 1, 0.3], [0, 0, 0, 1]])
    q = np.full(6, 0.3)
    exact = arm.with_tool(T).pose(q)
    for rounded, error in ((T.astype("f4"), 1e-7), (np.round(T, 6), 1e-6), (T + 1e-13, 1e-12)):
        pose = arm.with_tool(rounded).pose(q)
        np.testing.assert_allclose(pose, exact, atol=2 * error)
        np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-14)
        reached = arm.pose(arm.inverse_kinematics(rounded))
        np.testing.assert_allclose(reached, T, atol=2 * error + 1e-8)
    with pytest.raises(arms.ArmError, match=r"not a rigid motion: 0.00\d+ off the nearest one"):
        arm.with_base(T + 1e-3)


def test_a_used_arm_is_copied_and_pickled_as_a_fresh_one(arm):
    """After any use: the copy has the same chain and steps, and gives the same numbers."""
    q = np.full(6, 0.3)
    batch = np.tile(q, (3, 1))
    used = arms.load("planar2").with_payload(1.0)
    used.terms(q[:2], q[:2]), used.gravity(batch[:, :2]), used.jacobian(q[:2])
    assert used.symbolic.M.shape == (2, 2)
    given = Arm(used.chain, {used.kernel("M").request: used.kernel("M").steps()})
    given.mass_matrix(q[:2])
    for one in (used, given):
        for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            assert other.chain == one.chain
            assert other.has_steps(used.kernel("M").request) is (one is given)
            for part, same in zip(other.terms(q[:2], q[:2]), one.terms(q[:2], q[:2]), strict=True):
                np.testing.assert_array_equal(part, same)


def test_payloads_stack_and_leave_the_arm_alone(arm):
    """Two payloads are two links; the arm they were hung on has neither."""
    q = np.full(6, 0.4)
    M = arm.mass_matrix(q)
    twice = arm.with_payload(1.0, (0.0, 0.0, 0.1)).with_payload(2.0, (0.0, 0.1, 0.0))
    assert {"payload", "payload1"} <= set(twice.frames)
    once = arm.with_payload(3.0, (0.0, 0.2 / 3, 0.1 / 3), _two_points())
    np.testing.assert_allclose(twice.mass_matrix(q), once.mass_matrix(q), atol=1e-13)
    np.testing.assert_array_equal(arm.mass_matrix(q), M)


def _two_points():
    """Moment of inertia of 1 kg at (0, 0, 0.1) and 2 kg at (0, 0.1, 0), about their com."""
    com = np.array([0.0, 0.2, 0.1]) / 3
    total = np.zeros((3, 3))
    for mass, point in ((1.0, (0.0, 0.0, 0.1)), (2.0, (0.0, 0.1, 0.0))):
        r = np.array(point) - com
        total += mass * (r @ r * np.eye(3) - np.outer(r, r))
    return total


def test_an_arm_can_be_written_in_python():
    """A Chain of one's own: a sliding joint under gravity weighs what it carries."""
    from arms.model.chain import Inertia

    links = (Link("rail"), Link("cart", Inertia(2.0)))
    slide = Joint("slide", "prismatic", "rail", "cart", axis=(0.0, 0.0, 1.0))
    arm = Arm(Chain("lift", "rail", "cart", links, (slide,)))
    np.testing.assert_allclose(arm.gravity([0.7]), [2.0 * 9.81])
    np.testing.assert_allclose(arm.mass_matrix([0.7]), [[2.0]])
    np.testing.assert_allclose(arm.pose([0.7])[:3, 3], [0.0, 0.0, 0.7])


def test_kernels_run_inside_numba_functions():
    """A numba function calls two arms' kernels by address and is compiled once."""
    import numba

    from arms.machine.invoke import invoke

    @numba.njit
    def gravity(address, q, dq, out):
        invoke(address, q, dq, out)
        return out.copy()

    for name in ("ur5", "ur5e"):
        arm = arms.load(name)
        kernel = arm.kernel("g")
        q = np.full(6, 0.3)
        np.testing.assert_array_equal(
            gravity(kernel.address, q, q, np.empty(kernel.size)), arm.gravity(q)
        )
    assert len(gravity.signatures) == 1


def test_a_kernel_writes_only_into_a_buffer_that_fits(arm):
    """Wrong size, type, layout or a read-only buffer: nothing is written, and an error says why."""
    kernel = arm.kernel("M", "g")
    q = np.full(6, 0.3)
    out = np.zeros(kernel.size)
    assert kernel.fill(q, q, q, out)
    np.testing.assert_array_equal(out[:36].reshape(6, 6), arm.mass_matrix(q))
    locked = np.zeros(kernel.size)
    locked.flags.writeable = False
    wide = np.zeros(2 * kernel.size)[::2]
    for bad in (np.zeros(kernel.size - 1), np.zeros(kernel.size, "f4"), locked, wide, None, "out"):
        assert not kernel.fill(q, q, q, bad)
    assert not locked.any()
    with pytest.raises(arms.ArmError, match=r"out has shape \(1, 3\)"):
        kernel.run(q[None], None, None, np.zeros((1, 3)))
    with pytest.raises(arms.ArmError, match="out must be C-contiguous"):
        kernel.run(q[None], None, None, np.zeros((kernel.size, 1)).T.copy("F")[:, ::-1])
    with pytest.raises(arms.ArmError, match="q has shape None; its last axis must be 6"):
        kernel.run(None, None, None)
    single = kernel.run(q.astype("f4"), None, None)
    np.testing.assert_allclose(single[36:], arm.gravity(q), atol=1e-5)
