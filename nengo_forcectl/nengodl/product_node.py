"""The product of two inputs of a network, as a node of Nengo's and of TensorFlow's."""

# pyright: reportArgumentType=false
# A type checker takes Nengo's descriptors for the defaults of its arguments.

from dataclasses import dataclass
from functools import partial
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from nengo.builder import Signal
from nengo.builder.operator import Reset

from ..errors import NetworkError
from ..support.validation import Arguments, check_whole


@dataclass(frozen=True)
class Product:
    """``A @ u`` of the numbers of A (rows, columns), row by row, followed by those of u."""

    rows: int
    columns: int

    @property
    def size_in(self) -> int:
        """Number of the numbers."""
        return (self.rows + 1) * self.columns

    def __call__(self, t: float, x: Float[np.ndarray, "numbers"]) -> Float[np.ndarray, "rows"]:
        """Return the product, in Nengo's simulator."""
        return x[: -self.columns].reshape(self.rows, self.columns) @ x[-self.columns :]

    def tensor(self, tf: Any, x: Any) -> Any:
        """Return the product of each item of a batch, in TensorFlow."""
        A = tf.reshape(x[:, : -self.columns], (-1, self.rows, self.columns))
        return tf.linalg.matvec(A, x[:, -self.columns :])


class ProductNode(nengo.Node):
    """A node with the output ``A @ u`` of its input (A, u): A of ``rows`` by ``columns``, u.

    Connect A, row by row, to ``node.matrix`` and u to ``node.vector``. Nengo's simulator computes
    the product in NumPy. A NengoDL simulator (`networks.simulator`, or one of `nengodl.nengo_dl`)
    computes it in TensorFlow, so that the output has derivatives by all that comes before it. The
    Python function of a plain node has none.

    Raises:
        ConfigurationError: a size below 1.
    """

    def __init__(self, rows: int, columns: int, label: str | None = None) -> None:
        check_whole(Arguments("ProductNode", rows=rows, columns=columns), rows=1, columns=1)
        product = Product(rows, columns)
        super().__init__(product, size_in=product.size_in, size_out=rows, label=label)

    @property
    def product(self) -> Product:
        """The function."""
        if not isinstance(self.output, Product):
            raise NetworkError(f"{self}: its output has become {self.output}, needs its product")
        return self.output

    @property
    def matrix(self) -> Any:
        """The part of the input that takes A."""
        return self[: self.product.rows * self.product.columns]

    @property
    def vector(self) -> Any:
        """The part of the input that takes u."""
        return self[self.product.rows * self.product.columns :]


def teach_product(nengo_dl: Any, tf: Any) -> None:
    """Teach NengoDL, which has just been imported, to build a `ProductNode` in TensorFlow.

    Both modules are handed in: the one that imports them calls this.
    """

    def build(model: Any, node: ProductNode) -> None:
        product = node.product
        sig_in = Signal(shape=product.size_in, name=f"{node}.in")
        sig_out = Signal(shape=product.rows, name=f"{node}.out")
        model.add_op(Reset(sig_in))
        model.sig[node]["in"], model.sig[node]["out"] = sig_in, sig_out
        model.params[node] = None
        operator = nengo_dl.tensor_node.SimTensorNode(
            partial(product.tensor, tf), None, sig_in, sig_out, (product.size_in,)
        )
        model.operators.append(operator)  # it has no step in NumPy

    nengo_dl.builder.NengoBuilder.register(ProductNode)(build)
