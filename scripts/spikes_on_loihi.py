"""What does a trained spiking network give in nengo-loihi's emulator of the chip?

    python scripts/spikes_on_loihi.py train FILE [--seed N] [--rate HZ] [--neurons COUNT]
        [--synapse MS] [--without-direct-path]
    python scripts/spikes_on_loihi.py run FILE

`train` needs nengo-forcectl: the iiwa learns the job of `nengo-forcectl reach --neuron-type lif`
for three passes; then, with learning off, it goes over the targets once more, and FILE keeps the
network, its inputs and its torques. `run` needs Nengo, in an environment of its own with
nengo-loihi (`pip install nengo-loihi`; tried: 1.1.0 with Nengo 4.1.0). It runs the network on these
inputs in Nengo's simulator and in the emulator, and prints the RMS of the torque's error over the
reaches [N m], all joints together, beside that of the torque. The recorded torque has noise of its
spikes, too: the second number is the error from the torque that its neurons' rates give.

The emulator also runs with decoders that are solved again for its rates, on the states for which
the network was made: the chip's spikes come at whole steps, so its neurons fire less often. It
takes inputs as spikes, by default of one pair of neurons for a number. The last run has `PAIRS` of
them, which take turns, behind `INTO_CHIP`. Spikes leave the chip and are decoded on the host, where
the direct path is, too: the emulator's connection from an ensemble to a node clips large torques.
nengo-ocl is run as well, where it is installed (tried: 3.0.0 with Nengo 4.1.0 and the OpenCL driver
of pip's `pyopencl[pocl]`). The emulator needs numpy below 2.
"""

import argparse
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

PASSES, STEPS = 3, 6000  # cycles of the recorded pass
DT = 1e-3
CHIP = "nengo-loihi's emulator"
RIDGE = 1e-3  # of the decoders' change, over the square of the highest rate
PAIRS, INTO_CHIP = 8, 0.005  # neurons for the two signs of an input; the synapse behind them [s]
SETTLED = 100  # first cycles, in which the synapse fills


def train(given: argparse.Namespace) -> None:
    """Train a network, and write it with a pass without learning."""
    from what_was_learned import trial

    from nengo_forcectl.cycle.consolidating_learner import consolidating_cycle
    from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
    from nengo_forcectl.jobs.reach.reach_settings import ReachSettings

    scene = reaching_scene(ReachSettings(seed=given.seed))
    options: dict[str, Any] = {"neuron_type": "lif", "max_rates": given.rate}
    options |= {"neurons": given.neurons, "direct": not given.without_direct_path}
    options["synapse"] = 1e-3 * given.synapse
    points = np.vstack([scene.targets] * (PASSES + 1))
    with (
        consolidating_cycle(scene.arm, scene.home, seed=given.seed, **options) as cycle,
        trial(scene, points, cycle) as run,
    ):
        run.passes(PASSES)
        cycle.learn(False)
        inputs, torques, inner = [], [], cycle.cycle
        for _ in range(STEPS):
            state = run.check(run.robot.read())
            result = cycle.step(state, run.path.at(state.time))
            run.robot.apply(result.tau)
            ddq_r = inner.controller.command["ddq_r"]
            inputs.append(inner.network.encoding.input(state.q, state.dq, ddq_r))
            torques.append(result.feedforward)
        network = cycle.network
        sample = network.encoding.input(*scene.motion)
    model = network.neurons
    assert model is not None
    lif = model.tau_rc, model.tau_ref, model.min_voltage, model.amplitude
    np.savez(
        given.file,
        inputs=np.array(inputs),
        sample=sample,
        torques=np.array(torques),
        encoders=network.encoders,
        bias=network.bias,
        weights=network.weights,
        lif=lif,
        synapse=model.synapse,
    )


def network_of(data: dict[str, np.ndarray], by_spikes: bool = False) -> tuple[Any, Any]:
    """Return a network that is fed the recorded inputs, and the probe of its torque.

    Args:
        by_spikes: whether the inputs reach the neurons as spikes of others, outside the chip.
    """
    import nengo

    split = data["encoders"].shape[1]
    gain = np.linalg.norm(data["encoders"], axis=1)
    tau_rc, tau_ref, min_voltage, amplitude = data["lif"].tolist()
    states, decoders = data["inputs"], data["weights"][:, split:]

    def row(t: float) -> np.ndarray:
        return states[min(round(t / DT), len(states)) - 1]

    with nengo.Network(seed=0) as network:
        directions = nengo.Node(lambda t: row(t)[split:], size_out=split)
        past = nengo.Node(lambda t: data["weights"][:, :split] @ row(t)[:split])
        ensemble = nengo.Ensemble(
            len(gain),
            split,
            encoders=data["encoders"] / gain[:, None],
            gain=gain,
            bias=data["bias"],
            neuron_type=nengo.LIF(tau_rc, tau_ref, min_voltage, amplitude),
            normalize_encoders=False,
        )
        if by_spikes:
            _through_spikes(network, directions, ensemble)
        else:
            nengo.Connection(directions, ensemble, synapse=None)
        torque = nengo.Node(size_in=len(decoders))
        nengo.Connection(past, torque, synapse=None)
        behind = nengo.Lowpass(data["synapse"].item())
        nengo.Connection(ensemble.neurons, torque, transform=decoders, synapse=behind)
        return network, nengo.Probe(torque, synapse=None)


def _through_spikes(network: Any, directions: Any, ensemble: Any) -> None:
    """Give an ensemble its inputs as spikes: ``u = h * sum(s+ - s-) DT / PAIRS``.

    A neuron s+ or s- fires in every step for ``u = 1`` or -1. Those of one sign begin with voltages
    spread evenly, so they take turns.
    """
    import nengo
    import nengo_loihi

    size = ensemble.dimensions
    signs = np.repeat(np.vstack((np.eye(size), -np.eye(size))), PAIRS, axis=0)
    voltage = np.tile((np.arange(PAIRS) + 0.5) / PAIRS, 2 * size)
    sender = nengo.Ensemble(
        len(signs),
        size,
        encoders=signs,
        gain=np.full(len(signs), 1 / DT),
        bias=np.zeros(len(signs)),
        neuron_type=nengo.SpikingRectifiedLinear(initial_state={"voltage": voltage}),
    )
    nengo_loihi.add_params(network)
    network.config[sender].on_chip = False
    nengo.Connection(directions, sender, synapse=None)
    weights = ensemble.encoders @ signs.T * DT / PAIRS  # times the gains
    nengo.Connection(sender.neurons, ensemble.neurons, transform=weights, synapse=INTO_CHIP)


def at_whole_steps(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a network whose decoders are solved for neurons that spike at whole steps.

    A spike waits for the end of its step, half a step in the mean. With rates A of Nengo's neurons
    and B of the chip's at the sample, (states, neurons), and decoders D, (outputs, neurons):
    ``B D' = A D``, D' as close to D as `RIDGE` has it.
    """
    split = data["encoders"].shape[1]
    past, D = np.split(data["weights"], [split], axis=1)
    current = data["sample"][:, split:] @ data["encoders"].T + data["bias"]
    tau_rc, tau_ref, _, amplitude = data["lif"].tolist()
    fires = current > 1
    over = np.where(fires, current - 1, 1.0)
    period = tau_ref + tau_rc * np.log1p(1 / over)
    A, B = amplitude * fires / period, amplitude * fires / (period + 0.5 * DT)
    ridge = RIDGE * len(B) * B.max() ** 2 * np.eye(B.shape[1])
    change = np.linalg.solve(B.T @ B + ridge, B.T @ (A - B) @ D.T).T
    return data | {"weights": np.hstack((past, D + change))}


def run(given: argparse.Namespace) -> None:
    """Run a written network in each simulator that is installed; print the errors."""
    with np.load(given.file) as arrays:
        data = dict(arrays)
    wanted, by_rates = data["torques"], torque_by_rates(data)
    print(f"torque: {_rms(wanted[SETTLED:]):.3f} N m RMS")
    directions = data["inputs"][:, data["encoders"].shape[1] :]
    sent = PAIRS * np.abs(directions).sum(axis=1).mean()
    print(f"inputs as spikes of {PAIRS} pairs: {sent:.0f} in a cycle")
    runs = [(name, simulator, data, False) for name, simulator in simulators().items()]
    for name, simulator, arrays, _ in runs[:]:
        if name == CHIP:
            solved = f"{name}, decoders solved again"
            runs.append((solved, simulator, at_whole_steps(arrays), False))
            runs.append((f"{solved}, {PAIRS} pairs", simulator, at_whole_steps(arrays), True))
    for name, simulator, arrays, by_spikes in runs:
        network, probe = network_of(arrays, by_spikes)
        with simulator(network, dt=DT, progress_bar=False) as sim:
            sim.run_steps(len(wanted))
            errors = [_rms((sim.data[probe] - each)[SETTLED:]) for each in (wanted, by_rates)]
        print(f"{name}: wrong by {errors[0]:.4f} N m RMS, {errors[1]:.4f} from that of rates")


def torque_by_rates(data: dict[str, np.ndarray]) -> np.ndarray:
    """Return the torque without noise of spikes: that of Nengo's rates, behind the synapse."""
    import nengo

    split = data["encoders"].shape[1]
    past, D = np.split(data["weights"], [split], axis=1)
    tau_rc, tau_ref, min_voltage, amplitude = data["lif"].tolist()
    neurons = nengo.LIF(tau_rc, tau_ref, min_voltage, amplitude)
    current = data["inputs"][:, split:] @ data["encoders"].T + data["bias"]
    rates = neurons.rates(current, np.ones(len(D.T)), np.zeros(len(D.T)))
    behind = nengo.Lowpass(data["synapse"].item()).filt(rates @ D.T, dt=DT)
    return data["inputs"][:, :split] @ past.T + behind


def simulators() -> dict[str, Any]:
    """Return the simulators that are installed, by name."""
    import nengo

    warnings.filterwarnings("ignore", "This version of `nengo_loihi`")
    warnings.filterwarnings("ignore", "NengoLoihi does not support initial values for 'voltage'")
    warnings.filterwarnings("ignore", "invalid value encountered in cast")
    found: dict[str, Any] = {"Nengo": nengo.Simulator}
    with suppress(ImportError):
        import nengo_loihi

        found[CHIP] = partial(nengo_loihi.Simulator, target="sim")
    with suppress(ImportError):
        import nengo_ocl

        found["nengo-ocl"] = nengo_ocl.Simulator
    return found


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def main() -> None:
    """Train or run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("train", "run"))
    parser.add_argument("file", type=Path, help="with the extension .npz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=200.0, help="[Hz]")
    parser.add_argument("--synapse", type=float, default=5.0, help="[ms]")
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--without-direct-path", action="store_true")
    given = parser.parse_args()
    (train if given.what == "train" else run)(given)


if __name__ == "__main__":
    main()
