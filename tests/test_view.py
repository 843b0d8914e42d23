"""The page of the view: what it shows of a run, and that no fault of it ends one."""

import logging
import socket
import subprocess
import sys

import numpy as np
import pytest
from view_samples import recorded_run

import arms
from nengo_forcectl.errors import ConfigurationError, RecordError, VersionError
from nengo_forcectl.jobs import ReachSettings, ShowSettings, run_reach, run_show
from nengo_forcectl.jobs.run_folder import read_run
from nengo_forcectl.jobs.show.recorded_scene import recorded_scene

pytest.importorskip("viser", reason="needs viser")

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nengo_forcectl.view import View
from nengo_forcectl.view.html_page import recorded_page
from nengo_forcectl.view.missing_torque import missing_torque
from nengo_forcectl.view.page_process import SCREENS, PageProcess
from nengo_forcectl.view.served_page import HOST, PORT, free_port
from nengo_forcectl.view.shown import rows_of


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch):
    """No browser opens on the machine that tests."""
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("without_figures")
def test_a_page_that_ends_does_not_end_the_run(tmp_path, monkeypatch, caplog):
    """One line says so, and the run is complete."""
    begin = View.begin

    def kill(view, name):
        view._page._process.kill()
        view._page._process.wait()
        begin(view, name)

    monkeypatch.setattr(View, "begin", kill)
    monkeypatch.setattr("nengo_forcectl.view.live.PATIENCE", 0.1)
    run = run_reach(
        ReachSettings(arm="planar2", adapt=("none",), passes=1, view=True, out=tmp_path / "run")
    )
    assert caplog.text.count("the page has ended") == 1
    assert run.summary["complete"]


def test_the_tip_of_a_tool_is_shown(tmp_path):
    """Where nothing else shows the last link, too."""
    folder = recorded_run(tmp_path, ["exact"], "planar2", seconds=0.1, tool=[0.0, 0.1, 0.0])
    page = run_show(ShowSettings(folder, html=tmp_path / "page.html"))
    assert page.stat().st_size > 1e5


def test_missing_torque_is_that_of_the_record(reached):
    """The motion of one cycle tells what the job computes from the disturbances."""
    run = reached
    record = run.records["none"]
    rows = rows_of({name: record[name] for name in record if name != "unmodelled"}, 1e-3)
    assert rows["time"][-1] == record["time"][-2]
    wanted = rows_of(record, 1e-3)["unmodelled"]
    arm = arms.load("planar2")
    found = missing_torque(arm, rows)
    np.testing.assert_allclose(found, wanted, atol=2e-3 * np.abs(wanted).max())


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """A run with a view that no browser shows, while another program has the port."""
    log = logging.getLogger("nengo_forcectl")
    lines, handler = [], logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())
    log.addHandler(handler)
    level, log.level = log.level, logging.INFO
    settings = ReachSettings(
        arm="planar2", adapt=("none",), passes=1, view=True,
        out=tmp_path_factory.mktemp("view") / "run",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, socket.socket() as other:
        patch.setattr("nengo_forcectl.view.live.PATIENCE", 0.1)
        for name in SCREENS:
            patch.delenv(name, raising=False)
        taken(other)
        run = run_reach(settings)
    log.removeHandler(handler)
    log.setLevel(level)
    reached_lines.extend(lines)
    return run


reached_lines = []


def taken(other):
    """Take the page's usual port, unless another program has it already."""
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        other.bind((HOST, PORT))
        other.listen()
    except OSError:
        return


def test_without_a_browser_and_with_a_taken_port_the_run_goes_on(reached):
    """One line each, and the summary is that of a run on which nobody moved anything."""
    text = "\n".join(reached_lines)
    assert f"(port {PORT} is taken)" in text
    assert "no browser can be opened here" in text
    assert "no browser shows the page; the run goes on" in text
    assert reached.summary["complete"]
    assert "by_hand" not in reached.summary


def test_foreign_pages_are_refused(tmp_path):
    """A page of another site in the same browser cannot reach the controls."""
    run = read_run(recorded_run(tmp_path, ["none"], "planar2", seconds=0.2))
    page = PageProcess(*recorded_scene(run))
    page.open()
    try:
        address = f"ws://{HOST}:{page.port}"
        for own in (f"http://{HOST}:{page.port}", "http://localhost:1234"):
            with connect(address, origin=own, subprotocols=["viser-v0"]):
                pass
        for foreign in ("http://example.com:8080", "https://localhost.example.com", "null"):
            with pytest.raises(InvalidStatus, match="403"):
                connect(address, origin=foreign, subprotocols=["viser-v0"])
    finally:
        page.close()


def test_a_free_port_is_chosen():
    """0 lets the system choose."""
    with socket.socket() as other:
        taken(other)
        assert free_port() == 0


def test_names_are_text_on_a_page(tmp_path):
    """Title and controllers of a stranger's run end no element and no script."""
    evil = "</script><img src=x onerror=alert(1)>"
    shown, records = recorded_scene(
        read_run(recorded_run(tmp_path, ["none"], "planar2", seconds=0.2))
    )
    shown = shown._replace(title=evil, about=evil)
    page = recorded_page(shown, {evil: records["none"]}, {evil: evil}, [evil])
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_show_refuses_what_it_cannot_show(tmp_path):
    """A file that exists, a run of another verb, an arm with other joints, no cycle."""
    folder = recorded_run(tmp_path, ["none"], "planar2", seconds=0.1)
    file = tmp_path / "page.html"
    file.write_text("mine")
    with pytest.raises(RecordError, match="exists, and is never overwritten"):
        run_show(ShowSettings(folder, html=file))
    assert file.read_text() == "mine"
    new = tmp_path / "new.html"
    for change, problem in (
        ({"verb": "bench"}, "is of 'bench', needs a run of reach, press, wipe, run"),
        ({"joints": ["a", "b"]}, "its arm has the joints a, b"),
        ({"targets": "x"}, "holds no run that can be shown"),
    ):
        recorded_run(tmp_path, ["none"], "planar2", seconds=0.1, **change)
        with pytest.raises((ConfigurationError, RecordError), match=problem):
            run_show(ShowSettings(folder, html=new))
    assert not new.exists()


def test_without_viser_the_view_says_what_to_install(tmp_path, monkeypatch):
    """Before anything runs; a run without a view does not need it."""
    monkeypatch.setitem(sys.modules, "trimesh", None)
    settings = ReachSettings(
        arm="planar2", adapt=("none",), passes=1, view=True, out=tmp_path / "r"
    )
    with pytest.raises(VersionError, match=r"pip install 'nengo-forcectl\[view\]'"):
        run_reach(settings)


def test_the_view_is_not_loaded_without_need():
    """Neither viser nor trimesh comes with the jobs."""
    code = "import sys; from nengo_forcectl.jobs import run_reach; print('viser' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
