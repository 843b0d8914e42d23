"""The public names, and where each lives."""

from .compatibility import nengo_dl as nengo_dl
from .copied_weights import copy_weights as copy_weights
from .differentiable import (
    DifferentiableNetwork as DifferentiableNetwork,
    differentiable as differentiable,
)
from .jacobians import (
    Inputs as Inputs,
    input_jacobian as input_jacobian,
    weight_jacobian as weight_jacobian,
    weight_jvp as weight_jvp,
    weight_vjp as weight_vjp,
)
from .learning_loop import LearningLoop as LearningLoop, Observed as Observed
from .mapping import ByObject as ByObject
from .onnx_export import to_onnx as to_onnx
from .product_node import ProductNode as ProductNode
from .update import RuleLaw as RuleLaw
from .weights import Weight as Weight, Weights as Weights, named_weights as named_weights
