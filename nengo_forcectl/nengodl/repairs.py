"""Repairs of NengoDL 3.6 beside Nengo 4.1."""

from typing import Any

import nengo
import numpy as np


def repair_filters(nengo_dl: Any) -> None:
    """Let NengoDL build a `nengo.LinearFilter` with a direct part (D not 0).

    NengoDL takes the step's D as a vector of length 1; since Nengo 3.1 it has an axis more.
    """
    builder = nengo_dl.process_builders.LinearFilterBuilder
    build_pre = builder.build_pre

    def build_with_flat_steps(self: Any, signals: Any, config: Any) -> None:
        make_step = nengo.LinearFilter.make_step

        def make_flat_step(*args: Any, **kwargs: Any) -> Any:
            step: Any = make_step(*args, **kwargs)
            step.D = np.ravel(step.D)
            return step

        nengo.LinearFilter.make_step = make_flat_step
        try:
            build_pre(self, signals, config)
        finally:
            nengo.LinearFilter.make_step = make_step

    builder.build_pre = build_with_flat_steps
