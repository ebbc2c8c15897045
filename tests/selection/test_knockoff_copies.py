"""Copies have the inner products they must have, and no separation is better than the one that was found."""

import numpy as np
import pytest
from scipy.optimize import minimize

from regularfit.errors import InputError
from regularfit.selection.knockoff_copies import METHODS, fixed_copies, gaussian_copies, separations


def correlation(p=6, rho=0.6):
    return rho ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))).astype(float)


def reconstructability(C, s):
    return float(np.trace(np.linalg.inv(2 * C - np.diag(s))) + (1 / s).sum())


@pytest.mark.parametrize("method", METHODS)
def test_separations_leave_both_covariances_definite(method):
    s = separations(correlation(), method)
    assert (s > 0).all()
    assert np.linalg.eigvalsh(2 * correlation() - np.diag(s))[0] > 0


def test_mvr_is_the_minimum():
    C = correlation()
    s = separations(C)

    def value(log_s):
        inside = 2 * C - np.diag(np.exp(log_s))
        return reconstructability(C, np.exp(log_s)) if np.linalg.eigvalsh(inside)[0] > 0 else 1e9

    best = minimize(value, np.log(s) + 0.05, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-10})
    assert reconstructability(C, s) <= best.fun * (1 + 1e-6)


def test_the_trace_is_that_of_the_joint_covariance():
    C, s = correlation(4), np.array([0.3, 0.2, 0.25, 0.4])
    joint = np.block([[C, C - np.diag(s)], [C - np.diag(s), C]])
    both = np.trace(np.linalg.inv(joint))
    assert np.isclose(2 * np.trace(np.linalg.inv(joint)[:4, :4]), both)
    assert np.isclose(both, reconstructability(C, s))  # tr of (sum, difference): 2 (2C - S)^-1 / 2 + S^-1


def test_equal_separations_are_twice_the_smallest_eigenvalue():
    C = correlation()
    np.testing.assert_allclose(separations(C, "equicorrelated"), 2 * np.linalg.eigvalsh(C)[0], rtol=1e-6)


def test_gaussian_copies_have_the_joint_covariance():
    C = correlation(4) * np.outer([1, 2, 3, 4], [1, 2, 3, 4])
    rng = np.random.default_rng(0)
    X = 5 + rng.standard_normal((200_000, 4)) @ np.linalg.cholesky(C).T
    copies = gaussian_copies(X, np.full(4, 5.0), C, rng)
    spread = np.sqrt(np.diag(C))
    joint = np.corrcoef(np.column_stack([X, copies]).T)
    own = C / np.outer(spread, spread)
    s = separations(own)
    # an entry of a correlation has a standard error below 1 / sqrt(n) = 0.0022; five of them
    np.testing.assert_allclose(joint[4:, 4:], own, atol=0.0112)
    np.testing.assert_allclose(joint[:4, 4:], own - np.diag(s), atol=0.0112)


@pytest.mark.parametrize("method", METHODS)
def test_fixed_copies_have_the_same_gram_matrix(method):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((30, 5)) @ np.linalg.cholesky(correlation(5)).T
    Z, copies = fixed_copies(X, rng, method)
    G = Z.T @ Z
    np.testing.assert_allclose(copies.T @ copies, G, atol=1e-12)
    off = G - Z.T @ copies
    np.testing.assert_allclose(off, np.diag(separations(G, method)), atol=1e-12)
    np.testing.assert_allclose(copies.sum(axis=0), 0, atol=1e-12)


def test_fixed_copies_need_room():
    with pytest.raises(InputError, match=r"n >= 2 p \+ 1"):
        fixed_copies(np.random.default_rng(0).standard_normal((10, 5)), np.random.default_rng(0))


def test_copied_columns_are_refused():
    with pytest.raises(InputError, match="singular"):
        separations(np.ones((2, 2)))
