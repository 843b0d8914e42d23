"""What Python asks of a `StructuredLeastSquares` between two cycles."""

from arms.machine.numba_kernel import part

from .access import set_number
from .add_sample import end_sample
from .layout.regression_fields import REGRESSION_ANNOUNCED
from .regress import forget_payload


@part(1)
def forget_load(law):
    """Run `forget_payload` on a block: a change is announced, nothing has shown it."""
    forget_payload(law)
    set_number(law, REGRESSION_ANNOUNCED, 1.0)


@part(1)
def complete_sums(law):
    """Run `end_sample` on a block: its sums then hold the whole of every sample."""
    end_sample(law)
