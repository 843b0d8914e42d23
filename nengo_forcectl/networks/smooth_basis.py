"""The smoothness prior of `Consolidation`, over functions of a network's features."""

import numpy as np
from jaxtyping import Float

from .encoding import StateEncoding

NOISE = 0.1  # of an activity, over the greatest one: Nengo's default, for spikes


def smooth_basis(
    encoding: StateEncoding,
    features: Float[np.ndarray, "k features"],
    torque: float,
    *,
    components: int = 100,
    constant: float = 1.0,
    position: float = 0.1,
    motion: float = 0.03,
    neurons: float = 0.01,
    direct: bool = True,
) -> Float[np.ndarray, "features p"]:
    """Return B, a basis of smooth functions of the features, each with a prior variance of 1.

    Args:
        encoding: encoding of the network's input.
        features: (x, 1, a) over a sample of the workspace.
        torque: the arm's typical torque [N m], the unit of the following arguments.
        components: number of the neurons' principal components to keep.
        constant: prior standard deviation of the constant.
        position: of the change of F over one standard deviation of a position.
        motion: of the same over one of a velocity or an acceleration.
        neurons: of the neurons' first component; the others in proportion to their
            standard deviation (the components of the activity: Eliasmith and Anderson 2003, section
            7.3).
        direct: whether linear functions use x itself, the network's direct path. If not, they are
            decoded from the activities as well, by least squares with `NOISE` (as
            `nengo.solvers.LstsqL2`), and the direct path stays 0.
    """
    d = encoding.size
    x, a = features[:, : d + 1], features[:, d + 1 :]
    slope = np.linalg.lstsq(x, a, rcond=None)[0]  # the part of the activity linear in x
    rest = a - x @ slope
    variance, axes = np.linalg.eigh(rest.T @ rest / len(rest))
    kept = slice(None, -1 - min(components, len(variance)), -1)
    deviation, axes = np.sqrt(np.maximum(variance[kept], 1e-12)), axes[:, kept]
    axes = axes * (neurons / deviation[0])
    linear = np.full(d + 1, motion)
    linear[: encoding.positions], linear[d] = position, constant
    B = np.block([[np.diag(linear), -slope @ axes], [np.zeros((a.shape[1], d + 1)), axes]])
    if not direct:
        noise = len(a) * (NOISE * a.max()) ** 2
        decoders = np.linalg.solve(a.T @ a + noise * np.eye(a.shape[1]), a.T @ x)
        B[d + 1 :] += decoders @ B[: d + 1]
        B[: d + 1] = 0.0
    return torque * B
