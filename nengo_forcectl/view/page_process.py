"""The process of a page, seen from outside: started, opened in a browser, ended."""

import logging
import os
import subprocess
import sys
import webbrowser
from contextlib import suppress
from multiprocessing import Pipe
from tempfile import TemporaryFile
from typing import Any

from .mesh_files import trimesh_package
from .served_page import HOST, PORT
from .shown import Rows, Shown

LOG = logging.getLogger("nengo_forcectl")
STARTING = 60.0  # longest wait for the process [s]
ENDING = 2.0  # [s]
CLOSED = (EOFError, OSError)  # what a line raises whose other end is gone
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


class PageProcess:
    """A page on the loopback, in a process of its own, from `open` to `close`.

    Args:
        shown: what there is to see.
        records: records to play, by controller; None: rows come through the line.

    Raises:
        VersionError: viser is not installed.
    """

    def __init__(self, shown: Shown, records: dict[str, Rows] | None = None) -> None:
        trimesh_package()
        self._content = shown, records
        self.port: int | None = None
        """Port of the page; None: there is none."""

    def open(self) -> None:
        """Start the process, and open a browser; without either, one line says so."""
        self._line, other = Pipe()
        # What it says of a fault; a pipe could fill up.
        self._errors = TemporaryFile()  # noqa: SIM115  `close` closes it
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.page_server", str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for the loop
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        other.close()
        try:
            self._line.send(self._content)
            opened = self._line.recv() if self._line.poll(STARTING) else None
        except CLOSED:
            opened = None
        if opened is None:
            self.lose("the page cannot be served")
            return
        self.port = opened[1]
        announce(opened[1])

    def lose(self, how: str) -> None:
        """Go on without a page."""
        self.port = None
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        error = self._errors.read().decode(errors="replace").strip().splitlines()
        LOG.warning(
            f"view: {how}{f' ({error[-1]:.200})' if error else ''}; the run goes on without"
        )

    def send(self, *message: Any) -> bool:
        """Send a message to the page; return whether there is one."""
        if self.port is None:
            return False
        try:
            self._line.send(message)
        except CLOSED:
            self.lose("the page has ended")
        return self.port is not None

    def receive(self, wait: float = 0.0) -> list[Any]:
        """Return the messages of the page that are here, or come within ``wait`` [s]."""
        messages: list[Any] = []
        try:
            while self.port is not None and self._line.poll(0.0 if messages else wait):
                messages.append(self._line.recv())
        except CLOSED:
            self.lose("the page has ended")
        return messages

    def close(self) -> None:
        """End the process."""
        self.port = None
        with suppress(*CLOSED):
            self._line.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def announce(port: int) -> None:
    """Say where the page is, and open it in a browser if there is a screen for one."""
    address, opened = f"http://{HOST}:{port}", False
    if any(os.environ.get(name) for name in SCREENS):
        with suppress(webbrowser.Error, OSError):
            opened = webbrowser.open(address)
    taken = "" if port == PORT else f" (port {PORT} is taken)"
    to_do = "" if opened else "; no browser can be opened here, open this address in one"
    # Without a browser the address is what a person has to know.
    LOG.log(logging.INFO if opened else logging.WARNING, f"view: {address}{taken}{to_do}")
