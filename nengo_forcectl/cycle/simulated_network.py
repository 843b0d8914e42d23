"""A guarded cycle whose network has a NengoDL simulator, made when it is asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Cycle
from ..safety.guard import Safe
from ..safety.limits import Limits


class SimulatedNetwork(Safe):
    """A compiled cycle within limits, and a simulator of the network that it trains.

    Args:
        cycle: the cycle; its ``read()`` returns the weights by name.
        model: its model of the arm.
        limits: see `Safe`.
        dt: control period [s].
        open_sim: opens the simulator.
    """

    def __init__(
        self,
        cycle: Cycle,
        model: Arm,
        limits: Limits | None,
        dt: float,
        open_sim: Callable[[], Any],
    ) -> None:
        super().__init__(cycle, model, limits, dt)
        self._open_sim, self._sim = open_sim, None

    @property
    def sim(self) -> Any:
        """The simulator of the network, an open ``nengo_dl.Simulator``.

        The cycle does without it: it is made when first asked for, since TensorFlow takes seconds
        to load.
        """
        if self._sim is None:
            self._sim = self._open_sim()
        return self._sim

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return self.cycle.read()  # pyright: ignore[reportAttributeAccessIssue]

    def store(self) -> None:
        """Write the learned weights to the simulator."""
        from ..nengodl.weights import named_weights  # nengo

        weights = named_weights(self.sim)
        for name, value in self.read().items():
            weights[name].write(value)

    def store_if_opened(self) -> None:
        """Write the learned weights to the simulator, if there was one."""
        if self._sim is not None:
            self.store()
