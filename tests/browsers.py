"""A headless browser for tests: one of the machine, or playwright's own."""

import shutil
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
    "--use-gl=angle", "--use-angle=swiftshader",
)  # fmt: skip
PATIENCE = 180_000  # [ms]; a busy machine compiles and draws slowly


@contextmanager
def browser():
    """Open a browser; skip the test, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    with playwright.sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        except playwright.Error as error:
            pytest.skip(f"needs a browser: {str(error).strip().splitlines()[0]}")
        try:
            yield opened
        finally:
            opened.close()


class Watched:
    """A page whose errors and requests are kept."""

    def __init__(self, opened):
        self.errors, self.requests = [], []
        self.page = opened.new_page(viewport={"width": 640, "height": 480})
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _hear(self, message):
        if message.type == "error":
            self.errors.append(message.text)

    def canvas(self):
        """Return the pixels of the scene, without the controls."""
        return self.page.locator("canvas[data-engine]").screenshot(timeout=PATIENCE)

    def waits_for(self, pattern):
        """Wait until a text that fits a regular expression is on the page."""
        self.page.wait_for_function(
            "pattern => RegExp(pattern).test(document.body.innerText)", arg=pattern
        )
