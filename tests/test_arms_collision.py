"""Distances between shapes of an arm, against coal, dense sampling and differences."""

import coal
import numpy as np
import pytest

import arms
from arms import Capsule, CollisionPairs, HalfSpace, Sphere
from arms.machine.distances import closest, separate
from arms.machine.shape_rows import CLOSEST, HIGH, LOW

OBSTACLES = (
    Sphere((0.5, 0.1, 0.5), 0.1, "ball"),
    HalfSpace((0.0, 0.0, -0.1), (0.1, 0.0, 2.0), "table"),
    Capsule("lbr_iiwa_link_0", (0.4, -0.5, 0.0), (0.5, -0.4, 0.9), 0.04, "post"),
)
FINGERS = """<robot name="fingers">
<link name="base"/><link name="slide"/><link name="hand"/><link name="left"/><link name="right"/>
<joint name="x" type="prismatic"><parent link="base"/><child link="slide"/><origin rpy="0 .3 0"/>
<axis xyz="1 0 0"/><limit lower="-.5" upper=".5" velocity="1" effort="10"/></joint>
<joint name="turn" type="revolute"><parent link="slide"/><child link="hand"/>
<origin xyz=".1 .2 .3" rpy=".3 .2 .1"/><axis xyz="0 .6 .8"/>
<limit lower="-2" upper="2" velocity="1" effort="10"/></joint>
<joint name="grip" type="revolute"><parent link="hand"/><child link="left"/><origin xyz=".3 .1 0"/>
<axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="1" effort="10"/></joint>
<joint name="follow" type="revolute"><parent link="hand"/><child link="right"/>
<origin xyz=".3 -.1 0"/><axis xyz="0 0 1"/><mimic joint="grip" multiplier="-1.5" offset=".1"/>
<limit lower="-2" upper="2" velocity="1" effort="10"/></joint></robot>"""


def rods(arm, radius=0.05):
    """A capsule with random ends on every link."""
    rng = np.random.default_rng(1)
    return [Capsule(each.name, *rng.normal(size=(2, 3)) * 0.1, radius) for each in arm.chain.links]


@pytest.fixture(scope="module")
def pairs(iiwa):
    return CollisionPairs(iiwa, rods(iiwa), OBSTACLES)


@pytest.fixture(scope="module")
def fingers(tmp_path_factory):
    file = tmp_path_factory.mktemp("fingers") / "fingers.urdf"
    file.write_text(FINGERS)
    with pytest.warns(UserWarning, match="massless"):
        return arms.load(file, tip="left")


def in_coal(pairs, q, name):
    """A shape and its place as coal has them; ours lie anywhere, coal's along z."""
    shape = pairs.shapes[name]
    if isinstance(shape, HalfSpace):
        outwards = np.array(shape.normal)
        return coal.Halfspace(outwards, float(outwards @ shape.point)), coal.Transform3s()
    if isinstance(shape, Sphere):
        return coal.Sphere(shape.radius), coal.Transform3s(np.eye(3), np.array(shape.centre))
    T = pairs.arm.pose(q, shape.link)
    a, b = (T[:3, :3] @ point + T[:3, 3] for point in (shape.a, shape.b))
    axis = (b - a) / np.linalg.norm(b - a)
    x = np.linalg.svd(axis[None])[2][1]
    R = np.stack([x, np.cross(axis, x), axis], axis=1)
    capsule = coal.Capsule(shape.radius, float(np.linalg.norm(b - a)))
    return capsule, coal.Transform3s(R, 0.5 * (a + b))


def test_distances_are_those_of_coal(pairs, rng):
    """Of capsules, a sphere and a half-space, apart and in touch, at random postures."""
    request, touching = coal.DistanceRequest(), 0
    for q in rng.uniform(pairs.arm.q_lower, pairs.arm.q_upper, (20, 7)):
        distance = pairs.distances(q).distance
        for ours, names in zip(distance, pairs.names, strict=True):
            (a, at_a), (b, at_b) = (in_coal(pairs, q, name) for name in names)
            theirs = coal.distance(a, at_a, b, at_b, request, coal.DistanceResult())
            np.testing.assert_allclose(ours, theirs, atol=1e-9)
            touching += ours < 0
    assert touching > 5


@pytest.mark.parametrize("seed", range(5))
def test_the_distance_of_segments_is_the_least_of_many_points(seed):
    """On 400 by 400 points no two are closer, and some are hardly farther."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        ends = rng.normal(size=(2, 6)) * rng.choice([0.1, 1.0, 3.0])
        shapes = np.zeros((2, 7))
        gap, *normal_and_point = separate(ends, shapes, 0, 1, CLOSEST)
        s = np.linspace(0.0, 1.0, 400)[:, None]
        x, y = (each[:3] + s * (each[3:] - each[:3]) for each in ends)
        least = np.sqrt(((x[:, None] - y) ** 2).sum(axis=-1)).min()
        step = max(np.linalg.norm(each[3:] - each[:3]) for each in ends) / 399
        assert gap <= least + 1e-12
        assert least - gap < step
        assert np.linalg.norm(normal_and_point[:3]) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("which", ["iiwa", "fingers"])
def test_the_jacobian_is_the_derivative_of_the_distance(which, request, rng):
    """Central differences agree to 1e-7: turning, sliding, mimicking and branching joints."""
    arm = request.getfixturevalue(which)
    given = OBSTACLES[:2] if which == "fingers" else OBSTACLES
    pairs, h, n = CollisionPairs(arm, rods(arm, 0.02), given), 1e-6, arm.dof
    q = rng.uniform(arm.q_lower, arm.q_upper, (30, n))
    around = q[:, None, None] + h * np.array([1.0, -1.0])[:, None, None] * np.eye(n)
    high, low = np.moveaxis(pairs.distances(around).distance, 1, 0)
    J = pairs.distances(q).jacobian
    np.testing.assert_allclose(J, np.moveaxis(high - low, 1, 2) / (2 * h), atol=1e-7)
    assert (np.abs(J) <= pairs.tables.reach + 1e-12).all()
    assert (np.abs(J).max(axis=0) > 1e-3).any(axis=1).all()


def test_a_batch_is_its_states_one_by_one(pairs, rng):
    """Leading axes stay, in both results."""
    q = rng.uniform(-1.0, 1.0, (2, 3, 7))
    distance, J = pairs.distances(q)
    assert distance.shape == (2, 3, len(pairs))
    assert J.shape == (2, 3, len(pairs), 7)
    np.testing.assert_array_equal(pairs.distances(q[1, 2]).jacobian, J[1, 2])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 0, 0, 1, 0, 0), (0.5, -1, 0, 0.5, 1, 0), 0.0),  # they cross
        ((0, 0, 0, 1, 0, 0), (0, 0, 0, 1, 0, 0), 0.0),  # the same
        ((0, 0, 0, 1, 0, 0), (0.5, 0, 0, 2, 0, 0), 0.0),  # on one line
        ((0, 0, 0, 1, 0, 0), (3, 0, 0, 2, 0, 0), 1.0),  # on one line, apart
        ((0, 0, 0, 1, 0, 0), (-5, 0, 2, 5, 0, 2), 2.0),  # parallel
        ((0, 0, 0, 1, 0, 0), (2, 1, 0, 3, 1, 0), np.sqrt(2.0)),  # parallel, one behind the other
        ((0, 0, 0, 1, 0, 0), (0.5, 0, 2, 0.5 + 1e-9, 1e-9, 2), 2.0),  # almost a point
        ((0, 0, 0, 1, 0, 0), (0.2, 3, 0, 0.2, 3, 0), 3.0),  # a point
        ((1, 2, 3, 1, 2, 3), (1, 2, 3, 1, 2, 3), 0.0),  # two points, one place
        ((0, 0, 0, 1, 1e-9, 0), (0, 0, 1, 1, 0, 1), 1.0),  # almost parallel
    ],
)
def test_odd_segments_have_a_distance_and_a_normal(first, second, expected):
    """Crossing, parallel, the same, of length 0: exact, and never NaN."""
    for ends in ([first, second], [second, first]):
        gap, *rest = separate(np.array(ends, dtype=float), np.zeros((2, 7)), 0, 1, CLOSEST)
        assert gap == pytest.approx(expected, abs=1e-8)
        assert np.isfinite(rest).all()
        assert np.linalg.norm(rest[:3]) == pytest.approx(1.0, abs=1e-12)


def test_parallel_segments_are_closest_in_the_middle_of_their_overlap():
    """So the normal of two links that lie side by side acts in the middle, not at an end."""
    s, t = closest(1.0, 4.0, 2.0, -0.5, -1.0)  # x from 0 to 1, and from 0.5 to 2.5
    assert (s, t) == pytest.approx((0.75, 0.125))


@pytest.mark.parametrize(
    ("second", "low", "high"),
    [
        ((0.5, 2, 0, 3, 2.2, 0), (0.5, 2.0), (1.0, 2.0335)),
        ((0.5, 2, 0, -3, 2.2, 0), (0.0, 2.0253), (0.5, 2.0)),
        ((0.5, 2, 0, 0.5, 3, 0), None, None),  # across
        ((0.5, 2, 0, 0.5, 2, 0), None, None),  # a point
    ],
)
def test_segments_of_almost_one_direction_have_two_more_contacts(second, low, high):
    """The ends of their overlap: each a distance of a point of one to the other."""
    ends = np.array([(0, 0, 0, 1, 0, 0), second], dtype=float)
    for contact, expected in ((LOW, low), (HIGH, high)):
        gap, *_, x, y, z = separate(ends, np.zeros((2, 7)), 0, 1, contact)
        assert (expected is None) == (gap == np.inf)
        if expected is not None:
            assert (x, y, z) == pytest.approx((expected[0], 0.0, 0.0), abs=1e-9)
            assert gap == pytest.approx(expected[1], abs=1e-4)


def test_pairs_that_never_matter_are_left_out(iiwa):
    """Neighbours, pairs in touch in every posture, and distances that never change."""
    links = [each.name for each in iiwa.chain.links]
    radius = [0.05] * 5 + [0.15] * 3
    capsules = [
        Capsule(*each)
        for each in zip(links, [(0, 0, 0)] * 8, [(0, 0, 0.1)] * 8, radius, strict=True)
    ]
    table = HalfSpace((0, 0, 0), (0, 0, 1), "table")
    names = CollisionPairs(iiwa, capsules, [table]).names
    numbers = [tuple(int(name[-1]) if name != "table" else name for name in n) for n in names]
    assert not any(isinstance(b, int) and abs(a - b) < 2 for a, b in numbers)
    assert not {(1, "table"), (0, "table"), (5, 7)} & set(numbers)
    assert {(3, "table"), (7, "table"), (6, 0), (1, 6)} <= set(numbers)


def test_given_pairs_are_taken_in_their_order(iiwa):
    """Each by the names of its shapes; a capsule has its link's, a second one a number."""
    link = iiwa.chain.links[7].name
    capsules = [Capsule(link, (0, 0, 0), (0, 0, x), 0.02) for x in (0.0, 0.1)]
    wanted = [(f"{link} 2", "ball"), ("ball", link)]
    pairs = CollisionPairs(iiwa, capsules, OBSTACLES, wanted)
    assert pairs.names == ((f"{link} 2", "ball"), (link, "ball"))
    assert repr(pairs) == "CollisionPairs('kuka_iiwa', 5 shapes, 2 pairs)"


@pytest.mark.parametrize(
    ("points", "most"),
    [
        ([[0, 0, 0], [0, 0, 1.0]], 1e-5),
        ([[0.3, 0.2, 0.1]], 1e-5),
        (np.random.default_rng(0).normal(size=(200, 3)) * [0.05, 0.1, 0.6], None),
        (np.stack(np.meshgrid([0, 0.1], [0, 0.2], [0, 0.8]), axis=-1).reshape(-1, 3), 0.1119),
    ],
)
def test_a_capsule_around_points_contains_them(points, most):
    """All of them, and it is no wider than it must be."""
    capsule = Capsule.around("link", points)
    a, b = np.array(capsule.a), np.array(capsule.b)
    along = (np.array(points) - a) @ (b - a) / max((b - a) @ (b - a), 1e-300)
    away = np.array(points) - a - np.clip(along, 0.0, 1.0)[:, None] * (b - a)
    assert np.linalg.norm(away, axis=1).max() <= capsule.radius * (1.0 + 1e-9)
    assert most is None or capsule.radius < most * 1.001


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda a: Capsule("x", (0, 0), (0, 0, 0), 1), "Capsule of link 'x': a: is .* needs 3"),
        (lambda a: Capsule("x", (0, 0, 0), (0, 0, 0), 0), "radius: is 0 m, needs a number above 0"),
        (lambda a: Sphere((0, 0, 0), -1), "Sphere 'sphere': radius: is -1 m, needs"),
        (lambda a: HalfSpace((0, 0, 0), (0, 0, 0)), "normal is .* needs a length above 0"),
        (lambda a: Capsule.around("x", np.empty((0, 3))), r"have shape \(0, 3\), need \(k, 3\)"),
        (lambda a: Capsule.around("x", [[0, 0, np.nan]]), "hold NaN or infinity, need numbers"),
        (lambda a: CollisionPairs(a, [Capsule("x", (0, 0, 0), (0, 0, 0), 1)]), "has no link 'x'"),
        (lambda a: CollisionPairs(a, []), "no pair of shapes can collide, needs one"),
        (lambda a: CollisionPairs(a, ["link"]), "a shape is 'link', needs a Capsule"),
        (lambda a: CollisionPairs(a, [], rods(a)[2:3]), "on a link that moves, needs the base"),
        (lambda a: CollisionPairs(a, rods(a), (), ["ab"]), "a pair is 'ab', needs two names"),
        (lambda a: CollisionPairs(a, rods(a), (), [("a", "b")]), "has no shape 'a'; shapes: "),
        (lambda a: CollisionPairs(a, rods(a), (), [None]), "a pair is None, needs two names"),
        (lambda a: CollisionPairs(a, rods(a), (), [("a", [])]), "a pair is .*, needs two names"),
        (lambda a: CollisionPairs(a, rods(a), (), 3), "pairs: is 3, needs a sequence of two names"),
        (lambda a: CollisionPairs(a, None), "capsules: is None, needs a sequence of shapes"),
        (lambda a: CollisionPairs("ur5", rods(a)), "arm: is 'ur5', needs an Arm"),
        (lambda a: Capsule([], (0, 0, 0), (0, 0, 0), 1), r"Capsule.link: is \[\], needs a text"),
        (lambda a: Sphere((0, 0, 0), 1, None), "Sphere.name: is None, needs a text"),
        (
            lambda a: CollisionPairs(a, rods(a), (), [(rods(a)[1].name,) * 2]),
            "cannot move relative to each other, needs",
        ),
        (lambda a: CollisionPairs(a, rods(a)).distances([0, 1]), "has 7 joints, q has shape"),
    ],
)
def test_what_makes_no_sense_is_refused(iiwa, make, text):
    """An `ArmError` names the object, the value and the need."""
    with pytest.raises(arms.ArmError, match=text):
        make(iiwa)
