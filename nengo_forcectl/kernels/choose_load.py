"""The solution of the least squares of `find_load`: which load and which delay of the sensors.

The misfit's square is quadratic in the part f of a delay of s + f cycles, and its least value over
all delays counts. If the solution is that of no body, `approach_body` finds the body that explains
the motion best. The load is believed only if it explains nearly all of what the model does not.
"""

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector
from .algebra import factor_columns, substitute
from .approach_body import approach_body, begin_approach
from .fit_load import whole_delay
from .keep_physical import inertia_of, inertia_place, nearest_body
from .layout import body_fields as at
from .sizes import DELAYS
from .weigh_load import add_lack, squares_left, usual_information

DELAYED = 0.7  # share of the misfit that another delay must be below
OTHER = 0.5  # change of the delay after which a change of the load is looked for anew [cycles]
MISFIT = 0.12  # share of the sum of squares that a load may leave
WORTH = 0.24  # share left by the solution below which the body that explains most is searched for
LIGHTEST = 1e-3  # mass of a load [kg]
REACH = 0.5  # largest distance of its centre [m]


@kernel
def choose_load(load, prior):
    """Solve for the parameters, by the delay with the least misfit, and take a body's.

    ``prior`` is the weight of the usual sizes of a load.
    """
    theta, trials = vector(load, at.LOAD_THETA), matrix(load, at.LOAD_TRIALS, at.PARAMETERS)
    moment, fitted = matrix(load, at.LOAD_MOMENT, at.PARAMETERS), vector(load, at.LOAD_FITTED)
    factor_information(load, prior)
    for s in range(len(trials)):
        solve_delay(load, s)
    last = number(load, at.LOAD_DELAY)
    delay = least_delay(load)
    if misfit_at(load, delay) > DELAYED * misfit_at(load, last):
        delay = last
    elif abs(delay - last) > OTHER:
        set_number(load, at.LOAD_LEFT, 0.0)
        set_number(load, at.LOAD_RECENT, 0.0)
    set_number(load, at.LOAD_DELAY, delay)
    s, f = whole_delay(delay), delay - whole_delay(delay)
    for k in range(at.PARAMETERS):
        theta[k] = (1.0 - f) * trials[s, k] + f * trials[s + 1, k]
        fitted[k] = (1.0 - f) * moment[s, k] + f * moment[s + 1, k]
    take_body(load, prior)


@kernel
def least_delay(load):
    """Return the delay with the least misfit [cycles]."""
    best, least = 0.0, misfit_at(load, 0.0)
    for s in range(DELAYS - 1):
        a, c, b = product(load, s, s), product(load, s, s + 1), product(load, s + 1, s + 1)
        curved = a + b - 2.0 * c
        f = min(max((a - c) / curved, 0.0), 1.0) if curved > 0.0 else 0.0
        misfit = misfit_at(load, s + f)
        if misfit < least:
            best, least = s + f, misfit
    return best


@kernel
def misfit_at(load, delay):
    """Return the misfit of the parameters solved for at a delay."""
    s, f = whole_delay(delay), delay - whole_delay(delay)
    a, c, b = product(load, s, s), product(load, s, s + 1), product(load, s + 1, s + 1)
    return (1.0 - f) * (1.0 - f) * a + 2.0 * f * (1.0 - f) * c + f * f * b


@kernel
def product(load, s, t):
    """Return the product of what the solutions of the delays s and t, s or s + 1, leave."""
    moment, trials = (
        matrix(load, at.LOAD_MOMENT, at.PARAMETERS), matrix(load, at.LOAD_TRIALS, at.PARAMETERS)
    )  # fmt: skip
    total = vector(load, at.LOAD_SIZE)[s] if s == t else vector(load, at.LOAD_BOTH)[s]
    for k in range(at.PARAMETERS):
        total -= trials[t, k] * moment[s, k]
    return total


@kernel
def factor_information(load, prior):
    """Factor the information with that of the usual sizes of a load, times ``prior``."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    factor = matrix(load, at.LOAD_FACTOR, at.PARAMETERS)
    for k in range(at.PARAMETERS):
        for j in range(k + 1):
            factor[k, j] = information[k, j]
        factor[k, k] += usual_information(k, prior)
    factor_columns(factor, 0, at.PARAMETERS)


@kernel
def solve_delay(load, s):
    """Solve for the parameters if sensors are late by s cycles."""
    moment = matrix(load, at.LOAD_MOMENT, at.PARAMETERS)
    trial = matrix(load, at.LOAD_TRIALS, at.PARAMETERS)[s]
    for k in range(at.PARAMETERS):
        trial[k] = moment[s, k]
    substitute(matrix(load, at.LOAD_FACTOR, at.PARAMETERS), trial)


@kernel
def take_body(load, prior):
    """Change the parameters to those of a body near the tool; ``prior`` is that of the solution.

    No body leaves less than the solution does. Where that is far too much, the search waits.
    """
    worth = misfit_share(load) < WORTH
    if take_nearest(load):
        begin_approach(load)
    elif worth:
        approach_body(load, prior)
        take_nearest(load)  # within reach, and to rounding


@kernel
def take_nearest(load):
    """Change the parameters to those of the nearest body; return whether they were a body's."""
    theta, first = vector(load, at.LOAD_THETA), vector(load, at.LOAD_FIRST)
    moments = matrix(load, at.LOAD_MOMENTS, 3)
    theta[at.MASS] = max(theta[at.MASS], LIGHTEST)
    if nearest_body(theta, REACH, first, moments, matrix(load, at.LOAD_AXES, 3)):
        return True
    for i in range(3):
        theta[at.MOMENT + i] = first[i]
        for j in range(i + 1):
            theta[inertia_place(i, j)] = inertia_of(moments, i, j)
    return False


@kernel
def believe_load(load, lack):
    """Drop the load unless it explains the motion; return whether it does.

    Writes how it changes r to ``lack`` (n,).
    """
    theta, filtered = vector(load, at.LOAD_THETA), matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    misfit = misfit_share(load)
    believed = misfit < MISFIT
    set_number(load, at.LOAD_MISFIT, misfit)
    for k in range(at.PARAMETERS):
        theta[k] = theta[k] if believed else 0.0
    for i in range(len(lack)):
        lack[i] = 0.0
    add_lack(filtered, theta, lack)
    return believed


@kernel
def misfit_share(load):
    """Return ``|y - Y theta|^2 / |y|^2``, 1 where nothing was to explain."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    fitted, theta = vector(load, at.LOAD_FITTED), vector(load, at.LOAD_THETA)
    squares, both = vector(load, at.LOAD_SIZE), vector(load, at.LOAD_BOTH)
    s = whole_delay(number(load, at.LOAD_DELAY))
    f = number(load, at.LOAD_DELAY) - s
    size = (
        (1.0 - f) * (1.0 - f) * squares[s] + f * f * squares[s + 1] + 2.0 * f * (1.0 - f) * both[s]
    )
    misfit = squares_left(size, information, fitted, theta)
    return misfit / size if size > 0.0 else 1.0
