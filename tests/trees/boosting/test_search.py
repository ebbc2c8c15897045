"""The search over knobs: what it proposes, when a trial ends early, what Ctrl-C leaves."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InterruptedWarning
from regularfit.trees import BoostingClassifier, BoostingRegressor, Regularisation
from regularfit.trees.boosting import search as search_module
from regularfit.trees.boosting.search_space import SearchSpace
from regularfit.trees.engines import Task, TreeData

optuna = pytest.importorskip("optuna", reason="the extra `trees` is not installed")

RNG = np.random.default_rng(2)
X = RNG.normal(size=(150, 3))
Y = 2 * X[:, 0] + np.sin(3 * X[:, 1]) + 0.3 * RNG.normal(size=150)
DATA = TreeData(X, Y)
FEW = {"engine": "sklearn", "rounds": 40, "patience": 5, "cv": 3, "n_jobs": 1}
SLOW = Regularisation(learning_rate=0.3, leaves=4)

pytestmark = pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")


def drawn(space, count=200):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.propose(study.ask()) for _ in range(count)]


@pytest.fixture(autouse=True)
def quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def test_leaf_penalties_are_zero_in_half_of_all_proposals():
    found = drawn(SearchSpace("lightgbm", DATA, Task(), 100, Regularisation()))
    for name in ("leaf_l1", "leaf_l2"):
        values = np.array([knobs.knobs[name] for knobs in found])
        assert 0.4 < np.mean(values == 0) < 0.6
        assert values.max() / values[values > 0].min() > 100
    assert all(2 * knobs.min_rows <= 100 for knobs in found)


def test_leaf_l1_is_in_units_of_the_target():
    small, large = (
        SearchSpace("lightgbm", TreeData(X, Y * k), Task(), 100, Regularisation()).ranges["leaf_l1"]
        for k in (1, 1000)
    )
    np.testing.assert_allclose(large, np.array(small) * 1000)


def test_only_knobs_that_the_engine_and_the_loss_have():
    assert "row_sampling" not in SearchSpace("sklearn", DATA, Task(), 100, Regularisation()).ranges
    assert "leaf_l1" not in SearchSpace("sklearn", DATA, Task(), 100, Regularisation()).ranges
    assert "leaf_l2" not in SearchSpace("lightgbm", DATA, Task("absolute"), 100, Regularisation()).ranges
    fixed = SearchSpace("lightgbm", DATA, Task(), 100, Regularisation(leaves=5, leaf_l2=0.0))
    assert {"leaves", "leaf_l2"}.isdisjoint(fixed.ranges)
    assert all((knobs.leaves, knobs.leaf_l2) == (5, 0.0) for knobs in drawn(fixed, 5))


def test_the_best_final_is_the_model():
    model = BoostingRegressor(SLOW, tune=4, **FEW).fit(X, Y)
    trials, finals, best = model.tune_.trials, model.tune_.finals, model.tune_.best
    assert len(trials) == 4
    ranked = sorted((t for t in trials[1:] if t.finished), key=lambda t: t.score)[:3]
    assert [f.regularisation for f in finals] == [t.regularisation for t in (trials[0], *ranked)]
    assert all(f.folds != t.folds for f, t in zip(finals, (trials[0], *ranked), strict=True))  # other folds
    assert best in finals
    assert model.regularisation_ == best.regularisation.with_(rounds=best.rounds)
    assert (best.regularisation.learning_rate, best.regularisation.leaves) == (0.3, 4)  # what was given stays
    assert model.cv_.mean.min() == best.score
    fixed = BoostingRegressor(model.regularisation_, select=None, engine="sklearn", n_jobs=1).fit(X, Y)
    np.testing.assert_array_equal(fixed.predict(X), model.predict(X))


def found_by(folds, own_folds=None, sign=1.0):
    """What a search with these held-out losses of the start and of others takes; ``own_folds``: on other folds."""

    def grown(values):
        cv = search_module.KnobCV.of_rounds(np.array([values]), np.ones(len(values)), "s", sign < 0)
        knobs = Regularisation(leaves=4 + len(seeker.finished))
        return search_module._trial(knobs, cv, True, 0.0), cv

    seeker = object.__new__(search_module._Seeker)
    seeker.sign, seeker.finals, seeker.finished, seeker.failure, seeker.trials = sign, [], [], None, []
    seeker.order = search_module.Order(None, SLOW)
    for values in folds:
        seeker.finished.append(grown(values))
    seeker.start = seeker.finished[0][0]
    if own_folds is not None:
        pairs, seeker.finished = seeker.finished, []
        for values in own_folds:
            seeker.finals.append(grown(values))
            seeker.finished.append(seeker.finals[-1])
        seeker.finished = pairs
    return seeker.found().best.regularisation.leaves - 4


def test_the_start_stays_unless_another_is_better_by_one_standard_error():
    start = [1.0, 2.0, 3.0, 4.0]
    by_luck, by_more = [0.4, 2.2, 3.2, 4.0], [0.8, 1.9, 2.9, 3.8]  # t: 0.26 and 5.2
    assert found_by([start, by_luck]) == 0
    assert found_by([start, by_more]) == 1
    assert found_by([start, by_luck, by_more]) == 2
    assert found_by([[-v for v in start], [-v for v in by_luck]], sign=-1.0) == 0
    assert found_by([[-v for v in start], [-v for v in by_more]], sign=-1.0) == 1


def test_what_was_best_on_the_folds_of_the_search_must_hold_on_others():
    start, better, worse = [1.0, 2.0, 3.0], [0.5, 1.4, 2.5], [1.1, 2.0, 3.2]
    assert found_by([start, better]) == 1
    assert found_by([start, better], own_folds=[start, worse]) == 0
    assert found_by([start, worse], own_folds=[start, better]) == 1


def test_folds_that_cannot_be_drawn_anew_have_no_finals():
    from sklearn.model_selection import TimeSeriesSplit

    model = BoostingRegressor(SLOW, tune=3, **FEW | {"cv": TimeSeriesSplit(3)}).fit(X, Y)
    assert model.tune_.finals == ()
    assert model.tune_.best in model.tune_.trials
    assert model.cv_.mean.min() == model.tune_.best.score


def test_the_first_trial_is_the_default():
    from regularfit.trees.boosting.defaults import default_regularisation

    model = BoostingRegressor(tune=1, **FEW).fit(X, Y)
    first = model.tune_.trials[0].regularisation
    default = default_regularisation("sklearn", 100)
    assert first.knobs == default.knobs | {"leaf_l2": 0.0}


def test_what_is_clearly_worse_ends_early():
    def ends(worse):
        """Whether a trial that is so much worse on each of four folds ends, and after how many."""
        for k in (2, 3, 4):
            folds = np.array([[1.0, 2.0, 3.0, 4.0]])[:, :k] + worse[:k]
            cv = search_module.KnobCV.of_rounds(folds, np.ones(k))
            if seeker._hopeless(cv):
                return k
        return None

    seeker = object.__new__(search_module._Seeker)
    seeker.sign = 1.0
    seeker.best = search_module.Trial(SLOW, 1, (1.0, 2.0, 3.0, 4.0), 2.5, True, 0.0)
    assert ends(np.array([0.5, 0.5, 0.5, 0.5])) == 2  # the folds differ much, the differences not at all
    assert (
        ends(np.array([0.1, 1.0, -0.1, 0.9])) == 4
    )  # t: 1.22 (needs 1.38), 0.99 (needs 1.06), 1.70 (needs 0.98)
    assert ends(np.array([-0.5, 0.5, -0.5, 0.5])) is None
    assert ends(np.array([-0.5, -0.5, -0.5, -0.5])) is None
    seeker.sign = -1.0
    assert ends(np.array([-0.5, -0.5, -0.5, -0.5])) == 2


def test_pruned_trials_spare_folds(monkeypatch):
    monkeypatch.setattr(search_module, "SURE", 0.7)  # that something ends within few trials
    model = BoostingRegressor(tune=5, **FEW | {"cv": 5}).fit(X, Y)
    table = model.tune_.to_frame()
    assert len(table) == 5
    assert {"learning_rate", "rounds", "score", "folds", "finished", "seconds"} <= set(table.columns)
    assert (table.loc[~table["finished"], "folds"] < 5).all()
    assert (table.loc[table["finished"], "folds"] == 5).all()
    assert not table["finished"].all()


def test_the_same_call_finds_the_same():
    one, two = (BoostingClassifier(SLOW, tune=3, random_state=3, **FEW).fit(X, Y > 0) for _ in range(2))
    assert one.regularisation_ == two.regularisation_
    assert [t.score for t in one.tune_.trials] == [t.score for t in two.tune_.trials]


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    real, count = search_module._Seeker._grown, [0]

    def interrupted(self, regularisation, asked):
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return real(self, regularisation, asked)

    monkeypatch.setattr(search_module._Seeker, "_grown", interrupted)
    with pytest.warns(InterruptedWarning, match="after 2 of 9 trials"):
        model = BoostingRegressor(SLOW, tune=9, **FEW).fit(X, Y)
    assert len(model.tune_.trials) == 2
    model.predict(X)
    count[0] = 2
    with pytest.raises(KeyboardInterrupt):  # nothing was finished yet
        BoostingRegressor(SLOW, tune=9, **FEW).fit(X, Y)


def test_ctrl_c_in_the_finals_keeps_what_the_search_says(monkeypatch):
    def interrupted(self, regularisation, folds):
        raise KeyboardInterrupt

    monkeypatch.setattr(search_module._Seeker, "_final", interrupted)
    with pytest.warns(InterruptedWarning, match="after 2 of 2 trials"):
        model = BoostingRegressor(SLOW, tune=2, **FEW).fit(X, Y)
    assert model.tune_.finals == ()
    assert model.tune_.best in model.tune_.trials


def test_knobs_that_run_away_are_passed_over(monkeypatch):
    real, count = search_module._Seeker._grown, [0]

    def failing(self, regularisation, asked):
        count[0] += 1
        if count[0] != 2:
            raise rf.FitError("away")
        return real(self, regularisation, asked)

    monkeypatch.setattr(search_module._Seeker, "_grown", failing)
    assert len(BoostingRegressor(SLOW, tune=3, **FEW).fit(X, Y).tune_.trials) == 1
    with pytest.raises(rf.FitError, match="away"):
        BoostingRegressor(SLOW, tune=3, **FEW).fit(X, Y)


def test_optuna_stays_as_it_was(capsys):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    BoostingRegressor(SLOW, tune=1, **FEW).fit(X, Y)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert capsys.readouterr().err == ""


def test_a_search_needs_folds():
    with pytest.raises(rf.InputError, match="tune=None"):
        BoostingRegressor(SLOW.with_(rounds=5), tune=3, select=None).fit(X, Y)
