"""Settings of the simulator, and what is frozen."""

import nengo

from nengo_forcectl.nengodl.compatibility import nengo_dl

from .draft import CASES, STEPS, Draft, Subject, enter_all

enter_all(
    "setting",
    {
        "float32": {"dtype": "float32"},
        "use_loop off": {"use_loop": False, "options": {"unroll_simulation": STEPS}},
        "inference_only": {"inference_only": True},
        "keep_history off": {"keep_history": False},
        "stateful off": {"stateful": False},
        "lif_smoothing": {"lif_smoothing": 0.1},
        "no simplifications": {"simplifications": []},
        "noop planner": {"planner": nengo_dl.graph_optimizer.noop_planner},
        "minibatch": {"options": {"minibatch_size": 2}},
        "dt": {"options": {"dt": 0.01}},
        "unrolled": {"options": {"unroll_simulation": STEPS}},
    },
    lambda settings: Draft(**settings).connected(synapse=0.005).probed(),
)

for _kind in ("encoders", "decoders", "biases", "all"):
    CASES[f"frozen: {_kind}"] = lambda kind=_kind: _frozen(kind)


def _frozen(kind: str) -> Subject:
    draft = Draft().connected()
    with draft.network:
        nengo_dl.configure_settings(trainable=None)
        config = draft.network.config
        if kind in ("encoders", "all"):
            config[nengo.Ensemble].trainable = False
        if kind in ("decoders", "all"):
            config[nengo.Connection].trainable = False
        if kind in ("biases", "all"):
            config[nengo.ensemble.Neurons].trainable = False
    return draft.probed()
