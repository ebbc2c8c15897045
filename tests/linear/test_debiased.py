"""Intervals of the debiased lasso cover (at length: benchmarks/inference.py); least squares' where n is large."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import regularfit as rf


def draw(seed, n=100, p=150, effects=3, size=1.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.3 * rng.standard_normal((n, 1))
    b = np.zeros(p)
    b[:effects] = size
    return X, X @ b + rng.standard_normal(n), b


def test_intervals_cover_as_often_as_they_say():
    covers = []
    for seed in range(40):
        X, y, b = draw(seed)
        ends = rf.debiased_lasso(X, y, cv=5, n_jobs=1).interval(0.9)
        covers.append((ends[:, 0] <= b) & (b <= ends[:, 1]))
    covered = np.array(covers)
    zeros, effects = covered[:, 3:].mean(axis=1), covered[:, :3].mean(axis=1)
    for share in (zeros, effects):
        error = share.std(ddof=1) / np.sqrt(len(share))
        assert (
            share.mean() >= 0.9 - 2.33 * error - 0.02
        )  # two points short is what the long version finds at worst
    assert zeros.mean() <= 0.97


def test_without_penalties_it_is_least_squares():
    X, y, _ = draw(0, 200, 5)
    found = rf.debiased_lasso(X, y, strength=1e-10, nodewise_strength=1e-10)
    Z = np.column_stack([np.ones(200), X])
    b, rss = np.linalg.lstsq(Z, y)[:2]
    cov = np.linalg.inv(Z.T @ Z) * rss / (200 - 6)
    np.testing.assert_allclose(found.coef, b[1:], atol=1e-7)
    np.testing.assert_allclose(found.standard_error, np.sqrt(np.diag(cov))[1:], rtol=1e-6)


def test_units_and_names():
    X, y, _ = draw(1)
    plain = rf.debiased_lasso(pd.DataFrame(X, columns=[f"c{j}" for j in range(150)]), y)
    scaled = rf.debiased_lasso(X * 1000, y)
    np.testing.assert_allclose(scaled.coef * 1000, plain.coef, rtol=1e-6, atol=1e-9)
    frame = plain.to_frame()
    assert list(frame["column"][:2]) == ["c0", "c1"]
    assert (frame["p_value"][:3] < 1e-4).all()
    assert ((frame["lower"] < frame["coef"]) & (frame["coef"] < frame["upper"])).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"nodewise_strength": 0}, "nodewise_strength"),
        ({"noise": -1}, "noise"),
        ({"strength": 0}, "strength"),
        ({"strength": 1e-5}, "residuals"),
    ],
)
def test_bad_settings_are_named(settings, words):
    X, y, _ = draw(0)
    with pytest.raises(rf.InputError, match=words):
        rf.debiased_lasso(X, y, **settings)


def test_bad_data_are_named():
    X, y, _ = draw(0)
    with pytest.raises(rf.InputError, match="dense"):
        rf.debiased_lasso(sparse.csr_array(X), y)
    with pytest.raises(rf.InputError, match="constant"):
        rf.debiased_lasso(np.where(np.arange(150) == 2, 0.0, X), y)
    with pytest.raises(rf.InputError, match="1 column"):
        rf.debiased_lasso(X[:, :1], y)
    with pytest.raises(rf.InputError, match="level"):
        rf.debiased_lasso(X, y, strength=0.2).interval(1.0)
