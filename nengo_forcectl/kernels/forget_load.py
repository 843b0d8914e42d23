"""What Python asks of a `StructuredLeastSquares` between two cycles: to forget its load."""

from arms.machine.numba_kernel import part

from .regress import forget_payload


@part(1)
def forget_load(law):
    """Run `forget_payload` on a block."""
    forget_payload(law)
