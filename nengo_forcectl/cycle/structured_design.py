"""What a `StructuredLearner` is designed from: its weights and the scales of its work."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import NetworkError
from ..kernels.layout.body_fields import PARAMETERS
from ..learning.structured_columns import Columns, places_of_parts
from ..networks.encoding import States
from ..networks.structured_encoding import StructuredEncoding


@dataclass(frozen=True)
class StructuredDesign:
    """What a `StructuredLearner` is designed from, besides the arm, the law and the encoding."""

    columns: Columns  # the weights
    torque: float  # root mean square of the model's over a sample of the work [N m]
    posture: Float[np.ndarray, "n"]  # where the posture's inertia is computed [rad]
    assumed: Float[np.ndarray, "10"]  # parameters of the payload that the arm already carries
    neurons: bool = True  # whether the joints' neurons learn; if not, they stay silent

    @classmethod
    def of(
        cls,
        arm: Arm,
        states: States,
        encoding: StructuredEncoding,
        posture: Float[np.ndarray, "n"],
        assumed: Float[np.ndarray, "10"] | None = None,
    ) -> "StructuredDesign":
        """Return the design for a sample of the work; by default no payload is assumed."""
        torque = float(np.sqrt(np.mean(arm.inverse_dynamics(*states) ** 2)))
        load = np.zeros(PARAMETERS) if assumed is None else assumed
        v = encoding.input(*states)[:, encoding.places["payload"]]
        payload = v.reshape(-1, arm.dof, PARAMETERS)
        tool = encoding.tool_neurons
        count = 0 if tool is None else len(tool.bias)
        columns = Columns.of(arm, *states, encoding.joints.speed, payload, count)
        return cls(columns, torque, posture, load)

    def check(self, arm: Arm, encoding: StructuredEncoding) -> None:
        """Raise `NetworkError` unless the parts fit each other, the arm and the encoding."""
        n = arm.dof
        if not isinstance(self.columns, Columns):
            kind = type(self.columns).__name__
            raise NetworkError(f"StructuredDesign.columns: is a {kind}, needs Columns")
        field = 0 if encoding.tool_neurons is None else 3 * len(encoding.tool_neurons.bias)
        if self.columns.field != field:
            raise NetworkError(
                f"Columns.field: is {self.columns.field}, needs {field}, 3 for a neuron of the tool"
            )
        size, group, positive = (
            np.asarray(each)
            for each in (self.columns.size, self.columns.group, self.columns.positive)
        )
        p = places_of_parts(n, len(self.columns.chosen), field)["field"].stop
        shapes = [each.shape for each in (size, group, positive)]
        shapes += [np.shape(each) for each in (self.columns.shared, self.posture, self.assumed)]
        fit = [(p,)] * 3 + [(len(self.columns.chosen),), (n,), (PARAMETERS,)]
        if shapes != fit:
            raise NetworkError(f"StructuredDesign: has arrays of shapes {shapes}, needs {fit}")
        chosen, count = np.asarray(self.columns.chosen), arm.sizes["p"]
        for name, good, needs in (
            ("chosen", np.isin(chosen, np.arange(count)), f"whole numbers from 0 to {count - 1}"),
            ("size", np.isfinite(size) & (size > 0), "finite numbers above 0"),
            ("group", np.isin(group, np.arange(p)), f"whole numbers from 0 to {p - 1}"),
            ("positive", np.isin(positive, (0, 1)), "0 or 1"),
            ("shared", np.isin(np.asarray(self.columns.shared), (0, 1)), "0 or 1"),
        ):
            if not good.all():
                found = getattr(self.columns, name)[int(np.argmin(good))]
                raise NetworkError(f"Columns.{name}: has {found}, needs {needs}")
        for name, number, unit in (
            ("Columns.reach", self.columns.reach, "m"),
            ("StructuredDesign.torque", self.torque, "N m"),
        ):
            if not (math.isfinite(number) and number > 0):
                raise NetworkError(f"{name}: is {number} {unit}, needs a finite number above 0")
