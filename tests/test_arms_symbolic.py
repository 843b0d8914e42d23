import numpy as np
import pytest
import sympy as sp

import arms

METHODS = {
    "pose": ("pose", False),
    "J": ("jacobian", False),
    "dJ": ("jacobian_dot", True),
    "M": ("mass_matrix", False),
    "C": ("coriolis", True),
    "g": ("gravity", False),
}


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("planar1", METHODS),
        ("planar2", METHODS),
        ("planar3", ("J", "M", "C", "g")),
        ("ur5", ("pose", "J", "g")),
    ],
)
def test_numbers_put_into_the_matrices_give_the_compiled_answer(name, terms):
    """Every term of the planar arms, pose, J and g of the UR5, at a random state."""
    arm = arms.load(name)
    q, dq = np.random.default_rng(0).normal(size=(2, arm.dof))
    values = dict(zip([*arm.symbolic.q, *arm.symbolic.dq], [*q, *dq], strict=True))
    for term in terms:
        method, moving = METHODS[term]
        expected = getattr(arm, method)(*((q, dq) if moving else (q,)))
        matrix = np.array(getattr(arm.symbolic, term).subs(values), dtype=float)
        np.testing.assert_allclose(matrix.reshape(expected.shape), expected, atol=1e-12)


def test_the_two_link_arm_is_the_textbooks():
    """M, C and g of the planar elbow arm in Spong et al. 2006, section 7.3.2."""
    arm = arms.load("planar2")
    one, two = (link.inertia for link in arm.chain.links[1:])
    m1, m2, c1, c2 = (sp.nsimplify(x) for x in (one.mass, two.mass, one.com[0], two.com[0]))
    i1, i2 = m1 * (2 * c1) ** 2 / 12, m2 * (2 * c2) ** 2 / 12
    l1, gravity = 2 * c1, sp.nsimplify("9.81")
    (q0, q1), (dq0, dq1) = arm.symbolic.q, arm.symbolic.dq
    d12 = m2 * (c2**2 + l1 * c2 * sp.cos(q1)) + i2
    d11 = m1 * c1**2 + m2 * (l1**2 + c2**2 + 2 * l1 * c2 * sp.cos(q1)) + i1 + i2
    M = sp.Matrix([[d11, d12], [d12, m2 * c2**2 + i2]])
    h = -m2 * l1 * c2 * sp.sin(q1)
    C = sp.Matrix([[h * dq1, h * (dq0 + dq1)], [-h * dq0, 0]])
    g1 = (m1 * c1 + m2 * l1) * gravity * sp.cos(q0) + m2 * c2 * gravity * sp.cos(q0 + q1)
    g = sp.Matrix([g1, m2 * c2 * gravity * sp.cos(q0 + q1)])
    for ours, textbook in ((arm.symbolic.M, M), (arm.symbolic.C, C), (arm.symbolic.g, g)):
        assert sp.simplify(ours - textbook) == sp.zeros(*textbook.shape)


def test_planar_matrices_are_short():
    """The entries of the three-link arm's M are sums of at most four terms."""
    assert max(len(sp.Add.make_args(entry)) for entry in arms.load("planar3").symbolic.M) <= 4
