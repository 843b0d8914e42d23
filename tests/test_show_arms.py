import json

import numpy as np
import pytest

import arms
from nengo_forcectl.cli import main


def printed(capsys, *arguments):
    main(["arms", *arguments])
    return capsys.readouterr().out


def test_the_listing_has_a_row_for_every_arm(capsys):
    """Every arm of the catalogue is listed with its joints, reach, mass, operations and source."""
    lines = printed(capsys).splitlines()
    for name in arms.names():
        it = arms.summary(name)
        rows = [line.split() for line in lines if line.split()[:1] == [name]]
        numbers = [str(it.joints), f"{it.reach:.2f}", f"{it.mass:.1f}", f"{it.operations:,}"]
        assert rows[0] == [name, *numbers]
        assert rows[1][1] == it.source.split()[0]


def test_a_planar_arm_is_shown_with_its_matrices(capsys):
    """A planar arm in full: limits, frames and the Sympy matrices M, C and g."""
    text = printed(capsys, "planar2")
    for word in ("joint1", "joint2", "frames: base, link1, link2, tool", "-9.81"):
        assert word in text
    for word in ("M(q) =", "C(q, dq) =", "g(q) =", "cos(q₁)", "sin(q₁)"):
        assert word in text


def test_a_spatial_arm_is_shown_without(capsys):
    """The matrices of a spatial arm fill pages and are left out."""
    text = printed(capsys, "kuka_iiwa")
    assert "lbr_iiwa_joint_7" in text
    assert "M(q)" not in text


def test_drives_are_shown_where_there_are_some(capsys, tmp_path):
    """The Panda's published ones with their source, a file's own ones, and none of the planar2."""

    def rows_of(text):
        return [line.split() for line in text[text.index("armature ") :].splitlines()]

    text, known = printed(capsys, "panda"), arms.drives("panda")
    assert "published drives, not in the model" in text
    names = arms.load("panda").joint_names
    for name, *numbers in zip(names, *known[:3], strict=True):
        assert [name, *(f"{number:.3g}" for number in numbers)] in rows_of(text)
    path = tmp_path / "geared.urdf"
    path.write_text(arms.load("planar2").with_armature([0.3, 0.02]).to_urdf())
    assert ["joint2", "0.02", "0", "0"] in rows_of(printed(capsys, str(path)))
    (data,) = json.loads(printed(capsys, str(path), "--json"))
    np.testing.assert_allclose(data["armature"], [0.3, 0.02])
    assert data["viscous"] == data["dry"] == [0.0, 0.0]
    assert "armature" not in printed(capsys, "planar2")


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize("name", arms.names())
def test_names_and_numbers_are_whole(name, width, capsys, monkeypatch):
    """No name of a joint or link is broken in mid-word, no number cut, at either width."""
    monkeypatch.setenv("COLUMNS", width)
    text = printed(capsys, name)
    arm, words = arms.load(name), text.split()
    for joint in arm.chain.joints:
        drives = name in ("panda", "fr3") and joint.name in arm.joint_names
        assert words.count(joint.name) == 2 + drives  # also as what moves its link
    assert {link.name for link in arm.chain.links} <= set(words)
    loads = [link.inertia for link in arm.chain.links if link.inertia.mass]
    numbers = [f"{x:.3g}" for one in loads for x in (*one.com, *one.moments[::3], one.moments[5])]
    assert set(numbers) <= set(words)
    assert "…" not in text


def test_json_gives_the_same_to_a_program(capsys):
    """With --json the standard output is a list of summaries, one for one arm."""
    (data,) = json.loads(printed(capsys, "ur5", "--json"))
    arm = arms.load("ur5")
    assert data["joints"] == list(arm.joint_names)
    assert data["tau_max"] == arm.tau_max.tolist()
    listed = json.loads(printed(capsys, "--json"))
    assert [entry["name"] for entry in listed] == list(arms.names())


def test_an_unknown_arm_is_one_line_and_exit_code_2(capsys):
    """The error names the arms that there are."""
    with pytest.raises(SystemExit) as end:
        main(["arms", "ur55"])
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert "ur55" in line
    assert "ur5e" in line
