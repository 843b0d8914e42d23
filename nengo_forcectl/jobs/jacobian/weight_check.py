"""Check of the Jacobian chain: dF/dw computed three ways, and J M^-1 dF/dw in a simulator."""

from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...learning.gradient import Gradient
from ...learning.task_jacobian import task_weight_jacobian
from ...nengodl.jacobians import weight_jacobian
from ...nengodl.weights import named_weights
from ...networks.building import adaptive_network, simulator
from ...networks.closed_form import ClosedFormNetwork
from ...networks.workspace import home_posture
from ...sim.engines import default_engine
from ...sim.mujoco_arm import alone
from ...sim.mujoco_world import MujocoWorld

NEURONS = 20
STEP = 1e-3  # perturbation of a weight in the simulator
DT = 1e-5  # simulation step for measuring an acceleration [s]
SAMPLE = 60  # weights per array to perturb in the simulator


def check_weights(arm: Arm, seed: int = 0, engine: str | None = None) -> list[dict[str, Any]]:
    """Return the deviations between the methods for each weight array of a network on ``arm``.

    The network is F(q, dq) with 20 rectified-linear neurons and random decoders, at one random
    state near the working posture. Entries: ``name``, ``shape``; ``largest``, of |dF/dw|;
    ``closed_form`` and ``differences``, the largest deviation of autodiff from either, relative to
    ``largest``; ``in_simulator``, the number of weights perturbed in the simulator (at most 60 per
    array, spread evenly); ``acceleration``, the largest deviation of G dw from the change of the
    tool's acceleration there, relative to the largest change.
    """
    rng = np.random.default_rng([seed, 5])
    n = arm.dof
    q = home_posture(arm) + 0.2 * rng.uniform(-1, 1, n)
    x = np.concatenate((q, rng.uniform(-0.3, 0.3, n)))
    network = adaptive_network(2 * n, n, NEURONS, seed=seed, radius=1.5 * np.linalg.norm(x))
    with simulator(network) as sim:
        weights = named_weights(sim)
        decoders = weights[network.decoders]
        decoders.write(rng.normal(size=decoders.shape))
        J = weight_jacobian(sim, network.probe, {network.state: x[None]})
        J_w = {name: np.array(value[0]) for name, value in J.items()}
        closed = ClosedFormNetwork(sim, network.probe, Gradient(1.0), learn=list(J_w))
    values, rows = closed.read(), [closed.vjp(x, unit) for unit in np.eye(n)]
    G = task_weight_jacobian(arm.jacobian(q), arm.mass_matrix(q), J_w)

    def torque(changed: dict[str, np.ndarray]) -> np.ndarray:
        closed.write(changed)
        return closed.forward(x).copy()

    world = _world(arm, engine or default_engine())
    rest = _tool_acceleration(world, arm, x, torque(values))
    table = []
    for name, J in J_w.items():
        J = J.reshape(n, -1)
        numeric = np.empty_like(J)
        for k in range(J.shape[1]):
            numeric[:, k] = (
                torque(_moved(values, name, k, 1e-6)) - torque(_moved(values, name, k, -1e-6))
            ) / 2e-6
        places = np.unique(np.linspace(0, J.shape[1] - 1, SAMPLE).round().astype(int))
        seen = np.array(
            [
                _tool_acceleration(world, arm, x, torque(_moved(values, name, k, STEP))) - rest
                for k in places
            ]
        )
        said = STEP * G[name].reshape(6, -1)[:, places].T
        largest, form = np.abs(J).max(), np.reshape([row[name] for row in rows], J.shape)
        table.append(
            {
                "name": name,
                "shape": list(values[name].shape),
                "largest": float(largest),
                "closed_form": float(np.abs(J - form).max() / largest),
                "differences": float(np.abs(J - numeric).max() / largest),
                "in_simulator": len(places),
                "acceleration": float(np.abs(seen - said).max() / np.abs(seen).max()),
            }
        )
    world.close()
    return table


def _world(arm: Arm, engine: str) -> Any:
    """Return the arm in an engine, without anything that the model does not have."""
    if engine == "mujoco":
        return MujocoWorld(alone(arm), DT, arm.armature)
    from ...sim.world import World  # PyBullet

    return World(arm, DT, rotor=arm.armature)


def _moved(values: dict[str, np.ndarray], name: str, k: int, step: float) -> dict[str, np.ndarray]:
    """Return the weights with one number changed."""
    changed = values[name].copy()
    changed.flat[k] += step
    return values | {name: changed}


def _tool_acceleration(
    world: Any, arm: Arm, x: Float[np.ndarray, "n_in"], F: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "6"]:
    """Return J ddq + dJ dq of the tool in the simulator, with torques ``C dq + g`` and ``F``."""
    q, dq = np.split(x, 2)
    world.place(q, dq)
    world.step((arm.bias(q, dq) + F).tolist())
    ddq = (world.state()[1] - dq) / DT
    return arm.jacobian(q) @ ddq + arm.jacobian_dot(q, dq) @ dq
