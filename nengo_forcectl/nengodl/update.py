"""Updates of weights by a learning law or by a Keras optimizer."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from ..errors import ConfigurationError
from .compatibility import tf
from .weight_tensors import assembled, values_of
from .weights import Weight


@runtime_checkable
class RuleLaw(Protocol):
    """A learning law that is a function of one weight array, such as `Gradient`."""

    def rule(self, xp: Any = ...) -> Callable[[Any, Any, Any, float], Any]:
        """Return (w, J_w^T s, s, dt) -> the new weights, in the array namespace ``xp``."""
        ...


class Update:
    """The update of some weights of a simulator, called while TensorFlow traces.

    Args:
        sim: the simulator.
        optimizer: a Keras optimizer or a law with a rule; None changes nothing.
        rates: factor for every learned weight.

    Raises:
        ConfigurationError: another optimizer.
    """

    def __init__(self, sim: Any, optimizer: Any, rates: Mapping[Weight, float]) -> None:
        self._sim, self._weights, self._rates = sim, list(rates), list(rates.values())
        self._optimizer: Any = None
        self._rule: Any = None
        if isinstance(optimizer, RuleLaw):
            self._rule = optimizer.rule(tf.experimental.numpy)
        elif isinstance(
            optimizer, (tf.keras.optimizers.Optimizer, tf.keras.optimizers.legacy.Optimizer)
        ):
            if getattr(optimizer, "_built", False) or getattr(optimizer, "_slots", None):
                raise ConfigurationError(
                    f"LearningLoop.optimizer: is {optimizer!r}, which has memory of other "
                    "variables; needs one of its own, for example "
                    "type(optimizer).from_config(optimizer.get_config())"
                )
            self._optimizer = optimizer
            # An optimizer needs whole variables; merged ones of NengoDL are replaced by stand-ins.
            self._stands_in = [not weight.whole for weight in self._weights]
            self._variables = [
                weight.variable if weight.whole else tf.Variable(weight.read(), name=weight.name)
                for weight in self._weights
            ]
            with tf.device(sim.tensor_graph.device):
                legacy = isinstance(optimizer, tf.keras.optimizers.legacy.Optimizer)
                build = optimizer._create_all_weights if legacy else optimizer.build
                build(self._variables)
        elif optimizer is not None:
            raise ConfigurationError(
                f"LearningLoop.optimizer: is {optimizer!r}, needs an optimizer of tf.keras "
                "(tf-keras, Keras 2) or a learning law with a rule; OnlineNetwork takes every law"
            )

    @property
    def variables(self) -> Any:
        """The optimizer's own variables: its momenta and step count."""
        if self._optimizer is None:
            return []
        own: Any = self._optimizer.variables  # a method in legacy optimizers
        own = list(own() if callable(own) else own)  # pyright: ignore[reportArgumentType]
        # Some have variables that they do not list, such as Nadam's product.
        more = [value for value in vars(self._optimizer).values() if isinstance(value, tf.Variable)]
        known = {id(variable) for variable in own}
        return own + [variable for variable in more if id(variable) not in known]

    def apply(self, leaves: list[Any], products: list[Any], error: Any) -> None:
        """Change the weights, now ``leaves``, by their J_w^T e and e."""
        changed = [
            before + rate * (after - before) if rate != 1 else after
            for before, after, rate in zip(
                leaves, self._changed(leaves, products, error), self._rates, strict=True
            )
        ]
        graph = self._sim.tensor_graph
        params, _ = assembled(self._sim, self._weights, changed, *values_of(self._sim))
        touched = {id(weight.variable) for weight in self._weights}
        for variable, value in zip(graph.base_params.values(), params, strict=True):
            if id(variable) in touched:
                variable.assign(value)
        for weight, value in zip(self._weights, changed, strict=True):
            if weight.in_layer:
                weight.variable.assign(value)

    def _changed(self, leaves: list[Any], products: list[Any], error: Any) -> list[Any]:
        if self._rule is not None:
            pairs = zip(leaves, products, strict=True)
            return [self._rule(leaf, product, error, self._sim.dt) for leaf, product in pairs]
        for variable, leaf, stands_in in zip(self._variables, leaves, self._stands_in, strict=True):
            if stands_in:
                variable.assign(leaf)
        if hasattr(self._optimizer, "_u_product_counter"):
            self._optimizer._u_product_counter = _OnceAStep()
        self._optimizer.apply_gradients(zip(products, self._variables, strict=True))
        return [variable.read_value() for variable in self._variables]


class _OnceAStep:
    """Nadam's count of its product's updates, equal to the step count but for the first weight.

    Keras counts in Python, and computes the product again for the weight for which count and step
    differ: the first of each step. In a compiled function Python counts while it traces, and the
    product would be multiplied once for each weight.
    """

    def __init__(self) -> None:
        self._computed = False

    def __eq__(self, step: object) -> Any:
        return tf.constant(self._computed)

    def __iadd__(self, one: int) -> "_OnceAStep":
        self._computed = True
        return self

    __hash__ = None  # pyright: ignore[reportAssignmentType]
