"""A controller as a C library: the torques, learning and stops of Python, to the last bit."""

import queue
import re
import shutil
import subprocess
import threading
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
from export_world import DT, drive, path_of, recorded, world

import arms
from nengo_forcectl import (
    Reference,
    learning_cycle,
    load_controller,
)
from nengo_forcectl.cli import main
from nengo_forcectl.errors import ConfigurationError, RecordError, VersionError
from nengo_forcectl.export import export_library, read_state, write_state
from nengo_forcectl.export.c_code import MACHINES, emit
from nengo_forcectl.export.c_header import REASONS, Facts, header
from nengo_forcectl.export.folder import SUMS
from nengo_forcectl.networks import home_posture
from nengo_forcectl.robots import serve

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
