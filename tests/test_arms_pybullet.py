import numpy as np
import pybullet
import pytest
from arms_reference import relative_error, states

import arms


@pytest.fixture(scope="module")
def client():
    """A physics server without a window."""
    number = pybullet.connect(pybullet.DIRECT)
    yield number
    pybullet.disconnect(number)


@pytest.mark.parametrize("name", arms.names())
def test_pybullet_loads_the_urdf_as_the_same_arm(client, tmp_path, name):
    """Its M, J and inverse dynamics of an arm with tool and payload are ours to 1e-9."""
    T = np.eye(4)
    T[:3, 3] = 0.1, 0.2, 0.3
    arm = arms.load(name).with_payload(2.0, (0.05, 0.02, 0.1), np.diag([0.01, 0.02, 0.015]))
    arm = arm.with_tool(T)
    path = tmp_path / "arm.urdf"
    path.write_text(arm.to_urdf())
    body = pybullet.loadURDF(
        str(path),
        useFixedBase=True,
        flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
        physicsClientId=client,
    )
    mine = {"physicsClientId": client}
    infos = [
        pybullet.getJointInfo(body, k, **mine) for k in range(pybullet.getNumJoints(body, **mine))
    ]
    moving = [info for info in infos if info[2] != pybullet.JOINT_FIXED]
    assert [info[1].decode() for info in moving] == list(arm.joint_names)
    tool = next(info[0] for info in infos if info[12] == b"tool")
    pybullet.setGravity(*arm.chain.gravity, **mine)
    zero = [0.0] * arm.dof
    for q, dq, ddq in zip(*states(arm, 10, seed=1), strict=True):
        lists = q.tolist(), dq.tolist(), ddq.tolist()
        M = np.array(pybullet.calculateMassMatrix(body, lists[0], **mine))
        state = [0.0] * 3, lists[0], zero, zero
        J = np.vstack(pybullet.calculateJacobian(body, tool, *state, **mine))
        tau = np.array(pybullet.calculateInverseDynamics(body, *lists, **mine))
        assert relative_error(arm.mass_matrix(q), M) < 1e-9
        assert relative_error(arm.jacobian(q), J) < 1e-9
        assert relative_error(arm.inverse_dynamics(q, dq, ddq), tau) < 1e-9


def test_the_iiwa_keeps_its_meshes(client, tmp_path):
    """With meshes, the text names files that exist; without, none."""
    arm = arms.load("kuka_iiwa")
    assert "mesh" not in arm.to_urdf()
    path = tmp_path / "arm.urdf"
    path.write_text(arm.to_urdf(meshes=True))
    body = pybullet.loadURDF(str(path), useFixedBase=True, physicsClientId=client)
    shapes = pybullet.getVisualShapeData(body, physicsClientId=client)
    assert sum(shape[2] == pybullet.GEOM_MESH for shape in shapes) == 8
