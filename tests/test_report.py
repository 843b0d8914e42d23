"""The report of a run: self-contained, escaped, true, and never the end of a run."""

import json
import shlex
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from nengo_forcectl import cli
from nengo_forcectl.cli import main
from nengo_forcectl.errors import RecordError
from nengo_forcectl.jobs import (
    BenchSettings,
    IdentifySettings,
    JacobianSettings,
    PayloadSettings,
    PressSettings,
    ReachSettings,
    ReplaySettings,
    WipeSettings,
    run_bench,
    run_identify,
    run_jacobian,
    run_payload,
    run_press,
    run_reach,
    run_replay,
    run_wipe,
)
from nengo_forcectl.jobs.reach import reach_figures
from nengo_forcectl.jobs.reach.reach_report import error_grid
from nengo_forcectl.jobs.report.answer import Answer, Cell, Grid, listing, number, percent
from nengo_forcectl.jobs.report.command_line import command_line
from nengo_forcectl.jobs.report.figure_sheet import group_by_size
from nengo_forcectl.jobs.report.limits_in_words import limits_in_words
from nengo_forcectl.jobs.report.notices import Notices
from nengo_forcectl.jobs.report.page import PageContent, Picture, report_page
from nengo_forcectl.jobs.report.run_files import describe
from nengo_forcectl.support import files

PARTS = ["Figures", "Warnings", "What was asked", "Where the data are"]
EVIL = "<script>alert('&')</script>"


class Page(HTMLParser):
    """Tags, headings and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.sources, self.headings, self.text = [], [], [], ""
        self._heading = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href", "srcset")]
        self._heading = tag == "h2"

    def handle_data(self, data):
        self.text += data
        if self._heading:
            self.headings.append(data)
            self._heading = False


def page_of(folder) -> Page:
    """The page of a run folder; it needs no other file, no network and no script."""
    text = (Path(folder) / "report.html").read_text()
    page = Page(text)
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert "url(" not in text
    assert "@import" not in text
    assert 'name="viewport"' in text
    assert "@media print" in text
    return page


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A log without and one with a payload, of one motion each."""
    folder, model = tmp_path_factory.mktemp("logs"), arms.load("planar2")
    paths = []
    for seed, arm in enumerate((model, model.with_payload(1.0))):
        rng = np.random.default_rng(seed)
        time, q, dq, ddq = motion(model, 6.0, 100.0, rng)
        tau = arm.inverse_dynamics(q, dq, ddq) + 0.01 * rng.normal(size=q.shape)
        paths.append(write_csv(folder / f"log{seed}.csv", time, q, dq, tau))
    return paths


def job(verb, out, logs):
    """The function of a verb, and settings of a small run."""
    empty, loaded = logs
    small = {"adapt": ("observer",), "out": out}
    plain = {"arm": "planar2", "out": out}
    return {
        "reach": (run_reach, ReachSettings(arm="planar2", passes=1, payload=0.5, **small)),
        "press": (
            run_press,
            PressSettings(
                arm="planar2", payload=0.5, stiffness=(1e6,), hold=1.0, speed=0.05, **small
            ),
        ),
        "wipe": (run_wipe, WipeSettings(arm="planar2", laps=1, lap=2.0, **small)),
        "bench": (
            run_bench,
            BenchSettings(("planar2",), ("payload-2", "none"), passes=1, jobs=1, **small),
        ),
        "jacobian": (run_jacobian, JacobianSettings(neurons=30, samples=100, test=20, out=out)),
        "replay": (run_replay, ReplaySettings(log=empty, **plain)),
        "identify": (run_identify, IdentifySettings(logs=(empty,), **plain)),
        "payload": (run_payload, PayloadSettings(empty=empty, loaded=loaded, **plain)),
    }[verb]


SENTENCES = {
    "reach": "With observer, the tool came within 2 mm of",
    "press": "With observer, the arm presses with 20 N",
    "wipe": "With observer, the arm wipes with 20 N",
    "bench": "The RMS error of pass 1 stayed below 1 mm for observer under",
    "jacobian": "The learned J is off by",
    "replay": "In the log the learner predicted the torques with an error of",
    "identify": "the identified model predicts the torques with an error of",
    "payload": "The payload weighs",
}


@pytest.mark.parametrize("verb", SENTENCES)
def test_every_run_leaves_a_report_with_all_parts(verb, tmp_path, logs):
    """A sentence, figures, limits where an arm moved, warnings, the command, and every file."""
    out = tmp_path / "run"
    run, settings = job(verb, out, logs)
    run(settings)
    page = page_of(out)
    limits = ["What the limits did"] if verb in ("reach", "press", "wipe", "bench") else []
    assert page.headings == [PARTS[0], *limits, *PARTS[1:]]
    assert SENTENCES[verb] in page.text.replace("\xa0", " ")
    assert page.tags.count("img") == len(list(out.glob("*.png"))) > 0
    assert f"nengo-forcectl {verb}" in page.text
    assert "numpy" in page.text
    for path in out.iterdir():
        assert path.name in page.text
        assert describe(f"{path.name}/" if path.is_dir() else path.name)
    assert "1e+06" not in page.text
    assert f"--config {out}/run.toml" in page.text


def test_names_are_text_and_nothing_else():
    """A title, path, setting, warning, cell, caption or controller named <script> is shown."""
    grid = Grid((EVIL, EVIL), ((EVIL, Cell(EVIL, "bad")), (), (EVIL,)), EVIL, EVIL)
    answer = Answer(EVIL, (EVIL, grid, (EVIL,)), EVIL)
    summary = {
        "command": f"nengo-forcectl reach --arm {EVIL}", "settings": {EVIL: EVIL, "x": [EVIL]},
        "versions": {EVIL: EVIL}, "seed": EVIL, "warnings": [EVIL],
    }  # fmt: skip
    pictures = [Picture(b"png", EVIL)]
    text = report_page(PageContent(EVIL, answer, summary, [EVIL]), pictures, [(EVIL, EVIL)], EVIL)
    page = Page(text)
    assert "script" not in page.tags
    assert text.count("<script") == 0
    assert page.text.count(EVIL) >= 20


def test_an_arm_from_a_file_with_an_odd_name_is_shown_by_it(tmp_path, planar2_file):
    """The path of the file, the joints and the folder are text on the page."""
    odd = tmp_path / "<b>&<script>.urdf"
    odd.write_text(planar2_file)
    out = tmp_path / "<i>run"
    run_reach(ReachSettings(arm=str(odd), passes=1, payload=0.1, adapt=("none",), out=out))
    page = page_of(out)
    assert page.text.count(str(odd)) >= 3  # title, command, setting
    assert str(out) in page.text
    assert not {"b", "i"} & set(page.tags)


@pytest.fixture
def planar2_file():
    """An arm as a URDF."""
    return arms.load("planar2").to_urdf()


def test_a_fall_comes_first(tmp_path, capsys):
    """Of an arm that cannot carry its payload, the page says so before anything else."""
    out = tmp_path / "run"
    with pytest.raises(SystemExit) as end:
        main(["reach", "--arm", "planar2", "--payload", "40", "--passes", "1", "--adapt", "none",
              "--out", str(out)])  # fmt: skip
    assert end.value.code == 3
    page, printed = page_of(out), " ".join(capsys.readouterr().out.split())
    (how,) = json.loads((out / "summary.json").read_text())["endings"].values()
    assert f"none {how}." in printed
    assert page.text.index(f"none {how}.") < page.text.index("the tool came within 2 mm of 0 of 5")
    assert "cannot carry it" in page.text
    assert "the torque limit cut a torque" in page.text


@pytest.mark.parametrize("verb", SENTENCES)
def test_an_interrupted_run_says_so(verb, tmp_path, logs):
    """What was done until Ctrl-C has a report, even if it is nothing."""
    out, count = tmp_path / "run", 0

    def watch(*_):
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt

    run, settings = job(verb, out, logs)
    if verb == "jacobian":
        run(settings, watch)  # keeps the best network so far
    else:
        with pytest.raises(KeyboardInterrupt):
            run(settings, watch)
    assert "interrupted" in page_of(out).text


def test_what_cannot_be_drawn_or_written_is_one_warning(tmp_path, monkeypatch):
    """The run and its records stay; the exit is that of a good run."""

    def broken(run):
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(reach_figures, "reach_figures", broken)
    settings = ReachSettings(arm="planar2", passes=1, adapt=("none",), out=tmp_path / "run")
    with pytest.warns(RuntimeWarning, match=r"not complete \(ZeroDivisionError: no such luck\)"):
        run = run_reach(settings)
    assert len(run.records["none"]["time"]) == 6000
    assert "What was asked" in page_of(tmp_path / "run").headings


def test_a_disk_that_is_full_costs_the_report_alone(tmp_path, monkeypatch):
    """Neither figures nor page can be written: one line, and the run is there."""
    from nengo_forcectl.jobs.report import reporting  # the module whose disk is full

    def full(path, save):
        raise RecordError(f"file '{path}': cannot be written (No space left on device)")

    monkeypatch.setattr(reporting, "write_file", full)
    settings = ReachSettings(arm="planar2", passes=1, adapt=("none",), out=tmp_path / "run")
    with pytest.warns(RuntimeWarning, match="No space left on device") as told:
        run_reach(settings)
    assert len(told) == 1
    assert not (tmp_path / "run" / "report.html").exists()
    assert files.read_json(tmp_path / "run" / "summary.json")["complete"]


@pytest.mark.parametrize(
    ("verb", "settings"),
    [
        ("reach", ReachSettings()),
        ("reach", ReachSettings(tool=0.2, freeze_after=2, arm="a b", seed=3)),
        ("press", PressSettings(surface="peg", force=25.5)),
        ("press", PressSettings(stiffness=(1e3, 1e6), adapt=("observer",))),
        ("bench", BenchSettings(("planar2",), ("none", "viscous"), seeds=(1, 4), jobs=2)),
        ("jacobian", JacobianSettings(weights=True, half_range=0.3)),
        ("replay", ReplaySettings(log=Path("x y.csv"), learn_then=False, columns=("q=2-7",))),
        ("identify", IdentifySettings(excite=True, box=(-0.3, -0.3, 0.1, 0.3, 0.3, 0.8))),
        ("identify", IdentifySettings(logs=(Path("a"), Path("b")), gains=(1.5, 2e-7))),
        ("payload", PayloadSettings(empty=Path("a"), loaded=Path("b"), gain_error=0.0)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_command_repeats_the_settings(verb, settings):
    """Parsed again it gives the same settings."""
    words = shlex.split(command_line(verb, settings))
    assert words[:2] == ["nengo-forcectl", verb]
    _, again = cli._parse(cli._asked(words[1:]))
    assert again == settings


def test_the_command_has_no_defaults():
    """What is not asked for is not in it; where results go is not, either."""
    assert command_line("reach", ReachSettings(out=Path("x"), json=True)) == "nengo-forcectl reach"
    assert command_line("press", PressSettings()) == "nengo-forcectl press"
    bench = command_line("bench", BenchSettings(passes=2))
    assert bench == "nengo-forcectl bench adaptation --passes 2"


def test_warnings_are_recorded_and_still_shown():
    """Each once, of Python and of the package."""
    with warnings.catch_warnings(record=True) as shown, Notices() as notices:
        warnings.simplefilter("always")
        for _ in range(2):
            warnings.warn("the  model\nis odd", stacklevel=1)
        notices.remark("reaches take longer")
    assert notices.lines == ["the model is odd", "reaches take longer"]
    assert len(shown) == 2


def test_limits_are_told_in_words():
    """By controller: which limit, in how many cycles, and their share."""
    summary = {
        "cycles": {"none": 2000, "structured": 10},
        "limits": {"none": {"torque": 400, "rate": 1, "position": 0}, "structured": {}},
        "events": {"none": {"not finite": 2}},
    }
    first, second = limits_in_words(summary)
    assert first.startswith("none: of 2,000 cycles, the torque limit cut a torque")
    assert "in 400 (20 %) and the rate limit slowed the change of a torque in 1 (0.05 %)." in first
    assert first.endswith("2 readings that were not finite.")
    assert second == "structured: no limit changed a torque in 10 cycles."


def test_numbers_are_short_and_never_round_to_nothing():
    """Three digits, no exponent for what people say in digits; a share above 0 is not 0."""
    assert [number(x) for x in (0.01119, 67.23, 999.9, 1217.3, 1e6)] == [
        "0.0112", "67.2", "1,000", "1,217", "1,000,000",
    ]  # fmt: skip
    assert [percent(x) for x in (0.0, 1e-6, 0.012, 0.5)] == ["0 %", "under 0.01 %", "1.2 %", "50 %"]
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"


def test_passes_that_a_table_leaves_out_are_counted():
    """Of 25 passes: the first ten, how many are left out, the last ten."""
    settings = {"passes": 25, "unseen": 0, "freeze_after": None, "jacobian": ()}
    summary = {"settings": settings, "rms_mm": {"none": list(range(1, 26))},
               "steps_per_second": {"none": 1.0}}  # fmt: skip
    rows = error_grid(summary).rows
    assert [row[0] for row in rows[9:12]] == ["pass 10", "5 more: see summary.json", "pass 16"]
    assert rows[11][1] == "16"
    assert len(rows) == 10 + 1 + 10 + 2


def test_sizes_are_grouped_within_a_ratio():
    """From large to small; what is small has a scale of its own."""
    assert group_by_size([0.9, 15.0, 0.5, 10.0, 0.06, 1.7, 0.004]) == [[1, 3, 5], [0, 2], [4], [6]]


def test_printed_and_reported_numbers_are_the_same(tmp_path, capsys):
    """Every cell of the printed table is on the page."""
    out = tmp_path / "run"
    main(["reach", "--arm", "planar2", "--passes", "2", "--adapt", "none", "observer",
          "--payload", "0.5", "--out", str(out)])  # fmt: skip
    page, printed = page_of(out).text, capsys.readouterr().out
    rows = [line.split()[2:] for line in printed.splitlines() if line.strip().startswith("pass ")]
    assert len(rows) == 2
    assert all(cell in page for row in rows for cell in row)
    assert "see report.html" in " ".join(printed.split())  # a long path wraps it
