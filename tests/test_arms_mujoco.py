import mujoco
import numpy as np
import pytest
from arms_reference import relative_error, states

import arms


@pytest.mark.parametrize("name", ["ur10e", "kuka_iiwa", "panda"])
def test_mass_matrix_bias_and_jacobian_agree_with_mujoco(name):
    """M, C dq + g and the tool's J of MuJoCo, from the same URDF, at 200 random states."""
    arm = arms.load(name)
    model = mujoco.MjModel.from_xml_string(arm.to_urdf())
    model.opt.gravity[:] = arm.gravity_vector
    data = mujoco.MjData(model)
    M = np.empty((arm.dof, arm.dof))
    linear, angular = np.empty((3, arm.dof)), np.empty((3, arm.dof))
    last = model.nbody - 1
    for q, dq, _ in zip(*states(arm, 200, seed=1), strict=True):
        data.qpos[:], data.qvel[:] = q, dq
        mujoco.mj_forward(model, data)
        mujoco.mj_fullM(model, data, M)
        mujoco.mj_jac(model, data, linear, angular, arm.pose(q)[:3, 3], last)
        assert relative_error(arm.mass_matrix(q), M) < 1e-9
        assert relative_error(arm.bias(q, dq), data.qfrc_bias) < 1e-9
        assert relative_error(arm.jacobian(q), np.vstack([linear, angular])) < 1e-9
