"""Small data sets that the tests of this folder share."""

import numpy as np


def regression(n=120, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(0.5, 5, p) + 1.0
    beta = np.zeros(p)
    beta[:3] = [1.0, -0.7, 0.3]
    return X, X @ beta + 2.0 + rng.normal(size=n)


def classification(n=160, p=6, seed=0, labels=("no", "yes")):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(0.5, 3, p)
    eta = X[:, 0] * 1.5 - X[:, 1] + 0.3
    return X, np.where(rng.random(n) < 1 / (1 + np.exp(-eta)), labels[1], labels[0])
