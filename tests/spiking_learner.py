"""A consolidating learner on neurons that spike, and the kinds of neurons that are tried."""

import nengo
import numpy as np
from export_world import DT

from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.networks.workspace import home_posture

TYPES = {
    "relu": nengo.RectifiedLinear(amplitude=0.5),
    "lif-rate": nengo.LIFRate(tau_rc=0.03, tau_ref=0.001),
    "spiking-relu": nengo.SpikingRectifiedLinear(amplitude=2.0),
    "lif": nengo.LIF(),
    "lif of its own": nengo.LIF(tau_rc=0.05, tau_ref=0.0031, min_voltage=-0.4, amplitude=0.3),
    "lif that is never held": nengo.LIF(tau_ref=0.0, min_voltage=-np.inf),
}


def learner(arm, **options):
    given = {"seed": 0, "neurons": 80, "neuron_type": "lif", "dt": DT} | options
    return consolidating_cycle(arm, home_posture(arm), **given)
