from __future__ import annotations

import math

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.selection import Criterion, aic, bic, criterion, ebic, gcv


def gaussian_minus_two_loglik(residuals):
    """The profiled likelihood, from the density itself."""
    n, variance = len(residuals), np.mean(residuals**2)
    return -2 * np.sum(-0.5 * np.log(2 * np.pi * variance) - residuals**2 / (2 * variance)), n


def test_squared_loss_form_is_the_profiled_likelihood_up_to_a_constant():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), 3 * rng.normal(size=50)
    (la, n), (lb, _) = gaussian_minus_two_loglik(a), gaussian_minus_two_loglik(b)
    found = aic(np.array([a @ a, b @ b]), np.array([2.0, 5.0]), n=n, squared=True)
    assert found[0] - found[1] == pytest.approx((la + 4) - (lb + 10))
    found = bic(np.array([a @ a, b @ b]), np.array([2.0, 5.0]), n=n, squared=True)
    assert found[0] - found[1] == pytest.approx((la + 2 * math.log(n)) - (lb + 5 * math.log(n)))


def test_other_losses_add_to_the_deviance():
    dev, df = np.array([30.0, 20.0]), np.array([0.0, 2.0])
    np.testing.assert_allclose(aic(dev, df, n=40, squared=False), [30, 24])
    np.testing.assert_allclose(bic(dev, df, n=40, squared=False), [30, 20 + 2 * math.log(40)])
    extra = ebic(dev, df, n=40, p=10, squared=False, gamma=1.0) - bic(dev, df, n=40, squared=False)
    np.testing.assert_allclose(extra, [0, 2 * math.log(math.comb(10, 2))], atol=1e-12)


def test_ebic_between_bic_and_its_strict_form():
    dev, df = np.array([30.0, 20.0]), np.array([0.0, 2.5])
    args = {"n": 40, "p": 10, "squared": True}
    np.testing.assert_allclose(ebic(dev, df, gamma=0.0, **args), bic(dev, df, n=40, squared=True))
    assert (ebic(dev, df, gamma=1.0, **args) >= ebic(dev, df, **args)).all()
    with pytest.raises(InputError, match="gamma"):
        ebic(dev, df, gamma=2.0, **args)


def test_gcv_is_leave_one_out_when_all_leverages_are_equal():
    # Orthonormal columns of a balanced two-level design: every row has the same leverage.
    X = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)], float)
    y = np.random.default_rng(1).normal(size=8)
    A = np.column_stack([np.ones(8), X])
    hat = A @ np.linalg.inv(A.T @ A + np.diag([0, 2.0, 2.0, 2.0])) @ A.T
    residual = y - hat @ y
    loo = np.mean((residual / (1 - np.diag(hat))) ** 2)
    df = np.trace(hat) - 1  # the intercept is not counted
    assert gcv(np.array([residual @ residual]), np.array([df]), n=8)[0] == pytest.approx(loo)


def test_saturated_fits_never_win():
    dev, df, s = np.array([10.0, 1.0, 0.0]), np.array([0.0, 3.0, 9.0]), np.array([3.0, 2.0, 1.0])
    for name in ("aic", "bic", "ebic", "gcv"):
        found = criterion(name, s, dev, df, n=10, p=20, squared=True)
        assert np.isinf(found.values[2])
        assert found.index_min < 2
    with pytest.raises(InputError, match="no strength"):
        criterion("aic", s[2:], dev[2:], df[2:], n=10, p=20, squared=True)


def test_unknown_degrees_of_freedom_are_refused_not_ignored():
    with pytest.raises(InputError, match="degrees of freedom are unknown"):
        criterion("gcv", np.array([2.0, 1.0]), np.ones(2), np.array([1.0, np.nan]), n=10, p=3, squared=True)


def test_exact_fits_prefer_the_smaller_model():
    found = criterion(
        "bic", np.array([2.0, 1.0]), np.array([0.0, 0.0]), np.array([1.0, 2.0]), n=10, p=3, squared=True
    )
    assert found.index_min == 0


def test_ties_go_to_the_stronger_penalty():
    assert Criterion("loo", np.array([2.0, 1.0]), np.array([1.0, 1.0])).strength_min == 2.0
    with pytest.raises(InputError, match="2"):
        Criterion("loo", np.array([2.0, 1.0]), np.array([1.0]))
