import numpy as np
import pytest

import regularfit as rf
from regularfit.selection import RelaxedCV, choose_relaxed


def scores(seed=0, G=3, L=6, K=5):
    return np.random.default_rng(seed).uniform(1, 2, (G, L, K))


def made(folds, **options):
    G, L, K = folds.shape
    return RelaxedCV(np.logspace(0, -2, L), np.linspace(0, 1, G), folds, np.arange(1.0, K + 1), **options)


@pytest.mark.parametrize("seed", range(20))
def test_choices_are_those_of_a_plain_search(seed):
    cv = made(scores(seed))
    w = cv.weights / cv.weights.sum()
    mean = cv.folds @ w
    best = np.unravel_index(np.argmin(mean), mean.shape)
    assert cv.index_min == best
    for index, paired in ((cv.index_1se, True), (cv.index_1se_unpaired, False)):
        difference = cv.folds - cv.folds[best]
        off = difference @ w
        spread = difference if paired else np.broadcast_to(cv.folds[best], cv.folds.shape)
        se = np.sqrt(((spread - (spread @ w)[..., None]) ** 2) @ w / (len(w) - 1))
        allowed = [(at, -g) for g, at in zip(*np.nonzero(off <= se), strict=True)]
        at, g = min([*allowed, (best[1], -best[0])])
        assert index == (-g, at)


def test_ties_go_to_the_stronger_penalty_then_to_the_larger_gamma():
    folds = np.ones((3, 4, 2))
    assert made(folds).index_min == (2, 0)
    folds[:, 0] = 5.0
    folds[2] = 5.0
    assert made(folds).index_min == (1, 1)


def test_scores_where_more_is_better():
    cv = made(scores(), greater_is_better=True)
    assert cv.mean[cv.index_min] == cv.mean.max()
    assert cv.curve(1).mean == pytest.approx(cv.mean[1])


def test_the_best_candidate_wins():
    choice, gammas = choose_relaxed("min", [made(scores(1) + 1), made(scores(2))])
    assert choice.candidate == 1
    assert (gammas[1], choice.index) == made(scores(2)).index_min


def test_shapes_and_numbers_are_checked():
    with pytest.raises(rf.InputError, match="folds has shape"):
        RelaxedCV([1.0, 0.5], [0.0, 1.0], np.ones((2, 3, 2)), [1.0, 1.0])
    folds = scores()
    folds[1, 2, 3] = np.nan
    with pytest.raises(rf.InputError, match="only finite"):
        made(folds)
