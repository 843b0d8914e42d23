import io
import json
import logging
import os
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from rich.console import Console

from nengo_forcectl import ReachSettings, Reference, Result, State, jobs
from nengo_forcectl.cli import BROKEN_PIPE, VERBS, load, main
from nengo_forcectl.jobs.reach import reach_output
from nengo_forcectl.jobs.reach.reach_job import last_error
from nengo_forcectl.jobs.reach.reach_report import error_grid
from nengo_forcectl.jobs.report.answer_text import grid_text
from nengo_forcectl.jobs.rivals import RIVALS
from nengo_forcectl.robots.log import Log


def command(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "nengo_forcectl", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


def test_reach_prints_a_table_and_nothing_of_tensorflow(tmp_path):
    """The standard output is the table and the folder; the standard error only the progress."""
    result = command("reach", "--passes", "1", "--neurons", "50", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "RMS error of the tool in mm" in result.stdout
    assert "none" in result.stdout
    assert "structured" in result.stdout
    assert "Run folder: runs/reach-001" in result.stdout
    noise = ("pybullet", "TensorFlow", "tensorflow", "XLA", "Warning", "oneDNN", "cuda", "W0000")
    assert not [word for word in noise if word in result.stdout + result.stderr]
    assert (tmp_path / "runs" / "reach-001" / "report.html").exists()


def test_nine_controllers_fit_into_eighty_columns():
    """Their names and numbers are whole."""
    adapt, values = tuple(RIVALS)[:9], [64.123, 0.0108, 123.4]
    summary = {
        "settings": {"passes": 3, "unseen": 0, "freeze_after": None, "jacobian": []},
        "rms_mm": dict.fromkeys(adapt, values),
        "steps_per_second": dict.fromkeys(adapt, 14321.0),
    }
    console = Console(width=80, file=io.StringIO())
    console.print(grid_text(error_grid(summary)))
    text = console.file.getvalue()
    for number in ("64.1", "0.0108", "123", "14,321"):
        assert text.count(number) == 9
    assert all(name in text for name in adapt)
    assert "…" not in text


def test_json_is_alone_on_the_standard_output(tmp_path):
    """With --json the standard output is one JSON object, the summary on disk."""
    result = command("reach", "--adapt", "none", "--passes", "1", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary == json.loads((tmp_path / "runs/reach-001/summary.json").read_text())
    assert list(summary["rms_mm"]) == ["none"]


def test_an_unknown_jacobian_names_the_known_ones(tmp_path, capsys):
    """A choice that there is none of is exit code 2, with the valid ones."""
    with pytest.raises(SystemExit) as end:
        main(["reach", "--jacobian", "numeric", "--out", str(tmp_path / "run")])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert all(name in said.err for name in ("analytic", "learned", "adaptive", "exact"))
    assert not (tmp_path / "run").exists()


def urdf_file(folder, text):
    path = folder / "broken.urdf"
    path.write_text(text)
    return str(path)


BRANCH = """<robot name="r"><link name="a"/>
<link name="b"><inertial><mass value="1"/><origin xyz="0.3 0 0"/><inertia ixx="0.1" iyy="0.1"
izz="0.1" ixy="0" ixz="0" iyz="0"/></inertial></link><link name="c"/><link name="d"/>
<joint name="j" type="continuous"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/></joint>
<joint name="k" type="prismatic"><parent link="b"/><child link="c"/><origin xyz="0.5 0 0"/>
<limit lower="-0.5" upper="0.5" effort="50" velocity="1"/></joint>
<joint name="l" type="fixed"><parent link="b"/><child link="d"/></joint></robot>"""


@pytest.mark.usefixtures("without_figures")
@pytest.mark.filterwarnings("ignore:.* are massless:UserWarning")
def test_the_tip_of_a_branching_urdf_can_be_named(tmp_path, capsys, monkeypatch):
    """Where two ends are equally deep, the error asks for the tip, and --tip answers it."""
    monkeypatch.chdir(tmp_path)
    equal = BRANCH.replace('"l" type="fixed"', '"l" type="prismatic"')
    with pytest.raises(SystemExit) as end:
        main(["reach", "--arm", urdf_file(tmp_path, equal)])
    assert end.value.code == 2
    assert "'c' (2), 'd' (2); name the tip" in capsys.readouterr().err
    path = urdf_file(tmp_path, BRANCH)
    arguments = ["--tip", "c", "--adapt", "exact", "--passes", "1", "--json"]
    with pytest.raises(SystemExit) as end:
        main(["reach", "--arm", path, *arguments])
    assert end.value.code == 2
    assert "joint 'k' moves nothing that has a mass" in capsys.readouterr().err
    mass = '<link name="c"><inertial><mass value="0.5"/></inertial></link>'
    path = urdf_file(tmp_path, BRANCH.replace('<link name="c"/>', mass))
    main(["reach", "--arm", path, *arguments])
    assert json.loads(capsys.readouterr().out)["rms_mm"]["exact"][0] < 1.0


TWO_LINKS = """<robot name="r"><link name="a"/><link name="b"/>
<joint name="j" type="{kind}"><parent link="a"/><child link="b"/></joint></robot>"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--arm", "kukka"], ["kukka", "kuka_iiwa"]),
        (["--arm", "missing.urdf"], ["missing.urdf"]),
        (["--arm", "BROKEN"], ["broken.urdf"]),
        (["--arm", "FLOATING"], ["floating", "revolute"]),
        (["--payload", "-1"], ["payload", "-1", "0 up"]),
        (["--payload", "nan"], ["payload", "nan"]),
        (["--friction", "-0.5"], ["friction", "-0.5"]),
        (["--passes", "0"], ["passes", "0"]),
        (["--neurons", "0"], ["neurons", "0"]),
        (["--tool", "-0.2"], ["tool", "-0.2", "from 0 to 1"]),
        (["--tool", "0.2", "--adapt", "keras"], ["adapt", "keras", "observer"]),
        (["--out", "EXISTS"], ["exists"]),
        (["--out", "FILE/run"], ["cannot be made"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, tmp_path, capsys, monkeypatch):
    """What is wrong is one line that names the thing, the value and what would work."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    stand_ins = {
        "BROKEN": lambda: urdf_file(tmp_path, "<robot name='x'><link"),
        "FLOATING": lambda: urdf_file(tmp_path, TWO_LINKS.format(kind="floating")),
        "EXISTS": lambda: str(tmp_path),
        "FILE/run": lambda: str(tmp_path / "file" / "run"),
    }
    given = [stand_ins[value]() if value in stand_ins else value for value in arguments]
    with pytest.raises(SystemExit) as end:
        main(["reach", *given])
    assert end.value.code == 2
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("nengo-forcectl: ")
    assert all(word in lines[0] for word in words), lines[0]
    assert captured.out == ""


def test_a_warning_is_one_line_too(tmp_path):
    """What is odd about an arm is said once, without the place in our code."""
    massless = BRANCH.replace('<link name="c"/>', '<link name="c"/><link name="e"/>').replace(
        "</robot>",
        '<joint name="m" type="continuous"><parent link="c"/><child link="e"/></joint></robot>',
    )
    result = command("arms", urdf_file(tmp_path, massless), "--tip", "e", cwd=tmp_path)
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    (line,) = (line for line in lines if "compiling" not in line)  # said on a slow machine
    assert line.startswith("nengo-forcectl: ")
    assert "massless: 'c'" in line


def test_help_names_every_option(capsys):
    """The long help of reach lists its options with their units and defaults."""
    with pytest.raises(SystemExit) as end:
        main(["reach", "--help-all"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    options = (
        "tool",
        "jacobian",
        "arm",
        "payload",
        "friction",
        "passes",
        "neurons",
        "seed",
        "adapt",
        "out",
        "json",
    )
    assert [option for option in options if f"--{option}" not in text] == []


@pytest.mark.parametrize("verb", [*VERBS])
def test_the_list_of_verbs_says_what_their_help_says(verb):
    """The summary of a verb is the first line of its settings' docstring."""
    assert VERBS[verb].summary == load(VERBS[verb].settings).__doc__.partition("\n")[0]


@pytest.mark.parametrize("verb", ["reach", "press", "wipe", "jacobian", "bench adaptation"])
def test_a_verbs_own_options_come_first_in_its_help(verb, capfd):
    """Those of every verb, such as --out, close the list."""
    with pytest.raises(SystemExit):
        main([*verb.split(), "--help-all"])
    options = re.findall(r"^│ --([a-z-]+)", capfd.readouterr().out, re.MULTILINE)
    shared = ("arm", "tip", "seed", "engine", "view", "out", "json")
    if verb == "jacobian":  # has another default for --arm
        shared = ("tip", "seed", "engine", "out", "json")
    if verb == "bench adaptation":  # has --arms, --seeds, and those of cells
        shared = ("engine", "jobs", "dask", "out", "json")
    assert tuple(options[-len(shared) :]) == shared
    assert not set(options[: -len(shared)]) & set(shared)


@pytest.mark.parametrize("arguments", [["--help"], ["reach", "--help"], ["press", "--help"]])
def test_a_help_loads_nothing_heavy(arguments):
    """The list of verbs reads no settings; the help of a verb, no controller."""
    heavy = ("tensorflow", "pybullet", "sympy", "nengo", "matplotlib", "numba")
    code = f"""
import atexit, re, sys
from nengo_forcectl.cli import main
def report():
    jobs = [m for m in sys.modules if re.match("nengo_forcectl.*_settings$", m)]
    print([m for m in {heavy} if m in sys.modules], len(jobs), file=sys.stderr)
    print([m for m in sys.modules if m.startswith("nengo_forcectl.control")], file=sys.stderr)
atexit.register(report)
main({arguments})
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded, control = result.stderr.splitlines()
    assert loaded.startswith("[] 0" if len(arguments) == 1 else "[] ")
    assert control == "[]"


def test_what_a_terminal_cannot_show_is_replaced(monkeypatch):
    """With an encoding that lacks superscripts and brackets of matrices."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii", write_through=True))
    main(["arms", "planar2"])
    text = written.getvalue().decode("ascii")
    assert "M(q) =" in text
    assert "?" in text


@pytest.mark.parametrize("arguments", [["--help"], ["arms"], ["reach", "--help"]])
def test_a_reader_that_has_gone_ends_the_output_without_a_word(arguments):
    """As in ``nengo-forcectl --help | head -1``."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as output:
        result = subprocess.run(
            [sys.executable, "-m", "nengo_forcectl", *arguments],
            stdout=output, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert result.returncode == BROKEN_PIPE
    assert "Broken" not in result.stderr


def test_importing_the_packages_is_light():
    """Importing both packages loads neither TensorFlow nor PyBullet nor Sympy."""
    code = (
        "import sys, nengo_forcectl, arms; "
        "print([m for m in ('tensorflow', 'pybullet', 'sympy', 'nengo') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


def test_every_public_name_is_there():
    """Each name in __all__ can be imported, and an unknown one is an AttributeError."""
    import nengo_forcectl

    for name in set(nengo_forcectl.__all__) - {"__version__"}:
        assert getattr(nengo_forcectl, name).__name__ in (name, "ArmsError")  # ForcectlError
    assert nengo_forcectl.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="No nengo_forcectl attribute nothing"):
        _ = nengo_forcectl.nothing


def test_a_name_that_has_moved_down_still_works_and_says_where_it_is():
    """For one release; the warning names the new home."""
    import nengo_forcectl
    from nengo_forcectl.support.moved import HOMES

    for name, home in HOMES.items():
        with pytest.warns(DeprecationWarning, match=f"import it from nengo_forcectl.{home}$"):
            assert getattr(nengo_forcectl, name).__name__ == name


def test_what_docstrings_announce_is_public():
    """Every error and protocol that a docstring names can be imported, still without Sympy."""
    code = (
        "import sys; from nengo_forcectl import Cycle, Controller, ForcectlError; "
        "from nengo_forcectl.errors import ArmError, ConfigurationError, NetworkError, "
        "RecordError, SimulationError, VersionError; "
        "print(all(issubclass(error, ForcectlError) for error in (ArmError, ConfigurationError, "
        "NetworkError, RecordError, SimulationError, VersionError)), "
        "[m for m in ('tensorflow', 'pybullet', 'sympy', 'nengo') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "True []", result.stderr
    from nengo_forcectl.cycle import robust_posture

    assert robust_posture.__module__ == "nengo_forcectl.cycle.consolidating_learner"


def test_the_progress_says_that_its_error_is_the_last_reachs(capsys):
    """The pass is not over, so the error is called the one of now."""
    log = Log(10)
    x, zero = np.array([0.003, 0.0, 0.0]), np.zeros(3)
    for k in range(10):
        reference = Reference(x, zero, zero)
        log.append(State(k, zero, zero), reference, Result(zero, 0.0, zero))
    with reach_output.ReachBars(ReachSettings(adapt=("none",), passes=1)) as progress:
        progress.watch("none", 0, 5, last_error(log, 0))
        progress.watch("none", 1, 5, last_error(log, 1))
    assert "pass 1/1, now 3.00 mm" in capsys.readouterr().err


def test_what_compiles_says_so_on_the_standard_error(capsys, monkeypatch):
    """A message of either package is one line there, and none on the standard output."""

    def job(settings, watch):
        logging.getLogger("arms").info("compiling the arm's kernels")
        logging.getLogger("nengo_forcectl.cycle").info("compiling the control cycle")
        return []

    monkeypatch.setattr(jobs, "load_arms", job)
    main(["arms", "--json"])
    printed = capsys.readouterr()
    assert json.loads(printed.out) == []
    assert printed.err.splitlines() == [
        "nengo-forcectl: compiling the arm's kernels",
        "nengo-forcectl: compiling the control cycle",
    ]
    job(None, None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize("option", ["--help", "--help-all"])
@pytest.mark.parametrize("verb", [*VERBS])
def test_help_texts_are_whole(verb, option, width, capfd, monkeypatch):
    """No default is None or empty, and no line of text ends in mid-sentence short of the margin."""
    monkeypatch.setenv("COLUMNS", width)
    with pytest.raises(SystemExit):
        main([*verb.split(), option])
    text = capfd.readouterr().out
    assert "None" not in text
    assert "(default: )" not in text
    lines = [line[1:-1].rstrip() for line in text.splitlines() if line.startswith("│")]
    assert lines
    for line, following in pairwise(lines):
        option, ended = (
            following.strip().startswith("-"),
            line.endswith((".", ":", ")", "]", "}", "exit")),
        )
        word = following.split()[0] if following.split() else ""
        full = len(line) + 1 + len(word) > int(width) - 4
        assert ended or option or full or "[" in line or line.strip().startswith("-"), line
