"""What every verb of the command line understands."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

import nengo_forcectl
from nengo_forcectl import jobs
from nengo_forcectl.cli import VERBS, main
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.run_folder import RunFolder

SCREEN = 27  # lines; a terminal has 24 at least, and the prompt scrolls


@pytest.fixture
def asked(monkeypatch):
    """Return the settings that the jobs were given, with what each was to report to."""
    calls = []

    def job(settings, *watch):
        calls.append((settings, watch))
        return jobs.Run(None, {"endings": {}}, {})

    for name in ("run_reach", "run_press", "run_bench"):
        monkeypatch.setattr(jobs, name, job)
    return calls


def settings_of(asked, *arguments):
    """Return the settings with which the job of some arguments is called."""
    main([*arguments, "--json"])
    settings, _ = asked.pop()
    return settings


def file_of(tmp_path, text):
    """Return the path of a new file of settings."""
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return str(file)


def on_terminal(arguments, no_color):
    """Return what the command line prints on a terminal."""
    here, there = pty.openpty()
    environment = os.environ | {"NO_COLOR": no_color, "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "nengo_forcectl", *arguments]
    with subprocess.Popen(command, stdout=there, stderr=there, env=environment):
        os.close(there)
        printed = b""
        with suppress(OSError):  # the end, on Linux
            while part := os.read(here, 4096):
                printed += part
    os.close(here)
    return printed


def test_the_version_is_that_of_the_package(capsys):
    """One line, with the program's name."""
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert not end.value.code
    assert capsys.readouterr().out == f"nengo-forcectl {nengo_forcectl.__version__}\n"


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_a_help_fits_on_a_screen(verb, capsys, monkeypatch):
    """At 80 columns; all options are one word away."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([*verb.split(), "--help"])
    text = capsys.readouterr().out
    assert len(text.splitlines()) <= SCREEN, text
    assert not verb or "--help-all" in text


def test_a_file_of_settings_gives_defaults_that_options_overrule(asked, tmp_path):
    """A verb's own types and checks apply."""
    file = file_of(tmp_path, 'payload = 3\nadapt = "observer"\nfreeze-after = 1\n')
    settings = settings_of(asked, "reach", "--config", file, "--passes", "2", "--payload", "1")
    expected = ReachSettings(payload=1.0, adapt=("observer",), freeze_after=1, passes=2, json=True)
    assert settings == expected
    assert type(settings) is ReachSettings


def test_a_run_leaves_the_settings_that_repeat_it(asked, tmp_path):
    """Its verb included; the folder itself is not among them."""
    given = ReachSettings(payload=1 / 3, tool=0.1, seed=7, out=tmp_path / "run")
    RunFolder("reach", given)
    settings = settings_of(asked, f"--config={tmp_path / 'run' / 'run.toml'}")
    assert settings == ReachSettings(payload=1 / 3, tool=0.1, seed=7, json=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("paylod = 3", "has 'paylod', needs some of payload, "),
        ("payload = true", "payload: is true, needs a number"),
        ('command = "press"', "is of 'press', needs 'reach'"),
        ("payload = ", "cannot be read"),
    ],
)
def test_a_bad_file_of_settings_is_one_line(text, words, tmp_path, capsys):
    """It names the file, the option, the value and what is valid."""
    with pytest.raises(SystemExit) as end:
        main(["reach", "--config", file_of(tmp_path, text)])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "mine.toml'" in line
    assert words in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("payload = 3", "command is missing, needs one of reach, press,"),
        ('command = "rech"', "command is 'rech', needs one of reach, press,"),
    ],
)
def test_a_file_without_a_command_says_what_it_needs(text, words, tmp_path, capsys):
    """If the command line has none either."""
    with pytest.raises(SystemExit) as end:
        main(["--config", file_of(tmp_path, text)])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"mine.toml': {words}" in line


def test_a_forgotten_file_of_settings_is_asked_for(capsys):
    """As in ``--config --seed 1``."""
    for arguments in (["reach", "--config"], ["reach", "--config", "--seed", "1"]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 2
        assert "--config: needs a file" in capsys.readouterr().err


def test_quiet_shows_neither_progress_nor_messages(asked, capsys):
    """The result alone; in any place among the arguments."""
    main(["--quiet", "reach", "--json"])
    _, watch = asked.pop()
    assert watch == ()
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"endings": {}}
    assert printed.err == ""


def test_a_mistyped_option_is_answered_by_the_nearest_of_its_verb(capsys):
    """Not by one of another verb."""
    with pytest.raises(SystemExit) as end:
        main(["press", "--forse", "3"])
    assert end.value.code == 2
    assert "--force FLOAT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runn"], ["runn", "press, wipe", "see nengo-forcectl --help"]),
        ([], ["reach, press", "see nengo-forcectl --help"]),
        (["run"], ["--robot franka://HOST", "see nengo-forcectl run --help"]),
        (["reach", "--passes"], ["'--passes'", "see nengo-forcectl reach --help"]),
        (["reach", "--passes", "1.5"], ["'1.5'", "needs --passes INT"]),
        (["reach", "--pases", "3"], ["--pases", "did you mean --passes INT?"]),
        (["reach", "--engine", "gazebo"], ["'gazebo'", "'bullet', 'mujoco'"]),
        (["run", "--robot", "franka://h", "--load", "1", "2", "3"], ["needs --load KG X Y Z"]),
        (["doctor", "extra"], ["extra"]),
    ],
)
def test_arguments_that_cannot_be_read_are_one_line(arguments, words, capsys):
    """The line says what is wrong and where to read on; the exit code is 2."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nengo-forcectl: ")
    assert err.count("\n") == 1
    assert "│" not in err
    for word in words:
        assert word in err


def test_no_color_turns_colours_off():
    """On a terminal, too; see https://no-color.org."""
    assert [b"\x1b[3" in on_terminal(["reach", "--help"], value) for value in ("", "1")] == [
        True,
        False,
    ]


def test_the_shell_completes_verbs_and_options():
    """The script that tyro prints knows them."""
    run = subprocess.run(
        [sys.executable, "-m", "nengo_forcectl", "--tyro-print-completion", "bash"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for word in ("--payload", "jacobian", "adaptation", "--disturbances"):
        assert word in run.stdout
