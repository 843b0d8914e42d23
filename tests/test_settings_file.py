"""Settings of commands from TOML: the types and checks of the command line."""

import dataclasses
from pathlib import Path

import pytest

from nengo_forcectl.cli import VERBS, load
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.jobs.bench.bench_settings import BenchSettings
from nengo_forcectl.jobs.contact.contact_settings import PressSettings
from nengo_forcectl.jobs.logs.identify_settings import IdentifySettings
from nengo_forcectl.jobs.logs.payload_settings import PayloadSettings
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.settings_file import (
    read_settings_file,
    settings_from,
    settings_text,
    values_from,
)

WHERE = "settings file 'a.toml'"


def test_a_file_is_the_settings_of_a_command(tmp_path):
    """Names with - or _, whole numbers for numbers, paths, one value for a list of one."""
    file = tmp_path / "a.toml"
    file.write_text('passes = 2\nfreeze-after = 1\nadapt = "observer"\npayload = 1\nout = "x"\n')
    found = settings_from(ReachSettings, read_settings_file(file), WHERE)
    assert found == ReachSettings(
        passes=2, freeze_after=1, adapt=("observer",), payload=1.0, out=Path("x")
    )
    assert isinstance(found.payload, float)
    found = settings_from(BenchSettings, {"seeds": [1, 4], "arms": ["planar2"]}, WHERE)
    assert found == BenchSettings(("planar2",), seeds=(1, 4))


@pytest.mark.parametrize("verb", [*VERBS])
def test_every_option_has_a_type_that_toml_can_have(verb):
    """A value of a wrong type is refused in words."""
    settings = load(VERBS[verb].settings)
    for each in dataclasses.fields(settings):
        with pytest.raises(ConfigurationError, match=f"x: {each.name.replace('_', '-')}: .*needs"):
            values_from(settings, {each.name: {"a": 1}}, "x")


def test_settings_come_back_from_their_text(tmp_path):
    """Bit for bit, without the options on the output."""
    given = ReachSettings(payload=1 / 3, adapt=("pes",), freeze_after=2, arm='a"\n', json=True)
    file = tmp_path / "run.toml"
    file.write_text(settings_text("reach", given))
    values = read_settings_file(file)
    assert values.pop("command") == "reach"
    assert settings_from(ReachSettings, values, "x") == dataclasses.replace(given, json=False)


@pytest.mark.parametrize(
    ("kind", "mapping", "words"),
    [
        (ReachSettings, {"sede": 1}, "has 'sede', needs some of .*seed"),
        (ReachSettings, {"seed": "a"}, "seed: is 'a', needs a whole number"),
        (ReachSettings, {"seed": True}, "seed: is true, needs a whole number"),
        (ReachSettings, {"seed": 1.0}, "seed: is 1.0, needs a whole number"),
        (ReachSettings, {"payload": 10**400}, "payload: is 1000.*, needs a number"),
        (ReachSettings, {"payload": float("nan")}, "payload: is nan kg, needs a number from 0"),
        (ReachSettings, {"arm": ["a"]}, "arm: is .'a'., needs a text"),
        (ReachSettings, {"adapt": [1]}, "adapt: is .1., needs a list of texts"),
        (ReachSettings, {"adapt": ["nobody"]}, "adapt: is nobody, needs some of none"),
        (ReachSettings, {"engine": "ode"}, "engine: is 'ode', needs one of bullet, mujoco"),
        (ReachSettings, {"json": 1}, "json: is 1, needs true or false"),
        (ReachSettings, {"freeze-after": 1, "freeze_after": 1}, "has freeze-after twice"),
        (ReachSettings, {"out": {}}, "out: is .*, needs a path"),
        (PressSettings, {"stiffness": [1e3, "a"]}, "stiffness: is .*needs a list of numbers"),
        (IdentifySettings, {"box": [1.0, 2.0]}, "box: .*needs a list of 6 numbers"),
        (PayloadSettings, {"empty": "a.csv"}, "loaded is missing, needs a value"),
    ],
)
def test_what_is_wrong_is_one_line_that_says_what_is_right(kind, mapping, words):
    """Where, which, the value and the need; other types are never converted quietly."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        settings_from(kind, mapping, WHERE)
    assert str(caught.value).startswith(f"{WHERE}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"a = ", b"a = 1\na = 2", b"\xff", b"a=" + b"[" * 5000])
def test_files_that_are_no_toml_are_refused(content, tmp_path):
    """Cut, repeated, not text, nested too deep."""
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(RecordError, match=r"settings file '.*a\.toml': cannot be read"):
        read_settings_file(file)
    with pytest.raises(RecordError, match="cannot be read"):
        read_settings_file(tmp_path / "none.toml")
