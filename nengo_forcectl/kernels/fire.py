"""`NeuronModel`: the activities of a layer's neurons, which may spike, behind their synapse."""

import math

from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import number, set_number, vector, whole
from .encode import currents
from .layout import network_fields as at
from .observe import faded


@kernel
def run_neurons(neurons, ET, bias, u, a):
    """Compute the activities a behind the synapse for an input u, and advance the neurons by dt.

    Args:
        neurons: block of the neurons.
        ET: encoders, scaled by the gains, transposed, (inputs, neurons).
        bias, a: (neurons,), a in Hz, written.
        u: (inputs,).
    """
    currents(ET, bias, u, vector(neurons, at.NEURONS_CURRENT))
    call(whole(neurons, at.NEURONS_CALL), neurons)
    output = vector(neurons, at.NEURONS_OUTPUT)
    for i in range(len(a)):
        a[i] = output[i]


@part(1)
def advance_neurons(neurons):
    """Compute the output for the currents, and advance the neurons by dt.

    With a synapse, it holds the spikes of the cycles before this one, as in Nengo.
    """
    fired, activity = vector(neurons, at.NEURONS_FIRED), vector(neurons, at.NEURONS_ACTIVITY)
    output, decay = vector(neurons, at.NEURONS_OUTPUT), number(neurons, at.NEURONS_DECAY)
    if number(neurons, at.NEURONS_RUNNING) == 0.0:
        begin_neurons(neurons)
        set_number(neurons, at.NEURONS_RUNNING, 1.0)
    fire(neurons)
    for i in range(len(output)):
        output[i] = fired[i] if decay == 0.0 else activity[i]
        activity[i] = faded(decay * activity[i] + (1.0 - decay) * fired[i])


@kernel
def begin_neurons(neurons):
    """Begin with the voltages of the start, and as if J had been there for long."""
    start, voltage = vector(neurons, at.NEURONS_START), vector(neurons, at.NEURONS_VOLTAGE)
    refractory, kind = vector(neurons, at.NEURONS_REFRACTORY), whole(neurons, at.NEURONS_KIND)
    leaks = kind in (at.LEAKS, at.LEAKS_SPIKING)
    rates(neurons, leaks, vector(neurons, at.NEURONS_ACTIVITY))
    for i in range(len(voltage)):
        voltage[i], refractory[i] = start[i], 0.0


@kernel
def fire(neurons):
    """Compute what fires in this cycle [Hz] and advance the state by dt; count the spikes."""
    kind, tally = whole(neurons, at.NEURONS_KIND), vector(neurons, at.NEURONS_TALLY)
    if kind == at.LEAKS_SPIKING:
        tally[at.TALLY_SPIKES] += spike_leaking(neurons)
    elif kind == at.RECTIFIES_SPIKING:
        tally[at.TALLY_SPIKES] += spike_rectified(neurons)
    else:
        rates(neurons, kind == at.LEAKS, vector(neurons, at.NEURONS_FIRED))
    tally[at.TALLY_CYCLES] += 1.0


@kernel
def rates(neurons, leaks, a):
    """Compute a, the firing rates [Hz] for constant J of `nengo.LIFRate` or `RectifiedLinear`."""
    J, amplitude = vector(neurons, at.NEURONS_CURRENT), number(neurons, at.NEURONS_AMPLITUDE)
    tau_rc, tau_ref = number(neurons, at.NEURONS_TAU_RC), number(neurons, at.NEURONS_TAU_REF)
    for i in range(len(a)):
        if not leaks:
            a[i] = amplitude * max(J[i], 0.0)
        elif J[i] > 1.0:
            a[i] = amplitude / (tau_ref + tau_rc * math.log1p(1.0 / (J[i] - 1.0)))
        else:
            a[i] = 0.0


@kernel
def spike_leaking(neurons):
    """Advance `nengo.LIF` by dt; return the number of spikes."""
    J, fired = vector(neurons, at.NEURONS_CURRENT), vector(neurons, at.NEURONS_FIRED)
    voltage, refractory = (
        vector(neurons, at.NEURONS_VOLTAGE),
        vector(neurons, at.NEURONS_REFRACTORY),
    )
    tau_rc, tau_ref = number(neurons, at.NEURONS_TAU_RC), number(neurons, at.NEURONS_TAU_REF)
    dt, lowest = number(neurons, at.NEURONS_DT), number(neurons, at.NEURONS_MIN_VOLTAGE)
    height, whole_cycle = number(neurons, at.NEURONS_AMPLITUDE) / dt, math.expm1(-dt / tau_rc)
    spikes = 0.0
    for i in range(len(J)):
        left = refractory[i] - dt
        share = whole_cycle
        if left > 0.0:  # it integrates for the rest of the cycle, if any
            share = math.expm1(-max(dt - left, 0.0) / tau_rc)
        refractory[i] = max(left, 0.0)
        v = voltage[i] - (J[i] - voltage[i]) * share
        if v > 1.0:
            since = dt + tau_rc * math.log1p(-(v - 1.0) / (J[i] - 1.0))
            refractory[i], voltage[i] = tau_ref + since, 0.0
            fired[i] = height
            spikes += 1.0
        else:
            voltage[i], fired[i] = max(v, lowest), 0.0
    return spikes


@kernel
def spike_rectified(neurons):
    """Advance `nengo.SpikingRectifiedLinear` by dt; return the number of spikes."""
    J, fired = vector(neurons, at.NEURONS_CURRENT), vector(neurons, at.NEURONS_FIRED)
    voltage, dt = vector(neurons, at.NEURONS_VOLTAGE), number(neurons, at.NEURONS_DT)
    height, spikes = number(neurons, at.NEURONS_AMPLITUDE) / dt, 0.0
    for i in range(len(J)):
        v = voltage[i] + max(J[i], 0.0) * dt
        count = math.floor(v)
        voltage[i], fired[i] = v - count, height * count
        spikes += count
    return spikes
