"""The controls of a page: what runs, and what a person may change while it runs."""

from html import escape
from math import inf
from typing import Any

from .shown import Controls, Shown

SPEEDS = {"1/4 x": 0.25, "1 x": 1.0, "2 x": 2.0, "5 x": 5.0, "as fast as it goes": inf}
HEAVIEST, STICKIEST = 5.0, 1.5  # ends of the sliders [kg], [N m s/rad], if the settings are lower
STICKY = "Friction [N m s/rad]"


class Panel:
    """The controls; `read` returns how they stand.

    Args:
        server: viser's server.
        shown: what there is to see.
    """

    def __init__(self, server: Any, shown: Shown) -> None:
        gui, self._server = server.gui, server
        self._payload: float | None = None
        self._friction: float | None = None
        self.controller = ""
        gui.configure_theme(show_logo=False, show_share_button=False, control_width="medium")
        gui.set_panel_label(shown.title)
        self._text = gui.add_markdown("starting", order=0)
        self._paused = gui.add_checkbox("Pause", False, order=1, visible=shown.simulated)
        self._speed = gui.add_dropdown(
            "Speed", tuple(SPEEDS), initial_value="1 x", order=2, visible=shown.simulated
        )
        self._learning = gui.add_checkbox("Learning", True, order=3, visible=shown.simulated)
        self._mass = gui.add_slider(
            "Payload [kg]", 0.0, max(HEAVIEST, shown.payload), 0.1, shown.payload, order=4,
            visible=shown.simulated,
        )  # fmt: skip
        self._drop = gui.add_button("Drop the payload", order=5, visible=shown.simulated)
        self._brake = gui.add_slider(
            STICKY, 0.0, max(STICKIEST, shown.friction), 0.05, shown.friction, order=6,
            visible=shown.simulated,
        )  # fmt: skip
        self._mass.on_update(self._weigh)
        self._brake.on_update(self._rub)
        self._drop.on_click(self._let_go)

    def _weigh(self, event: Any) -> None:
        if event.client is not None:  # moved by a person, not by `restart`
            self._payload = float(self._mass.value)

    def _rub(self, event: Any) -> None:
        if event.client is not None:
            self._friction = float(self._brake.value)

    def _let_go(self, _: Any) -> None:
        self._mass.value = 0.0
        self._payload = 0.0

    def read(self, drawn: int) -> Controls:
        """Return how the controls stand, after ``drawn`` blocks of rows."""
        return Controls(
            pages=len(self._server.get_clients()),
            drawn=drawn,
            paused=bool(self._paused.value),
            speed=SPEEDS[self._speed.value],
            learning=bool(self._learning.value),
            payload=self._payload,
            friction=self._friction,
        )

    def restart(self, controller: str, payload: float, friction: float) -> None:
        """Begin with another controller, and the scene's own payload and friction."""
        self.controller = controller
        self._mass.value, self._brake.value = payload, friction
        self._payload = self._friction = None

    def say(self, text: str) -> None:
        """Show a text beside the controller's name."""
        name = f"**{escape(self.controller)}** · " if self.controller else ""
        self._text.content = name + escape(text)
