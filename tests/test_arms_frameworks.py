"""The arm's program in other frameworks and in C: the kernel's numbers, and the analytic slopes."""

import ctypes
import importlib
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from arms_reference import states

import arms
from arms.machine import frameworks

ARRAYS = ("numpy", "jax", "tensorflow", "torch")


@pytest.fixture(scope="module")
def arm():
    """Three links with rotors and friction."""
    return arms.load("planar3").with_armature(0.1).with_friction(0.4, 0.2)


@pytest.fixture(params=ARRAYS)
def framework(request):
    """A framework of arrays that is installed; JAX with float64."""
    name = request.param
    try:
        module = importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed")
    if name != "jax":
        yield name
        return
    before = module.config.jax_enable_x64
    module.config.update("jax_enable_x64", True)
    yield name
    module.config.update("jax_enable_x64", before)


def array(framework, value):
    """``value`` in the framework's own arrays."""
    if framework == "tensorflow":
        return importlib.import_module("tensorflow").constant(value)
    return importlib.import_module("torch").tensor(value) if framework == "torch" else value


def slopes(framework, function, q):
    """The derivative of one vector by another, by the framework; NumPy's by a complex step."""
    if framework == "numpy":
        ends = [function(q + step) for step in 1e-30j * np.eye(len(q))]
        return np.stack([end.imag for end in ends], axis=-1) / 1e-30
    if framework == "jax":
        return importlib.import_module("jax").jacfwd(function)(q)
    if framework == "torch":
        return importlib.import_module("torch").autograd.functional.jacobian(function, q)
    tf = importlib.import_module("tensorflow")
    with tf.GradientTape() as tape:
        tape.watch(q)
        value = function(q)
    return tape.jacobian(value, q)


def test_terms_are_the_kernels(arm, framework):
    """All terms to 1e-12, for one state, a batch, and axes that broadcast; as `Terms`."""
    function = arm.function(framework, "terms")
    q, dq, _ = states(arm, 5, seed=1)
    for a, b in ((q[0], dq[0]), (q, dq), (q[:, None], dq)):
        ours = function(array(framework, a), array(framework, b))
        assert isinstance(ours, arms.Terms)
        for mine, kernel in zip(ours, arm.terms(a, b), strict=True):
            mine = np.asarray(mine)
            assert mine.dtype == np.float64
            np.testing.assert_allclose(mine, kernel, rtol=0, atol=1e-12)


def test_lists_and_numbers_of_other_types_are_taken(arm, framework):
    """A list counts as float64; float32 stays float32."""
    g = arm.function(framework, "g")
    expected = arm.gravity([0.0, 1.0, 2.0])
    np.testing.assert_allclose(np.asarray(g([0, 1, 2])), expected, atol=1e-12)
    single = np.asarray(g(array(framework, np.array([0.0, 1.0, 2.0], np.float32))))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:CUDA initialization")
def test_gradients_are_the_analytic_ones(arm, framework):
    """Of inverse and forward dynamics by q and dq, friction's included, and J by q, to 1e-12."""
    q, dq, u = (array(framework, v[0]) for v in states(arm, 1, seed=2))
    state = tuple(np.asarray(v) for v in (q, dq, u))
    for term, gradient in (
        ("tau", arm.inverse_dynamics_gradient(*state)),
        ("ddq", arm.forward_dynamics_gradient(*state)),
    ):
        f = arm.function(framework, term)
        by_q = slopes(framework, lambda x, f=f: f(x, dq, u), q)
        by_dq = slopes(framework, lambda x, f=f: f(q, x, u), dq)
        by_u = slopes(framework, lambda x, f=f: f(q, dq, x), u)
        for theirs, ours in zip((by_q, by_dq, by_u), gradient, strict=True):
            scale = max(1.0, np.abs(ours).max())
            np.testing.assert_allclose(np.asarray(theirs), ours, rtol=0, atol=1e-12 * scale)
    H = slopes(framework, arm.function(framework, "J", frame="link2"), q)
    np.testing.assert_allclose(
        np.asarray(H), arm.jacobian_gradient(state[0], "link2"), rtol=0, atol=1e-12
    )


def test_a_compiled_function_of_tensorflow_takes_batches_of_any_size(arm):
    """Under ``tf.function``, with an unknown number of states."""
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    spec = tf.TensorSpec((None, 3), tf.float64)
    M = tf.function(arm.function("tensorflow", "M"), input_signature=[spec])
    for count in (1, 4):
        q = states(arm, count, seed=3)[0]
        np.testing.assert_allclose(M(tf.constant(q)), arm.mass_matrix(q), atol=1e-12)


def test_a_compiled_function_of_jax_takes_100000_states():
    """Under ``jax.jit``, all terms of two links, to 1e-12 of the kernel's batch."""
    jax = pytest.importorskip("jax", reason="jax is not installed")
    arm = arms.load("planar2")
    q, dq, _ = states(arm, 100_000, seed=4)
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        terms = jax.jit(arm.function("jax", "terms"))(q, dq)
    finally:
        jax.config.update("jax_enable_x64", before)
    for ours, kernel in zip(terms, arm.terms(q, dq), strict=True):
        np.testing.assert_allclose(ours, kernel, rtol=0, atol=1e-12)


def test_a_casadi_function_gives_terms_and_derivatives(arm):
    """Named inputs and outputs of the terms' shapes; its Jacobian is the analytic gradient."""
    casadi = pytest.importorskip("casadi", reason="casadi is not installed")
    q, dq, u = (v[0] for v in states(arm, 1, seed=5))
    function = arm.function("casadi", "terms")
    assert function.name_in() == ["q", "dq"]
    assert tuple(function.name_out()) == arms.Terms._fields
    for ours, kernel in zip(function(q, dq), arm.terms(q, dq), strict=True):
        np.testing.assert_allclose(np.array(ours).reshape(kernel.shape), kernel, atol=1e-12)
    tau = arm.function("casadi", "tau")
    assert tau.name_in() == ["q", "dq", "ddq"]
    x = casadi.SX.sym("x", 3)
    slope = casadi.Function("slope", [x], [casadi.jacobian(tau(x, dq, u), x)])
    gradient = arm.inverse_dynamics_gradient(q, dq, u).q
    np.testing.assert_allclose(np.array(slope(q)), gradient, rtol=0, atol=1e-12)
    H = np.array(arm.function("casadi", "dJdq")(q)).reshape(6, 3, 3)
    np.testing.assert_allclose(H, arm.jacobian_gradient(q), atol=1e-12)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_c_source_gives_the_kernels_bits(arm, tmp_path):
    """All terms, a point in a frame and the dynamics' derivatives, without a warning."""
    q, dq, u = (v[0] for v in states(arm, 1, seed=6))
    requests = {
        "terms": (("pose", "J", "dJ", "M", "C", "g"), {}),
        "slopes": (("tau", "tau_q", "ddq_dq"), {}),
        "point": (("pose",), {"frame": "link2", "at_point": True}),
        "constant": (("Y_drives",), {}),
    }
    named = {
        name: ("terms",) if name == "terms" else terms for name, (terms, _) in requests.items()
    }
    source = "".join(
        arm.c_source(*named[name], name=name, **options) for name, (_, options) in requests.items()
    )
    (tmp_path / "arm.c").write_text(source)
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-ffp-contract=off"]
    library = str(tmp_path / "arm.so")
    command = ["cc", *flags, "-fPIC", "-shared", "-o", library, str(tmp_path / "arm.c"), "-lm"]
    subprocess.run(command, check=True)
    for name, (terms, options) in requests.items():
        kernel = arm.kernel(*terms, **options)
        ours, theirs = np.empty(kernel.size), np.empty(kernel.size)
        getattr(ctypes.CDLL(library), name)(
            *(v.ctypes.data_as(ctypes.c_void_p) for v in (q, dq, u, ours))
        )
        assert kernel.fill(q, dq, u, theirs)
        np.testing.assert_array_equal(ours, theirs)


def test_the_comment_of_c_source_says_what_is_where(arm):
    """Inputs, places, frames; and a name cannot end it."""
    text = arm.c_source("J", "M", "tau", frame=("link1", "tool"))
    for line in (
        "q    joint positions, 3 numbers",
        "u    joint accelerations, 3 numbers",
        "out[0] to out[35]: J (2 x 6 x 3), row by row: geometric Jacobian",
        "out[36] to out[44]: M (3 x 3)",
        "frames link1, tool; axes: base",
    ):
        assert line in text
    assert "dq   not read, may be NULL" in arm.c_source("M")
    odd = arms.Arm(replace(arm.chain, name="*/ int main\n(é"))
    head = odd.c_source("g").partition("#include")[0]
    assert head.count("*/") == 1
    assert head.isascii()


def test_what_does_not_exist_is_reported(arm, monkeypatch):
    """Frameworks, terms, frames, names in C, shapes; what is not installed says how to get it."""
    f = arm.function("numpy", "C")
    for call, message in (
        (lambda: arm.function("theano", "M"), "no framework 'theano'; frameworks: numpy, jax"),
        (lambda: arm.function("numpy", "X"), "no term 'X'; terms: pose, J"),
        (lambda: arm.function("numpy"), "no term is named, needs 'terms' or some of pose, J"),
        (lambda: arm.c_source("J", frame="hand"), "no frame 'hand'"),
        (lambda: arm.c_source("M", name="a b"), "name is 'a b', needs letters, digits"),
        (lambda: f(np.zeros(4), np.zeros(3)), r"q has shape \(4,\); its last axis must be 3"),
        *(
            (lambda n=n: arm.c_source("M", name=n), "none of its words")
            for n in ("int", "cos", None)
        ),
        (lambda: f(np.zeros(3)), "dq is None; its last axis must be 3"),
        (lambda: f(np.zeros(3), np.ma.masked_less([-1, 0, 0], 0)), "dq has masked entries"),
        (lambda: f(np.zeros(3), [None] * 3), "dq is not an array of numbers: it holds object"),
        (lambda: f(np.zeros(3), [[0] * 3, [0]]), "dq is not an array of numbers: setting an"),
        (lambda: f(np.zeros((2, 3)), np.zeros((4, 3))), r"axes do not fit: \(2, 3\) and \(4, 3\)"),
    ):
        with pytest.raises(arms.ArmError, match=message):
            call()

    def fail(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

    monkeypatch.setattr(frameworks.importlib, "import_module", fail)
    for framework in frameworks.FRAMEWORKS[1:]:
        with pytest.raises(arms.ArmError, match=rf"{framework} is not installed.*pip install"):
            arm.function(framework, "M")
