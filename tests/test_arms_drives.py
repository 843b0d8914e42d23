"""Rotor inertia and friction in the model, against MuJoCo's and Pinocchio's own."""

from dataclasses import replace

import mujoco
import numpy as np
import pinocchio as pin
import pytest
from arms_reference import Pinocchio, relative_error, states

import arms
from arms import Arm, ArmError, UrdfError
from arms.machine.python_function import python_function
from arms.machine.tape import from_tape, to_tape
from arms.model.chain import Inertia, Joint, Mimic
from arms.model.terms import Request
from arms.model.urdf import parse_urdf

ARMS = ["kuka_iiwa", "ur5e", "panda"]


def armature_of(arm):
    return np.linspace(0.03, 0.3, arm.dof)


def driven(arm):
    """The arm with another armature and friction in each joint."""
    friction = np.linspace(0.2, 2.0, arm.dof), np.linspace(0.0, 3.0, arm.dof)
    return arm.with_armature(armature_of(arm)).with_friction(*friction)


@pytest.mark.parametrize("name", ARMS)
def test_armature_is_pinocchios(name):
    """M, inverse and forward dynamics at 100 states, with ``Model.armature`` set there."""
    bare = arms.load(name)
    arm, reference = bare.with_armature(armature_of(bare)), Pinocchio(bare.to_urdf(), bare)
    reference.model.armature = armature_of(bare)
    for q, dq, u in zip(*states(arm, 100, seed=1), strict=True):
        theirs = reference.terms(q, dq, u, "tool")
        assert relative_error(arm.mass_matrix(q), theirs["M"]) < 1e-9
        assert relative_error(arm.coriolis(q, dq), theirs["C"]) < 1e-9
        assert relative_error(arm.gravity(q), theirs["g"]) < 1e-9
        assert relative_error(arm.inverse_dynamics(q, dq, u), theirs["tau"]) < 1e-9
        assert relative_error(arm.forward_dynamics(q, dq, u), theirs["ddq"]) < 1e-9
        assert relative_error(arm.terms(q, dq).M, theirs["M"]) < 1e-9


@pytest.mark.parametrize("name", ARMS)
def test_armature_and_viscous_friction_are_mujocos(name):
    """M and the accelerations under a torque, with MuJoCo's own dof_armature and dof_damping."""
    bare = arms.load(name)
    arm = driven(bare).with_friction(np.linspace(0.2, 2.0, bare.dof), 0.0)
    model = mujoco.MjModel.from_xml_string(bare.to_urdf())
    model.dof_armature[:], model.dof_damping[:] = arm.armature, arm.friction.viscous
    model.opt.gravity[:] = arm.gravity_vector
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    model.jnt_limited[:] = 0
    data, M = mujoco.MjData(model), np.empty((arm.dof, arm.dof))
    for q, dq, tau in zip(*states(arm, 100, seed=2), strict=True):
        data.qpos[:], data.qvel[:], data.qfrc_applied[:] = q, dq, tau
        mujoco.mj_forward(model, data)
        mujoco.mj_fullM(model, data, M)
        assert relative_error(arm.mass_matrix(q), M) < 1e-9
        assert relative_error(arm.forward_dynamics(q, dq, tau), data.qacc) < 1e-9
        torque = arm.inverse_dynamics(q, dq, data.qacc)
        assert relative_error(torque, tau) < 1e-9


def test_dry_friction_is_mujocos_frictionloss_while_sliding():
    """Well above rest, where MuJoCo's soft constraint is at its limit, the torque is the same."""
    bare = arms.load("kuka_iiwa")
    arm = bare.with_armature(0.1).with_friction(0.0, np.linspace(0.1, 0.3, 7))
    model = mujoco.MjModel.from_xml_string(bare.to_urdf())
    model.dof_armature[:], model.dof_frictionloss[:] = arm.armature, arm.friction.dry
    model.opt.gravity[:] = arm.gravity_vector
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    model.opt.tolerance = 0.0
    model.jnt_limited[:] = 0
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    for q, _, tau in zip(*states(arm, 20, seed=3), strict=True):
        dq = rng.choice([-1.0, 1.0], 7) * rng.uniform(0.5, 1.0, 7)
        data.qpos[:], data.qvel[:], data.qfrc_applied[:] = q, dq, tau
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(data.qfrc_constraint, -arm.friction_torque(dq), atol=1e-9)
        assert relative_error(arm.forward_dynamics(q, dq, tau), data.qacc) < 1e-9


@pytest.mark.parametrize("name", ["planar3", "kuka_iiwa", "jaco2"])
def test_friction_is_its_equation_and_forward_undoes_inverse(name, rng):
    """``viscous dq + dry tanh(dq / 0.01)``, at speeds near rest and far from it, in a batch too."""
    arm, bare = driven(arms.load(name)), arms.load(name)
    q, ddq = rng.normal(size=(2, 50, arm.dof))
    dq = rng.normal(size=(50, arm.dof)) * np.logspace(-4, 0, 50)[:, None]
    friction = arm.friction.viscous * dq + arm.friction.dry * np.tanh(dq / 0.01)
    np.testing.assert_allclose(arm.friction_torque(dq), friction, rtol=1e-13)
    tau = arm.inverse_dynamics(q, dq, ddq)
    expected = bare.inverse_dynamics(q, dq, ddq) + arm.armature * ddq + friction
    np.testing.assert_allclose(tau, expected, atol=1e-11)
    np.testing.assert_allclose(arm.forward_dynamics(q, dq, tau), ddq, atol=1e-9)
    np.testing.assert_array_equal(tau[7], arm.inverse_dynamics(q[7], dq[7], ddq[7]))


@pytest.mark.parametrize("name", ["planar3", "panda"])
def test_both_regressors_times_their_parameters_are_the_inverse_dynamics(name):
    """The columns of the drives are beside those of the links, in the order of their names."""
    arm = driven(arms.load(name))
    q, dq, ddq = states(arm, 20, seed=4)
    links = arm.regressor(q, dq, ddq) @ arm.inertial_parameters
    drives = arm.drive_regressor(dq, ddq) @ arm.drive_parameters
    np.testing.assert_allclose(links + drives, arm.inverse_dynamics(q, dq, ddq), atol=1e-10)
    assert len(arm.inertial_parameters) % 10 == 0
    by_name = dict(zip(arm.drive_parameter_names, arm.drive_parameters, strict=True))
    joint = arm.joint_names[1]
    assert by_name[f"{joint}.armature"] == arm.armature[1]
    assert by_name[f"{joint}.viscous"] == arm.friction.viscous[1]
    assert by_name[f"{joint}.dry"] == arm.friction.dry[1]


def test_without_drives_no_operation_changes():
    """An arm of zero armature and friction computes what it did, step by step."""
    bare = arms.load("planar2")
    zero = bare.with_armature(0.0).with_friction(0.0, 0.0)
    assert zero.chain == bare.chain
    assert zero.to_urdf() == bare.to_urdf()
    assert "transmission" not in bare.to_urdf()
    request = Request(("tau",))
    names = {getattr(step, "name", "") for step in bare.steps(request).steps}
    assert "tanh" not in names
    assert driven(bare).steps(request).operations() > bare.steps(request).operations()


def test_tape_python_and_machine_code_of_the_drives_agree_in_every_bit(rng):
    """M, friction, inverse and forward dynamics, from a tape and in plain Python."""
    arm = driven(arms.load("planar3"))
    q, dq, u = rng.normal(size=(3, 3)) * 0.05
    for term in ("M", "friction", "tau", "ddq", "Y_drives"):
        request = Request((term,))
        kernel, steps = arm.kernel(term), arm.steps(request)
        again = from_tape(to_tape(steps), request.lengths(3), kernel.size)
        assert again == steps
        out = [0.0] * kernel.size
        python_function(again)(q.tolist(), dq.tolist(), u.tolist(), out)
        ours = kernel.run(q, dq, u if kernel.lengths[2] else None)
        np.testing.assert_array_equal(out, ours)


def test_the_symbolic_equations_hold_the_drives():
    """M of the symbols has the armature on its diagonal, and friction its two parts."""
    arm, bare = arms.load("planar2").with_armature((0.25, 0.5)), arms.load("planar2")
    rotors = np.array((arm.symbolic.M - bare.symbolic.M).tolist(), dtype=float)
    np.testing.assert_array_equal(rotors, np.diag([0.25, 0.5]))
    friction = arm.with_friction(2.0, 3.0).symbolic
    value = friction.friction.subs({friction.dq[0]: 0.005, friction.dq[1]: -1.0})
    np.testing.assert_allclose([float(x) for x in value], [0.01 + 3 * np.tanh(0.5), -5.0])


@pytest.mark.parametrize("name", ["kuka_iiwa", "jaco2", "planar2"])
def test_an_arm_with_drives_survives_being_written_and_read(name, tmp_path):
    """URDF and back: the same armature and friction to the bit, and the same dynamics."""
    arm = driven(arms.load(name))
    (tmp_path / "arm.urdf").write_text(arm.to_urdf())
    read = arms.load(tmp_path / "arm.urdf", base=arm.chain.base, tip="tool")
    again = read.with_gravity(arm.gravity_vector)
    np.testing.assert_array_equal(again.drive_parameters, arm.drive_parameters)
    assert again.drive_parameter_names == arm.drive_parameter_names
    assert again.to_urdf().count("drake:rotor_inertia") == arm.dof
    q, dq, u = states(arm, 5, seed=5)
    for method in ("inverse_dynamics", "forward_dynamics"):
        ours, theirs = getattr(arm, method)(q, dq, u), getattr(again, method)(q, dq, u)
        assert relative_error(ours, theirs) < 1e-10


def test_other_engines_read_the_friction_that_is_written():
    """MuJoCo and Pinocchio find damping and friction in <dynamics>; the rest does not disturb."""
    arm = driven(arms.load("ur5e"))
    theirs = pin.buildModelFromXML(arm.to_urdf())
    np.testing.assert_allclose(theirs.damping, arm.friction.viscous)
    np.testing.assert_allclose(theirs.friction, arm.friction.dry)
    model = mujoco.MjModel.from_xml_string(arm.to_urdf())
    np.testing.assert_allclose(model.dof_damping, arm.friction.viscous)
    np.testing.assert_allclose(model.dof_frictionloss, arm.friction.dry)


PENDULUM = """<robot name="p" xmlns:drake="http://drake.mit.edu"><link name="base"/>
<link name="rod"><inertial><mass value="1"/></inertial></link>
<joint name="j" type="revolute"><parent link="base"/><child link="rod"/>
<dynamics damping="10" friction="3"/><limit lower="-1" upper="1"/></joint>
<transmission><type>transmission_interface/SimpleTransmission</type><joint name="j"/>
<actuator name="m"><drake:rotor_inertia value="0.002"/><drake:gear_ratio value="-50"/></actuator>
</transmission></robot>"""


def test_a_urdf_of_drake_has_the_rotor_times_the_gear_squared():
    """Drake's extension is read; a ratio is 1 by default; <dynamics> is left to simulators."""
    arm = Arm(parse_urdf(PENDULUM))
    np.testing.assert_allclose(arm.armature, [0.002 * 50**2])
    np.testing.assert_array_equal(np.ravel(arm.friction), [0.0, 0.0])
    direct = PENDULUM.replace('<drake:gear_ratio value="-50"/>', "")
    np.testing.assert_allclose(Arm(parse_urdf(direct)).armature, [0.002])
    plain = PENDULUM.replace('<drake:rotor_inertia value="0.002"/>', "")
    np.testing.assert_array_equal(Arm(parse_urdf(plain)).armature, [0.0])


TWICE = '<transmission><joint name="j"/><actuator><friction dry="1"/></actuator></transmission>'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('value="0.002"', 'value="-1"', "joint 'j': <rotor_inertia value=-1> is negative"),
        ('value="0.002"', 'value="nan"', "'nan'> is not a finite"),
        ('value="-50"', 'value="x"', "'x'> is not a finite"),
        ("</robot>", TWICE + "</robot>", "joint 'j' has two transmissions"),
        ("</robot>", TWICE.replace('"j"', '"k"') + "</robot>", "names joint 'k', which is not"),
    ],
)
def test_a_bad_transmission_is_refused(old, new, message):
    """The message names the joint, the element and the value."""
    assert old in PENDULUM
    with pytest.raises(UrdfError, match=message):
        parse_urdf(PENDULUM.replace(old, new))


def test_bad_values_are_refused_with_field_value_and_need():
    """Negative, NaN, infinite, of a wrong count or kind: for each of the three fields."""
    arm = arms.load("planar2")
    for value, message in (
        (-0.1, r"armature of joint 'joint1' is -0.1 kg m\^2, needs a finite number, 0 or more"),
        ([0.1, np.nan], "armature of joint 'joint2' is nan kg m.*needs a finite number"),
        (np.inf, "is inf"),
        ([0.1, 0.1, 0.1], r"armature is \[0.1, 0.1, 0.1\], needs a number of kg m\^2, or 2"),
        ("heavy", "armature is 'heavy', needs a number"),
        (np.ma.masked_less([-1.0, 0.1], 0.0), "armature has masked entries, needs a number"),
    ):
        with pytest.raises(ArmError, match=message):
            arm.with_armature(value)
    with pytest.raises(ArmError, match=r"viscous of joint 'joint1' is -1 N m s/rad, needs"):
        arm.with_friction(-1, 0)
    with pytest.raises(ArmError, match=r"dry of joint 'joint2' is nan N m, needs"):
        arm.with_friction(0, [0, np.nan])
    with pytest.raises(ArmError, match=r"Joint 'j'.armature: is -1 kg m\^2, needs a finite number"):
        Joint("j", "revolute", "a", "b", armature=-1.0)


def test_variants_of_an_arm_keep_its_drives(tmp_path):
    """Payload, tool, base and gravity change links; a locked joint has no drive any more."""
    arm = driven(arms.load("kuka_iiwa"))
    for other in (
        arm.with_payload(2.0),
        arm.with_tool(np.eye(4), 0.5),
        arm.with_base(np.eye(4)),
        arm.with_gravity((0.0, 0.0, 0.0)),
    ):
        np.testing.assert_array_equal(other.drive_parameters, arm.drive_parameters)
    np.testing.assert_array_equal(arm.with_armature(0.2).friction.dry, arm.friction.dry)
    (tmp_path / "arm.urdf").write_text(arm.to_urdf())
    held = arms.load(tmp_path / "arm.urdf", tip="tool", locked={arm.joint_names[2]: 0.5})
    free = np.delete(np.arange(7), 2)
    np.testing.assert_array_equal(held.armature, arm.armature[free])


def test_a_joint_that_mimics_adds_to_its_leader():
    """Twice as fast: four times its armature and damping, twice its dry friction."""
    rod = Inertia(1.0, (0.5, 0.0, 0.0), (0.0, 0.0, 0.0, 0.1, 0.0, 0.1))
    chain = arms.load("planar2").chain
    links = (chain.links[0], replace(chain.links[1], inertia=rod), chain.links[2])
    leader = replace(chain.joints[0], armature=0.1, viscous=1.0, dry=0.5)
    follower = replace(
        chain.joints[1], mimic=Mimic(leader.name, -2.0), armature=0.2, viscous=3.0, dry=0.7
    )
    arm = Arm(replace(chain, links=links, joints=(leader, follower)))
    np.testing.assert_allclose(arm.armature, [0.1 + 4 * 0.2])
    np.testing.assert_allclose(arm.friction, [[1.0 + 4 * 3.0], [0.5 + 2 * 0.7]])
    again = arm.with_armature(0.3).with_friction(0.4, 0.5)
    np.testing.assert_allclose(again.drive_parameters, [0.3, 0.4, 0.5])


@pytest.mark.parametrize("name", ["panda", "fr3"])
def test_published_drives_have_a_source_and_are_no_default(name):
    """They can be given to their arm; an arm without any says so."""
    known, arm = arms.drives(name), arms.load(name)
    assert known.source
    assert not arm.drive_parameters.any()
    told = arm.with_armature(known.armature).with_friction(known.viscous, known.dry)
    np.testing.assert_allclose(told.armature, known.armature)
    np.testing.assert_allclose(told.friction.dry, known.dry)
    with pytest.raises(ArmError, match="no drives of Arm 'ur5' are known; arms with drives: panda"):
        arms.drives("ur5")
    with pytest.raises(ArmError, match="there is no arm 'ur6'"):
        arms.drives("ur6")
