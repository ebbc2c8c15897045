"""Survival data with ties, late entries and strata, and the partial likelihood written out term by term."""

import numpy as np


def random_target(rng, n=40, *, late=False, strata=1):
    """Checked targets (n, 4) with many ties."""
    stop = rng.integers(1, 12, n).astype(float)
    start = np.floor(stop * rng.random(n)) if late else np.zeros(n)
    event = rng.random(n) < 0.6
    event[0] = True
    return np.column_stack([start, stop, event, rng.integers(0, strata, n)]).astype(float)


def written_out(y, weights, eta, ties="breslow"):
    """Minus the log partial likelihood less its best value, by loops over strata, times and events."""
    total, used = 0.0, weights > 0
    for stratum in np.unique(y[:, 3]):
        mine = used & (y[:, 3] == stratum)
        for time in np.unique(y[mine & (y[:, 2] > 0), 1]):
            risk = mine & (y[:, 0] < time) & (time <= y[:, 1])
            now = risk & (y[:, 1] == time) & (y[:, 2] > 0)
            everybody, theirs = weights[risk] @ np.exp(eta[risk]), weights[now] @ np.exp(eta[now])
            mass, count = weights[now].sum(), int(now.sum())
            total -= weights[now] @ eta[now]
            if ties == "breslow":
                total += mass * np.log(everybody / mass)
            else:
                shares = np.arange(count) / count
                total += mass / count * np.log((everybody - shares * theirs) / (mass * (1 - shares))).sum()
    return total
