"""Which strengths a choice can fall on: steep curves need no more, doubtful ones do."""

from __future__ import annotations

import numpy as np

from regularfit.selection.nested_spans import Contexts, first_guess, hull, needed

L = 60
BOWL = (np.arange(L) - 30.0) ** 2 / 100


def test_contexts_are_means_over_the_folds_that_choose():
    rng = np.random.default_rng(0)
    K, w = 4, np.array([1.0, 2.0, 3.0, 4.0])
    singles, pairs, triples = rng.random((L, K)), rng.random((L, K, K)), rng.random((L, 6, 2))
    contexts = Contexts.of(w)
    predicted, found = contexts.predicted(singles), contexts.found(pairs, triples)
    assert predicted.shape == found.shape == (4 + 6, L)
    np.testing.assert_allclose(predicted[1], singles[:, [0, 2, 3]] @ w[[0, 2, 3]] / 8)
    np.testing.assert_allclose(found[1], pairs[:, 1, [0, 2, 3]] @ w[[0, 2, 3]] / 8)
    np.testing.assert_allclose(predicted[4 + 1], singles[:, [1, 3]] @ w[[1, 3]] / 6)  # without 0 and 2
    np.testing.assert_allclose(found[4 + 1], triples[:, 1] @ w[[1, 3]] / 6)


def test_the_first_guess_surrounds_every_minimum():
    curves = np.stack([BOWL, np.roll(BOWL, 5)])
    start, stop = first_guess(curves, False)
    assert 0 < start < 30
    assert 35 < stop < L
    assert first_guess(curves, True) == (0, stop)
    assert first_guess(BOWL[None, ::-1][:, :3] * 0, False) == (0, 3)


def test_right_predictions_need_nothing_more():
    assert needed(BOWL[None, 24:37] + 7.0, BOWL[None], (24, 37), False) == (24, 37)
    assert needed(BOWL[None, :37] + 7.0, BOWL[None], (0, 37), True) == (0, 37)


def test_a_second_valley_in_the_prediction_is_looked_at():
    predicted = BOWL.copy()
    predicted[50] = -0.1
    start, stop = needed(BOWL[None, 24:37], predicted[None], (24, 37), False)
    assert (start, stop) == (24, 51)
    # No less than a step, where the minimum is not inside.
    assert needed(BOWL[None, 24:30], BOWL[None], (24, 30), False) == (24, 35)


def test_predictions_that_fell_short_before_are_trusted_less():
    truth = BOWL + np.where(np.isin(np.arange(L), [26, 34]), 1.2, 0.0)  # falls by 1.2 after either, both ways
    exact = needed(BOWL[None, 24:37], BOWL[None], (24, 37), False)
    doubtful = needed(truth[None, 24:37], BOWL[None], (24, 37), False)
    assert exact == (24, 37)
    assert doubtful[0] < 24
    assert doubtful[1] > 37
    # One doubtful context is enough.
    both = needed(np.stack([BOWL, truth])[:, 24:37], np.stack([BOWL, BOWL]), (24, 37), False)
    assert both[0] < 24


def test_hulls():
    assert hull((3, 5), (4, 9)) == (3, 9)
