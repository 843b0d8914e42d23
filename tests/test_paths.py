import numpy as np
import pytest
from hypothesis import given, strategies as st

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.paths import MinimumJerk

PATH = MinimumJerk(np.array([[0.0, 1.0], [0.5, 0.0], [0.2, 0.3]]), duration=0.8)


@given(st.floats(0.01, 1.58))
def test_velocity_and_acceleration_are_the_derivatives(time):
    """dx and ddx are the time derivatives of x and dx, by central differences."""
    h = 1e-6
    before, after = PATH.at(time - h), PATH.at(time + h)
    np.testing.assert_allclose((after.x - before.x) / (2 * h), PATH.at(time).dx, atol=1e-7)
    np.testing.assert_allclose((after.dx - before.dx) / (2 * h), PATH.at(time).ddx, atol=1e-4)


def test_passes_through_its_points_at_rest():
    """At each multiple of the duration the path is at a point, with no velocity or acceleration."""
    for number, point in enumerate(PATH.points):
        reference = PATH.at(number * PATH.duration)
        np.testing.assert_allclose(reference.x, point, atol=1e-12)
        np.testing.assert_allclose(reference.dx, 0, atol=1e-12)
        np.testing.assert_allclose(reference.ddx, 0, atol=1e-12)


def test_midway_velocity_is_that_of_flash_and_hogan():
    """Half-way along a line the speed is 15/8 of the mean speed (Flash and Hogan 1985)."""
    mean = (PATH.points[1] - PATH.points[0]) / PATH.duration
    np.testing.assert_allclose(PATH.at(PATH.duration / 2).dx, 15 / 8 * mean)


def test_stands_still_outside_its_time():
    """Before its start and after its end the path rests at the first and the last point."""
    for time, point in ((-1.0, PATH.points[0]), (9.0, PATH.points[-1])):
        reference = PATH.at(time)
        np.testing.assert_array_equal(reference.x, point)
        np.testing.assert_array_equal(reference.dx, 0)


def test_the_callers_points_are_copied():
    """Changing the array that was passed in does not change the path."""
    points = np.zeros((2, 3))
    path = MinimumJerk(points, 1.0)
    points[:] = 1.0
    np.testing.assert_array_equal(path.at(0.5).x, 0.0)


@pytest.mark.parametrize(
    ("points", "duration", "message"),
    [
        (np.zeros((1, 3)), 1.0, r"points: has shape \(1, 3\)"),
        (np.zeros(3), 1.0, r"points: has shape \(3,\)"),
        (np.full((2, 3), np.nan), 1.0, r"points: is nan at \[0, 0\], needs finite numbers"),
        (np.zeros((2, 3)), 0.0, r"duration: is 0.0 s"),
        (np.zeros((2, 3)), np.inf, r"duration: is inf s"),
    ],
)
def test_bad_input_is_named(points, duration, message):
    """A path that makes no sense is refused, naming the field and its value."""
    with pytest.raises(ConfigurationError, match=message):
        MinimumJerk(points, duration)
