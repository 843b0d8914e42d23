"""The matrices of operational-space control beside frax's, which JAX compiles."""

from __future__ import annotations

import os
from importlib import util

import numpy as np
from interleaved import medians, show, statement

import arms

# What frax asks for; read when JAX is first imported.
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")


def operational_space(_: str) -> None:
    """M, M^-1, g, C dq, J and the pose of frax's iiwa: its jitted function, and our kernel."""
    if util.find_spec("frax") is None:
        print("\nfrax is not installed: pip install frax")
        return
    import jax
    from frax.assets import KUKA_ASSETS_DIR
    from frax.robots.kuka_iiwa import load_iiwa

    arm = arms.load(KUKA_ASSETS_DIR / "iiwa14.urdf").with_tool(
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0.05], [0, 0, 0, 1]]
    )
    kernel = arm.kernel("M", "Minv", "g", "Cdq", "J", "pose")
    theirs = jax.jit(load_iiwa().torque_control_matrices)
    q, dq = np.random.default_rng(0).normal(size=(2, arm.dof))
    out = np.empty(kernel.size)
    kernel.fill(q, dq, None, out)
    pairs = zip(kernel.views(out), theirs(q, dq), strict=True)
    worst = max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)
    times = medians(
        {
            "ours": statement("fill(q, dq, None, out)", fill=kernel.fill, q=q, dq=dq, out=out),
            "frax": statement("done(f(q, dq))", done=jax.block_until_ready, f=theirs, q=q, dq=dq),
        }
    )
    show(f"operational-space matrices, relative difference {worst:.0e}", times, "ours")
