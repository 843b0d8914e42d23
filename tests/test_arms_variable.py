"""Payloads and tools: numbers in code that is compiled once."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from arms_reference import states

import arms
from arms.arm import Arm
from arms.machine import cache
from arms.machine.python_function import python_function
from arms.machine.steps import Number
from arms.machine.tape import CODES, from_tape, to_tape
from arms.model.chain import Chain, Inertia, Joint, Link, Mimic, Pose
from arms.model.terms import TERMS, Request

INERTIA = np.array([[0.02, 0.003, -0.001], [0.003, 0.03, 0.002], [-0.001, 0.002, 0.025]])
ROD = Inertia(1.2, (0.2, 0.01, -0.03), (0.01, 0.001, 0.0, 0.02, -0.002, 0.03))


def pose(seed):
    """A rigid motion with axes along nothing."""
    rng = np.random.default_rng(seed)
    Q, R = np.linalg.qr(rng.normal(size=(3, 3)))
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = Q * np.sign(np.diag(R)), rng.normal(size=3) * 0.1
    T[:3, 2] = np.cross(T[:3, 0], T[:3, 1])
    return T


def odd_arm():
    """A joint that turns, one that slides, one that mimics the first, on axes along nothing."""
    axis = (0.6, 0.0, 0.8)
    joints = (
        Joint("j0", "revolute", "base", "l0", Pose((0.1, 0.2, 0.3), (0.1, 0.2, 0.3))),
        Joint("j1", "prismatic", "l0", "l1", Pose((0.3, 0.0, 0.1), (0.5, 0.0, 0.1)), axis),
        Joint("j2", "revolute", "l1", "l2", Pose((0.2, 0.1, 0.0)), axis, mimic=Mimic("j0", 0.5)),
        Joint("j3", "revolute", "l2", "l3", Pose((0.0, 0.1, 0.4), (1.0, 0.4, 0.0))),
    )
    links = (Link("base"), *(Link(f"l{k}", ROD) for k in range(4)))
    return Arm(Chain("odd", "base", "l3", links, joints))


def variants(arm):
    """The arm with payloads and tools of every kind."""
    return {
        "point": arm.with_payload(2.0, (0.1, -0.2, 0.05)),
        "body": arm.with_payload(3.0, (0.0, 0.0, 0.1), INERTIA),
        "offset": arm.with_tool(moved((0.0, 0.0, 0.1))),
        "turned": arm.with_tool(pose(1)),
        "tool and load": arm.with_tool(pose(2), 0.5, (0.01, 0.02, 0.03), INERTIA).with_payload(2.0),
        "two loads": arm.with_payload(1.0, (0.1, 0.0, 0.0))
        .with_payload(0.5)
        .with_gravity((1, 2, 3)),
    }


def moved(xyz):
    T = np.eye(4)
    T[:3, 3] = xyz
    return T


def plain(arm):
    """The same arm, compiled for itself."""
    return Arm(replace(arm.chain, variable=()))


@pytest.fixture(params=["planar2", "odd"])
def arm(request):
    return odd_arm() if request.param == "odd" else arms.load(request.param)


def test_every_term_is_that_of_the_arm_compiled_for_itself(arm):
    """To 1e-12 of the largest entry, for one state and for a batch."""
    for case, loaded in variants(arm).items():
        q, dq, u = states(loaded, 5, seed=1)
        for terms in (
            arms.Terms._fields,
            ("h", "tau", "T"),
            ("ddq",),
            ("Y",),
            ("com", "Jcom", "V"),
        ):
            ours, theirs = loaded.kernel(*terms), plain(loaded).kernel(*terms)
            values = ours.run(q, dq, u), theirs.run(q, dq, u)
            single = np.array([ours.run(*state) for state in zip(q, dq, u, strict=True)])
            np.testing.assert_array_equal(single, values[0])
            size = max(1.0, np.abs(values[1]).max())
            assert np.abs(values[0] - values[1]).max() < 1e-12 * size, (case, terms)


@pytest.mark.parametrize("name", ["ur5", "kuka_iiwa"])
def test_the_terms_of_larger_arms_are_the_same(name):
    """With a tool and a payload, to 1e-12."""
    loaded = variants(arms.load(name))["tool and load"]
    q, dq, _ = states(loaded, 5, seed=1)
    for ours, theirs in zip(loaded.terms(q, dq), plain(loaded).terms(q, dq), strict=True):
        assert np.abs(ours - theirs).max() < 1e-12 * max(1.0, np.abs(theirs).max())


def test_a_second_payload_derives_and_compiles_nothing(arm, tmp_path, monkeypatch):
    """Nor does another tool; what has no payload is compiled for itself."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    q, dq, u = states(arm, 3, seed=2)

    def use(each):
        each.terms(q[0], dq[0])
        each.terms(q, dq)
        each.inverse_dynamics(q[0], dq[0], u[0])
        each.forward_dynamics(q[0], dq[0], u[0])
        each.centre_of_mass(q[0])

    use(arm.with_payload(2.0, (0.1, -0.2, 0.05), INERTIA))
    use(arm.with_tool(pose(1)))
    use(arm.with_tool(pose(2), 0.5).with_payload(2.0))

    def fail(*_):
        raise AssertionError("compiled again")

    monkeypatch.setattr("arms.machine.cache._write", fail)
    monkeypatch.setattr("arms.compiled._derive", fail)
    use(arm.with_payload(1.0))
    use(arm.with_payload(0.5, (0.0, 0.1, 0.0)))
    use(arm.with_tool(pose(3)))
    use(arm.with_tool(pose(4), 0.7, (0.0, 0.1, 0.0), INERTIA).with_payload(1.0, (0.1, 0.1, 0.1)))


def test_arms_of_one_code_keep_their_own_numbers():
    """Two payloads in use at once, copies of them, and a third with a batch in between."""
    arm = arms.load("planar3")
    q = states(arm, 4, seed=3)[0]
    light, heavy = arm.with_payload(1.0), arm.with_payload(5.0)
    before = light.mass_matrix(q[0])
    assert heavy.mass_matrix(q[0])[0, 0] > before[0, 0] + 1.0
    batch = heavy.mass_matrix(q)
    np.testing.assert_array_equal(light.mass_matrix(q[0]), before)
    np.testing.assert_array_equal(copy.deepcopy(heavy).mass_matrix(q), batch)


def test_steps_source_and_functions_have_the_numbers_in_them(arm):
    """They give the kernel's bits, and none of them reads a table."""
    loaded = variants(arm)["tool and load"]
    request = Request(arms.Terms._fields)
    steps, kernel = loaded.steps(request), loaded.kernel(*request.terms)
    assert not any(isinstance(step, Number) for step in steps.steps)
    assert steps == kernel.steps()
    q, dq, _ = states(loaded, 1, seed=4)
    wanted, out = kernel.run(q[0], dq[0], None), np.empty(kernel.size)
    python_function(steps)(q[0].tolist(), dq[0].tolist(), [], out)
    np.testing.assert_array_equal(out, wanted)
    again = from_tape(to_tape(steps), request.lengths(loaded.dof), kernel.size)
    given = Arm(loaded.chain, {request: again}).kernel(*request.terms)
    np.testing.assert_array_equal(given.run(q[0], dq[0], None), wanted)
    parts = loaded.function("numpy", "terms")(q[0], dq[0])
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in parts]), wanted)


def test_a_tape_from_elsewhere_may_not_read_a_table():
    """Only whoever has the numbers says how many there are."""
    tape = {
        "steps": np.array([[CODES.index("number"), 0, 0]]),
        "constants": np.empty(0),
        "results": np.array([0]),
    }
    assert from_tape(tape, (1, 0, 0), 1, numbers=1).steps == (Number(0),)
    with pytest.raises(arms.ArmError, match=r"step 0 \(\d+, 0, 0\) is not a valid operation"):
        from_tape(tape, (1, 0, 0), 1)


def test_a_payload_can_make_the_mass_matrix_regular():
    """Without a mass the massless last link is named, on its axis too; beside it there is M^-1."""
    chain = arms.load("planar2").chain
    links = (*chain.links[:-1], replace(chain.links[-1], inertia=Inertia()))
    light = Arm(replace(chain, links=links, tool=Pose()))
    q, dq, tau = np.random.default_rng(5).normal(size=(3, 2))
    loaded = light.with_payload(1.0, (0.3, 0.0, 0.0))
    ddq = loaded.forward_dynamics(q, dq, tau)
    np.testing.assert_allclose(loaded.inverse_dynamics(q, dq, ddq), tau, atol=1e-10)
    for useless in (light.with_payload(0.0), light.with_payload(1.0), light.with_tool(pose(0))):
        with pytest.raises(arms.ArmError, match=r"Arm 'planar2': M is singular.*links 'link2' can"):
            useless.forward_dynamics(q, dq, tau)


def test_a_payload_can_be_the_only_mass():
    """Then the centre of mass is its place; without it there is none."""
    chain = arms.load("planar2").chain
    light = Arm(replace(chain, links=tuple(Link(link.name) for link in chain.links)))
    q = np.array([0.4, -0.3])
    com = light.with_payload(2.0).centre_of_mass(q)
    np.testing.assert_allclose(com, light.pose(q)[:3, 3], atol=1e-12)
    with pytest.raises(arms.ArmError, match="Arm 'planar2': has no centre of mass: no moving link"):
        light.with_payload(0.0).centre_of_mass(q)


def test_all_terms_are_tried_with_a_payload():
    """Each of ``TERMS`` agrees with the arm compiled for itself."""
    loaded = odd_arm().with_tool(pose(5), 0.4, (0.1, 0.0, 0.1), INERTIA)
    same = plain(loaded)
    q, dq, u = states(loaded, 3, seed=6)
    for term in TERMS:
        ours, theirs = loaded.kernel(term).run(q, dq, u), same.kernel(term).run(q, dq, u)
        assert np.abs(ours - theirs).max() < 1e-11 * max(1.0, np.abs(theirs).max()), term
