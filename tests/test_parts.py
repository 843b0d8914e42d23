"""Parts: kernels that are loaded from object files, without numba."""

import subprocess
import sys

import llvmlite.binding as llvm
import numpy as np
import pytest

from arms import collision
from arms.machine import cache as disk, object_files
from arms.machine.intermediate import hidden, without_unused
from arms.machine.object_files import Part, pack
from nengo_forcectl.kernels import parts

EVERY = [each for each in (*vars(parts).values(), *parts.WATCHING) if isinstance(each, Part)]
EVERY = list(dict.fromkeys((*EVERY, *parts.PARTS, collision._find_all)))
JUDGE = "nengo_forcectl.kernels.judge", "judge_state"


@pytest.mark.parametrize("own", EVERY, ids=str)
def test_every_part_is_a_kernel_of_its_name(own):
    """The name in `parts` is that of a `numba_kernel.part`."""
    from arms.machine.numba_kernel import signature_of

    assert own.kernel.__name__ == own.__name__
    assert 1 <= len(signature_of(own.kernel)) <= 7


def test_a_loaded_part_computes_what_numba_does():
    """The object file gives the same bits as numba's own function."""
    points, out = np.array([[0.1, 0.2], [0.7, -0.4], [0.3, 0.3]]), np.empty((2, 3, 2))
    seconds = np.array([0.7])
    for time in np.linspace(-0.2, 1.8, 50):
        parts.minimum_jerk.call(points, 2, 2, seconds, out[0], time)
        given = points.ctypes.data, 2, 2, seconds.ctypes.data, out[1].ctypes.data
        parts.minimum_jerk.kernel(*given, time)
        np.testing.assert_array_equal(out[0], out[1])


def test_a_damaged_object_file_is_compiled_anew(tmp_path, monkeypatch):
    """As is one that is missing; no process runs code that it cannot check."""
    monkeypatch.setattr(object_files, "folder", lambda package: tmp_path)
    own = Part(*JUDGE)
    assert not own.is_on_disk
    address = own.address
    assert own.is_on_disk
    assert object_files.part_at(address) is own
    file = tmp_path / disk._name(own._key())
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert Part(*JUDGE).address
    assert len(file.read_bytes()) == len(content)


def test_code_that_numba_loads_from_its_own_cache_has_its_text_again(tmp_path, monkeypatch):
    """A damaged object file is compiled anew where numba has stored machine code alone."""
    import numba

    from arms.machine.intermediate import kernel_text

    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))
    stored, loaded = (numba.njit(cache=True)(_twice) for _ in range(2))
    types = (numba.int64,)
    first = kernel_text(stored, types, "entry")
    assert list(tmp_path.rglob("*.nbc"))
    text = kernel_text(loaded, types, "entry")
    assert loaded.stats.cache_hits
    assert not llvm.parse_assembly(text).get_function("entry").is_declaration
    assert len(text) == pytest.approx(len(first), rel=0.1)


def _twice(n):
    return 2 * n


def test_the_text_of_a_part_is_kept_beside_its_object_file(tmp_path, monkeypatch):
    """It needs no numba again, has the name that it is asked for, and becomes the same code."""
    from numba.core.registry import cpu_target

    monkeypatch.setattr(object_files, "folder", lambda package: tmp_path)
    own = Part(*JUDGE)
    assert own.address
    monkeypatch.setattr(Part, "_packed_text", None)
    text = own.intermediate("mine")
    assert text.count("@mine(") == 1
    assert "@entry(" not in text
    target = cpu_target.target_context.codegen()._tm
    text = hidden(own.intermediate("entry"), ["entry"]).replace("define hidden ", "define ")
    module = without_unused(llvm.parse_assembly(text), target)
    assert target.emit_object(module) == own._content()[2:]


ARM = """
import numpy as np
import arms
from nengo_forcectl.contract import Reference, State
arm = arms.load("planar3")
rods = [arms.Capsule(f"link{k}", (0.0, 0.0, 0.0), (0.3, 0.0, 0.0), 0.05) for k in (1, 3)]
q, dq = np.array([0.1, 1.0, 1.0]), np.zeros(3)
terms, state = arm.terms(q, dq), State(0.0, q, dq)
"""
PAIRS = f"{ARM}pairs = arms.CollisionPairs(arm, rods, [arms.Sphere((0.5, 1.0, 0.0), 0.1)])\n"
USES = {
    "sensors": "from nengo_forcectl.safety.sensors import SensorCheck; SensorCheck(3)",
    "distances": f"{PAIRS}assert pairs.distances(q).jacobian.any()",
    "clearance": f"""{PAIRS}
from nengo_forcectl.control import JointPD
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.safety import Clearance, Limits, Safe
limits = Limits.of(arm, clearance=Clearance(pairs))
safe = Safe(CompiledController(arm, JointPD(10.0, 1.0)), arm, limits)
assert safe.step(state, Reference(q + 1.0, dq, dq)).tau.any()
""",
    "avoidance": f"""{PAIRS}
from nengo_forcectl.control import CollisionAvoidance, OperationalSpace
from nengo_forcectl.cycle.compiled import CompiledController
task = CollisionAvoidance(pairs, margin=1.0)
assert task.torque(terms, state).any()
cycle = CompiledController(arm, OperationalSpace(q, (0, 1), secondary=(task,)))
assert cycle.step(state, Reference(dq, dq, dq)).tau.any()
""",
    "share_torque": f"""{ARM}
from nengo_forcectl.kernels.parts import share_torque
kernel, sent, whole = arm.kernel("g"), np.zeros(3), np.zeros(3)
assert share_torque.call(kernel.address, 3, q, np.full(3, 50.0), sent, whole, 1.0) == 1
assert (sent == 1.0).all()
""",
    "observers": f"""{ARM}
from nengo_forcectl.estimation.observer import LowPass, MomentumObserver
observer, low_pass = MomentumObserver(3, 50.0, 1e-3), LowPass(3, 50.0, 1e-3)
for _ in range(2):
    observer.update(terms, dq, np.ones(3), np.ones(6))
    low_pass.sample(q)
assert observer.value.any() and low_pass.value.any() and low_pass.update(q).any()
""",
    "replay": f"""{ARM}
from nengo_forcectl.kernels.parts import forget_load
from nengo_forcectl.logs import MotionLog, log_learner, replay
time = 0.01 * np.arange(300)
turn = np.sin(time)[:, None] * q
moving = np.cos(time)[:, None] * q
tau = arm.inverse_dynamics(turn, moving, -turn)
log = MotionLog("a", time, turn, moving, tau, np.arange(1, 301), np.array([0]), "")
learner = log_learner(arm, log)
replay(log, learner, new_load=True)
block = learner.learner.law_block
block["variance"][...] = 2.0
forget_load.call(block.address)
assert (block["variance"][:10] == 1.0).all() and (block["variance"][10:] == 2.0).all()
""",
}


@pytest.mark.parametrize("use", USES)
def test_a_second_process_loads_no_numba(use):
    """What is on disk is checked and loaded by llvmlite alone; what is not, others compile."""
    code = f"import sys\n{USES[use]}\nprint('numba' in sys.modules, 'llvmlite' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == ["False", "True"]


def test_only_contiguous_arrays_of_eight_byte_numbers_are_packed():
    """Each has a row: whole numbers come as they are; an array as its address and its shape."""
    array, whole = np.zeros((2, 3)), np.arange(5)
    assert pack(7, array, whole).tolist() == [
        [7, 0, 0, 0], [array.ctypes.data, 2, 3, 0], [whole.ctypes.data, 5, 0, 0],
    ]  # fmt: skip
    for bad in (array.T, array.astype(np.float32)):
        with pytest.raises(TypeError, match="contiguous float64 or int64"):
            pack(bad)
