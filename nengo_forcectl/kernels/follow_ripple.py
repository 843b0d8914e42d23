"""Torques that repeat many times a turn of a joint: of a motor's poles, of a gear's teeth.

`learning.ripple.Ripple` has the equations. A spectrum over the joint's angle shows how many periods
a turn they have; it is heavy, so a cycle adds to one half of one joint's.
"""

import math

from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, set_number, vector
from .layout import ripple_fields as at

MOVING = 0.02  # joint speed from which on a cycle tells something [rad/s]
MEMORY = 30.0  # way of a joint after which data count 1 / e [rad]
PERIODS = 3.0  # least way in each direction before a ripple is looked for, in its periods
AGREE = 0.6  # of both directions: product of their amplitudes over the mean of the squares
SHARE = 0.25  # of the torque's square that a ripple explains
SHARP = 8.0  # product of the two spectra there over the mean of all
BETTER = 1.03  # product of another number of periods over that of the one that was found
LOOKS = 50  # additions to a joint's spectrum between two looks at it
DOUBT = 0.01  # way that counts against any ripple [rad]


@kernel
def ripple_torque(ripple, j, q):
    """Return the torque of joint j's ripple at an angle [N m]."""
    amplitude = matrix(ripple, at.RIPPLE_AMPLITUDE, 2)
    turned = vector(ripple, at.RIPPLE_PERIODS)[j] * q
    return amplitude[j, at.SINE] * math.sin(turned) + amplitude[j, at.COSINE] * math.cos(turned)


@kernel
def feed_ripple(ripple, q, dq, ahead, supplied):
    """Add the ripple's torque, at the angle ``ahead`` [s] from now, to a torque (n,)."""
    fed, periods = vector(ripple, at.RIPPLE_FED), vector(ripple, at.RIPPLE_PERIODS)
    for j in range(len(fed)):
        fed[j] = 0.0
        if periods[j] > 0.0:
            fed[j] = ripple_torque(ripple, j, q[j] + ahead * dq[j])
            supplied[j] += fed[j]


@kernel
def take_ripple(ripple, q, y):
    """Take the ripple's torque at the angles q out of the torque y that the model lacks, (n,)."""
    periods, taken = vector(ripple, at.RIPPLE_PERIODS), vector(ripple, at.RIPPLE_TAKEN)
    for j in range(len(y)):
        taken[j] = ripple_torque(ripple, j, q[j]) if periods[j] > 0.0 else 0.0
        y[j] -= taken[j]


@kernel
def learn_ripple(ripple, q, dq, dt):
    """Learn from r at the angles q and velocities dq in the middle of the last cycle, (n,)."""
    lacking, periods = vector(ripple, at.RIPPLE_LACKING), vector(ripple, at.RIPPLE_PERIODS)
    n = len(lacking)
    for j in range(n):
        way = abs(dq[j]) * dt if abs(dq[j]) > MOVING else 0.0
        if periods[j] > 0.0 and way > 0.0:
            fit_waves(ripple, j, q[j], way)
    visit = int(number(ripple, at.RIPPLE_VISIT))
    j, half = visit % n, visit // n % 2
    set_number(ripple, at.RIPPLE_VISIT, float((visit + 1) % (2 * n * LOOKS)))
    if abs(dq[j]) > MOVING:
        add_spectrum(ripple, j, half, q[j], 2 * n * dq[j] * dt)
    if visit >= 2 * n * LOOKS - n:
        find_periods(ripple, j)


@kernel
def fit_waves(ripple, j, q, way):
    """Add r at angle q over a way to joint j's sums; solve for its sine and cosine."""
    waves, moment = cube(ripple, at.RIPPLE_WAVES, 2, 2)[j], matrix(ripple, at.RIPPLE_MOMENT, 2)[j]
    amplitude = matrix(ripple, at.RIPPLE_AMPLITUDE, 2)[j]
    turned = vector(ripple, at.RIPPLE_PERIODS)[j] * q
    sine, cosine, r = math.sin(turned), math.cos(turned), vector(ripple, at.RIPPLE_LACKING)[j]
    keep = math.exp(-way / MEMORY)
    waves[at.SINE, at.SINE] = keep * waves[at.SINE, at.SINE] + way * sine * sine
    waves[at.SINE, at.COSINE] = keep * waves[at.SINE, at.COSINE] + way * sine * cosine
    waves[at.COSINE, at.COSINE] = keep * waves[at.COSINE, at.COSINE] + way * cosine * cosine
    moment[at.SINE] = keep * moment[at.SINE] + way * sine * r
    moment[at.COSINE] = keep * moment[at.COSINE] + way * cosine * r
    a, b = waves[at.SINE, at.SINE] + DOUBT, waves[at.COSINE, at.COSINE] + DOUBT
    c = waves[at.SINE, at.COSINE]
    scale = 1.0 / (a * b - c * c)
    amplitude[at.SINE] = scale * (b * moment[at.SINE] - c * moment[at.COSINE])
    amplitude[at.COSINE] = scale * (a * moment[at.COSINE] - c * moment[at.SINE])
    size, most = (
        math.hypot(amplitude[at.SINE], amplitude[at.COSINE]),
        vector(ripple, at.RIPPLE_MOST),
    )
    if not size <= most[j]:
        share = most[j] / size if math.isfinite(size) else 0.0
        for each in range(2):
            amplitude[each] = share * amplitude[each] if share > 0.0 else 0.0


@kernel
def add_spectrum(ripple, j, half, q, way):
    """Add r at angle q, over a way in a direction, to half of the spectrum of joint j there."""
    direction, way = at.FORTH if way > 0.0 else at.BACK, abs(way)
    cosines, sines = spectrum(ripple, j, direction)
    travel, r = cube(ripple, at.RIPPLE_TRAVEL, 2, 2)[j], vector(ripple, at.RIPPLE_LACKING)[j]
    first = 0 if half == at.LOWER else len(cosines) // 2
    last = len(cosines) // 2 if half == at.LOWER else len(cosines)
    turned, keep = (number(ripple, at.RIPPLE_LEAST) + first) * q, math.exp(-way / MEMORY)
    cosine, sine = way * r * math.cos(turned), way * r * math.sin(turned)
    turn_cosine, turn_sine = math.cos(q), math.sin(q)
    for k in range(first, last):
        cosines[k] = keep * cosines[k] + cosine
        sines[k] = keep * sines[k] + sine
        next_cosine = cosine * turn_cosine - sine * turn_sine
        sine = sine * turn_cosine + cosine * turn_sine
        cosine = next_cosine
    travel[direction, half] = keep * travel[direction, half] + way
    squares = vector(ripple, at.RIPPLE_SQUARE)
    squares[j] = math.sqrt(math.sqrt(keep)) * squares[j] + way * r * r


@kernel
def spectrum(ripple, j, direction):
    """Return joint j's spectrum in a direction: cosines and sines."""
    w = len(vector(ripple, at.RIPPLE_COSINES)) // (2 * len(vector(ripple, at.RIPPLE_PERIODS)))
    cosines, sines = cube(ripple, at.RIPPLE_COSINES, 2, w), cube(ripple, at.RIPPLE_SINES, 2, w)
    return cosines[j, direction], sines[j, direction]


@kernel
def find_periods(ripple, j):
    """Look for a ripple of joint j; begin with one that is new, or better than the last."""
    cosines, sines = spectrum(ripple, j, at.FORTH)
    cosines_back, sines_back = spectrum(ripple, j, at.BACK)
    travel, periods = cube(ripple, at.RIPPLE_TRAVEL, 2, 2)[j], vector(ripple, at.RIPPLE_PERIODS)
    least, total, best, most = number(ripple, at.RIPPLE_LEAST), 0.0, 0, 0.0
    for k in range(len(cosines)):
        common = cosines[k] * cosines_back[k] + sines[k] * sines_back[k]
        total += abs(common)
        if common > most:
            best, most = k, common
    forth = min(travel[at.FORTH, at.LOWER], travel[at.FORTH, at.UPPER])
    back = min(travel[at.BACK, at.LOWER], travel[at.BACK, at.UPPER])
    if best == 0 or best == len(cosines) - 1:  # of a spectrum that falls or rises throughout
        return
    if min(forth, back) * (least + best) < 2.0 * math.pi * PERIODS:
        return
    there = (cosines[best] ** 2 + sines[best] ** 2) / (forth * forth)
    again = (cosines_back[best] ** 2 + sines_back[best] ** 2) / (back * back)
    if 2.0 * most < AGREE * (there + again) * forth * back:
        return
    cosine, sine, way = (
        cosines[best] + cosines_back[best],
        sines[best] + sines_back[best],
        forth + back,
    )
    square, whole_way = cosine * cosine + sine * sine, 0.0
    for direction in range(2):
        for half in range(2):
            whole_way += travel[direction, half]
    mean = vector(ripple, at.RIPPLE_SQUARE)[j] / whole_way
    if most * len(cosines) < SHARP * total or 2.0 * square < SHARE * mean * way * way:
        return
    if 2.0 * math.sqrt(square) < vector(ripple, at.RIPPLE_QUIET)[j] * way:
        return
    if periods[j] > 0.0:
        k = int(min(len(cosines) - 1.0, max(0.0, periods[j] - least)))
        if most < BETTER * (cosines[k] * cosines_back[k] + sines[k] * sines_back[k]):
            return
    periods[j] = least + best
    begin_waves(ripple, j, sine, cosine, way)


@kernel
def begin_waves(ripple, j, sine, cosine, travelled):
    """Begin joint j's sums with the spectrum at its number of periods: half a way for each."""
    waves, moment = cube(ripple, at.RIPPLE_WAVES, 2, 2)[j], matrix(ripple, at.RIPPLE_MOMENT, 2)[j]
    amplitude = matrix(ripple, at.RIPPLE_AMPLITUDE, 2)[j]
    waves[at.SINE, at.SINE] = waves[at.COSINE, at.COSINE] = 0.5 * travelled
    waves[at.SINE, at.COSINE] = 0.0
    moment[at.SINE], moment[at.COSINE] = sine, cosine
    scale = 1.0 / (0.5 * travelled + DOUBT)
    amplitude[at.SINE], amplitude[at.COSINE] = scale * sine, scale * cosine
