"""A few of the networks of ``scripts/check_jacobians.py``, and what must come out."""

import importlib
import sys

import pytest

OUTCOMES = {
    "synapse: direct part": "right",
    "connection: weights": "right",
    "nengo_dl.Converter": "right",
    "probe: connection's input": "right",
    "Python node beside": "right",
    "TensorNode: partly rounding": "right",
    "TensorNode: stop_gradient": "error",
    "layer: stateful GRU": "error",
    "synapse: Triangle": "error",
    "a process as input": "error",
    "neurons: SpikingRectifiedLinear": "surrogate",
    "by name: PES": "right",
    "by name: a probe's decoders": "right",
    "by name: no weight": "error",
    "inputs: integers": "right",
    "inputs: truth values": "error",
    "inputs: no mapping": "error",
    "layer: two weights of one name": "right",
    "in training: BatchNormalization": "right",
    "nengo.Simulator": "error",
}


@pytest.fixture(scope="module")
def script(project):
    sys.path.insert(0, str(project / "scripts"))
    try:
        return importlib.import_module("jacobian_cases")
    finally:
        sys.path.pop(0)


@pytest.mark.filterwarnings("ignore")  # of Nengo and NengoDL, about odd networks
@pytest.mark.parametrize("name", OUTCOMES)
def test_odd_networks(script, name):
    """dF/dw is right by finite differences, that of rates, or an error that names what is odd."""
    found, text = script.outcome(script.CASES[name])
    assert found == OUTCOMES[name], text
