"""The chain of the whole loop checked: dF/dw three ways, and J M^-1 dF/dw against PyBullet."""

from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from .jacobians import weight_jacobian
from .learning.task_space import task_weight_jacobian
from .network import adaptive_network, simulator
from .weights import Weights, named_weights
from .workspace import home_posture

NEURONS = 20
STEP = 1e-3  # by which PyBullet's weights are perturbed
DT = 1e-5  # of the simulation step that measures an acceleration [s]
SAMPLE = 60  # weights of each array that are perturbed in PyBullet


def check_weights(arm: Arm, seed: int = 0) -> list[dict[str, Any]]:
    """Return, for each weight array of an adaptive network on ``arm``, how far apart the ways are.

    The network is F(q, dq) with 20 rectified-linear neurons and random decoders, at one random
    state near the working posture. Entries: ``name``, ``shape``; ``largest``, of |dF/dw|;
    ``closed_form`` and ``differences``, the largest deviation of autodiff from either, relative to
    ``largest``; ``in_simulator``, how many weights were perturbed in PyBullet (at most 60 an array,
    spread evenly); ``acceleration``, the largest deviation of G dw from the change of the tool's
    acceleration that PyBullet shows, relative to the largest of those.
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
        J_w = {w.name: np.array(value[0]) for w, value in _items(sim, network, x)}
        values = {w.name: np.array(w.read()) for w in weights.values() if w.name in J_w}
    forms = _closed_form(weights, network, values, x)
    G = task_weight_jacobian(arm.jacobian(q), arm.mass_matrix(q), J_w)
    by_name = _names(weights, network)

    def torque(changed: dict[str, np.ndarray]) -> np.ndarray:
        E, b, D = (changed[name] for name in by_name)
        return D @ np.maximum(E @ x + b, 0.0)

    from .sim.world import World

    world = World(arm, DT)
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
        largest = np.abs(J).max()
        table.append(
            {
                "name": name,
                "shape": list(values[name].shape),
                "largest": float(largest),
                "closed_form": float(np.abs(J - forms[name].reshape(n, -1)).max() / largest),
                "differences": float(np.abs(J - numeric).max() / largest),
                "in_simulator": len(places),
                "acceleration": float(np.abs(seen - said).max() / np.abs(seen).max()),
            }
        )
    world.close()
    return table


def _items(sim: Any, network: Any, x: Float[np.ndarray, "n_in"]) -> Any:
    J = weight_jacobian(sim, network.probe, {network.state: x[None]})
    weights = named_weights(sim)
    return [(weights[name], value) for name, value in J.items()]


def _names(weights: Weights, network: Any) -> list[str]:
    hidden = weights[network.ensemble]
    return [hidden.encoders.name, hidden.bias.name, weights[network.decoders].name]


def _closed_form(
    weights: Weights, network: Any, values: dict[str, np.ndarray], x: Float[np.ndarray, "n_in"]
) -> dict[str, np.ndarray]:
    """dF/dD = I kron a, dF/db = D diag(active), dF/dE = dF/db x^T."""
    names = _names(weights, network)
    E, b, D = (values[name] for name in names)
    current = E @ x + b
    by_bias = D * (current > 0)
    by_decoder = np.einsum("ij,k->ijk", np.eye(len(D)), np.maximum(current, 0.0))
    return dict(zip(names, (by_bias[:, :, None] * x, by_bias, by_decoder), strict=True))


def _moved(values: dict[str, np.ndarray], name: str, k: int, step: float) -> dict[str, np.ndarray]:
    """The weights with one number changed."""
    changed = values[name].copy()
    changed.flat[k] += step
    return values | {name: changed}


def _tool_acceleration(
    world: Any, arm: Arm, x: Float[np.ndarray, "n_in"], F: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "6"]:
    """J ddq + dJ dq of the tool in PyBullet, under the model's ``C dq + g`` and ``F``."""
    q, dq = np.split(x, 2)
    world.place(q, dq)
    world.step((arm.bias(q, dq) + F).tolist())
    ddq = (world.state()[1] - dq) / DT
    return arm.jacobian(q) @ ddq + arm.jacobian_dot(q, dq) @ dq
