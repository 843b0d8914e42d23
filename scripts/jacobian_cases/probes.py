"""Targets of probes."""

import nengo

from .draft import CASES, Draft, Subject, enter_all

enter_all(
    "probe",
    {
        "ensemble": lambda d: d.probed(d.a),
        "ensemble, filtered": lambda d: d.probed(d.a, synapse=0.005),
        "neurons' input": lambda d: d.probed(d.a.neurons, "input"),
        "slice": lambda d: d.probed(d.out[1]),
        "ensemble's slice": lambda d: d.probed(d.a[0]),
        "ensemble's input": lambda d: d.probed(d.a, "input"),
        "encoders": lambda d: d.probed(d.a, "scaled_encoders"),
        "connection's output": lambda d: d.probed(d.network.all_connections[-1], "output"),
        "connection's input": lambda d: d.probed(d.network.all_connections[-1], "input"),
        "connection's weights": lambda d: d.probed(d.network.all_connections[-1], "weights"),
        "sample_every": lambda d: d.probed(sample_every=0.002),
        "filtered": lambda d: d.probed(synapse=0.005),
    },
    lambda make: make(Draft().connected()),
)
for _name in ("voltage", "refractory_time", "output", "input"):
    CASES[f"probe: LIF's {_name}"] = lambda name=_name: _lif_probed(name)


def _lif_probed(name: str) -> Subject:
    draft = Draft(nengo.LIF())
    return draft.probed(draft.a.neurons, name)
