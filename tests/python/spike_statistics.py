"""Rates and irregularity, as the Vogels-Abbott benchmark reports them."""

import numpy as np


def mean_rate(trains, duration_ms):
    """Mean rate over the trains, Hz."""
    return float(np.mean([len(t) for t in trains])) * 1000.0 / duration_ms


def mean_cv(trains):
    """Mean coefficient of variation of inter-spike intervals over trains of five intervals or more.

    The bands that the tests use were measured so: NEST 3.10 gives 1.46 (COBA) and 0.53 (CUBA) with this rule, 1.34 and 0.51 when trains of
    two intervals count, for the same network and seed.
    """
    values = []
    for train in trains:
        intervals = np.diff(np.sort(np.asarray(train, dtype=float)))
        if len(intervals) >= 5 and intervals.mean() > 0:
            values.append(intervals.std() / intervals.mean())
    return float(np.mean(values))
