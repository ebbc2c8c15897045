"""PenalizedRegressor against scikit-learn, closed forms and its own contract."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.model_selection import KFold, LeaveOneOut, TimeSeriesSplit, cross_val_score
from sklearn.preprocessing import StandardScaler

import regularfit as rf
from tests.linear.data import regression

X, Y = regression()
N = len(Y)
PEERS = {
    "lasso": (rf.L1(), lambda s: Lasso(alpha=s, tol=1e-14, max_iter=10**6)),
    "elastic net": (
        rf.ElasticNet(0.3),
        lambda s: ElasticNet(alpha=s, l1_ratio=0.3, tol=1e-14, max_iter=10**6),
    ),
    "ridge": (rf.L2(), lambda s: Ridge(alpha=N * s, solver="cholesky")),
}


@pytest.mark.parametrize("strength", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("peer", list(PEERS))
@pytest.mark.parametrize("intercept", [True, False])
def test_coefficients_are_those_of_scikit_learn(peer, strength, intercept):
    penalty, make = PEERS[peer]
    model = rf.PenalizedRegressor(penalty, strength=strength, standardize=False, fit_intercept=intercept).fit(
        X, Y
    )
    other = make(strength).set_params(fit_intercept=intercept).fit(X, Y)
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(model.predict(X), other.predict(X), rtol=1e-6)
    assert model.certificate_.converged
    assert model.certificate_.gap < 1e-7


@pytest.mark.parametrize("peer", list(PEERS))
def test_standardising_inside_equals_scaling_outside(peer):
    penalty, make = PEERS[peer]
    model = rf.PenalizedRegressor(penalty, strength=0.2).fit(X, Y)
    scaler = StandardScaler().fit(X)
    other = make(0.2).fit(scaler.transform(X), Y)
    np.testing.assert_allclose(model.coef_, other.coef_ / scaler.scale_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(model.predict(X), other.predict(scaler.transform(X)), rtol=1e-6)


def test_orthonormal_columns_soft_threshold():
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(50, 4)))[0] * np.sqrt(50)
    y = np.random.default_rng(2).normal(size=50)
    model = rf.PenalizedRegressor(rf.L1(), strength=0.05, standardize=False, fit_intercept=False).fit(Q, y)
    z = Q.T @ y / 50
    np.testing.assert_allclose(model.coef_, np.sign(z) * np.maximum(np.abs(z) - 0.05, 0), atol=1e-10)


def test_cross_validation_is_that_of_explicit_refits():
    folds = list(KFold(5, shuffle=True, random_state=3).split(X))
    grid = np.geomspace(0.5, 0.01, 6)
    model = rf.PenalizedRegressor(rf.L1(), strengths=grid, cv=folds, standardize=False).fit(X, Y)
    for at, strength in enumerate(model.cv_.strengths):
        for k, (train, test) in enumerate(folds):
            other = Lasso(alpha=strength, tol=1e-13, max_iter=10**6).fit(X[train], Y[train])
            assert model.cv_.folds[at, k] == pytest.approx(
                np.mean((Y[test] - other.predict(X[test])) ** 2), rel=1e-6
            )
    assert model.strength_ == model.cv_.strength_min == grid[np.argmin(model.cv_.mean)]


def test_one_standard_error_is_stronger():
    few = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0).fit(X, Y)
    simple = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0, select="1se").fit(X, Y)
    assert simple.strength_ == few.cv_.strength_1se > few.strength_
    assert np.count_nonzero(simple.coef_) <= np.count_nonzero(few.coef_)


def test_candidates_compete_on_the_same_folds():
    candidates = [rf.ElasticNet(0.1), rf.L1(), rf.L2()]
    model = rf.PenalizedRegressor(candidates, cv=5, random_state=0).fit(X, Y)
    assert model.candidates_ == tuple(candidates)
    assert len(model.paths_) == len(model.cvs_) == 3
    best = int(np.argmin([cv.mean.min() for cv in model.cvs_]))
    assert model.penalty_ == candidates[best]
    assert model.path_ is model.paths_[best]
    assert model.cv_ is model.cvs_[best]


def test_candidates_compete_at_a_given_strength():
    model = rf.PenalizedRegressor([rf.L1(), rf.L2()], strength=0.1, cv=5, random_state=0).fit(X, Y)
    assert model.strength_ == 0.1
    assert model.cv_.strengths.tolist() == [0.1]


@pytest.mark.parametrize("select", ["aic", "bic", "ebic", "gcv"])
@pytest.mark.parametrize("weights", [None, np.arange(N) % 3 + 0.5])
def test_criteria_are_their_formulas(select, weights):
    model = rf.PenalizedRegressor(rf.L1(), select=select).fit(X, Y, sample_weight=weights)
    assert model.cv_ is None
    path, w = model.path_, np.ones(N) if weights is None else weights * N / weights.sum()
    rss = w @ (Y[:, None] - path.predict(X)) ** 2
    df = path.nonzeros
    from scipy.special import gammaln

    models = gammaln(9) - gammaln(df + 1) - gammaln(9 - df)
    expected = {
        "aic": N * np.log(rss / N) + 2 * df,
        "bic": N * np.log(rss / N) + np.log(N) * df,
        "ebic": N * np.log(rss / N) + np.log(N) * df + models,
        "gcv": rss / N / (1 - (df + 1) / N) ** 2,
    }[select]
    np.testing.assert_allclose(model.criterion_.values, expected, rtol=1e-9)
    assert model.strength_ == path.strengths[np.argmin(expected)]


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")
def test_leave_one_out_is_refitting_without_every_row():
    rows = np.arange(40)
    grid = np.array([0.5, 0.1, 0.02])
    model = rf.PenalizedRegressor(rf.L2(), select="loo", strengths=grid, standardize=False)
    model.fit(X[rows], Y[rows])
    # Leaving a row out keeps the total penalty n * strength, which is Ridge's alpha.
    expected = [
        -cross_val_score(
            Ridge(alpha=40 * s), X[rows], Y[rows], cv=LeaveOneOut(), scoring="neg_mean_squared_error"
        ).mean()
        for s in grid
    ]
    np.testing.assert_allclose(model.criterion_.values, expected, rtol=1e-8)


def test_leave_one_out_of_the_lasso_is_refused_by_name():
    with pytest.raises(rf.UnsupportedError, match=r"loo.*L1.*LeaveOneOut"):
        rf.PenalizedRegressor(rf.L1(), select="loo").fit(X, Y)


@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.ElasticNet(0.5)])
def test_integer_weights_are_repeated_rows(penalty):
    weights = np.random.default_rng(5).integers(0, 4, N)
    repeated = np.repeat(np.arange(N), weights)
    weighted = rf.PenalizedRegressor(penalty, strength=0.1).fit(X, Y, sample_weight=weights)
    explicit = rf.PenalizedRegressor(penalty, strength=0.1).fit(X[repeated], Y[repeated])
    np.testing.assert_allclose(weighted.coef_, explicit.coef_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(weighted.intercept_, explicit.intercept_, rtol=1e-8)


def test_offset_is_a_known_part_of_the_target():
    offset = np.linspace(-3, 3, N)
    model = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0).fit(X, Y + offset, offset=offset)
    plain = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0).fit(X, Y)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-8)
    np.testing.assert_allclose(model.predict(X, offset=offset), plain.predict(X) + offset, rtol=1e-8)
    assert model.score(X, Y + offset, offset=offset) > 0.5
    np.testing.assert_allclose(model.cv_.folds, plain.cv_.folds, rtol=1e-6)


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_array, sp.csr_matrix, sp.coo_array])
def test_sparse_equals_dense(kind):
    Z = np.where(np.abs(X) > 1.0, X, 0.0)
    dense = rf.PenalizedRegressor(rf.L1(), cv=4, random_state=0).fit(Z, Y)
    thin = rf.PenalizedRegressor(rf.L1(), cv=4, random_state=0).fit(kind(Z), Y)
    np.testing.assert_allclose(thin.coef_, dense.coef_, atol=1e-8)
    np.testing.assert_allclose(thin.predict(kind(Z)), dense.predict(Z), rtol=1e-8)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_tables_keep_their_names(make):
    names = [f"c{j}" for j in range(X.shape[1])]
    table = make(dict(zip(names, X.T, strict=True)))
    model = rf.PenalizedRegressor(rf.L1().on("c0", "c3"), strength=0.1).fit(table, Y)
    assert model.feature_names_in_.tolist() == names
    assert model.path_.feature_names == tuple(names)
    plain = rf.PenalizedRegressor(rf.L1().on(0, 3), strength=0.1).fit(X, Y)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-12)
    np.testing.assert_allclose(model.predict(table), plain.predict(X))
    with pytest.raises(rf.InputError, match="now missing"):
        model.predict(make(dict(zip(names[:-1], X.T[:-1], strict=True))))


def test_refitting_without_names_forgets_them():
    model = rf.PenalizedRegressor(strength=0.1).fit(pd.DataFrame(X, columns=list("abcdefgh")), Y)
    assert not hasattr(model.fit(X, Y), "feature_names_in_")


def test_missing_values_are_filled_fold_by_fold():
    from regularfit.designs import Imputed

    Z = np.where(np.random.default_rng(4).random(X.shape) < 0.1, np.nan, X)
    folds = list(KFold(4, shuffle=True, random_state=0).split(X))
    grid = [0.5, 0.1]
    model = rf.PenalizedRegressor(rf.L1(), strengths=grid, cv=folds, standardize=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.GridEdgeWarning)
        model.fit(Imputed(Z), Y)
    for k, (train, test) in enumerate(folds):
        means = np.nanmean(Z[train], axis=0)
        filled = np.where(np.isnan(Z), means, Z)
        for at, strength in enumerate(grid):
            other = Lasso(alpha=strength, tol=1e-13, max_iter=10**6).fit(filled[train], Y[train])
            error = np.mean((Y[test] - other.predict(filled[test])) ** 2)
            assert model.cv_.folds[at, k] == pytest.approx(error, rel=1e-6)


def test_scoring_by_a_scikit_learn_name_keeps_its_sign_and_direction():
    folds = KFold(5)
    own = rf.PenalizedRegressor(rf.L1(), cv=folds).fit(X, Y)
    named = rf.PenalizedRegressor(rf.L1(), cv=folds, scoring="neg_mean_squared_error").fit(X, Y)
    np.testing.assert_allclose(named.cv_.mean, -own.cv_.mean)
    assert named.cv_.greater_is_better
    assert named.strength_ == own.strength_
    assert named.cv_.strength_1se == own.cv_.strength_1se


@pytest.mark.parametrize("cv", [KFold(4), TimeSeriesSplit(4), 4, [(np.arange(60), np.arange(60, N))]])
def test_any_way_to_split(cv):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.GridEdgeWarning)
        model = rf.PenalizedRegressor(rf.L1(), cv=cv, random_state=0).fit(X, Y)
    assert model.cv_.folds.shape[1] == (1 if isinstance(cv, list) else 4)


def test_groups_stay_together():
    groups = np.arange(N) // 4
    one = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0).fit(X, Y, groups=groups)
    other = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0).fit(X, Y)
    assert not np.allclose(one.cv_.folds, other.cv_.folds)


def test_an_int_seed_repeats_the_choice():
    first, second = (rf.PenalizedRegressor(rf.L1(), cv=5, random_state=7).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.cv_.folds, second.cv_.folds)


def test_weak_grid_warns_where_to_go():
    with pytest.warns(rf.GridEdgeWarning, match="smallest of the grid"):
        rf.PenalizedRegressor(rf.L1(), strengths=[1.0, 0.7, 0.5], cv=5, random_state=0).fit(X, Y)


def _spoiled(monkeypatch, spoil):
    """Let the engine find what it finds, and spoil the proofs."""
    from regularfit.linear import _fit

    real = _fit.fit_lanes
    monkeypatch.setattr(
        _fit, "fit_lanes", lambda *a, **k: [[spoil(lane) for lane in row] for row in real(*a, **k)]
    )


def test_unconverged_choice_warns_once_with_advice(monkeypatch):
    def spoil(lane):
        flags = np.zeros(len(lane.path), dtype=bool)
        return replace(lane, path=replace(lane.path, converged=flags, reasons=("too hard",) * len(flags)))

    _spoiled(monkeypatch, spoil)
    with pytest.warns(
        rf.ConvergenceWarning, match=r"strength 0.1\) is not proved to 1e-07: too hard.*certificate_"
    ) as caught:
        model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, Y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not model.certificate_.converged


def test_inexact_folds_warn_once(monkeypatch):
    _spoiled(
        monkeypatch, lambda lane: lane if lane.path else replace(lane, gaps=np.full(len(lane.gaps), 0.5))
    )
    with pytest.warns(rf.ConvergenceWarning, match="500 of 600 fits along the paths and folds") as caught:
        model = rf.PenalizedRegressor(rf.L1(), cv=5, random_state=0).fit(X, Y)
    assert len(caught) == 1
    assert model.certificate_.converged


def test_tiny_strength_is_least_squares():
    model = rf.PenalizedRegressor(rf.L2(), strength=1e-12).fit(X, Y)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X, Y).coef_, rtol=1e-6)


def test_float32_is_taken_as_it_is():
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X.astype(np.float32), Y)
    exact = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, Y)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=1e-4, atol=1e-5)


HARD = {
    "duplicated column": np.column_stack([X, X[:, 0]]),
    "collinear columns": np.column_stack([X, X[:, 0] + X[:, 1]]),
    "scales apart by 1e12": X * np.geomspace(1e-6, 1e6, X.shape[1]),
    "one column": X[:, :1],
    "a constant column": np.column_stack([X, np.ones(N)]),
    "more columns than rows": np.random.default_rng(3).normal(size=(N, 300)),
}


@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.ElasticNet(0.5)])
@pytest.mark.parametrize("case", list(HARD))
def test_hard_data_end_with_a_proof(case, penalty):
    Z = HARD[case]
    model = rf.PenalizedRegressor(penalty, strength=0.05).fit(Z, Y)
    assert model.certificate_.converged, model.certificate_
    assert np.isfinite(model.coef_).all()
    if case == "a constant column":
        assert model.coef_[-1] == 0


def test_two_rows():
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit([[0.0], [1.0]], [0.0, 1.0])
    np.testing.assert_allclose(model.coef_, [0.8])  # (1/2 - 0.1) / sd, sd = 1/2
    assert model.intercept_ == pytest.approx(0.1)


def test_float32_overflow_ends_in_a_certificate():
    Z = (X * 1e30).astype(np.float32)
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(Z, Y)
    exact = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, Y)
    assert model.certificate_.converged
    np.testing.assert_allclose(model.coef_ * 1e30, exact.coef_, rtol=1e-3, atol=1e-4)


BAD = {
    "one row": ({}, (X[:1], Y[:1]), "1 sample.*Give at least 2 rows"),
    "one value": ({}, (X, np.ones(N)), "one value only"),
    "nan in X": ({}, (np.where(X > 5, np.nan, X), Y), "NaN"),
    "nan in y": ({}, (X, np.where(Y > 5, np.nan, Y)), "NaN"),
    "lengths": ({}, (X, Y[:-1]), "119 entries, but X has 120 rows|119 entries but X has 120 rows"),
    "no columns": ({}, (X[:, :0], Y), "0 feature"),
    "constant columns": ({}, (np.ones((N, 3)), Y), "All 3 column.*constant"),
    "sparse constant": ({}, (sp.csr_array((N, 3)), Y), "All 3 column.*constant"),
    "folds": ({"cv": 50}, (X[:20], Y[:20]), "cv=50 folds.*only 20 rows"),
    "strengths": ({"strengths": [1.0, -1.0]}, (X, Y), "positive"),
    "no strengths": ({"strengths": 0}, (X, Y), "strengths=0 must be at least 1"),
    "strength": ({"strength": 0.0}, (X, Y), "strength must be a positive.*strength=None"),
    "select": ({"select": "1SE"}, (X, Y), "select='1SE' is not known.*1se"),
    "loss": ({"loss": "squarred"}, (X, Y), "loss='squarred' is not known.*squared"),
    "penalty": ({"penalty": 0.5}, (X, Y), "penalty=0.5 is not a penalty.*strength"),
    "penalty class": ({"penalty": rf.L1}, (X, Y), r"Did you mean L1\(\)\?"),
    "no penalties": ({"penalty": []}, (X, Y), "empty list"),
    "min_ratio": ({"min_ratio": 2.0}, (X, Y), "min_ratio"),
    "scoring": ({"scoring": "neg_mse"}, (X, Y), "scoring='neg_mse' is not a scikit-learn scorer"),
    "tol": ({"tol": 0}, (X, Y), "tol must be a positive"),
    "cv": ({"cv": 1}, (X, Y), "cv=1 is too few"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_named(case):
    params, data, message = BAD[case]
    with pytest.raises(rf.InputError, match=message):
        rf.PenalizedRegressor(**params).fit(*data)


def test_groups_of_the_wrong_length():
    with pytest.raises(rf.InputError, match="groups has 3 entries"):
        rf.PenalizedRegressor(cv=5).fit(X, Y, groups=[1, 2, 3])


def test_predicting_before_fitting():
    with pytest.raises(NotFittedError):
        rf.PenalizedRegressor().predict(X)


def test_nested_plan_holds_what_is_tuned():
    plan = rf.PenalizedRegressor([rf.L1(), rf.L2()], select="1se")._nested_plan(
        X, Y, groups=np.arange(N) // 2
    )
    assert len(plan.grids) == len(plan.penalties) == 2
    assert plan.select == "1se"
    assert len(plan.groups) == N
    with pytest.raises(rf.UnsupportedError, match="chooses nothing by folds"):
        rf.PenalizedRegressor(strength=1.0)._nested_plan(X, Y)


def test_honest_score_of_the_estimator():
    score = rf.honest_score(rf.PenalizedRegressor(rf.L1(), random_state=0), X, Y, cv=5)
    assert 0.5 < score.mean < 2.0
    low, high = score.interval(0.9)
    assert low < score.mean < high


def test_a_clone_is_unfitted_and_equal():
    model = rf.PenalizedRegressor([rf.L1(), rf.ElasticNet(0.5)], cv=3).fit(X, Y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coef_")


def test_logistic_loss_predicts_shares():
    shares = 1 / (1 + np.exp(-Y / 3))
    model = rf.PenalizedRegressor(rf.L1(), loss="logistic", strength=0.01).fit(X, shares)
    assert ((model.predict(X) > 0) & (model.predict(X) < 1)).all()
