"""Data of many kinds, and scikit-learn at its sharpest as the judge."""

from __future__ import annotations

import warnings

import numpy as np
import sklearn.linear_model as theirs
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes

import regularfit.sklearn as ours

SHARP = {"tol": 1e-12, "max_iter": 100_000}


def diabetes():
    return load_diabetes(return_X_y=True)


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def wide(n=60, p=150, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    return X, X[:, :5] @ np.array([3.0, -2.0, 1.0, 1.0, 0.5]) + rng.normal(size=n)


def sparse_random(n=200, p=80, seed=2):
    rng = np.random.default_rng(seed)
    X = sparse.random(n, p, 0.1, format="csr", random_state=rng)
    return X, X @ rng.normal(size=p) + 0.1 * rng.normal(size=n)


REGRESSIONS = {"diabetes": diabetes, "wide": wide, "sparse": sparse_random}


def weights(n, seed=3):
    return np.random.default_rng(seed).uniform(0.2, 3.0, n)


def both(name, params, X, y, sample_weight=None, sharp=None):
    """Return our estimator and scikit-learn's, fitted."""
    extra = {} if sample_weight is None else {"sample_weight": sample_weight}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine = getattr(ours, name)(**params).fit(X, y, **extra)
        judge = getattr(theirs, name)(**{**params, **(sharp or {})}).fit(X, y, **extra)
    return mine, judge


def assert_same(mine, judge, names, rtol=1e-5):
    """Equal shapes and types, and values to a share of the largest entry."""
    for name in names:
        a, b = np.asarray(getattr(mine, name)), np.asarray(getattr(judge, name))
        assert (a.shape, a.dtype) == (b.shape, b.dtype), name
        assert type(getattr(mine, name)) is type(getattr(judge, name)), name
        np.testing.assert_allclose(a, b, rtol=0, atol=rtol * max(np.abs(b).max(), 1e-300), err_msg=name)
