"""Dense designs: every product against plain NumPy, on both orders and float types, in several blocks."""

import numpy as np
import pytest

from regularfit.designs import Dense, dense

STORED = [
    np.ascontiguousarray,
    np.asfortranarray,
    lambda X: X.astype(np.float32),
    lambda X: np.repeat(X, 2, axis=1)[:, ::2],
]
rng = np.random.default_rng(0)
X = (rng.standard_normal((37, 90)) + 3.0).astype(np.float32).astype(np.float64)
W = rng.random((2, 37))
W /= W.sum(axis=1, keepdims=True)


@pytest.fixture(params=STORED, ids=["C", "F", "float32", "strided"], autouse=True)
def design(request, monkeypatch):
    monkeypatch.setattr(dense, "BLOCK_BYTES", 1)  # 64 columns a block
    monkeypatch.setattr(dense, "CACHE_BYTES", 1)
    return Dense(request.param(X))


def test_products(design):
    R, cols = rng.standard_normal((37, 3)), np.array([80, 2, 5])
    B = rng.standard_normal((3, 4))
    assert design.shape == (37, 90)
    assert design.block == 64
    np.testing.assert_allclose(design.rmatmat(10, 70, R), R.T @ X[:, 10:70])
    np.testing.assert_allclose(design.matmat(cols, B), X[:, cols] @ B)
    np.testing.assert_allclose(design.rows_times(np.array([3, 3, 1]), np.eye(90)), X[[3, 3, 1]])


def test_moments_of_every_lane(design):
    mean, deviation = design.moments(W)
    for w, m, d in zip(W, mean, deviation, strict=True):
        np.testing.assert_allclose(m, w @ X)
        np.testing.assert_allclose(d, np.sqrt(w @ (X - w @ X) ** 2))
    np.testing.assert_allclose(design.centre(5 * W[0]), W[0] @ X)


def test_gram_blocks_are_centred_scaled_and_weighted(design):
    cols, fresh = np.array([7, 1, 88, 4]), np.array([88, 4])
    mean, inverse = rng.standard_normal(90), rng.random(90)
    Z = (X - mean) * inverse
    w = W[0] * (np.arange(37) % 3 > 0)  # held-out rows
    found = design.gram(w, cols, fresh, mean, inverse, 1)
    np.testing.assert_allclose(found, (Z[:, cols] * w[:, None]).T @ Z[:, fresh])
    assert found.flags.f_contiguous


@pytest.mark.parametrize("weights", [np.ones(20), rng.random(20)])
def test_cross_products_with_what_is_beside(design, weights):
    rows, extra, centre = np.arange(5, 25), rng.standard_normal((37, 2)), rng.standard_normal(90)
    A = np.column_stack([X - centre, extra])[rows]
    np.testing.assert_allclose(
        design.cross(rows, weights, extra, centre), (A * weights[:, None]).T @ A, rtol=1e-10, atol=1e-10
    )


def test_gathering_a_block(design):
    rows, cols = np.array([4, 0, 9]), np.array([50, 3])
    block = design.gather(rows, cols, np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([1.0, 0.0, 2.0]))
    expected = (X[np.ix_(rows, cols)] - [1, 2]) * [3, 4] * np.array([[1], [0], [2]])
    np.testing.assert_allclose(block, expected)
    with pytest.raises(ValueError, match="out of range"):
        design.gather(np.array([37]), cols)


def test_a_constant_column_has_deviation_exactly_zero_far_from_the_origin():
    A = np.column_stack([np.full(50, 1e6 / 3), np.full(50, 0.1), 1e6 + 1e-3 * np.arange(50.0)])
    _, deviation = Dense(A).moments(np.full((1, 50), 1 / 50))
    assert deviation[0, :2].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(deviation[0, 2], A[:, 2].std(), rtol=1e-6)


def test_nothing_is_copied_or_changed():
    A = X.copy()
    design = Dense(A)
    assert design.X is A
    design.moments(W)
    design.matmat(np.arange(90), np.ones((90, 1)))
    np.testing.assert_array_equal(A, X)
