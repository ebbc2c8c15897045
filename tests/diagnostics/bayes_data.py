"""A small problem with everything: weights, offset, an intercept, unlike columns."""

import numpy as np


def rows(n=40, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.linspace(0.5, 3, p) + np.arange(p)
    X[:, 1] += 0.7 * X[:, 0]
    y = 2 + X @ np.linspace(1, -0.5, p) + rng.normal(size=n)
    weights = rng.uniform(0.3, 2.0, n)
    offset = rng.normal(size=n)
    return X, y, weights, offset


def spread(X, weights):
    share = weights / weights.sum()
    return np.sqrt(share @ (X - share @ X) ** 2)


def scaled(weights):
    return weights * len(weights) / weights.sum()
