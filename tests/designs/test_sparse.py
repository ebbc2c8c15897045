"""Sparse designs: every product against the dense matrix; formats, duplicates, empty rows and columns."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import SparseColumns

rng = np.random.default_rng(0)
X = np.where(rng.random((30, 12)) < 0.3, rng.standard_normal((30, 12)) + 1, 0.0)
X[:, 5], X[7], X[:, 8] = 0.0, 0.0, 2.0
W = rng.random((2, 30))
W /= W.sum(axis=1, keepdims=True)


@pytest.fixture(params=[sparse.csc_array, sparse.csr_array, sparse.coo_array, sparse.csc_matrix])
def design(request):
    return SparseColumns(request.param(X))


def test_products(design):
    R, cols = rng.standard_normal((30, 3)), np.array([11, 0, 5, 2])
    B = rng.standard_normal((4, 2))
    np.testing.assert_allclose(design.rmatmat(2, 9, R), R.T @ X[:, 2:9])
    np.testing.assert_allclose(design.matmat(cols, B), X[:, cols] @ B)
    np.testing.assert_allclose(design.rows_times(np.array([9, 9, 1]), np.eye(12)), X[[9, 9, 1]])
    np.testing.assert_allclose(design.rmatvec_on(cols, W[0]), X[:, cols].T @ W[0])


@pytest.mark.parametrize("count", [1, 7, 8, 9, 19])
def test_products_eight_at_a_time_and_what_is_left(design, count):
    R = rng.standard_normal((30, count))
    np.testing.assert_allclose(design.rmatmat(2, 9, R), R.T @ X[:, 2:9], atol=1e-14)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_gram_block_of_more_than_eight_columns(design, threads):
    cols = np.arange(12)
    block = design.gram(W[0], cols, cols, np.zeros(12), np.ones(12), threads)
    np.testing.assert_allclose(block, (X * W[0][:, None]).T @ X, atol=1e-14)


def test_moments_and_a_constant_column(design):
    mean, deviation = design.moments(W)
    for w, m, d in zip(W, mean, deviation, strict=True):
        np.testing.assert_allclose(m, w @ X, atol=1e-15)
        np.testing.assert_allclose(d, np.sqrt(w @ (X - w @ X) ** 2), atol=1e-12)
    assert (deviation[:, [5, 8]] == 0).all()
    assert not design.centre(W[0]).any()


@pytest.mark.parametrize("weights", [W[0], 3 * W[1] * (np.arange(30) % 2)])
def test_gram_blocks_are_centred_without_being_dense(design, weights):
    cols, fresh = np.array([3, 8, 1, 10]), np.array([1, 10])
    mean, inverse = rng.standard_normal(12), rng.random(12)
    Z = (X - mean) * inverse
    expected = (Z[:, cols] * weights[:, None]).T @ Z[:, fresh]
    for threads in (1, 3):
        np.testing.assert_allclose(
            design.gram(weights, cols, fresh, mean, inverse, threads), expected, atol=1e-12
        )


def test_cross_products(design):
    rows, extra, weights = np.arange(4, 20), rng.standard_normal((30, 2)), rng.random(16)
    A = np.column_stack([X, extra])[rows]
    np.testing.assert_allclose(
        design.cross(rows, weights, extra, np.zeros(12)), (A * weights[:, None]).T @ A, atol=1e-12
    )


def test_entries_that_are_given_twice_are_added_and_the_callers_matrix_is_left_alone():
    twice = sparse.csc_array((np.array([1.0, 2.0]), np.array([0, 0]), np.array([0, 2])), shape=(2, 1))
    assert SparseColumns(twice).rmatmat(0, 1, np.ones((2, 1)))[0, 0] == 3.0
    assert twice.nnz == 2


def test_columns_outside_are_refused(design):
    with pytest.raises(ValueError, match="out of range"):
        design.matmat(np.array([12]), np.ones((1, 1)))
