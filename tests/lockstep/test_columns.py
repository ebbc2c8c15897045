"""The columns that Newton's method works on, dense in blocks and sparse, taken in piece by piece."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import as_design
from regularfit.lockstep import columns as module
from regularfit.lockstep.columns import make_columns
from regularfit.lockstep.threads import Workers

rng = np.random.default_rng(0)
X = np.where(rng.random((700, 9)) < 0.4, rng.standard_normal((700, 9)), 0.0)
MEAN, INVERSE = rng.standard_normal(9), np.where(np.arange(9) == 4, 0.0, rng.random(9) + 0.5)


@pytest.fixture(params=["dense", "sparse"])
def case(request, monkeypatch):
    monkeypatch.setattr(module, "CACHE_BYTES", 1)  # 256 rows a block
    dense = request.param == "dense"
    return as_design(X if dense else sparse.csc_array(X)), MEAN if dense else np.zeros(9)


@pytest.mark.parametrize("intercept", [True, False])
def test_products_of_what_was_taken(case, intercept):
    design, centre = case
    store = make_columns(design, centre, INVERSE, intercept)
    for cols in ([7, 2], [2], [4, 0, 7], []):
        store.take(np.array(cols, dtype=np.int64))
    order = np.array([2, 7, 0, 4])
    assert store.taken.tolist() == order.tolist()
    Z = (X - centre)[:, order] * np.where(INVERSE == 0, 1, INVERSE)[order]
    Z = np.column_stack([np.ones((700, int(intercept))), Z])
    assert store.width == Z.shape[1]
    positions = store.positions(np.array([0, 2]))
    np.testing.assert_array_equal(positions, [0, 3, 1] if intercept else [2, 0])
    B, w = rng.standard_normal((Z.shape[1], 3)), rng.random(700)
    np.testing.assert_allclose(store.matmat(B), Z @ B, atol=1e-12)
    residual = rng.standard_normal((700, 3))
    swept = store.sweep(B, lambda rows, eta: residual[rows] - eta, Workers(2))
    np.testing.assert_allclose(swept, Z.T @ (residual - Z @ B), atol=1e-9)
    P, rows = Z[:, positions], np.arange(300, 400)
    np.testing.assert_allclose(store.gram(w, positions), (P * w[:, None]).T @ P, rtol=1e-4, atol=1e-3)
    some = (P[rows] * w[rows, None]).T @ P[rows]
    np.testing.assert_allclose(store.gram(w, positions, rows), some, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("threads", [1, 2])
def test_grams_of_kinds_of_rows_are_those_of_their_rows(case, threads):
    design, centre = case
    store = make_columns(design, centre, INVERSE, True)
    store.take(np.array([7, 2, 5]))
    positions, label = store.positions(np.array([5, 2])), rng.integers(0, 4, 700)
    label[label == 2], label[:256] = 3, 0  # one kind has no rows, one has a block to itself
    kinds, w = [np.flatnonzero(label == kind) for kind in range(4)], rng.random(700)
    found = store.grams(w, positions, kinds, Workers(threads))
    for rows, gram in zip(kinds, found, strict=True):
        np.testing.assert_allclose(gram, store.gram(w, positions, rows), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(sum(found), store.gram(w, positions), rtol=1e-4, atol=1e-3)
