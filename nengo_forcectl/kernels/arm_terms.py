"""`arms.Terms`, as a kernel writes them."""

from .compile import kernel


@kernel
def parts(terms, n):
    """pose, J, dJ, M, C, g of what a kernel of these wrote."""
    a, b = 16 + 6 * n, 16 + 12 * n
    c, d = b + n * n, b + 2 * n * n
    return (
        terms[:16].reshape(4, 4), terms[16:a].reshape(6, n), terms[a:b].reshape(6, n),
        terms[b:c].reshape(n, n), terms[c:d].reshape(n, n), terms[d:],
    )  # fmt: skip
