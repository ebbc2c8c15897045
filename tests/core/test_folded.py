"""Bent penalties in the core where many coefficients are large: those are solved for, not swept over."""

from dataclasses import replace

import numpy as np
import pytest

from regularfit import _core
from regularfit.penalties import Folded

P = 160


def quadratic(rows=600, seed=0, shared=0.4, columns=P):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, columns)) + shared * rng.standard_normal((rows, 1))
    X /= np.sqrt((X**2).mean(axis=0))
    y = X @ (rng.standard_normal(columns) * (rng.random(columns) < 0.8)) + rng.standard_normal(rows)
    return np.asfortranarray(X.T @ X / rows), X.T @ y / rows


def path(H, c, form, strengths, tol=1e-9):
    lane, count = _core.FoldedLane(form.kind, form.shape), len(strengths)
    lane.bind(H)
    lane.terms(form.l1, form.l2, form.lower, form.upper)
    lane.tolerate(tol, 0.0)
    b, g, kkt, solved = (
        np.empty((count, len(c))),
        np.empty((count, len(c))),
        np.empty(count),
        np.empty(count, np.uint8),
    )
    lane.solve(strengths, c, b, g, kkt, solved)
    assert solved.all()
    np.testing.assert_allclose(g, c - b @ H, atol=1e-11)
    return b


def stationary(H, c, form, strengths, b, tol=1e-9):
    for s, own in zip(strengths, b, strict=True):
        assert form.scaled(s).kkt(own, H @ own - c).max() <= 1.01 * tol * s + 1e-13


FORMS = {
    "mcp": Folded.of(P, 1.0, "mcp", 3.0),
    "scad": Folded.of(P, 1.0, "scad", 3.7),
    "far from convex": Folded.of(P, 1.0, "mcp", 1.2),
    "weighted": replace(Folded.of(P, 1.0, "mcp", 3.0), l1=np.tile([0.0, 0.5, 1.0, np.inf, 2.0], P // 5)),
    "bounded": replace(
        Folded.of(P, 1.0, "scad", 3.0), lower=np.full(P, -0.4), upper=np.tile([0.8, np.inf], P // 2)
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("rows", [600, 100])
def test_every_strength_is_stationary(form, rows):
    H, c = quadratic(rows)
    strengths = np.abs(c).max() * np.logspace(0, -2.5 if rows > P else -1.3, 40)
    b = path(H, c, form, strengths)
    stationary(H, c, form, strengths, b)
    assert (b >= form.lower).all()
    assert (b <= form.upper).all()
    assert not b[:, np.isinf(form.l1)].any()
    flat = np.abs(b) >= form.shape * strengths[:, None] * np.where(np.isinf(form.l1), np.inf, form.l1)
    if rows > P:
        assert (flat & (b != 0)).sum(axis=1).max() > 64  # or the case is not here


@pytest.mark.parametrize("kind", ["mcp", "scad"])
def test_where_the_objective_is_convex_there_is_one_answer(kind):
    H, c = quadratic(rows=4000, shared=0.0)
    form = Folded.of(P, 1.0, kind, 3.0)
    assert np.linalg.eigvalsh(H)[0] > form.concavity
    s = 0.01 * np.abs(c).max()
    found = path(H, c, form, np.abs(c).max() * np.logspace(0, -2, 20))[-1]
    own, b = form.scaled(s), np.linalg.solve(H, c)
    for _ in range(500):  # proximal steps from the other end, shorter than the bend allows
        step = 0.9 / np.linalg.norm(H, 2)
        b = own.prox(b - step * (H @ b - c), step)
    np.testing.assert_allclose(found, b, atol=1e-8)


def test_columns_that_are_copies_of_large_ones_are_not_solved_for():
    H, c = quadratic()
    twice = np.r_[np.arange(P), np.arange(10)]
    H, c = np.asfortranarray(H[np.ix_(twice, twice)]), c[twice]
    form, strengths = Folded.of(P + 10, 1.0, "mcp", 3.0), np.abs(c).max() * np.logspace(0, -2.5, 30)
    stationary(H, c, form, strengths, path(H, c, form, strengths))


def test_another_matrix_begins_anew():
    (H, c), (other, d) = quadratic(), quadratic(seed=1)
    form = FORMS["mcp"]
    strengths = np.abs(c).max() * np.logspace(0, -2.5, 20)
    lane = _core.FoldedLane(form.kind, form.shape)
    answers = np.empty((20, P)), np.empty((20, P)), np.empty(20), np.empty(20, np.uint8)
    for matrix, target in ((H, c), (other, d)):
        lane.bind(matrix)
        lane.terms(form.l1, form.l2, form.lower, form.upper)
        lane.tolerate(1e-9, 0.0)
        lane.solve(strengths, target, *answers)
        stationary(matrix, target, form, strengths, answers[0])
