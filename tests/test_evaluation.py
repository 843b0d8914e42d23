import numpy as np
import pytest
from networks import small_network

from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.evaluation import Evaluation, Mode


@pytest.mark.parametrize("batch", [1, 3])
def test_a_pure_run_equals_the_simulator_and_leaves_it_alone(batch):
    """Ten steps through synapses: the outputs of ``run_steps``, for any batch, and no changes."""
    net, steps = small_network(), 10
    x = np.random.default_rng(0).uniform(-1, 1, (batch, steps, 2))
    with nengo_dl.Simulator(net, device="/cpu:0", progress_bar=False, minibatch_size=batch) as sim:
        sim.run_steps(steps, data={net.node: x})
        expected = sim.data[net.probe]
    with nengo_dl.Simulator(net, device="/cpu:0", progress_bar=False, minibatch_size=1) as sim:
        before = [v.numpy() for v in sim.tensor_graph.saved_state.values()]

        @tf.function(autograph=False)
        def outputs(value):
            evaluation = Evaluation.of(sim, batch)
            x, now = {net.node: value}, evaluation.current()
            return evaluation.run((net.probe,), x, *now, steps=steps, mode=Mode())[0][0]

        np.testing.assert_allclose(outputs(tf.constant(x)), expected, rtol=1e-12)
        after = [v.numpy() for v in sim.tensor_graph.saved_state.values()]
        assert all(np.array_equal(b, a) for b, a in zip(before, after, strict=True))
        assert sim.data[net.a].bias.shape == (20,)  # sim.data still works after our trace
