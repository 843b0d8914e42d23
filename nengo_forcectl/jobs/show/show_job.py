"""The job of `nengo-forcectl show`: a run's record in a browser, or as one file."""

import time
from pathlib import Path

from ...errors import RecordError
from ...support.files import write_file
from ...view.html_page import recorded_page
from ...view.page_process import PageProcess
from ..job import Watch, unwatched
from ..run_folder import read_run
from .recorded_scene import facts_of, recorded_scene
from .show_settings import ShowSettings

NAP = 0.5  # between two looks at the page [s]


def run_show(settings: ShowSettings, watch: Watch = unwatched) -> Path | None:
    """Serve the page of a run until Ctrl-C, or write it to a file and return its path.

    Raises:
        ConfigurationError: the run is of another verb.
        RecordError: the run cannot be read, or the file exists or cannot be written.
        VersionError: viser is not installed.
    """
    file = settings.html
    if file is not None and file.exists():
        raise RecordError(f"file '{file}': exists, and is never overwritten; name a new one")
    run = read_run(settings.run)
    shown, records = recorded_scene(run)
    if file is not None:
        seed = f"seed {run.summary['settings'].get('seed', '-')}"
        lines = [seed, *_by_hand(run.summary)]
        page = recorded_page(shown, records, facts_of(run), lines)
        write_file(file, lambda stream: stream.write(page.encode()))
        return file
    page_process = PageProcess(shown, records)
    page_process.open()
    try:
        while page_process.port is not None:
            page_process.receive()
            time.sleep(NAP)
    except KeyboardInterrupt:
        pass
    finally:
        page_process.close()
    return None


def _by_hand(summary: dict) -> list[str]:
    return ["changed by hand while it ran"] if summary.get("by_hand") else []
