"""Logs of an arm that moves on a Fourier series, with exact torques."""

from pathlib import Path

import numpy as np

from arms import Arm


def motion(arm: Arm, seconds: float, rate: float, rng: np.random.Generator, speed: float = 0.6):
    """Return time, q, dq, ddq of a series of five harmonics of 0.1 Hz in each joint."""
    time = np.arange(int(seconds * rate)) / rate
    w = 2.0 * np.pi * 0.1 * np.arange(1, 6)
    a, b = rng.normal(size=(2, 5, arm.dof)) * speed / w[:, None] / 3.0
    sin, cos = np.sin(time[:, None] * w), np.cos(time[:, None] * w)
    middle = np.where(np.isfinite(arm.q_lower + arm.q_upper), 0.5 * (arm.q_lower + arm.q_upper), 0)
    q = middle + 0.3 + sin @ a - cos @ b
    return time, q, (cos * w) @ a + (sin * w) @ b, (-sin * w**2) @ a + (cos * w**2) @ b


def write_csv(path: Path, time, q, dq, tau, header: str | None = "default") -> Path:
    """Write columns of time, q, dq and tau."""
    n = q.shape[1]
    if header == "default":
        names = [f"{kind}_{j}" for kind in ("actual_q", "actual_qd", "torque") for j in range(n)]
        header = ",".join(["timestamp", *names])
    rows = np.column_stack((time, q, dq, tau))
    lines = [] if header is None else [header]
    lines += [",".join(f"{number:.9g}" for number in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
