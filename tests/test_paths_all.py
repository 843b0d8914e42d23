"""What every path has in common, and each profile, curve and turn by itself."""

import dataclasses

import numpy as np
import pytest

from nengo_forcectl import MinimumJerk
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.paths import (
    BlendedPath,
    Circle,
    CurvePath,
    Ellipse,
    GaussianProfile,
    JointPath,
    Line,
    MinimumJerkProfile,
    RecordedPath,
    Slerp,
    Spline,
    TrapezoidProfile,
)
from nengo_forcectl.paths.slerp import rotation_vector

A, B = np.array([0.5, 0.1, 0.4]), np.array([0.3, -0.2, 0.6])
POINTS = np.array([A, B, [0.4, 0.3, 0.5], [0.5, 0.2, 0.3]])
PROFILES = {
    "minimum-jerk": MinimumJerkProfile(0.8),
    "trapezoid": TrapezoidProfile(0.8),
    "triangle": TrapezoidProfile(0.8, ramp=0.5),
    "gaussian": GaussianProfile(0.8),
    "wide gaussian": GaussianProfile(0.8, width=0.7),
}


def turned(axis, angle):
    """The rotation about an axis by an angle, of the matrix exponential's series."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis) * angle
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    R, term = np.eye(3), np.eye(3)
    for k in range(1, 40):
        term = term @ K / k
        R = R + term
    return R


TURN = Slerp(turned([1, 0, 0], 0.4), turned([1, 2, 3], 2.2))
CURVES = {
    "line": Line(A, B),
    "circle": Circle(A, B, np.cross(B - A, [0.0, 0.0, 1.0]), turns=0.75),
    "ellipse": Ellipse(A, [0.1, 0.0, 0.0], [0.05, 0.0, 0.2], turns=-1.5),
    "spline": Spline(POINTS),
}


def of_recorded(kind):
    """A recording of minimum-jerk lines through four points, of what ``kind`` says."""
    samples = [MinimumJerk(POINTS, 0.4).at(time) for time in np.linspace(0, 1.2, 25)]
    columns = {name: [getattr(sample, name) for sample in samples] for name in kind}
    return RecordedPath(np.linspace(5.0, 6.2, 25), **columns)


PATHS = {
    "MinimumJerk": MinimumJerk(POINTS, 0.4),
    "BlendedPath": BlendedPath(POINTS, 0.4),
    "half BlendedPath": BlendedPath(POINTS, 0.4, overlap=0.5),
    "recorded x": of_recorded(["x"]),
    "recorded x, dx": of_recorded(["x", "dx"]),
    "recorded x, dx, ddx": of_recorded(["x", "dx", "ddx"]),
    **{name: CurvePath(curve, PROFILES["minimum-jerk"]) for name, curve in CURVES.items()},
    **{name: CurvePath(CURVES["ellipse"], profile, TURN) for name, profile in PROFILES.items()},
}


@pytest.fixture(params=[*PATHS, "JointPath"])
def path(request, iiwa):
    """Every kind of path."""
    if request.param != "JointPath":
        return PATHS[request.param]
    home = np.array([0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0])
    start = iiwa.pose(home)
    turn = Slerp(start[:3, :3], turned([1, 2, 3], 0.5) @ start[:3, :3])
    line = Line(start[:3, 3], start[:3, 3] + [-0.1, 0.2, -0.1])
    return JointPath(CurvePath(line, MinimumJerkProfile(1.2), turn), iiwa, home)


def test_velocities_and_accelerations_are_derivatives(path, rng):
    """dx and ddx, omega and domega are time derivatives, by central differences."""
    h = 1e-5
    ramps = (0.2, 0.6, 0.4) if getattr(path, "profile", None) else ()
    knots = np.linspace(0, 1.2, 25) if isinstance(path, RecordedPath) else ramps
    times = rng.uniform(2 * h, path.end - 2 * h, 40)
    smooth = [time for time in times if all(abs(time - knot) > 2 * h for knot in knots)]
    assert len(smooth) > 30
    for time in smooth:
        before, now, after = (path.at(time + step) for step in (-h, 0.0, h))
        scale = 1 + np.abs(now.ddx).max()
        np.testing.assert_allclose((after.x - before.x) / (2 * h), now.dx, atol=1e-7 * scale)
        np.testing.assert_allclose((after.dx - before.dx) / (2 * h), now.ddx, atol=1e-6 * scale)
        if now.R is None:
            continue
        omega = rotation_vector(after.R @ before.R.T) / (2 * h)
        np.testing.assert_allclose(omega, now.omega, atol=1e-6)
        np.testing.assert_allclose((after.omega - before.omega) / (2 * h), now.domega, atol=1e-4)


def test_velocity_is_continuous(path):
    """Within two microseconds, at the ends, too, velocity changes as the acceleration says."""
    recorded = isinstance(path, RecordedPath) and path.dx is None  # may begin and end in motion
    for time in (
        np.linspace(0.0, path.end, 301)[1:-1] if recorded else np.linspace(0, path.end, 301)
    ):
        before, after = path.at(time - 1e-6), path.at(time + 1e-6)
        acceleration = np.abs([before.ddx, after.ddx]).max()
        np.testing.assert_allclose(before.dx, after.dx, atol=1e-7 + 3e-6 * acceleration)


def test_it_stands_still_before_and_after(path):
    """Before 0 and from the end on the path is at its ends, and at rest."""
    for time, inside in (
        (-1.0, 1e-9),
        (path.end, path.end - 1e-9),
        (path.end + 9, path.end - 1e-9),
    ):
        reference = path.at(time)
        np.testing.assert_allclose(reference.x, path.at(inside).x, atol=1e-7)
        np.testing.assert_array_equal(reference.dx, 0)
        if reference.omega is not None:
            np.testing.assert_array_equal(reference.omega, 0)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_goes_from_0_to_1(profile):
    """s is 0 and 1 at the ends, at rest, and the integral of ds; it never goes back."""
    T = profile.duration
    assert profile.at(0.0)[:2] == (0.0, 0.0)
    assert profile.at(T)[:2] == (1.0, 0.0)
    np.testing.assert_allclose(profile.at(T / 2)[0], 0.5, atol=1e-12)
    times = np.linspace(0, T, 20001)
    s, ds, dds = np.array([profile.at(time) for time in times]).T
    step = times[1]
    integral = np.r_[0, np.cumsum((ds[1:] + ds[:-1]) / 2 * step)]
    np.testing.assert_allclose(integral, s, atol=1e-7)
    assert ds.min() >= 0
    integral = np.r_[0, np.cumsum((dds[1:] + dds[:-1]) / 2 * step)]
    np.testing.assert_allclose(integral, ds, atol=5e-4)  # a step of dds costs half of step * dds


def test_peak_speeds_are_those_of_the_equations():
    """15/8 of the mean speed, 1 / (1 - ramp), and A (1 - the bell's value at the end)."""
    assert MinimumJerkProfile(1.0).at(0.5)[1] == pytest.approx(15 / 8)
    assert TrapezoidProfile(1.0, ramp=0.25).at(0.5)[1] == pytest.approx(1 / 0.75)
    narrow = GaussianProfile(1.0, width=0.05)  # hardly cut off: the normal density
    assert narrow.at(0.5)[1] == pytest.approx(1 / (0.05 * np.sqrt(2 * np.pi)), rel=1e-12)


def test_a_circle_keeps_its_radius_and_turns_about_its_normal():
    """All points are at the radius, in the plane, counter-clockwise about the normal."""
    circle = Circle([0.1, 0.2, 0.3], [0.1, 0.2, 0.5], [0.0, 2.0, 0.0])
    for s in np.linspace(0, 1, 17):
        x, slope, _ = circle.at(s)
        out = x - circle.centre
        assert np.linalg.norm(out) == pytest.approx(0.2)
        np.testing.assert_allclose(np.cross(out, slope), [0, 2 * np.pi * 0.04, 0], atol=1e-12)
    np.testing.assert_allclose(circle.at(1.0).x, circle.start, atol=1e-12)


def test_an_ellipse_is_at_b_after_a_quarter():
    """A quarter turn leads from centre + a to centre + b."""
    ellipse = Ellipse([1.0, 1.0], [2.0, 0.0], [0.0, 0.5], turns=0.25)
    np.testing.assert_allclose(ellipse.at(0.0).x, [3.0, 1.0])
    np.testing.assert_allclose(ellipse.at(1.0).x, [1.0, 1.5])


def test_a_spline_goes_through_its_points_without_a_kink():
    """It passes each point at its chord's share; slope and bend are continuous, no bend at ends."""
    spline = CURVES["spline"]
    chords = np.linalg.norm(np.diff(POINTS, axis=0), axis=1)
    shares = np.r_[0, np.cumsum(chords) / chords.sum()]
    for share, point in zip(shares, POINTS, strict=True):
        np.testing.assert_allclose(spline.at(share).x, point, atol=1e-12)
    for share in shares[1:-1]:
        for before, after in zip(spline.at(share - 1e-9), spline.at(share + 1e-9), strict=True):
            np.testing.assert_allclose(before, after, atol=1e-5)
    for end in (0.0, 1.0):
        np.testing.assert_allclose(spline.at(end).bend, 0, atol=1e-9)
    np.testing.assert_allclose(Spline([A, B]).at(0.3).x, A + 0.3 * (B - A))


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 1.0, 3.0, np.pi - 1e-7, np.pi])
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, -1, 0), (1, 2, -3), (-1, -1, 0)])
def test_slerp_takes_the_shortest_way(axis, angle):
    """It ends where it should, turning by the angle about the axis, never by more than pi."""
    start = turned([3, 1, 2], 0.7)
    slerp = Slerp(start, turned(axis, angle) @ start)
    assert np.linalg.norm(slerp.turn) == pytest.approx(angle, abs=1e-8)
    np.testing.assert_allclose(slerp.at(0.0), slerp.start, atol=1e-15)
    np.testing.assert_allclose(slerp.at(1.0), slerp.end, atol=1e-12)
    halfway = rotation_vector(slerp.at(0.5) @ start.T)
    assert np.linalg.norm(halfway) == pytest.approx(angle / 2, abs=1e-8)
    way = -1 if angle == np.pi and slerp.turn @ axis < 0 else 1  # of pi both are the shortest
    np.testing.assert_allclose(
        slerp.turn, way * angle * np.array(axis) / np.linalg.norm(axis), atol=2e-8
    )


def test_slerp_goes_the_other_way_for_more_than_half_a_turn():
    """A turn by 4 rad about an axis is one by 2 pi - 4 rad the other way."""
    slerp = Slerp(np.eye(3), turned([0, 0, 1], 4.0))
    np.testing.assert_allclose(slerp.turn, [0, 0, 4.0 - 2 * np.pi], atol=1e-12)


def test_blending_does_not_stop_at_the_targets():
    """Between first and last the speed is never near zero; it is, at each, without an overlap."""
    corner = [[0.0, 0.0], [0.3, 0.0], [0.3, 0.3], [0.6, 0.3]]
    path = BlendedPath(corner, 1.0, overlap=0.3)
    assert path.end == pytest.approx(2.4)
    speeds = [np.linalg.norm(path.at(time).dx) for time in np.linspace(0.3, 2.1, 400)]
    assert min(speeds) > 0.1
    np.testing.assert_allclose(path.at(path.end).x, corner[-1], atol=1e-12)
    passing = min(np.linalg.norm(path.at(t).x - corner[1]) for t in np.linspace(0, 2.4, 400))
    assert 1e-3 < passing < 0.05
    stopping, lines = BlendedPath(corner, 1.0, overlap=0.0), MinimumJerk(np.array(corner), 1.0)
    for time in np.linspace(-0.5, 3.5, 50):
        for ours, theirs in zip(stopping.at(time)[:3], lines.at(time)[:3], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("name", PATHS)
def test_a_time_that_is_no_number_gives_no_point(name):
    """Every path answers NaN with NaN, and none with an error."""
    assert np.isnan(PATHS[name].at(np.nan).x).all()


def test_without_orientation_there_is_none():
    """A path without a turn asks for no orientation."""
    assert CurvePath(CURVES["line"], PROFILES["gaussian"]).at(0.3).R is None


def test_parts_are_frozen_copies():
    """Neither the caller's array nor the path's own can change the path."""
    point = A.copy()
    line = Line(point, B)
    point[:] = 9.0
    np.testing.assert_array_equal(line.at(0.0).x, A)
    with pytest.raises(ValueError, match="read-only"):
        line.start[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        line.start = B


REFLECTION = np.diag([1.0, 1.0, -1.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MinimumJerkProfile(0.0), r"MinimumJerkProfile.duration: is 0.0 s, needs a num"),
        (lambda: TrapezoidProfile(-1.0), r"TrapezoidProfile.duration: is -1.0 s"),
        (lambda: GaussianProfile(np.nan), r"GaussianProfile.duration: is nan s"),
        (lambda: TrapezoidProfile(1.0, 0.6), r"TrapezoidProfile.ramp: is 0.6, .* 0.01 to 0.5"),
        (lambda: TrapezoidProfile(1.0, 0.0), r"TrapezoidProfile.ramp: is 0.0, .* 0.01 to 0.5"),
        (lambda: GaussianProfile(1.0, 0.0), r"GaussianProfile.width: is 0.0, .* 0.01 to 1"),
        (lambda: Line(A, [1.0, 2.0]), r"Line.end: has shape \(2,\), needs \(3,\)"),
        (lambda: Line(A, "here"), r"Line.end: is 'here', needs numbers"),
        (lambda: Line([np.inf, 0, 0], A), r"Line.start: is inf at \[0\], needs finite"),
        (lambda: Circle(A, A), r"Circle.start: is .* needs a point beside the centre"),
        (lambda: Circle(A, B, [1.0, 1.0, 1.0]), r"Circle.normal: is \[1.0, 1.0, 1.0\], needs a"),
        (lambda: Circle(A[:2], B[:2], A[:2]), r"Circle.centre: has shape \(2,\), needs \(3,\)"),
        (lambda: Ellipse(A, A, 2 * A), r"Ellipse.b: is .* needs a direction other than"),
        (lambda: Ellipse(A, A, B, 0), r"Ellipse.turns: is 0, needs a number other than 0"),
        (lambda: Spline([A]), r"Spline.points: has shape \(1, 3\)"),
        (lambda: Spline([A, B, B, A]), r"Spline.points: are both .* at 1 and 2, needs"),
        (lambda: Slerp(np.eye(3), REFLECTION), r"Slerp.end: is not a rotation .* det R is -1"),
        (lambda: Slerp(2 * np.eye(3), np.eye(3)), r"Slerp.start: is not a rotation"),
        (lambda: Slerp(np.eye(4), np.eye(3)), r"Slerp.start: has shape \(4, 4\), needs \(3, 3\)"),
        (lambda: BlendedPath([A, B], 0.0), r"BlendedPath.duration: is 0.0 s"),
        (lambda: BlendedPath([A, B], 1.0, 0.7), r"BlendedPath.overlap: is 0.7, .* 0 to 0.5"),
        (lambda: BlendedPath([A], 1.0), r"BlendedPath.points: has shape \(1, 3\)"),
        (lambda: CurvePath(Line(A, B), 2.0), r"CurvePath.profile: is 2.0, needs a profile such as"),
        (
            lambda: CurvePath(2.0, MinimumJerkProfile(1.0)),
            r"CurvePath.curve: is 2.0, needs a curve",
        ),
        (lambda: CurvePath(MinimumJerkProfile(1.0), Line(A, B)), r"CurvePath.curve: is MinimumJ"),
        (lambda: CurvePath(Line(A, B), Line(A, B)), r"CurvePath.profile: is Line\("),
        (lambda: CurvePath(Line(A, B), MinimumJerkProfile(1.0), np.eye(3)), r"CurvePath.orient"),
    ],
)
def test_bad_input_is_named(make, message):
    """What makes no sense or asks for infinite speed is refused, naming field and value."""
    with pytest.raises(ConfigurationError, match=message):
        make()
