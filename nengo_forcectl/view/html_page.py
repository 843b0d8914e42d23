"""Records as one page that plays by itself: without a server, and without a network.

It is viser's player with the scene of each controller in it. The part of the address behind "#"
says which controller plays, so that its choice is a link.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from html import escape
from io import StringIO
from typing import Any
from urllib.parse import quote

import numpy as np

from ..errors import VersionError
from .served_page import HOST
from .shown import Rows, Shown
from .stage import Stage

RATE = 25.0  # frames [1/s]
TRAIL_EVERY = 4  # frames; every frame would double the file
DATA = 'window.__VISER_EMBED_DATA__="'  # how viser's page begins its data
STYLE = """
#run{position:fixed;left:12px;top:12px;z-index:100000;max-width:min(30rem,60vw);font:14px/1.45
system-ui,sans-serif;color:#2c2c34;background:#fff;border:1px solid #dcdce2;border-radius:8px;
padding:10px 14px}#run h1{font-size:15px;margin:0 0 4px}#run p{margin:2px 0}#run table{
border-collapse:collapse;margin-top:6px}#run td{padding:2px 14px 2px 0}#run a{color:inherit;
text-decoration:none;border-bottom:2px solid transparent;padding:1px 0}#run a[aria-current]{
font-weight:600;border-bottom-color:currentcolor}#run i{display:inline-block;width:10px;height:10px;
border-radius:5px;margin-right:7px}
"""


def recorded_page(
    shown: Shown, records: Mapping[str, Rows], facts: Mapping[str, str], lines: Sequence[str] = ()
) -> str:
    """Return the page as HTML.

    Args:
        shown: what there is to see.
        records: what `rows_of` returns of whole records, by controller.
        facts: one short text for each controller, such as its error.
        lines: texts below the title.

    Raises:
        VersionError: viser is not installed, or its page has another form.
    """
    with redirect_stdout(StringIO()):  # viser announces its server
        pages = {
            name: _playing(shown, rows, shown.colours.get(name, "#3070b0"))
            for name, rows in records.items()
        }
    scenes = {}
    before = after = ""
    for name, page in pages.items():
        before, mark, rest = page.partition(DATA)
        scenes[name], quote, after = rest.partition('"')
        if not mark or not quote:
            raise VersionError("viser's page has another form, needs viser 1.1")
    last = next(reversed(scenes))
    choose = (
        f"const SCENES={_script(scenes)};const LAST={_script(last)};"
        "const chosen=decodeURIComponent(location.hash.slice(1));"
        "window.CHOSEN=Object.hasOwn(SCENES,chosen)?chosen:LAST;"
        "window.__VISER_EMBED_DATA__=SCENES[window.CHOSEN]"
    )
    title = f"<title>{escape(shown.title)}</title>"
    page = (before + choose + after).replace("<title>Viser</title>", title, 1)
    head, end, body = page.rpartition("</body>")
    return head + _box(shown, facts, lines) + end + body


def _playing(shown: Shown, rows: Rows, colour: str) -> str:
    """Return viser's page of one record."""
    import viser  # optional

    server = viser.ViserServer(HOST, port=0, verbose=False)
    try:
        stage = Stage(server, shown)
        stage.restart(colour)
        serializer = server.get_scene_serializer()
        time, frame = rows["time"], 1.0 / RATE
        moments = np.arange(float(time[0]), float(time[-1]) + 0.5 * frame, frame)
        places = np.searchsorted(time, moments, side="right").clip(1) - 1
        drawn, mass = 0, shown.payload
        for number, place in enumerate(places.tolist()):
            if float(rows["payload"][place]) != mass:
                mass = float(rows["payload"][place])
                stage.carry(mass)
            trail = rows["tool"][drawn : place + 1] if number % TRAIL_EVERY == 0 else None
            drawn = drawn if trail is None else place + 1
            _show(stage, rows, place, trail)
            serializer.insert_sleep(frame)
        return serializer.as_html()
    finally:
        server.stop()


def _show(stage: Stage, rows: Rows, place: int, trail: np.ndarray | None) -> None:
    force = np.nan_to_num(rows["wrench"][place, :3]) if "wrench" in rows else None
    same = rows["reference"].shape == rows["tool"].shape
    reference = rows["reference"][place] if same else None
    stage.show(rows["q"][place], np.empty((0, 3)) if trail is None else trail, reference, force)


def _script(value: Any) -> str:
    """Return a value as JavaScript that ends no script element."""
    return json.dumps(value).replace("<", "\\u003c")


def _box(shown: Shown, facts: Mapping[str, str], lines: Sequence[str]) -> str:
    """Return the box with the title, and a link for each controller."""
    rows = "".join(
        f'<tr><td><a href="#{quote(name)}" data-name="{escape(name)}">'
        f'<i style="background:{escape(shown.colours.get(name, "#3070b0"))}"></i>{escape(name)}</a>'
        f"</td><td>{escape(fact)}</td></tr>"
        for name, fact in facts.items()
    )
    text = "".join(f"<p>{escape(line)}</p>" for line in (shown.about, *lines) if line)
    script = (
        'for(const a of document.querySelectorAll("#run a"))'
        'if(a.dataset.name===window.CHOSEN)a.setAttribute("aria-current","true");'
        'addEventListener("hashchange",()=>location.reload());'
    )
    return (
        f"<style>{STYLE}</style><div id='run'><h1>{escape(shown.title)}</h1>{text}"
        f"<table>{rows}</table></div><script>{script}</script>"
    )
