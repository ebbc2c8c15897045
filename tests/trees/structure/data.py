"""Tables with numbers, missing values and a column of codes, for trees of every engine."""

import numpy as np


def table(n=300, *, missing=True, codes=True, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    level = rng.integers(0, 7, n)
    if codes:
        X[:, 2] = level
    signal = 2 * X[:, 0] - X[:, 1] ** 2 + np.where(np.isin(level, [1, 4, 5]), 2.0, -1.0) + 0.3 * X[:, 3]
    if missing:
        X[rng.random(X.shape) < 0.1] = np.nan
    y = signal + rng.normal(size=n)
    return X, y


def three_classes(y):
    return np.array(["a", "b", "c"])[np.digitize(y, np.quantile(y, [0.3, 0.7]))]
