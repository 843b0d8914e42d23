"""The energy that a network's spikes would take on a neuromorphic chip, by counting them."""

from typing import NamedTuple

from .neurons import Activity

SYNAPTIC = 23.6e-12  # of a synaptic event [J]
UPDATE = 81e-12  # of a neuron in a time step [J]


class Energy(NamedTuple):
    """An estimate of a network's energy in a control cycle; see `energy_of`."""

    spikes: float  # of all neurons, a cycle
    events_in: float  # synaptic events from the state to the neurons, a cycle
    events_out: float  # from the spikes to the torque, a cycle
    neurons: float  # energy of the neurons' updates [J]
    inputs: float  # energy of the events in [J]
    outputs: float  # energy of the events out [J]

    @property
    def total(self) -> float:
        """Energy of a cycle [J]."""
        return self.neurons + self.inputs + self.outputs


def energy_of(activity: Activity) -> Energy:
    """Return the energy of a mean control cycle on Intel's Loihi.

        E = neurons 81 pJ + (neurons inputs + spikes outputs) 23.6 pJ

    Each neuron is updated in each cycle. Each spike is one synaptic event for each number that it
    changes. Each number of the state is one event for each neuron that sees it, as for inputs with
    graded spikes; inputs that come as trains of spikes take more.

    The numbers are the chip's, from simulations of its circuits: 23.6 pJ for a synaptic operation,
    at least, and 81 pJ for the update of an active neuron (Davies et al. 2018, "Loihi: a
    neuromorphic manycore processor with on-chip learning", doi:10.1109/MM.2018.112130359).
    KerasSpiking's ``ModelEnergy`` has the same ones, but 27.1 pJ (23.6 + 3.5) for an operation. It
    is no measurement: power at rest, the way between cores, learning, the direct path, encoding and
    the control law are not in it.
    """
    events_in = float(activity.neurons * activity.inputs)
    events_out = activity.spikes_per_cycle * activity.outputs
    return Energy(
        activity.spikes_per_cycle,
        events_in,
        events_out,
        activity.neurons * UPDATE,
        events_in * SYNAPTIC,
        events_out * SYNAPTIC,
    )
