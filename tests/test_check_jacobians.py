"""A few of the networks of ``scripts/check_jacobians.py``, and what must come out."""

import runpy

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
}


@pytest.fixture(scope="module")
def script(project):
    return runpy.run_path(str(project / "scripts" / "check_jacobians.py"))


@pytest.mark.filterwarnings("ignore")  # of Nengo and NengoDL, about odd networks
@pytest.mark.parametrize("name", OUTCOMES)
def test_odd_networks(script, name):
    """dF/dw is right by finite differences, that of rates, or an error that names what is odd."""
    found, text = script["outcome"](script["CASES"][name])
    assert found == OUTCOMES[name], text
