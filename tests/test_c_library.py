"""A controller as a C library: the torques, learning and stops of Python, to the last bit."""

import math
import queue
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from c_controller import (
    COMPILER,
    CROSS,
    EMULATOR,
    MACHINE,
    RUNS,
    STRICT,
    InC,
    compile_only,
    rows,
    run_program,
)
from collision_samples import ball_and_floor
from export_world import DT, drive, path_of, recorded, world

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
from nengo_forcectl.cli import main
from nengo_forcectl.control import CollisionAvoidance
from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.errors import ConfigurationError, RecordError, VersionError
from nengo_forcectl.export import export_library, read_state, write_state
from nengo_forcectl.export.c_code import MACHINES, emit
from nengo_forcectl.export.c_header import REASONS, Facts, header
from nengo_forcectl.export.folder import SUMS
from nengo_forcectl.networks import home_posture
from nengo_forcectl.robots import serve
from nengo_forcectl.safety import Clearance

TRAINED = 1215  # cycles: weights have come in, the next ones are being computed

pytestmark = pytest.mark.skipif(
    COMPILER is None or not RUNS,
    reason="there is no C compiler, or this is another processor than the libraries are for",
)


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar3")


@pytest.fixture(scope="module")
def trained(arm, tmp_path_factory):
    """A library, and what the cycle that was exported sees and does in the 500 cycles after."""
    folder = tmp_path_factory.mktemp("library") / "mine"
    with learning_cycle(arm, home_posture(arm), seed=0, dt=DT) as cycle, world(arm) as robot:
        drive(arm, robot, TRAINED, cycle)
        export_library(cycle, folder)
        states, taus = recorded(arm, robot, 500, cycle)
        return folder, states, taus, cycle.checkpoint()


def inputs_of(arm, states):
    path = path_of(arm)
    return np.array([rows(state, path.at(state.time), 3) for state in states])


def check_program(arm, trained, machine, room):
    folder, states, taus, end = trained
    found, block = run_program(folder, machine, inputs_of(arm, states), room)
    np.testing.assert_array_equal(found.reshape(taus.shape), taus)
    here = read_state(block, load_controller(folder))
    assert here.keys() == end.keys()
    for name, value in end.items():
        np.testing.assert_array_equal(here[name], value, err_msg=name)


def test_a_program_learns_on_bit_for_bit(arm, trained, tmp_path):
    """Its torques and its checkpoint are those of Python; the header is strict C99."""
    check_program(arm, trained, MACHINE, tmp_path)


def test_neurons_that_spike_do_so_in_c(arm, tmp_path):
    """Their voltages, too, are those of Python to the last bit."""
    with (
        learning_cycle(arm, home_posture(arm), seed=0, dt=DT, neuron_type="lif") as cycle,
        world(arm) as robot,
    ):
        drive(arm, robot, 50, cycle)
        export_library(cycle, tmp_path / "mine")
        states, taus = recorded(arm, robot, 100, cycle)
        end = cycle.checkpoint()
        assert np.ptp(end["population.joints.voltage"]) > 0.5
        check_program(arm, (tmp_path / "mine", states, taus, end), MACHINE, tmp_path)


def test_the_libraries_of_both_machines_are_small(trained):
    """`.a`, and `.so` where a linker is there: below 3 MB together, for an arm of seven joints too.

    The code of such an arm is 0.1 MB longer than that of this one.
    """
    libraries = [*trained[0].glob("*/lib*")]
    assert len(libraries) >= 3
    assert sum(each.stat().st_size for each in libraries) < 2.9e6


@pytest.mark.skipif(CROSS is None or EMULATOR is None, reason="needs a compiler and QEMU for ARM")
def test_a_program_for_aarch64_learns_on_bit_for_bit(arm, trained, tmp_path):
    """From the same folder, under an emulator."""
    check_program(arm, trained, "aarch64", tmp_path)


def test_checkpoints_go_from_one_language_to_the_other(arm, trained, tmp_path):
    """C continues what Python began, and Python what C began, with the same bits."""
    folder, states, taus, _ = trained
    path, python, c = path_of(arm), load_controller(folder), InC(folder, 3)
    for state in states[:100]:
        python.step(state, path.at(state.time))
    write_state(python, tmp_path / "python.state")
    assert c.create((tmp_path / "python.state").read_bytes()) == 0
    found = [c.step(state, path.at(state.time))[0] for state in states[100:300]]
    np.testing.assert_array_equal(found, taus[100:300])
    (tmp_path / "c.state").write_bytes(c.save())
    again = load_controller(folder)
    again.resume(read_state(tmp_path / "c.state", again))
    found = [again.step(state, path.at(state.time)).tau for state in states[300:]]
    np.testing.assert_array_equal(found, taus[300:])


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


def test_a_stop_is_asked_for_and_ends(arm, trained):
    """The texts say why; what has no text says so."""
    folder, states, _, _ = trained
    c, path = InC(folder, 3), path_of(arm)
    c.stop()
    _, code = c.step(states[0], path.at(states[0].time))
    assert c.text("reason", code) == "stop was called"
    c.reset()
    assert c.step(states[1], path.at(states[1].time))[1] == 0
    assert c.text("reason", len(REASONS)) == c.text("error", -1) == "unknown code"


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (lambda b: b[:40], 2, "this is no state block"),
        (lambda b: b"x" + b[1:], 2, "this is no state block"),
        (lambda b: b[:8] + b"\2" + b[9:], 3, "another version"),
        (lambda b: b[:24] + b"\0" + b[25:], 4, "of another controller"),
        (lambda b: b[:-8], 5, "damaged or cut off"),
        (lambda b: b[:9000] + bytes([b[9000] ^ 1]) + b[9001:], 5, "damaged or cut off"),
    ],
)
def test_another_state_block_is_refused(arm, trained, tmp_path, change, code, text):
    """In C by a code and a text, and the controller stays; in Python by one line."""
    folder, states, taus, _ = trained
    c, content = InC(folder, 3), (folder / "mine.state").read_bytes()
    bad = change(content)
    assert c.create(bad) == code
    assert text in c.text("error", code)
    tau, _ = c.step(states[0], path_of(arm).at(states[0].time))
    np.testing.assert_array_equal(tau, taus[0])
    (tmp_path / "bad.state").write_bytes(bad)
    with pytest.raises(VersionError if code == 3 else RecordError, match=r"^state block '"):
        read_state(tmp_path / "bad.state", load_controller(folder))


def test_a_state_block_cannot_move_what_kernels_read_and_write(trained):
    """Tables, sizes and addresses in it are 0, and what is written there changes nothing."""
    folder, _, _, _ = trained
    c = InC(folder, 3)
    content = np.frombuffer(c.save(), np.int64)
    from nengo_forcectl.export.image import image_of  # numba

    image = image_of(load_controller(folder))
    fixed = image.library["fixed"]
    assert not content[8:][fixed].any()
    assert not content[8:][image.library["links"]].any()


def test_the_verb_writes_a_library_named_after_its_folder(arm, trained, tmp_path, capsys):
    """Beside the controller, all of it in the checksums; another name is refused in one line."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "summary.json").write_text('{"verb": "reach", "settings": {"jacobian": []}}')
    shutil.copytree(trained[0], run / "structured")
    main(["export", str(run), str(tmp_path / "my-arm"), "--c"])
    assert "my_arm.h" in capsys.readouterr().out.replace("\n", "")
    listed = (tmp_path / "my-arm" / SUMS).read_text()
    for name in ("my_arm.h", "my_arm.state", "x86_64/libmy_arm.a", "aarch64/libmy_arm.a"):
        assert name in listed
    main(["export", str(run), str(tmp_path / "my-arm"), "--c", "--replace"])
    with pytest.raises(SystemExit):
        main(["export", str(run), str(tmp_path / "1; rm"), "--c"])
    assert "needs a letter, then at most 39 letters" in capsys.readouterr().err
    assert not (tmp_path / "1; rm").exists()


def test_code_that_calls_more_than_mathematics_is_refused():
    """No allocation, no Python."""
    body = "%a = call ptr @malloc(i64 8)\nret ptr %a"
    text = f"declare ptr @malloc(i64)\ndefine ptr @mine() {{\n{body}\n}}"
    with pytest.raises(ConfigurationError, match="call malloc; they need"):
        emit(MACHINES[0], [text], ["mine"])


def test_the_loop_in_c_drives_a_robot_over_the_bridge(arm, trained, project, tmp_path):
    """The example is compiled without a warning, reaches there and back, and meets no limit."""
    source, folder = project / "examples" / "c_library" / "bridge_loop.c", trained[0]
    flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", str(folder)]
    library = str(folder / MACHINE / "libmine.a")
    program = str(tmp_path / "bridge_loop")
    subprocess.run(["cc", *flags, str(source), library, "-lm", "-o", program], check=True)
    tool, ports = arm.pose(home_posture(arm))[:3, 3], queue.Queue()
    with world(arm) as robot:
        served = threading.Thread(
            target=serve, args=(robot, arm, 0, 7, 0.1), kwargs={"ready": ports.put, "seconds": 300}
        )
        served.start()
        numbers = [ports.get(timeout=60), 7, 1.2, 0.5, *tool, 0.05, 0.05, 0.0]
        command = [program, str(folder / "mine.state"), *map(str, numbers)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        served.join(300)
        reached = arm.pose(robot.read().q)[:3, 3]
    assert done.stdout == "no stop; stops 0, gaps 0\n", done.stderr
    assert np.linalg.norm(reached - tool - [0.05, 0.05, 0.0]) < 2e-3


def test_the_program_of_the_documentation_runs(arm, trained, project, tmp_path):
    """As it stands there: strict C, and the torques of Python."""
    folder, states, _, _ = trained
    text = (project / "docs" / "howto" / "export.md").read_text(encoding="utf-8")
    (tmp_path / "main.c").write_text(re.findall(r"^```c\n(.*?)^```", text, re.M | re.S)[0])
    library, program = folder / MACHINE / "libmine.a", tmp_path / "main"
    command = ["cc", *STRICT, "-I", folder, tmp_path / "main.c", library, "-lm", "-o", program]
    subprocess.run(list(map(str, command)), check=True)
    numbers = [[each.time, *each.q, *each.dq] for each in states[:5]]
    given = "\n".join(" ".join(map(repr, map(float, row))) for row in numbers)
    done = subprocess.run(
        [program], input=given, cwd=folder.parent, capture_output=True, text=True, check=True
    )
    python, still = load_controller(folder), np.zeros(3)
    reference = Reference(np.array([0.5, 0.0, 0.6]), still, still)
    for line, state in zip(done.stdout.splitlines(), states[:5], strict=True):
        *tau, _, _ = line.split()
        wanted = python.step(state, reference).tau
        np.testing.assert_allclose(np.array(tau, float), wanted, atol=1e-6)


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("name", ["franka_callback", "ros2_controller"])
def test_the_skeletons_in_cpp_compile(project, tmp_path, name):
    """Against stubs of the names that they use, without a warning; nothing is run."""
    facts = Facts(7, 3, 1e-3, 1024, True, True, False, True, False, True, "0")
    (tmp_path / "mine.h").write_text(header("mine", facts))
    stubs = Path(__file__).parent / "stubs"
    compile_only(project / "examples" / "c_library" / f"{name}.cpp", tmp_path, stubs)
