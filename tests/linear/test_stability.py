"""Stability selection against explicit refits on the halves, its promise on noise, and what it finds."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.linear.stability import StabilitySelection
from regularfit.selection.halves import complementary_halves
from regularfit.selection.stability import block_count, reaching_up


def data(n, p, effects=(2.0, -1.5, 1.0), seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.5, 3.0, size=p) + 1.0
    y = X[:, : len(effects)] @ np.array(effects) + noise * rng.normal(size=n)
    return X, y


def by_refits(X, y, penalty, grid, halves, q, **common):
    """Frequencies (L, p) of the first q columns from a fit of its own on every half."""
    weights, offset = common.pop("sample_weight", None), common.pop("offset", None)
    found = np.zeros((len(grid), X.shape[1]))
    sizes = np.asarray(X.toarray() if sparse.issparse(X) else X).std(axis=0)
    for half in (half for pair in halves for half in pair):
        own = {
            "sample_weight": None if weights is None else weights[half],
            "offset": None if offset is None else offset[half],
        }
        coefs = rf.fit_path(X[half], y[half], penalty, strengths=grid, **own, **common).coefs
        entered = [int(np.flatnonzero(b)[0]) if b.any() else len(grid) for b in coefs.T]
        strength = {j: at for j, at in enumerate(entered) if at < len(grid)}
        order = sorted(strength, key=lambda j: (strength[j], -abs(coefs[strength[j], j]) * sizes[j]))[:q]
        for j in order:
            found[strength[j] :, j] += 1
    return found / (2 * len(halves))


CASES = {
    "n > p": (data(60, 8), rf.PenalizedRegressor(), {}),
    "p > n": (data(40, 400), rf.PenalizedRegressor(), {}),
    "p > n, few columns": (data(40, 60), rf.PenalizedRegressor(), {}),
    "p > n, elastic net": (data(40, 60), rf.PenalizedRegressor(rf.ElasticNet(0.7)), {}),
    "elastic net": (data(60, 12), rf.PenalizedRegressor(rf.ElasticNet(0.7)), {}),
    "not standardised": (data(60, 12), rf.PenalizedRegressor(standardize=False, fit_intercept=False), {}),
    "weights and offset": (
        data(60, 8),
        rf.PenalizedRegressor(),
        {
            "sample_weight": np.random.default_rng(1).uniform(0.5, 2, 60),
            "offset": np.random.default_rng(2).normal(size=60),
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_frequencies_are_those_of_refits_on_the_halves(case):
    (X, y), estimator, given = CASES[case]
    found = rf.stability_selection(estimator, X, y, 12, q=3, random_state=5, **given)
    halves = complementary_halves(6, len(y), random_state=5)
    how = {"standardize": estimator.standardize, "fit_intercept": estimator.fit_intercept, **given}
    truth = by_refits(X, y, estimator.penalty, found.strengths, halves, 3, **how)
    np.testing.assert_array_equal(found.frequencies, truth)
    np.testing.assert_array_equal(found.max_frequencies, truth[-1])


@pytest.mark.parametrize("kind", ["dense", "sparse", "wide"])
def test_so_are_those_of_a_classifier(kind):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(80, 150 if kind == "wide" else 10))
    if kind == "sparse":
        X = sparse.csr_array(X * (rng.random(X.shape) < 0.4))
    y = (X @ np.r_[2.0, -2.0, np.zeros(X.shape[1] - 2)] + rng.logistic(size=80) > 0).astype(int)
    found = rf.stability_selection(rf.PenalizedClassifier(), X, y, 10, q=4)
    halves = complementary_halves(5, 80, y)
    truth = by_refits(X, y, rf.L1(), found.strengths, halves, 4, loss="logistic")
    np.testing.assert_array_equal(found.frequencies, truth)


def test_groups_stay_together():
    X, y = data(80, 6)
    groups = np.repeat(np.arange(16), 5)
    found = rf.stability_selection(rf.PenalizedRegressor(), X, y, 8, q=2, groups=groups)
    halves = complementary_halves(4, 80, groups=groups)
    truth = by_refits(X, y, rf.L1(), found.strengths, halves, 2)
    np.testing.assert_array_equal(found.frequencies, truth)


def test_many_rows_go_by_blocks():
    X, y = data(4000, 45, noise=8.0)
    estimator = rf.PenalizedRegressor()
    problem = estimator._read(X, y, None, None)[1]
    assert block_count(problem) == 64
    found = rf.stability_selection(estimator, X, y, 6, q=4)
    halves = complementary_halves(3, 4000, blocks=64)
    truth = by_refits(X, y, rf.L1(), found.strengths, halves, 4)
    np.testing.assert_array_equal(found.frequencies, truth)


@pytest.mark.parametrize("assumption", ["none", "unimodal", "r-concave"])
def test_on_noise_false_selections_stay_below_the_bound(assumption):
    """30 data sets of noise: the mean number of selections plus two standard errors is below what is promised."""
    counts, promised = [], None
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(50, 40)), rng.normal(size=50)
        found = rf.stability_selection(
            rf.PenalizedRegressor(n_jobs=1), X, y, 40, cutoff=0.6, pfer=1.0, assumption=assumption
        )
        counts.append(len(found.selected()))
        promised = found.bound.pfer
    assert np.mean(counts) + 2 * np.std(counts) / np.sqrt(30) < promised
    # at a cutoff that promises nothing there are some: the count can be above zero
    assert len(found.selected(0.1)) > 0


def test_signals_are_found_and_noise_is_not():
    rng = np.random.default_rng(0)
    hits, false = [], []
    for _ in range(10):
        X = rng.normal(size=(120, 300))
        y = X[:, :5] @ np.array([1.0, -1.0, 1.0, -1.0, 1.0]) + rng.normal(size=120)
        stable = rf.stability_selection(rf.PenalizedRegressor(), X, y, 50).selected()
        hits.append(np.sum(stable < 5))
        false.append(np.sum(stable >= 5))
    assert np.mean(hits) > 4.5
    assert np.mean(false) < 1.0


def test_names_frame_and_other_cutoffs():
    X, y = data(80, 5)
    table = pd.DataFrame(X, columns=list("abcde"))
    found = rf.stability_selection(rf.PenalizedRegressor(), table, y, 20, cutoff=0.8, q=2)
    assert list(found.selected()) == ["b", "c"]  # the largest on the scale of their standard deviations
    frame = found.to_frame()
    assert list(frame.columns) == ["column", "frequency", "selected", "strength"]
    assert list(frame["column"][frame["selected"]]) == ["b", "c"]
    assert frame["frequency"].is_monotonic_decreasing
    assert set(found.selected(0.01)) == set(table.columns[found.max_frequencies > 0])
    assert found.false_selections(1.0) < found.false_selections() == found.bound.pfer
    assert found.false_selections(assumption="none") > found.bound.pfer
    assert (np.diff(found.frequencies, axis=0) >= 0).all()


def test_columns_that_are_always_in_do_not_count():
    X, y = data(80, 6)
    penalty = rf.L1().on([0, 1, 2, 3])  # 4 and 5 are unpenalised
    found = rf.stability_selection(rf.PenalizedRegressor(penalty), X, y, 10, q=1)
    assert found.bound.p == 4
    np.testing.assert_array_equal(found.frequencies[0, 4:], 1.0)
    assert found.max_frequencies[:4].sum() == pytest.approx(1.0)


def test_a_grid_of_ones_own_is_used_as_it_is():
    X, y = data(60, 8)
    found = rf.stability_selection(rf.PenalizedRegressor(strengths=[2.0, 0.5]), X, y, 10, q=8)
    np.testing.assert_array_equal(found.strengths, [2.0, 0.5])
    given = rf.stability_selection(rf.PenalizedRegressor(strength=0.5), X, y, 10, q=8)
    np.testing.assert_array_equal(given.max_frequencies, given.frequencies[0])


def test_the_grid_reaches_up_evenly():
    grid = np.logspace(0, -2, 9)
    longer = reaching_up(grid)
    assert longer[0] >= 2.0
    np.testing.assert_allclose(longer[1:] / longer[:-1], grid[1] / grid[0])
    np.testing.assert_array_equal(longer[-9:], grid)


def test_the_same_call_gives_the_same_answer():
    X, y = data(50, 30, noise=5.0)
    first, again, other = (
        rf.stability_selection(rf.PenalizedRegressor(), X, y, 20, q=5, random_state=seed)
        for seed in (None, 0, 1)
    )
    np.testing.assert_array_equal(first.frequencies, again.frequencies)
    assert (first.max_frequencies != other.max_frequencies).any()


@pytest.mark.parametrize(
    ("estimator", "given", "error", "said"),
    [
        (rf.PenalizedRegressor(), {"resamples": 7}, rf.InputError, "even number"),
        (rf.PenalizedRegressor(), {"resamples": True}, rf.InputError, "even number"),
        (rf.PenalizedRegressor([rf.L1(), rf.ElasticNet()]), {}, rf.InputError, "2 candidates"),
        (rf.PenalizedRegressor(rf.L2()), {}, rf.UnsupportedError, "selects no columns"),
        (rf.PenalizedRegressor(), {"q": 9}, rf.InputError, "from 1 to 8"),
        ("lasso", {}, rf.UnsupportedError, "str was given"),
    ],
)
def test_refused(estimator, given, error, said):
    X, y = data(40, 8)
    with pytest.raises(error, match=said):
        rf.stability_selection(estimator, X, y, **given)


def test_it_is_a_value():
    X, y = data(40, 8)
    found = rf.stability_selection(rf.PenalizedRegressor(), X, y, 4)
    assert isinstance(found, StabilitySelection)
    with pytest.raises(AttributeError):
        found.resamples = 3  # pyright: ignore[reportAttributeAccessIssue]
