"""A Hessian that is made right along a few directions."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import as_design
from regularfit.lockstep.columns import make_columns
from regularfit.lockstep.newton.borrowed import Borrowed, products, repaired
from regularfit.lockstep.threads import Workers


def two_hessians(w=7, seed=0):
    """One to borrow, and the lane's own: some other weights on the same rows."""
    rng = np.random.default_rng(seed)
    Z, bend = rng.standard_normal((80, w)), rng.uniform(0.1, 0.3, 80)
    own = bend * rng.uniform(0.8, 1.2, 80)
    return (Z.T * bend) @ Z, (Z.T * own) @ Z, rng.standard_normal((w, 3))


def test_it_agrees_with_the_own_one_along_the_directions_and_is_nearer_elsewhere():
    H, own, V = two_hessians()
    found = repaired(H, V, own @ V)
    np.testing.assert_allclose(found @ V, own @ V, rtol=1e-10)
    np.testing.assert_allclose(found, found.T, atol=1e-12)
    assert np.linalg.eigvalsh(found).min() > 0
    assert np.linalg.norm(found - own) < np.linalg.norm(H - own)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_directions_may_be_zero_or_depend_on_each_other(scale):
    H, own, V = two_hessians()
    more = np.column_stack([V, np.zeros(len(V)), 2 * V[:, 0], V[:, 1] - V[:, 2]]) * scale
    np.testing.assert_allclose(repaired(H, more, own @ more), repaired(H, V, own @ V), rtol=1e-6, atol=1e-8)


def test_along_all_directions_it_is_the_own_one():
    H, own, _ = two_hessians(w=3)
    np.testing.assert_allclose(repaired(H, np.eye(3), own), own, rtol=1e-10)


def test_what_says_nothing_changes_nothing():
    H, _, V = two_hessians()
    assert repaired(H, np.zeros_like(V), np.zeros_like(V)) is H
    assert repaired(H, V[:, :0], V[:, :0]) is H
    assert repaired(H, V, -V) is H  # no curvature at all: not a Hessian
    np.testing.assert_allclose(repaired(H, V, H @ V), H, atol=1e-10)


@pytest.mark.parametrize("kind", [np.asfortranarray, sparse.csc_matrix])
@pytest.mark.parametrize("intercept", [True, False])
def test_products_are_those_of_every_lane(kind, intercept):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((700, 6))
    store = make_columns(as_design(kind(X)), np.zeros(6), np.ones(6), intercept)
    store.take(np.arange(6))
    Z = np.column_stack([np.ones((700, 1))[:, : store.shift], X])
    lanes = []
    for cols in (np.array([0, 3]), np.arange(6)):
        positions = store.positions(cols)
        lanes.append(Borrowed(positions, rng.standard_normal((len(positions), 2)), rng.random(700)))
    for own, found in zip(lanes, products(store, lanes, Workers(1, inline=True)), strict=True):
        at = Z[:, own.positions]
        np.testing.assert_allclose(found, at.T @ (own.bends[:, None] * (at @ own.directions)), atol=1e-10)
    assert products(store, [], Workers(1, inline=True)) == []
