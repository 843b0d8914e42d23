"""Run folders for the view, made without a simulation."""

import json

import numpy as np

import arms


def recorded_run(folder, names, arm="kuka_iiwa", tip=None, seconds=3.0, **summary):
    """A run folder of `reach` in which an arm swings, with the same record for each controller."""
    model = arms.load(arm, tip=tip)
    time = np.arange(0.0, seconds, 1e-3)
    home = np.clip(np.full(model.dof, 0.5), model.q_lower, model.q_upper)
    q = home + 0.4 * np.sin(2.0 * np.pi * time)[:, None]
    tool = model.pose(q)[:, :3, 3]
    still = np.zeros_like(q)
    record = {
        "time": time, "q": q, "dq": still, "tau": still, "feedforward": still, "tool": tool,
        "reference": tool + 1e-3, "unmodelled": still,
    }  # fmt: skip
    for name in names:
        np.savez(folder / f"{name}.npz", **record)
    data = {
        "verb": "reach", "dt": 1e-3, "home": home.tolist(), "targets": tool[::500].tolist(),
        "unseen_targets": [], "tool": None, "joints": list(model.joint_names),
        "settings": {"arm": str(arm), "tip": tip, "payload": 2.0, "friction": 0.9, "seed": 0},
        "rms_mm": {name: [2.0, 1.0] for name in names}, "endings": {},
    }  # fmt: skip
    (folder / "summary.json").write_text(json.dumps(data | summary))
    return folder
