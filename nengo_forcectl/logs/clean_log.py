"""A clock that runs forwards: rows that are repeated, out of order or not finite, and gaps."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

GAP = 5.0  # multiple of the usual period
LATE = 20  # rows within which rows that came out of order end
LEAP = 3600.0  # time after which a clock has been set, and not waited [s]
COARSE = 0.1  # share of rows that repeat a time but no number, from which on the clock is coarse


class Clock(NamedTuple):
    """The rows of a log to use, with a time that increases."""

    kept: Int[np.ndarray, "k"]
    time: Float[np.ndarray, "k"]  # from 0 on [s]
    starts: Int[np.ndarray, "s"]  # of stretches without a gap, among those kept
    repaired: dict[str, int]


def clean_clock(time: Float[np.ndarray, "r"], numbers: Float[np.ndarray, "r c"]) -> Clock:
    """Return which rows to use, and when.

    A row is left out if it has a number that is not finite, repeats the time of the row before, or
    comes before it in time. A clock that goes back for longer has begun anew, and one that goes
    ahead by more than an hour was set: the rows after that are a stretch of their own, one period
    later. If many rows repeat a time with other numbers, the clock is too coarse for them: they are
    spread evenly until its next tick.
    """
    finite = np.isfinite(time) & np.isfinite(numbers).all(axis=1)
    kept = np.flatnonzero(finite)
    repaired = {"not finite": int((~finite).sum())}
    if len(kept) < 2:
        return Clock(kept, time[kept], np.zeros(1, int), repaired)
    same = np.diff(time[kept]) == 0.0
    other = same & (np.diff(numbers[kept], axis=0) != 0.0).any(axis=1)
    if other.mean() > COARSE and not same.all():
        time = time.copy()
        time[kept] = _spread(time[kept], other)
        repaired |= {"between ticks of the clock": int(other.sum())}
    step = np.diff(time[kept])
    period = float(np.median(step[step > 0])) if (step > 0).any() else 0.0
    late = _out_of_order(time[kept])
    repeated = np.zeros(len(kept), bool)
    repeated[1:] = np.diff(time[kept]) == 0.0
    repeated &= ~late
    repaired |= {"repeated": int(repeated.sum()), "out of order": int(late.sum())}
    kept = kept[~(late | repeated)]
    step = np.diff(time[kept])
    back, leap = step < 0.0, step > max(LEAP, 1e3 * period)
    gap = (step > GAP * period) & ~leap
    repaired |= {"clock set back": int(back.sum()), "clock set ahead": int(leap.sum())}
    repaired |= {"gaps": int(gap.sum())}
    step[back | leap] = period
    clean = np.concatenate(([0.0], np.cumsum(step)))
    starts = np.concatenate(([0], 1 + np.flatnonzero(back | leap | gap)))
    return Clock(kept, clean, starts, {name: count for name, count in repaired.items() if count})


def _spread(
    time: Float[np.ndarray, "k"], other: Bool[np.ndarray, "k_less_1"]
) -> Float[np.ndarray, "k"]:
    """Return times at which rows between two ticks of a clock are equally far apart."""
    ticks = np.flatnonzero(np.concatenate(([True], np.diff(time) != 0.0)))
    rows = np.diff(np.append(ticks, len(time)))
    step = np.diff(time[ticks]) / rows[:-1]
    step = np.append(step, np.median(step))  # after the last tick
    own = np.concatenate(([False], other))
    place = np.cumsum(own)
    place -= np.repeat(place[ticks], rows)
    return np.repeat(time[ticks], rows) + place * np.repeat(step, rows)


def _out_of_order(time: Float[np.ndarray, "k"]) -> Bool[np.ndarray, "k"]:
    """Return the rows that are earlier than one before, if that ends within `LATE` rows."""
    late = np.zeros(len(time), bool)
    newest = time[0]
    k = 1
    while k < len(time):
        if time[k] < newest:
            past = np.flatnonzero(time[k : k + LATE] > newest)
            if past.size:
                late[k : k + past[0]] = True
                k += int(past[0])
        newest = time[k]
        k += 1
    return late
