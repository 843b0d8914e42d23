"""Pages in a real browser, without a screen: they load, move, obey and play."""

import json
import re
import threading
import time

import numpy as np
import pytest
from browsers import Watched, browser

from nengo_forcectl.jobs import ReachSettings, ShowSettings, read_run, run_reach, run_show
from nengo_forcectl.view.page_process import SCREENS

pytest.importorskip("viser", reason="needs viser")
DRAWN = "?fixedDpr=0.4"  # viser's pixels per pixel: the machine draws without a graphics card


@pytest.fixture(scope="module")
def opened():
    with browser() as each:
        yield each


@pytest.fixture
def live(tmp_path, caplog, monkeypatch):
    """A run of a planar arm whose page waits for a browser; returns its address and folder."""
    monkeypatch.setattr("nengo_forcectl.view.live.PATIENCE", 120.0)
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)
    caplog.set_level("INFO", logger="nengo_forcectl")
    settings = ReachSettings(
        arm="planar3", adapt=("none",), passes=4, view=True, out=tmp_path / "run"
    )
    thread = threading.Thread(target=run_reach, args=(settings,))
    thread.start()
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", caplog.text)):
        assert thread.is_alive()
        time.sleep(0.05)
    yield found[0], settings.out
    thread.join(300.0)
    assert not thread.is_alive()


def error_shown(page):
    """The error on the page [mm]."""
    return float(page.evaluate("document.body.innerText.match(/error ([0-9.]+) mm/)[1]"))


def test_the_arm_moves_and_obeys(opened, live):
    """No error in the console; two pictures differ; a payload that is dropped changes the error."""
    address, folder = live
    watched = Watched(opened)
    page = watched.page
    page.goto(address + DRAWN)
    watched.waits_for(r"error [0-9.]+ mm")
    first = watched.canvas()
    carried = error_shown(page)
    page.get_by_role("button", name="Drop the payload").click()
    page.wait_for_function(
        "before => 2 * document.body.innerText.match(/error ([0-9.]+) mm/)[1] < before",
        arg=carried,
    )
    assert watched.canvas() != first
    assert watched.errors == []
    assert {request.split("/")[2] for request in watched.requests if "://" in request} == {
        address.split("/")[2]
    }
    page.close()
    summary = finished(folder)
    assert summary["reproducible"] is False
    assert summary["by_hand"][0]["payload"] == 0.0
    record = read_run(folder).records["none"]
    after = record["time"] > summary["by_hand"][0]["time"]
    assert np.abs(record["unmodelled"][after]).max() < 0.5 * np.abs(record["unmodelled"]).max()


def finished(folder):
    """The summary at the end of a run that goes on without a browser."""
    end = time.monotonic() + 300.0  # on a busy machine
    while time.monotonic() < end:
        summary = json.loads((folder / "summary.json").read_text())
        if summary["complete"]:
            return summary
        time.sleep(0.05)
    raise AssertionError("the run does not end")


def test_a_record_plays_from_a_file(opened, iiwa_record, tmp_path):
    """No server, no request for anything but the file; two pictures differ; names are text."""
    file = tmp_path / "run.html"
    run_show(ShowSettings(iiwa_record, html=file))
    assert file.stat().st_size < 5e6
    watched = Watched(opened)
    watched.page.goto(file.as_uri() + DRAWN)
    watched.page.wait_for_selector("canvas[data-engine]")
    watched.waits_for("kuka_iiwa")
    first = watched.canvas()
    end = time.monotonic() + 60.0
    while watched.canvas() == first:
        assert time.monotonic() < end
    watched.page.get_by_text("none", exact=True).click()
    watched.page.wait_for_selector("a[aria-current][data-name=none]")
    assert watched.errors == []
    outside = [
        each for each in watched.requests if not each.startswith(("file:", "data:", "blob:"))
    ]
    assert outside == []
    watched.page.close()


@pytest.fixture(scope="module")
def iiwa_record(tmp_path_factory):
    """The folder of a short run of the iiwa, whose record is made without a controller."""
    from view_samples import recorded_run

    return recorded_run(tmp_path_factory.mktemp("record"), ("none", "exact"))
