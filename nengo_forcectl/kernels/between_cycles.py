"""What Python asks of a `StructuredLeastSquares` between two cycles."""

from arms.machine.numba_kernel import part

from .add_sample import end_sample
from .regress import forget_payload


@part(1)
def forget_load(law):
    """Run `forget_payload` on a block."""
    forget_payload(law)


@part(1)
def complete_sums(law):
    """Run `end_sample` on a block: its sums then hold the whole of every sample."""
    end_sample(law)
