from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, RepeatedKFold, TimeSeriesSplit

from regularfit.errors import InputError
from regularfit.lockstep import make_problem, strength_grid
from regularfit.penalties import L1, L2
from regularfit.selection import NestedPlan, honest_score, honest_scores

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = X[:, 0] + RNG.normal(size=60)
PENALTIES = (L1(), L2())


class Tuned(RegressorMixin, BaseEstimator):
    """An estimator that tunes by folds and says how."""

    def __init__(self, select="min", penalties=PENALTIES, up=False):
        self.select, self.penalties, self.up = select, penalties, up

    def fit(self, X, y, *, sample_weight=None, offset=None, groups=None):
        raise AssertionError("the lanes should have been used")

    def _nested_plan(self, X, y, *, sample_weight=None, offset=None, groups=None):
        problem = make_problem(X, y, sample_weight=sample_weight, offset=offset)
        grids = [strength_grid(problem, penalty, 10) for penalty in self.penalties]
        score = (lambda y, eta, w: -float(np.average((y - eta) ** 2, weights=w))) if self.up else None
        return NestedPlan(
            problem,
            self.penalties,
            grids,
            self.select,
            threads=1,
            score=score,
            greater_is_better=self.up,
            groups=groups,
        )


def test_candidates_are_scored_alone_from_the_same_lanes():
    score = honest_score(Tuned(), X, Y, 5, random_state=0)
    assert len(score.candidates) == 2
    for candidate, penalty in zip(score.candidates, (L1(), L2()), strict=True):
        alone = honest_score(Tuned(penalties=(penalty,)), X, Y, 5, random_state=0)
        assert candidate.mean == pytest.approx(alone.mean)
        assert candidate.interval() == pytest.approx(alone.interval())
        assert candidate.strength == alone.strength
    assert score.tuned_mean == pytest.approx(min(c.tuned_mean for c in score.candidates))
    assert score.candidate == int(np.argmin([c.tuned_mean for c in score.candidates]))
    listed = honest_scores(Tuned()._nested_plan(X, Y), 5, random_state=0)
    assert [c.mean for c in listed] == [c.mean for c in score.candidates]


def test_direction_only_changes_signs():
    down, up = (
        honest_score(Tuned(), X, Y, 5, random_state=0),
        honest_score(Tuned(up=True), X, Y, 5, random_state=0),
    )
    assert up.mean == pytest.approx(-down.mean)
    assert up.tuned_mean == pytest.approx(-down.tuned_mean)
    assert up.optimism == pytest.approx(down.optimism)
    assert up.fold_scores == pytest.approx(-down.fold_scores)


def test_intervals():
    score = honest_score(Tuned(), X, Y, 5, random_state=0)
    low, high = score.interval(0.9)
    assert (low + high) / 2 == pytest.approx(score.mean)
    assert high - low == pytest.approx(2 * 1.6448536 * score.se)
    assert score.se >= score.naive_se
    wide = score.interval(0.99)
    assert wide[0] < low < high < wide[1]
    low, high = score.naive_interval(0.5)
    assert high - low == pytest.approx(2 * 0.6744898 * score.naive_se)
    for level in (0, 1, -0.5, "x"):
        with pytest.raises(InputError, match="level"):
            score.interval(level)


def test_optimism_is_positive_where_tuning_was_lucky():
    # Pure noise and many candidates: the best score is best by luck.
    rng = np.random.default_rng(3)
    gaps = []
    for _ in range(20):
        X = rng.normal(size=(40, 10))
        y = rng.normal(size=40)
        gaps.append(honest_score(Tuned(), X, y, 5, random_state=0).optimism)
    assert np.mean(gaps) > 0


def test_repeats_and_repeated_splitters():
    score = honest_score(Tuned(), X, Y, 5, repeats=3, random_state=0)
    assert (score.repeats, score.n_folds, score.fold_scores.shape) == (3, 5, (3, 5))
    assert len(np.unique(score.fold_scores[:, 0])) == 3
    again = honest_score(Tuned(), X, Y, 5, repeats=3, random_state=0)
    assert again.mean == score.mean
    theirs = honest_score(Tuned(), X, Y, RepeatedKFold(n_splits=5, n_repeats=2, random_state=0))
    assert theirs.repeats == 2


def test_log_losses_on_few_rows_take_many_partitions_and_a_log_scale():
    y = (X[:, 0] + RNG.normal(size=60) > 0).astype(float)
    problem = make_problem(X, y, "logistic")
    plan = NestedPlan(problem, [L1()], [strength_grid(problem, L1(), 4)], threads=1)
    assert (plan.repeats(5), plan.repeats(10), plan.repeats(None), plan.repeats(50)) == (10, 5, 10, 1)
    assert plan.repeats(RepeatedKFold(n_splits=5)) == 1
    assert Tuned()._nested_plan(X, Y).repeats(5) == 1
    [score] = honest_scores(plan, 5, classifier=True, random_state=0)
    assert score.repeats == 10
    assert score.skewed
    low, high = score.interval(0.9)
    assert 0 < low < score.mean < high
    assert low * high == pytest.approx(score.mean**2)
    [once] = honest_scores(plan, 5, repeats=1, classifier=True, random_state=0)
    assert once.repeats == 1


def test_many_rows_need_one_partition():
    for n, repeats in ((600, 1), (5000, 1), (250, 4)):
        problem = make_problem(np.ones((n, 1)), np.arange(n) % 2.0, "logistic")
        assert NestedPlan(problem, [L1()], [np.ones(1)]).repeats(5) == repeats


def test_groups_stay_together_in_lanes():
    groups = np.repeat(np.arange(12), 5)
    score = honest_score(Tuned(), X, Y, GroupKFold(6), groups=groups)
    assert score.n_folds == 6
    plain = honest_score(Tuned(), X, Y, GroupKFold(6).split(X, Y, groups))
    assert score.mean == pytest.approx(plain.mean)
    assert score.naive_se != plain.naive_se


def test_weights_equal_repeated_rows():
    w = np.random.default_rng(1).integers(1, 4, size=60)
    groups = np.arange(60)
    splitter = GroupKFold(5)
    weighted = honest_score(Tuned(), X, Y, splitter.split(X, Y, groups), sample_weight=w.astype(float))
    rows = np.repeat(np.arange(60), w)
    folds = [
        (np.flatnonzero(np.isin(rows, train)), np.flatnonzero(np.isin(rows, test)))
        for train, test in splitter.split(X, Y, groups)
    ]
    repeated = honest_score(Tuned(), X[rows], Y[rows], folds, groups=rows)
    assert weighted.fold_strengths == pytest.approx(repeated.fold_strengths, rel=1e-6)
    assert weighted.mean == pytest.approx(repeated.mean, rel=1e-5)
    assert weighted.naive_se == pytest.approx(repeated.naive_se, rel=1e-5)
    assert weighted.se == pytest.approx(repeated.se, rel=1e-4)


def test_coverage_in_a_small_simulation():
    """Nested intervals hold the true error about as often as they say, naive ones less often.

    120 replications: the standard error of a coverage of 0.9 is 0.027, and 0.9 - 0.1 is more than three away.
    The long simulation is benchmarks/nested_coverage.py.
    """
    replications, inside, naive = 120, 0, 0
    beta = np.r_[np.ones(3), np.zeros(17)]
    for seed in range(replications):
        rng = np.random.default_rng([seed, 99])
        X = rng.normal(size=(50, 20))
        y = X @ beta + rng.normal(size=50)
        score = honest_score(Tuned(penalties=(L2(),)), X, y, 5, random_state=seed)
        truth = true_error_of_ridge(X, y, score.strength, beta)
        inside += score.interval(0.9)[0] <= truth <= score.interval(0.9)[1]
        naive += score.naive_interval(0.9)[0] <= truth <= score.naive_interval(0.9)[1]
    assert 0.8 <= inside / replications <= 1.0
    assert naive < inside


def true_error_of_ridge(X, y, strength, beta):
    """Standardised ridge in closed form; noise + |b - beta|^2 + intercept^2 for standard normal columns."""
    mean, scale = X.mean(axis=0), X.std(axis=0)
    Z = (X - mean) / scale
    b = (
        np.linalg.solve(Z.T @ Z / len(y) + strength * np.eye(X.shape[1]), Z.T @ (y - y.mean()) / len(y))
        / scale
    )
    return 1 + np.sum((b - beta) ** 2) + (y.mean() - mean @ b) ** 2


def test_refusals():
    with pytest.raises(InputError, match="partition the rows"):
        honest_score(Tuned(), X, Y, TimeSeriesSplit(5))
    with pytest.raises(InputError, match="at least 4 folds"):
        honest_score(Tuned(), X, Y, 3)
    with pytest.raises(InputError, match="repeats=0"):
        honest_score(LinearRegression(), X, Y, 5, repeats=0)
    with pytest.raises(InputError, match="repeated form"):
        honest_score(LinearRegression(), X, Y, GroupKFold(5), repeats=2)
