"""A network learns an arm's kinematics; how good is its Jacobian, and what does that do?"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import arms
from nengo_forcectl import compare_jacobians, learn_kinematics
from nengo_forcectl.kinematics import LearnedKinematics

arm = arms.load("planar3")
path = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()) / "planar3.npz"
q = np.random.default_rng(1).uniform(-np.pi, np.pi, (1000, arm.dof))  # never trained on
for how in ("positions", "sobolev"):
    learn_kinematics(arm, how=how, neurons=300, samples=1000).save(path)
    learned = LearnedKinematics.load(path, arm)  # any function from q to J would do
    found = compare_jacobians(learned.jacobian, lambda q: arm.jacobian(q)[:, :2], q)
    print(
        f"{how}: error of J {100 * found.relative_error.distribution()['median']:.3f} %, of the "
        f"tool's velocity {100 * found.velocity_error.distribution()['median']:.3f} %"
    )
worst = found.relative_error.values.argmax()
print("worst at q [rad]:", *(f"{angle:.2f}" for angle in q[worst]))
