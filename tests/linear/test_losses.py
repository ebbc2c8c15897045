"""Every loss through the estimators, against scipy, scikit-learn and the objective itself: no solver of ours judges."""

import warnings
from functools import cache

import numpy as np
import pytest
from scipy import optimize, sparse
from sklearn.linear_model import GammaRegressor, HuberRegressor, PoissonRegressor, TweedieRegressor
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance, mean_tweedie_deviance
from sklearn.svm import LinearSVC

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.losses import Gamma, Huber, NegativeBinomial, Poisson, SquaredHinge, Tweedie

LOSSES = [Poisson(), Gamma(), Tweedie(1.5), NegativeBinomial(2.0), Huber(1.0), SquaredHinge()]
LOG_LINK = LOSSES[:4]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
log_link = pytest.mark.parametrize("loss", LOG_LINK, ids=repr)


@cache
def data(loss, n=80, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    offset = 0.3 * rng.standard_normal(n)
    mu = np.exp(0.5 + offset + X[:, :3] @ [0.6, -0.4, 0.3])
    y = {
        "poisson": lambda: rng.poisson(mu),
        "gamma": lambda: rng.gamma(2.0, mu / 2),
        "tweedie": lambda: rng.poisson(mu) * rng.gamma(2.0, 1.0, n),
        "negative_binomial": lambda: rng.poisson(mu * rng.gamma(2.0, 0.5, n)),
        "huber": lambda: np.log(mu) + rng.standard_t(1.5, n),
        "squared_hinge": lambda: rng.random(n) < mu / (mu + 2),
    }[loss.name]()
    return X, y.astype(float), rng.uniform(0.2, 2.0, n), offset


def best(loss, X, y, weight, offset, strength, l1, l2, lower, upper, intercept=True):
    """The objective's minimum by L-BFGS-B on positive and negative parts, then polished by a trust region."""
    w, (n, p) = weight / weight.sum(), X.shape
    Z = np.column_stack([X, -X, np.full((n, int(intercept)), 1.0)])

    def value(v):
        eta, b = offset + Z @ v, v[:p] - v[p : 2 * p]
        return w @ loss.value(y, eta) + strength * (l1 @ (v[:p] + v[p : 2 * p]) + 0.5 * l2 @ b**2)

    def slope(v):
        ridge = strength * l2 * (v[:p] - v[p : 2 * p])
        g = Z.T @ (w * loss.gradient(y, offset + Z @ v))
        g[:p] += strength * l1 + ridge
        g[p : 2 * p] += strength * l1 - ridge
        return g

    def end(x):
        return None if np.isinf(x) else x

    bounds = (
        [(0, end(u)) for u in upper] + [(0, end(-low)) for low in lower] + [(None, None)] * int(intercept)
    )
    start = np.zeros(Z.shape[1])
    for _ in range(5):
        found = optimize.minimize(
            value, start, jac=slope, bounds=bounds, method="L-BFGS-B",
            options={"ftol": 0, "gtol": 1e-12, "maxiter": 20_000, "maxfun": 100_000, "maxcor": 30},
        )  # fmt: skip
        start = found.x
    v = found.x
    return v[:p] - v[p : 2 * p], v[-1] if intercept else 0.0, found.fun


@every_loss
@pytest.mark.parametrize("kind", ["dense", "sparse", "wide sparse road", "float32"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_weights_offsets_exclusion_and_bounds_together(loss, kind, l1_ratio):
    X, y, weight, offset = data(loss)
    if kind == "float32":
        X = X.astype(np.float32).astype(float)
    if kind != "dense":
        X = np.where(np.abs(X) < 0.3, 0.0, X)
    given = {"dense": X, "float32": X.astype(np.float32)}.get(kind, sparse.csr_matrix(X))
    factors = np.array([1.0, 0.5, 2.0, 0.0, np.inf, 1.0])
    lower, upper = (
        np.array([0, -0.2, -np.inf, -np.inf, -np.inf, -1.0]),
        np.array([0.3, np.inf, 0.1, np.inf, np.inf, 1]),
    )
    if (
        kind == "wide sparse road"
    ):  # more than 500 columns never form a Hessian; those that are added are excluded
        given = sparse.hstack([given, sparse.csr_matrix(np.tile(X[:, :1], 600))]).tocsr()
    extra = given.shape[1] - 6
    pad = np.concatenate
    penalty = rf.ElasticNet(l1_ratio).weighted(pad([factors, np.full(extra, np.inf)]))
    penalty = penalty.bounded(pad([lower, np.full(extra, -np.inf)]), pad([upper, np.full(extra, np.inf)]))
    path = rf.fit_path(
        given, y, penalty, loss=loss, strengths=[0.2, 0.02], standardize=False, sample_weight=weight,
        offset=offset, tol=1e-9,
    )  # fmt: skip
    assert path.converged.all(), path.gaps
    size = np.where(np.isinf(factors), 0, factors)
    for k, strength in enumerate(path.strengths):
        kept = np.where(np.isinf(factors), 0.0, 1.0)
        coef, intercept, least = best(
            loss, X * kept, y, weight, offset, strength, l1_ratio * size, (1 - l1_ratio) * size, lower, upper
        )
        ours, w = path.coefs[k][:6], weight / weight.sum()
        objective = w @ loss.value(y, offset + path.intercepts[k] + X @ ours)
        objective += strength * (l1_ratio * size @ np.abs(ours) + 0.5 * (1 - l1_ratio) * size @ ours**2)
        assert objective <= least * (1 + 1e-8)
        np.testing.assert_allclose(ours, coef * kept, atol=2e-5)
        np.testing.assert_allclose(path.intercepts[k], intercept, atol=2e-5)
        assert path.coefs[k][4] == 0


@pytest.mark.parametrize(
    ("loss", "theirs"),
    [
        (Poisson(), PoissonRegressor),
        (Gamma(), GammaRegressor),
        (Tweedie(1.5), lambda **kw: TweedieRegressor(power=1.5, link="log", **kw)),
    ],
    ids=["poisson", "gamma", "tweedie"],
)
def test_strength_is_alpha_of_scikit_learn(loss, theirs):
    X, y, weight, _ = data(loss)
    for alpha in (1.0, 0.01):
        judge = theirs(alpha=alpha, solver="newton-cholesky", tol=1e-12).fit(X, y, sample_weight=weight)
        ours = rf.PenalizedRegressor(rf.L2(), loss=loss, strength=alpha, standardize=False, tol=1e-12)
        ours.fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(ours.coef_, judge.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(ours.predict(X), judge.predict(X), rtol=1e-6)


def test_huber_is_that_of_scikit_learn_at_its_scale():
    X, y, _, _ = data(Huber(1.0))
    judge = HuberRegressor(epsilon=1.5, alpha=0.5, tol=1e-9, max_iter=10_000).fit(X, y)
    ours = rf.PenalizedRegressor(
        rf.L2(),
        loss=Huber(1.5 * judge.scale_),
        strength=0.5 * judge.scale_ / len(y),
        standardize=False,
        tol=1e-12,
    ).fit(X, y)
    np.testing.assert_allclose(ours.coef_, judge.coef_, atol=1e-5)


def test_squared_hinge_is_that_of_linear_svc():
    X, y, _, _ = data(SquaredHinge())
    judge = LinearSVC(C=0.3, fit_intercept=False, tol=1e-10, max_iter=100_000).fit(X, y)
    ours = rf.PenalizedClassifier(
        rf.L2(),
        loss="squared_hinge",
        strength=1 / (2 * 0.3 * len(y)),
        standardize=False,
        fit_intercept=False,
        tol=1e-12,
    ).fit(X, y)
    np.testing.assert_allclose(ours.coef_, judge.coef_, rtol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), judge.predict(X))


def test_squared_hinge_has_no_probabilities():
    X, y, _, _ = data(SquaredHinge())
    model = rf.PenalizedClassifier(loss="squared_hinge", strength=0.05).fit(X, y)
    with pytest.raises(UnsupportedError, match="finds labels, not probabilities"):
        model.predict_proba(X)
    with pytest.raises(InputError, match="needs probabilities"):
        rf.PenalizedClassifier(loss="squared_hinge", scoring="neg_log_loss", strengths=3, cv=2).fit(X, y)
    with pytest.raises(InputError, match="'logistic', 'multinomial' or 'squared_hinge'"):
        rf.PenalizedClassifier(loss="poisson", strength=0.1).fit(X, y)
    ranked = rf.PenalizedClassifier(
        loss="squared_hinge", scoring="roc_auc", strengths=[0.1, 0.05, 0.01], cv=2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.GridEdgeWarning)
        assert np.isfinite(ranked.fit(X, y).cv_.mean).all()


@every_loss
def test_null_deviance_ratio_and_held_out_scores(loss):
    X, y, weight, offset = data(loss)
    path = rf.fit_path(X, y, loss=loss, strengths=20, sample_weight=weight, offset=offset)
    assert abs(path.deviance_ratio[0]) < 1e-6
    assert np.count_nonzero(path.coefs[0]) == 0
    null = optimize.minimize_scalar(
        lambda b: weight @ loss.value(y, offset + b), bounds=(-5, 5), options={"xatol": 1e-9}
    )
    eta = offset + path.intercepts[-1] + X @ path.coefs[-1]
    ratio = 1 - weight @ loss.deviance(y, eta) / (2 * null.fun)
    np.testing.assert_allclose(path.deviance_ratio[-1], ratio, rtol=1e-8)
    if loss.name == "squared_hinge":
        return
    model = rf.PenalizedRegressor(loss=loss, strengths=8, cv=4).fit(X, y, sample_weight=weight, offset=offset)
    for k, (train, test) in enumerate(folds(model, len(y))):
        part = rf.fit_path(
            X[train], y[train], loss=loss, strengths=model.cv_.strengths, sample_weight=weight[train],
            offset=offset[train],
        )  # fmt: skip
        eta = offset[test, None] + part.intercepts + X[test] @ part.coefs.T
        expected = weight[test] @ loss.deviance(y[test, None], eta) / weight[test].sum()
        np.testing.assert_allclose(model.cv_.folds[:, k], expected, rtol=1e-4)


def folds(model, n):
    from regularfit.selection import make_folds

    return make_folds(model.cv, n, None, random_state=model.random_state)


@pytest.mark.parametrize(
    ("loss", "judge"),
    [
        (Poisson(), mean_poisson_deviance),
        (Gamma(), mean_gamma_deviance),
        (Tweedie(1.3), lambda *a, **kw: mean_tweedie_deviance(*a, power=1.3, **kw)),
    ],
    ids=["poisson", "gamma", "tweedie"],
)
def test_scores_are_the_deviances_of_scikit_learn(loss, judge):
    _, y, weight, offset = data(loss)
    ours = np.average(loss.score(y, offset), weights=weight)
    np.testing.assert_allclose(ours, judge(y, np.exp(offset), sample_weight=weight), rtol=1e-12)


@every_loss
def test_honest_scores_and_wide_data(loss):
    X, y, _, _ = data(loss, n=60, p=90, seed=1)
    kind = rf.PenalizedClassifier if loss.name == "squared_hinge" else rf.PenalizedRegressor
    for penalty in (rf.L1(), rf.L2()):
        model = kind(penalty, loss=loss, strengths=10, cv=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rf.GridEdgeWarning)
            model.fit(X, y)
        assert model.certificate_.converged
        assert np.isfinite(model.cv_.mean).all()
    score = rf.honest_score(kind(rf.L1(), loss=loss, strengths=10, cv=3), X, y, cv=4)
    assert np.isfinite(score.mean)
    assert score.score_name == loss.score_name


@log_link
def test_an_offset_is_an_exposure(loss):
    X, y, _, offset = data(loss)
    model = rf.PenalizedRegressor(loss=loss, strength=0.05).fit(X, y, offset=offset)
    np.testing.assert_allclose(model.predict(X, offset=offset), model.predict(X) * np.exp(offset), rtol=1e-12)


def test_rates_weighted_by_exposure_are_counts_with_an_offset():
    X, y, _, offset = data(Poisson())
    exposure = np.exp(offset)
    exposure /= exposure.mean()  # weights are scaled to sum to n
    counts = rf.PenalizedRegressor(loss="poisson", strength=0.05, standardize=False, tol=1e-10)
    rates = rf.PenalizedRegressor(loss="poisson", strength=0.05, standardize=False, tol=1e-10)
    counts.fit(X, y, offset=np.log(exposure))
    rates.fit(X, y / exposure, sample_weight=exposure)
    np.testing.assert_allclose(counts.coef_, rates.coef_, atol=1e-7)


# ------------------------------------------------------------ hard targets


@pytest.mark.parametrize("loss", [Poisson(), Tweedie(1.5), NegativeBinomial(1.0)], ids=repr)
@pytest.mark.parametrize("shape", [(150, 8), (60, 100), (9000, 12)])
@pytest.mark.parametrize(
    "kind", ["counts of 1e6", "rates of 1e-6", "one event", "one event of 1e6", "exposures"]
)
def test_hard_counts_are_proved(loss, shape, kind):
    if isinstance(
        loss, NegativeBinomial
    ):  # takes no rates; larger counts are flat enough to defeat Newton's steps:
        kind = {"rates of 1e-6": "counts of 1e6", "one event of 1e6": "one event of 1e3"}.get(
            kind, kind
        )  # next test
    rng, n = np.random.default_rng(1), shape[0]
    X = rng.standard_normal(shape)
    mu, offset = np.exp(X[:, :3] @ [0.5, -0.5, 0.3]), None
    if kind == "exposures":
        offset = rng.uniform(-7, 14, n)
        y = rng.poisson(np.exp(offset) * mu)
    elif kind.startswith("one"):
        y = np.zeros(n)
        y[3] = {"one event": 1, "one event of 1e3": 1e3}.get(kind, 1e6)
    else:
        y = rng.poisson(1e6 * mu) / (1 if "counts" in kind else 1e12)
    path = rf.fit_path(X, y, loss=loss, strengths=15, offset=offset)
    assert path.converged.all(), (path.gaps, path.kkt)
    assert path.deviance_ratio[-1] > 0.1


def test_what_is_not_solved_is_not_claimed():
    """One count of 1e6 among zeros with theta = 1: some strengths stall, and their certificates say so."""
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((150, 8)), np.zeros(150)
    y[3] = 1e6
    loss, zero = NegativeBinomial(1.0), np.zeros(8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.ConvergenceWarning)
        path = rf.fit_path(X, y, loss=loss, strengths=12, standardize=False)
    ends = np.full(8, np.inf)
    for k, strength in enumerate(path.strengths):
        objective = loss.value(y, path.intercepts[k] + X @ path.coefs[k]).mean()
        objective += strength * np.abs(path.coefs[k]).sum()
        *_, least = best(loss, X, y, np.ones(150), np.zeros(150), strength, zero + 1, zero, -ends, ends)
        if path.converged[k]:
            assert objective <= least * (1 + 2e-7)


def test_a_fold_without_events_is_scored():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), np.zeros(40)
    y[:2] = 1
    for loss in (Poisson(), Tweedie(1.5), NegativeBinomial(1.0)):
        splits = [(np.arange(2, 40), np.arange(2)), (np.arange(30), np.arange(30, 40))]
        model = rf.PenalizedRegressor(loss=loss, strengths=5, cv=splits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rf.GridEdgeWarning)
            model.fit(X, y)
        assert np.isfinite(model.cv_.folds).all()


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Tweedie(0.5), r"Tweedie\(power\) must be a number from 1 to 2; 0.5 was given.*Squared"),
        (lambda: Tweedie(3), "not convex"),
        (lambda: Tweedie(float("nan")), "from 1 to 2"),
        (lambda: Tweedie("1.5"), "from 1 to 2"),
        (
            lambda: NegativeBinomial(0),
            r"NegativeBinomial\(theta\) must be a positive, finite number; 0 was given",
        ),
        (lambda: NegativeBinomial(-1), "Poisson"),
        (
            lambda: Huber(0),
            r"Huber\(delta\) must be a positive, finite number; 0 was given.*unit of the target",
        ),
        (lambda: Huber(np.inf), "Squared"),
    ],
)
def test_parameters_out_of_range_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize(
    ("loss", "y", "words"),
    [
        (Poisson(), [1, -2, 0], r"Poisson needs a target of 0 or above.*holds -2 in row 1"),
        (NegativeBinomial(), [1, -2, 0], "NegativeBinomial needs a target of 0 or above"),
        (Tweedie(1.5), [1, -2, 0], r"Tweedie\(1.5\) needs a target of 0 or above"),
        (Gamma(), [1, 2, 0], r"Gamma needs a target above 0; y holds 0 in row 2.*Tweedie\(1.5\)"),
        (Tweedie(2), [1, 2, 0], "needs a target above 0.*power below 2"),
        (Poisson(), [0, 0, 0], "0 in all 3 rows"),
        (SquaredHinge(), [0, 1, 2], "needs a target of 0 and 1; y holds 2"),
    ],
)
def test_targets_out_of_range_are_refused(loss, y, words):
    with pytest.raises(InputError, match=words):
        loss.check_target(y)
    np.testing.assert_array_equal(Poisson().check_target([0.5, 0]), [0.5, 0])  # rates need not be whole


def test_models_with_a_loss_are_saved(tmp_path):
    X, y, _, _ = data(Tweedie(1.5))
    model = rf.PenalizedRegressor(loss=Tweedie(1.3), strength=0.1).fit(X, y)
    model.save(tmp_path / "m.rfit")
    np.testing.assert_array_equal(rf.load(tmp_path / "m.rfit").predict(X), model.predict(X))
