"""Learning laws: from weights, their Jacobian dF/dw and an error to new weights.

Each law is one file: a frozen dataclass with its gains as fields, its equation and source in the
docstring. To add a law, write it, add it to `LAWS`, and mark an independent test of its equation
with ``@pytest.mark.equation("TheLaw")``.
"""

from .composite import Composite
from .consolidation import Consolidation
from .gauss_newton import GaussNewton
from .gradient import Gradient
from .kalman import Kalman
from .law import Arrays, Law, Memory, Rule, Signal
from .least_squares import RecursiveLeastSquares
from .multilayer import Multilayer
from .presliding import Presliding
from .ripple import Ripple
from .robust import Robust
from .structured_columns import Columns
from .structured_least_squares import StructuredLeastSquares
from .task_jacobian import force_to_torque, task_weight_jacobian

LAWS: dict[str, type[Law]] = {
    law.__name__: law
    for law in (
        Composite,
        Consolidation,
        GaussNewton,
        Gradient,
        Kalman,
        Multilayer,
        RecursiveLeastSquares,
        Robust,
    )
}
"""Every learning law by its name."""

__all__ = [
    "LAWS",
    "Arrays",
    "Columns",
    "Composite",
    "Consolidation",
    "GaussNewton",
    "Gradient",
    "Kalman",
    "Law",
    "Memory",
    "Multilayer",
    "Presliding",
    "RecursiveLeastSquares",
    "Ripple",
    "Robust",
    "Rule",
    "Signal",
    "StructuredLeastSquares",
    "force_to_torque",
    "task_weight_jacobian",
]
