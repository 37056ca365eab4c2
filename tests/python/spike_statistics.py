"""Rates and irregularity, as the Vogels-Abbott benchmark reports them."""

import numpy as np


def mean_rate(trains, duration_ms):
    """Mean rate over the trains, Hz."""
    return float(np.mean([len(t) for t in trains])) * 1000.0 / duration_ms


def mean_cv(trains):
    """Mean coefficient of variation of inter-spike intervals over trains of three spikes or more."""
    values = []
    for train in trains:
        intervals = np.diff(np.sort(np.asarray(train, dtype=float)))
        if len(intervals) > 1 and intervals.mean() > 0:
            values.append(intervals.std() / intervals.mean())
    return float(np.mean(values))
