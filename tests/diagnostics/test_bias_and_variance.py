"""Against closed forms of linear smoothers, against a loop of clones, and the table's ways against the truth."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

import regularfit as rf
from regularfit.diagnostics import bias_variance
from regularfit.errors import InputError, UnsupportedError

GRID = [3.0, 0.3, 0.03, 0.003]


class World:
    """A linear truth with Gaussian noise, seen through columns that are drawn anew or stay."""

    def __init__(self, n=40, p=6, noise=1.5, fixed=False, seed=0):
        rng = np.random.default_rng(seed)
        self.n, self.p, self.noise, self.fixed = n, p, noise, fixed
        self.b = rng.normal(size=p)  # first, so that it is the same for every n
        self.X, self.Z = rng.normal(size=(n, p)), rng.normal(size=(60, p))

    def __call__(self, rng):
        X = self.X if self.fixed else rng.normal(size=(self.n, self.p))
        return X, X @ self.b + np.sqrt(self.noise) * rng.normal(size=self.n)

    @property
    def given(self):
        return {"simulate": self, "X_test": self.Z, "truth": self.Z @ self.b, "noise": self.noise}

    def ridge_parts(self, strength):
        """(bias squared, variance) of the linear smoother that ridge with an intercept is."""
        mean = self.X.mean(axis=0)
        C = self.X - mean
        inner = C.T @ C + self.n * strength * np.eye(self.p)
        H = (self.Z - mean) @ np.linalg.solve(inner, C.T) + 1 / self.n
        return np.mean((H @ self.X @ self.b - self.Z @ self.b) ** 2), self.noise * np.sum(H**2) / len(self.Z)


# --- simulated replicates ------------------------------------------------------------------------


def test_ridge_agrees_with_its_closed_form():
    world = World(fixed=True)
    model = rf.PenalizedRegressor(rf.L2(), standardize=False)
    found = bias_variance(model, strengths=GRID, replicates=300, **world.given)
    assert found.strengths.tolist() == GRID
    assert found.fits == 1200
    for k, strength in enumerate(GRID):
        bias2, variance = world.ridge_parts(strength)
        assert abs(found.bias2[k] - bias2) < 4 * found.bias2_se[k]
        assert abs(found.variance[k] - variance) < 4 * found.variance_se[k]
        assert abs(found.error[k] - bias2 - variance - world.noise) < 4 * found.error_se[k]
    assert 0 < found.variance_se[-1] < 0.1 * found.variance[-1]


def test_least_squares_has_no_bias_and_the_variance_of_the_textbook():
    world = World(fixed=True, seed=1)
    found = bias_variance(LinearRegression(), replicates=300, **world.given)
    _, variance = world.ridge_parts(0.0)
    assert found.strengths is None
    assert found.strength_min is None
    assert abs(found.bias2[0]) < 4 * found.bias2_se[0]
    assert abs(found.variance[0] - variance) < 4 * found.variance_se[0]


def replayed(world, count, seed=0):
    """The training sets that bias_variance draws."""
    seeds = np.random.default_rng(seed).bit_generator.seed_seq.spawn(count)
    return [world(np.random.default_rng(one)) for one in seeds]


@pytest.mark.parametrize("penalty", [rf.L1(), rf.ElasticNet(0.5), rf.MCP(), rf.Group([[0, 1, 2], [3, 4, 5]])])
def test_lanes_equal_a_loop_of_clones_and_the_parts_the_test_error(penalty):
    world, R = World(n=30), 35  # one stack and a rest
    model = rf.PenalizedRegressor(penalty, tol=1e-10)
    found = bias_variance(model, strengths=[0.5, 0.05], replicates=R, **world.given)
    for k, strength in enumerate([0.5, 0.05]):
        fits = [clone(model).set_params(strength=strength).fit(X, y) for X, y in replayed(world, R)]
        predicted = np.array([fit.predict(world.Z) for fit in fits])
        variance = predicted.var(axis=0, ddof=1).mean()
        bias2 = np.mean((predicted.mean(axis=0) - world.Z @ world.b) ** 2) - variance / R
        error = np.mean((predicted - world.Z @ world.b) ** 2) + world.noise
        assert found.variance[k] == pytest.approx(variance, rel=1e-6)
        assert found.bias2[k] == pytest.approx(bias2, rel=1e-6)
        assert found.error[k] == pytest.approx(error, rel=1e-6)
    np.testing.assert_allclose(found.bias2 + found.variance + found.noise, found.error, rtol=1e-12)


def counts(rng):
    X = rng.normal(size=(60, 4))
    return X, rng.poisson(np.exp(0.3 * X.sum(axis=1)))


def two(rng):
    X = rng.normal(size=(60, 4))
    return X, np.where(rng.random(60) < 1 / (1 + np.exp(-X[:, 0])), "yes", "no")


def three(rng):
    X = rng.normal(size=(90, 4))
    return X, (X[:, :3] + rng.gumbel(size=(90, 3))).argmax(axis=1)


def softmax(X):
    e = np.exp(X[:, :3])
    return e / e.sum(axis=1, keepdims=True)


CASES = {
    "poisson": (
        rf.PenalizedRegressor(rf.L1(), loss="poisson"),
        counts,
        lambda X: np.exp(0.3 * X.sum(axis=1)),
        1.0,
    ),
    "sparse": (
        rf.PenalizedRegressor(rf.L1()),
        lambda rng: (lambda X, y: (sparse.csr_matrix(X), y))(*World(p=4)(rng)),
        lambda X: X @ World(p=4).b,
        1.5,
    ),
    "float32": (
        rf.PenalizedRegressor(rf.L2()),
        lambda rng: (lambda X, y: (X.astype(np.float32), y))(*World(p=4)(rng)),
        lambda X: X @ World(p=4).b,
        1.5,
    ),
    "several": (
        rf.PenalizedRegressor(rf.L1().across_outputs()),
        lambda rng: (lambda X, y: (X, np.column_stack([y, X[:, 0] - y])))(*World(p=4)(rng)),
        lambda X: np.column_stack([X @ World(p=4).b, X[:, 0] - X @ World(p=4).b]),
        1.5,
    ),
    "two classes": (rf.PenalizedClassifier(rf.L1()), two, lambda X: 1 / (1 + np.exp(-X[:, 0])), None),
    "three classes": (rf.PenalizedClassifier(rf.L2()), three, softmax, None),
}


@pytest.mark.parametrize("case", CASES)
def test_lanes_equal_clones_for_every_kind_of_target(case):
    model, simulate, truth, noise = CASES[case]
    Z = np.random.default_rng(5).normal(size=(50, 4))
    given = {"simulate": simulate, "X_test": Z, "truth": truth, "noise": noise, "replicates": 6}
    model = clone(model).set_params(tol=1e-10, strength=0.05)
    lanes = bias_variance(model, **given)
    alone = bias_variance(make_pipeline(model), **given)  # a pipeline has no path: clones
    assert lanes.strengths.tolist() == [0.05]
    assert alone.strengths is None
    for name in ("bias2", "variance", "noise", "error", "bias2_se", "variance_se"):
        np.testing.assert_allclose(getattr(lanes, name), getattr(alone, name), rtol=2e-6, atol=1e-9)


def test_the_brier_score_comes_apart():
    """The mean of (label - probability)^2 on many new rows is what the parts add up to."""
    Z = np.random.default_rng(5).normal(size=(2000, 4))
    chance = 1 / (1 + np.exp(-Z[:, 0]))
    found = bias_variance(
        rf.PenalizedClassifier(rf.L2(), strength=0.1), simulate=two, X_test=Z, truth=chance, replicates=20
    )
    rng, scores = np.random.default_rng(6), []
    for X, y in replayed(two, 20):
        model = rf.PenalizedClassifier(rf.L2(), strength=0.1).fit(X, y)
        labels = rng.random(2000) < chance
        scores.append(np.mean((labels - model.predict_proba(Z)[:, 1]) ** 2))
    assert found.loss_name == "Brier score"
    assert abs(found.error[0] - np.mean(scores)) < 4 * np.std(scores) / np.sqrt(20)


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")  # on some draws, and no matter here
def test_a_strength_chosen_every_time_adds_the_variance_of_the_choice():
    world = World(n=25, p=10)
    model = rf.PenalizedRegressor(rf.L1(), strengths=20, cv=5)
    chosen = bias_variance(model, strengths="chosen", replicates=30, **world.given)
    assert chosen.strengths is None
    fits = [clone(model).fit(X, y).predict(world.Z) for X, y in replayed(world, 30)]
    assert chosen.variance[0] == pytest.approx(np.var(fits, axis=0, ddof=1).mean(), rel=1e-9)


# --- a table -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resampling", "share"), [("bootstrap", 1.0), ("halves", 0.45)])
def test_a_table_finds_what_a_simulation_knows(resampling, share):
    """Means over tables: exact for halves; the bootstrap's variance of least squares is off by O(p / n)."""
    n, p, strength = 100, 3, 0.1
    world = World(n=n, p=p, seed=3)
    model = rf.PenalizedRegressor(rf.L2(), strength=strength)
    smaller = World(n=round(share * n), p=p, seed=3)
    test = np.random.default_rng(9).normal(size=(4000, p))
    truth = bias_variance(
        model, simulate=smaller, X_test=test, truth=test @ world.b, noise=world.noise, replicates=1000
    )
    found = [
        bias_variance(
            model, *world(np.random.default_rng(s)), resampling=resampling, replicates=60, random_state=s
        )
        for s in range(60)
    ]
    assert found[0].training_rows == smaller.n
    for name in ("variance", "bias2_noise", "error"):
        values = np.array([getattr(one, name)[0] for one in found])
        known, known_se = getattr(truth, name)[0], getattr(truth, f"{name}_se")[0]
        near = 4 * np.hypot(values.std(ddof=1) / np.sqrt(len(values)), known_se)
        slack = 0.0 if resampling == "halves" else 2 * p / n * truth.variance[0]
        if name != "variance" and resampling == "bootstrap":
            slack += (
                0.12 * truth.variance[0] * 2
            )  # the error is that of 9 n / 10 rows: variance and bias 1/9 larger
        assert abs(values.mean() - known) < near + slack, (name, values.mean(), known)


@pytest.mark.parametrize("resampling", ["bootstrap", "halves"])
@pytest.mark.parametrize("model", [rf.PenalizedRegressor(rf.L1()), rf.PenalizedClassifier(rf.L2())])
def test_lanes_of_a_table_equal_clones(resampling, model):
    X, y = World(n=50)(np.random.default_rng(2))
    y = y if isinstance(model, rf.PenalizedRegressor) else np.where(y > 0, 1, 0)
    model = clone(model).set_params(strength=0.1, tol=1e-10)
    given = {"resampling": resampling, "replicates": 40}
    lanes, alone = bias_variance(model, X, y, **given), bias_variance(make_pipeline(model), X, y, **given)
    for name in ("bias2_noise", "variance", "error", "variance_se", "error_se"):
        np.testing.assert_allclose(getattr(lanes, name), getattr(alone, name), rtol=2e-6)
    np.testing.assert_allclose(lanes.bias2_noise + lanes.variance, lanes.error, rtol=1e-12)
    assert np.isnan(lanes.bias2).all()
    assert not lanes.separated


def test_noise_that_is_known_is_taken_off():
    X, y = World(n=50)(np.random.default_rng(2))
    model = rf.PenalizedRegressor(rf.L2(), strength=0.1)
    plain, known = (bias_variance(model, X, y, noise=noise, replicates=40) for noise in (None, 0.5))
    assert known.bias2[0] == pytest.approx(plain.bias2_noise[0] - 0.5)
    assert known.error[0] == plain.error[0]
    assert known.separated


def test_weights_and_offset_of_a_table():
    X, y = World(n=50)(np.random.default_rng(2))
    model = rf.PenalizedRegressor(rf.L2(), strength=0.1, tol=1e-12)
    away = np.linspace(-5, 5, 50)
    plain = bias_variance(model, X, y, replicates=40)
    equal = bias_variance(model, X, y, sample_weight=np.full(50, 3.0), replicates=40)
    moved = bias_variance(model, X, y + away, offset=away, replicates=40)
    for found in (equal, moved):
        np.testing.assert_allclose(found.error, plain.error, rtol=1e-9)
        np.testing.assert_allclose(found.variance, plain.variance, rtol=1e-9)
    heavy = np.where(np.arange(50) < 25, 1.0, 0.0)
    half = bias_variance(model, X, y, sample_weight=heavy, replicates=40)
    assert half.training_rows == 25
    assert half.variance[0] > plain.variance[0]


def test_a_tree_has_more_variance_and_the_same_call_the_same_answer():
    X, y = World(n=80)(np.random.default_rng(4))
    tree = DecisionTreeRegressor(random_state=0)
    first, again = (bias_variance(tree, X, y, replicates=40) for _ in range(2))
    ridge = bias_variance(rf.PenalizedRegressor(rf.L2(), strength=0.1), X, y, replicates=40)
    assert first.variance[0] == again.variance[0]
    assert first.variance[0] > 3 * ridge.variance[0]


# --- what it says, and refuses -------------------------------------------------------------------


def test_the_result_as_a_table_and_a_sentence():
    world = World(fixed=True)
    found = bias_variance(rf.PenalizedRegressor(rf.L2()), strengths=GRID, replicates=20, **world.given)
    frame = found.to_frame()
    assert list(frame)[:3] == ["strength", "bias2", "bias2_se"]
    assert len(frame) == len(found) == 4
    assert found.strength_min == GRID[found.index_min]
    assert f"At strength {found.strength_min:.3g}" in found.finding
    assert "% bias squared" in found.finding
    assert (
        "together"
        in bias_variance(LinearRegression(), *world(np.random.default_rng(0)), replicates=40).finding
    )


def test_a_bootstrap_with_too_few_rows_says_so():
    """Samples of 40 rows hold about 25 different ones, hardly more than the 21 coefficients of least squares."""
    X, y = World(n=40, p=20)(np.random.default_rng(0))
    found = bias_variance(LinearRegression(), X, y)
    assert found.overshoots.all()
    assert "which cannot be" in found.finding
    assert not bias_variance(rf.PenalizedRegressor(rf.L2(), strength=3.0), X, y).overshoots.any()


WORLD = World()
TABLE = World()(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("model", "changes", "error", "match"),
    [
        (LinearRegression(), {"simulate": None}, InputError, "neither"),
        (LinearRegression(), {"X": TABLE[0], "y": TABLE[1]}, InputError, "both"),
        (LinearRegression(), {"X_test": None}, InputError, "X_test is missing"),
        (LinearRegression(), {"truth": None}, InputError, "truth is missing"),
        (LinearRegression(), {"truth": np.ones(3)}, InputError, "at 60 test points"),
        (LinearRegression(), {"noise": None}, InputError, "noise is missing"),
        (LinearRegression(), {"noise": -1.0}, InputError, "variance >= 0"),
        (LinearRegression(), {"noise": [1.0, 2.0]}, InputError, "60 points"),
        (LinearRegression(), {"replicates": 2}, InputError, "whole number >= 3"),
        (LinearRegression(), {"resampling": "jackknife"}, InputError, "resampling"),
        (LinearRegression(), {"strengths": [1.0]}, InputError, "no path of strengths"),
        (LinearRegression(), {"sample_weight": np.ones(40)}, InputError, "go with a table"),
        (LinearRegression(), {"random_state": "x"}, InputError, "random_state"),
        (LinearRegression(), {"simulate": lambda rng: rng.normal(size=3)}, InputError, "pair"),
        (rf.PenalizedRegressor(), {"strengths": "best"}, InputError, "chosen"),
        (rf.PenalizedRegressor(), {"X_test": np.ones((60, 2))}, InputError, "X_test has 2 columns"),
        (rf.PenalizedRegressor([rf.L1(), rf.L2()]), {}, UnsupportedError, "several candidate"),
        (rf.PenalizedRegressor(relax=True), {}, UnsupportedError, "relax=True"),
        (rf.PenalizedCox(), {}, UnsupportedError, "PenalizedCox"),
        (LinearSVC(), {}, UnsupportedError, "without probabilities"),
        (rf.PenalizedClassifier(loss="squared_hinge"), {}, UnsupportedError, "without probabilities"),
        (
            LogisticRegression(),
            {"simulate": two, "truth": lambda X: X[:, 0], "noise": None},
            InputError,
            "between 0",
        ),
        (LogisticRegression(), {"simulate": two, "truth": np.full(60, 0.5)}, InputError, "leave noise out"),
    ],
)
def test_what_cannot_be_is_said(model, changes, error, match):
    with pytest.raises(error, match=match):
        bias_variance(model, **(WORLD.given | changes))


def test_a_table_needs_its_target_and_enough_replicates():
    with pytest.raises(InputError, match="y is missing"):
        bias_variance(LinearRegression(), TABLE[0])
    with pytest.raises(InputError, match="truth go with simulate"):
        bias_variance(LinearRegression(), *TABLE, truth=np.ones(40))
    with pytest.raises(InputError, match="bootstrap samples only"):
        bias_variance(LinearRegression(), *TABLE, replicates=5)
