"""The one-standard-error rules: never weaker than the minimum, paired or as in glmnet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regularfit.errors import InputError
from regularfit.selection import fold_mean, fold_se, index_min, index_one_se

RULES = ["paired", "unpaired"]


def curves(rng: np.random.Generator, ties: bool = True):
    """Thousands of random curves: smooth, rough, tied, shifted between folds, few folds, large scales."""
    for _ in range(4000):
        L, K = int(rng.integers(1, 30)), int(rng.integers(2, 12))
        smooth = (np.linspace(-1, 1, L) - rng.uniform(-1.2, 1.2))[:, None] ** 2 * rng.exponential()
        folds = (
            smooth
            + rng.normal(size=K) * rng.exponential()
            + rng.normal(size=(L, K)) * rng.choice([0, 0.01, 1])
        )
        if rng.random() < 0.3 and ties:
            folds = np.round(folds, int(rng.integers(0, 2)))  # ties
        folds = folds * 10.0 ** rng.integers(-8, 9)
        weights = None if rng.random() < 0.5 else rng.uniform(0.1, 10, size=K)
        yield folds, weights


def test_neither_rule_returns_a_weaker_penalty_than_the_minimum():
    for folds, weights in curves(np.random.default_rng(0)):
        best = int(index_min(folds, weights))
        for rule in RULES:
            assert 0 <= int(index_one_se(folds, weights, rule)) <= best


@settings(max_examples=300, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 8), st.integers(2, 5)),
        elements=st.sampled_from([0.0, 1.0, 1 + 1e-15, 2.0]),
    ),
    st.sampled_from(RULES),
)
def test_ties_and_rounding_do_not_weaken(folds, rule):
    assert index_one_se(folds, rule=rule) <= index_min(folds)


def test_the_chosen_is_allowed_and_everything_stronger_is_not():
    for folds, weights in curves(np.random.default_rng(1), ties=False):
        w = np.ones(folds.shape[1]) if weights is None else weights
        share = w / w.sum()
        mean = folds @ share
        best = int(np.argmin(mean))
        chosen = int(index_one_se(folds, weights, "unpaired"))
        se = np.sqrt(share @ (folds[best] - mean[best]) ** 2 / (len(w) - 1))
        limit = mean[best] + se
        slack = 1e-12 * np.abs(folds).max()
        assert mean[chosen] <= limit + slack
        assert (mean[:chosen] > limit - slack).all()


def test_paired_ignores_what_all_models_share():
    rng = np.random.default_rng(2)
    for _ in range(200):
        folds = rng.normal(size=(20, 6)) * 0.1 + np.linspace(1, 0, 20)[:, None]
        hard = folds + 100 * np.arange(6)  # some folds are harder for everybody
        assert index_one_se(folds) == index_one_se(hard)
    # The classical rule sees the folds' own spread and gives up everything.
    assert index_one_se(hard, rule="unpaired") == 0


def test_equal_weights_are_no_weights():
    rng = np.random.default_rng(3)
    folds = rng.normal(size=(50, 10))
    for rule in RULES:
        assert index_one_se(folds, np.full(10, 3.0), rule) == index_one_se(folds, None, rule)


def test_many_contexts_at_once_are_each_context_alone():
    rng = np.random.default_rng(4)
    folds, weights = rng.normal(size=(30, 12, 5)), rng.uniform(1, 2, size=(30, 5))
    for rule in RULES:
        together = index_one_se(folds, weights, rule)
        assert together.tolist() == [
            int(index_one_se(f, w, rule)) for f, w in zip(folds, weights, strict=True)
        ]


def test_standard_error_is_that_of_a_mean():
    folds = np.random.default_rng(5).normal(size=(4, 9))
    np.testing.assert_allclose(fold_se(folds), folds.std(axis=1, ddof=1) / 3)
    np.testing.assert_allclose(
        fold_mean(folds, np.arange(1.0, 10)), np.average(folds, axis=1, weights=np.arange(1, 10))
    )
    assert fold_se(np.array([[2.0], [1.0]])).tolist() == [0.0, 0.0]
    assert index_one_se(np.array([[2.0], [1.0]])) == 1


def test_refusals():
    with pytest.raises(InputError, match="rule='other'"):
        index_one_se(np.ones((2, 2)), rule="other")
    with pytest.raises(InputError, match="NaN"):
        index_one_se(np.array([[np.nan, 1.0]]))
