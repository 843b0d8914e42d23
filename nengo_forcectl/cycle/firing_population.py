"""The neurons that fire for a structured learner: their blocks, their memory, and their spikes."""

import numpy as np

from ..kernels.block import Block
from ..kernels.layout.network_fields import TALLY_CYCLES, TALLY_SPIKES
from ..kernels.layout.population_fields import POPULATION
from ..networks.neurons import NEURON_STATE, Activity
from ..networks.structured_population import StructuredPopulation

GIVEN = tuple(
    f"{part}_{each}" for part in ("joint", "tool") for each in ("encoders", "bias", "shares")
)
NUMBERS = "tau_rc", "tau_ref", "min_voltage", "amplitude", "synapse"  # of the model
DECODERS = "joint_decoders", "tool_decoders"


class FiringPopulation:
    """A `StructuredPopulation` at a control period.

    ``mark`` are numbers that identify it, ``memory`` is what a checkpoint saves of it.

    Args:
        population: the neurons.
        dt: control period [s].
    """

    def __init__(self, population: StructuredPopulation, dt: float) -> None:
        self._model = population.model
        joints = population.model.block(population.joint_voltage.ravel(), dt)
        tool = population.model.block(population.tool_voltage, dt)
        values = {name: getattr(population, name) for name in GIVEN}
        values |= {"joints": joints.address, "tool": tool.address}
        values["lead"] = population.model.synapse
        n, k = population.joint_bias.shape
        self._parts, self._outputs = {"joints": joints, "tool": tool}, {"joints": 1, "tool": 3}
        self._events_in = population.joint_encoders.size + population.tool_encoders.size
        sizes = {"n": n, "k": k, "t": len(population.tool_bias)}
        self.block = Block(POPULATION, sizes, values, keeps=(joints, tool))
        model = [getattr(self._model, name) for name in NUMBERS]
        kind = float(joints["kind"])
        biases = population.joint_bias.ravel(), population.tool_bias
        self.mark = np.concatenate(([kind, *model], *biases))
        self.memory = {f"population.{name}": self.block[name] for name in DECODERS}
        for part, block in self._parts.items():
            self.memory |= {f"population.{part}.{name}": block[name] for name in NEURON_STATE}

    def forget_motion(self) -> None:
        """Begin a new motion: the neurons begin with the voltages of the start."""
        for block in self._parts.values():
            block["running"][:] = 0.0

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired so far; None for neurons that do not spike."""
        if not self._model.spikes:
            return None
        tallies = {part: block["tally"] for part, block in self._parts.items()}
        spikes = {part: float(tally[TALLY_SPIKES]) for part, tally in tallies.items()}
        whole = sum(spikes.values())
        neurons = sum(len(block["voltage"]) for block in self._parts.values())
        events_out = sum(spikes[part] * size for part, size in self._outputs.items())
        return Activity(
            whole,
            float(tallies["joints"][TALLY_CYCLES]),
            neurons,
            self._events_in / neurons,
            events_out / max(whole, 1.0),
        )
