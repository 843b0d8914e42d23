"""A clock that runs forwards: rows that are repeated, out of order or not finite, and gaps."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

GAP = 5.0  # multiple of the usual period
LATE = 20  # rows within which rows that came out of order end


class Clock(NamedTuple):
    """The rows of a log to use, with a time that increases."""

    kept: Int[np.ndarray, "k"]
    time: Float[np.ndarray, "k"]  # from 0 on [s]
    starts: Int[np.ndarray, "s"]  # of stretches without a gap, among those kept
    repaired: dict[str, int]


def clean_clock(time: Float[np.ndarray, "r"], numbers: Float[np.ndarray, "r c"]) -> Clock:
    """Return which rows to use, and when.

    A row is left out if it has a number that is not finite, repeats the time of the row before, or
    comes before it in time. A clock that goes back for longer has begun anew: the rows after that
    are a stretch of their own, one period later.
    """
    finite = np.isfinite(time) & np.isfinite(numbers).all(axis=1)
    kept = np.flatnonzero(finite)
    repaired = {"not finite": int((~finite).sum())}
    if len(kept) < 2:
        return Clock(kept, time[kept], np.zeros(1, int), repaired)
    step = np.diff(time[kept])
    period = float(np.median(step[step > 0])) if (step > 0).any() else 0.0
    late = _out_of_order(time[kept])
    repeated = np.zeros(len(kept), bool)
    repeated[1:] = np.diff(time[kept]) == 0.0
    repeated &= ~late
    repaired |= {"repeated": int(repeated.sum()), "out of order": int(late.sum())}
    kept = kept[~(late | repeated)]
    step = np.diff(time[kept])
    back, gap = step < 0.0, step > GAP * period
    repaired |= {"clock set back": int(back.sum()), "gaps": int(gap.sum())}
    step[back] = period
    clean = np.concatenate(([0.0], np.cumsum(step)))
    starts = np.concatenate(([0], 1 + np.flatnonzero(back | gap)))
    return Clock(kept, clean, starts, {name: count for name, count in repaired.items() if count})


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
