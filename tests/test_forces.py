import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.forces import ForceBump, ForceField, LinkForces, Spring

STEP = 1e-6  # of finite differences [rad]
NAMES = ["kuka_iiwa", "planar3"]


def slope(function, q):
    """Central differences of a function of q."""
    steps = STEP * np.eye(len(q))
    return np.array([function(q + step) - function(q - step) for step in steps]) / (2 * STEP)


def tool(arm):
    return lambda q: arm.pose(q)[:3, 3]


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_force_does_the_work_of_its_displacement(name, rng):
    """tau dq is f dx, for any virtual displacement of the joints."""
    arm = arms.load(name)
    force = np.array([3.0, -4.0, 5.0])
    for _ in range(5):
        q, dq = rng.uniform(-1, 1, (2, arm.dof))
        tau = ForceField(force).torque(arm, 0.0, q, dq)
        np.testing.assert_allclose(tau, slope(tool(arm), q) @ force, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_a_curl_field_pushes_across_the_motion_and_does_no_work(name, rng):
    """f is curl x dx, dx by differences along the motion; its power is zero."""
    arm = arms.load(name)
    curl = np.array([0.0, 2.0, 13.0])
    for _ in range(5):
        q, dq = rng.uniform(-1, 1, (2, arm.dof))
        tau = ForceField(curl=curl).torque(arm, 0.0, q, dq)
        dx = (tool(arm)(q + STEP * dq) - tool(arm)(q - STEP * dq)) / (2 * STEP)
        np.testing.assert_allclose(tau, slope(tool(arm), q) @ np.cross(curl, dx), atol=1e-7)
        assert abs(tau @ dq) < 1e-12
        assert np.abs(tau).max() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_spring_pulls_down_its_energy(name, rng):
    """tau = -dE/dq of E = k |x - anchor|^2 / 2; damping takes the power d |dx|^2 more."""
    arm = arms.load(name)
    anchor = np.array([0.3, -0.2, 0.4])
    for _ in range(5):
        q, dq = rng.uniform(-1, 1, (2, arm.dof))
        energy = slope(lambda q: 0.5 * 80.0 * np.sum((tool(arm)(q) - anchor) ** 2), q)
        tau = Spring(anchor, 80.0).torque(arm, 0.0, q, dq)
        np.testing.assert_allclose(tau, -energy, atol=1e-7)
        damped = Spring(anchor, 80.0, damping=6.0).torque(arm, 0.0, q, dq)
        dx = (tool(arm)(q + STEP * dq) - tool(arm)(q - STEP * dq)) / (2 * STEP)
        np.testing.assert_allclose((damped - tau) @ dq, -6.0 * dx @ dx, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_link_forces_pull_at_every_moving_links_centre_of_mass(name, rng):
    """tau dq is the force times the sum of the displacements of the centres of mass."""
    arm = arms.load(name)
    force = np.array([1.0, 2.0, -3.0])
    moving = [link for link in arm.chain.links[1:] if link.inertia.mass > 0]
    assert len(moving) == arm.dof

    def centres(q):
        return sum(arm.pose(q, link.name, point=link.inertia.com)[:3, 3] for link in moving)

    for _ in range(5):
        q, dq = rng.uniform(-1, 1, (2, arm.dof))
        tau = LinkForces(force).torque(arm, 0.0, q, dq)
        np.testing.assert_allclose(tau, slope(centres, q) @ force, atol=1e-7)


DISTURBANCES = [
    ForceField((1.0, 2.0, 3.0), (0.0, 0.0, 13.0)),
    ForceBump((0.3, 0.1, 0.4), (1.0, 2.0, 3.0), 0.3),
    Spring((0.3, 0.2, 0.1), 50.0, 3.0),
    LinkForces((0.0, 0.0, -5.0)),
]


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_batches_are_their_rows(iiwa, disturbance, rng):
    """Leading axes are batches: each row is what it is alone."""
    q, dq = rng.uniform(-1, 1, (2, 3, 4, 7))
    tau = disturbance.torque(iiwa, np.zeros((3, 4)), q, dq)
    assert tau.shape == (3, 4, 7)
    alone = disturbance.torque(iiwa, 0.0, q[1, 2], dq[1, 2])
    np.testing.assert_allclose(tau[1, 2], alone, rtol=1e-12, atol=1e-12)


def test_the_robot_feels_them_all(iiwa, rng):
    """A step in PyBullet is that of the arm under the motors' and all external torques, to 1e-9."""
    with Bullet(iiwa, np.zeros(7), DISTURBANCES) as robot:
        for _ in range(5):
            q, dq, tau = rng.uniform(-1, 1, (3, 7))
            robot.reset(q, dq)
            robot.apply(tau)
            ddq = (robot.read().dq - dq) / robot.dt
            drive = tau + sum(each.torque(iiwa, 0.0, q, dq) for each in DISTURBANCES)
            expected = iiwa.forward_dynamics(q + 0.5 * robot.dt * dq, dq, drive)
            np.testing.assert_allclose(ddq, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ForceBump((0, 0, 0), (0, 0, 1), 0.0),
            r"ForceBump.width: is 0.0 m, needs a number",
        ),
        (lambda: ForceField((1.0, 2.0)), r"ForceField.force: is \(1.0, 2.0\) N, needs three"),
        (lambda: ForceField(curl=(0, 0, np.nan)), r"ForceField.curl: is \(0, 0, nan\) N s/m"),
        (lambda: LinkForces("down"), r"LinkForces.force: is 'down' N, needs three finite numbers"),
        (lambda: LinkForces(9.81), r"LinkForces.force: is 9.81 N, needs three finite numbers"),
        (lambda: Spring((0, 0), 1.0), r"Spring.anchor: is \(0, 0\) m, needs three finite numbers"),
        (lambda: Spring((0, 0, 0), -1.0), r"Spring.stiffness: is -1.0 N/m, needs a number from 0"),
        (lambda: Spring((0, 0, 0), 1.0, -1.0), r"Spring.damping: is -1.0 N s/m"),
    ],
)
def test_bad_values_are_named(make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make()
