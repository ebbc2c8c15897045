"""The public face: a grid in, a table, choices, curves, nets and an ensemble out."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit import L1  # noqa: E402
from regularfit.errors import FitError, InputError, UnsupportedError  # noqa: E402
from regularfit.nets.augment.input_noise import InputNoise  # noqa: E402
from regularfit.nets.augment.tables.feature_swap import FeatureSwap  # noqa: E402
from regularfit.nets.averages.ema import EMA  # noqa: E402
from regularfit.nets.averages.swa import SWA  # noqa: E402
from regularfit.nets.dropout.dropout import Dropout  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402
from regularfit.nets.lanes.lockstep import lockstep  # noqa: E402
from regularfit.nets.lanes.settings import NetSettings  # noqa: E402
from regularfit.nets.mixing.mixup import Mixup  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise  # noqa: E402
from regularfit.nets.stepping.sharpness import SAM  # noqa: E402
from regularfit.nets.terms.smoothing import LabelSmoothing  # noqa: E402
from regularfit.selection import make_folds  # noqa: E402

SMALL = NetSettings((16,), epochs=20, batch_size=32, lr=3e-3)
GRID = {"Dropout.p": [0, 0.3], "lr": [1e-5, 1e-2]}


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return X, np.array(["red", "rose", "white"])[y]


@pytest.fixture(scope="module")
def found(wine):
    return lockstep(SMALL, GRID, *wine, cv=3)


def test_scores_are_those_of_the_nets(wine, found):
    X, y = wine
    for fold, (train, test) in enumerate(make_folds(3, len(X), y, classifier=True)):
        scaled = (X[test] - X[train].mean(0)) / X[train].std(0)
        for setting in range(4):
            with torch.no_grad():
                out = found.lane(setting, fold).module()(torch.tensor(scaled, dtype=torch.float32))
            p = out.softmax(1).double().numpy()
            assert found.scores[setting, fold] == pytest.approx(_log_loss(y[test], p), abs=1e-5)


def _log_loss(y, p):
    return log_loss(y, p / p.sum(1, keepdims=True), labels=["red", "rose", "white"])


def test_the_table_and_the_choice(found):
    frame = found.to_frame()
    assert list(frame.columns[:2]) == ["Dropout.p", "lr"]
    assert frame.iloc[0].name == found.best
    assert frame["mean"].is_monotonic_increasing
    weights = found.fold_weights / found.fold_weights.sum()
    np.testing.assert_allclose(found.mean, found.scores @ weights)
    assert found.settings[found.best].lr == 1e-2
    np.testing.assert_allclose(found.difference, found.mean - found.mean.min(), atol=1e-12)
    d = found.scores - found.scores[found.best]
    np.testing.assert_allclose(
        found.se_difference, np.sqrt(((d - (d @ weights)[:, None]) ** 2 @ weights) / 2), atol=1e-12
    )
    assert found.complete.all()


def test_one_standard_error_takes_the_most_restrained_of_those_that_are_as_good(found):
    allowed = found.difference <= found.se_difference + 1e-15
    fit = found.train_scores.mean(axis=1)
    assert allowed[found.one_se]
    assert fit[found.one_se] == fit[allowed].max()


def test_curves(found):
    curves = found.curves()
    steps = found.families[0].plan.steps
    assert set(curves["setting"]) == {0, 1, 2, 3}
    last = curves[curves["step"] == steps]
    assert len(last) == 12
    ordered = last.sort_values(["setting", "fold"])["score"].to_numpy().reshape(4, 3)
    np.testing.assert_allclose(ordered, found.scores, atol=1e-6)  # held-out rows are watched
    fast = curves[(curves["setting"] == 1) & (curves["fold"] == 0)]
    assert fast["loss"].iloc[-1] < fast["loss"].iloc[0]


def test_the_ensemble_is_greedy_on_held_out_predictions(wine, found):
    X, y = wine
    held, rows = found.held_out()
    np.testing.assert_allclose(held.sum(-1).numpy(), 1.0, atol=1e-5)
    assert sorted(rows.tolist()) == list(range(len(X)))
    chosen = found.ensemble(5)
    assert chosen.counts.sum() == 5
    mean = np.tensordot(chosen.weights, held.double().numpy(), 1)
    codes = np.unique(y, return_inverse=True)[1][rows.numpy()]
    assert chosen.score == pytest.approx(log_loss(codes, mean / mean.sum(1, keepdims=True)), abs=1e-5)
    # by brute force: each pick is the best there is
    total, counts = 0, np.zeros(4, int)
    for k in range(5):
        losses = [log_loss(codes, _normal((total + h) / (k + 1))) for h in held.double().numpy()]
        counts[int(np.argmin(losses))] += 1
        total = total + held[int(np.argmin(losses))].double().numpy()
    assert (counts == chosen.counts).all()
    p = chosen.predict_proba(X)
    assert p.shape == (178, 3)
    assert accuracy_score(y, chosen.predict(X)) > 0.9
    by_hand = sum(w * found.averaged(s, X).numpy() for s, w in enumerate(chosen.weights))
    np.testing.assert_allclose(p, by_hand, atol=1e-6)


def _normal(p):
    return p / p.sum(1, keepdims=True)


def test_a_regression_scales_its_target_by_fold():
    X, y = load_diabetes(return_X_y=True)
    result = lockstep(SMALL, {"WeightDecay.rate": [0, 1.0]}, X, 1000 * y, cv=3)
    for fold, (train, test) in enumerate(make_folds(3, len(X), y)):
        scaled = torch.tensor((X[test] - X[train].mean(0)) / X[train].std(0), dtype=torch.float32)
        with torch.no_grad():
            out = result.lane(1, fold).module()(scaled)[:, 0].double().numpy()
        out = out * 1000 * y[train].std() + 1000 * y[train].mean()
        assert result.scores[1, fold] == pytest.approx(mean_squared_error(1000 * y[test], out), rel=1e-4)
    assert result.mean.min() < 0.6 * (1000 * y).var()
    assert result.ensemble(3).predict(X).shape == (442,)


def test_every_regulariser_of_lanes_goes_through_the_public_face(wine):
    grid = [
        {"Mixup.alpha": 0.3, "LabelSmoothing.eps": 0.1},
        {"FeatureSwap.p": 0.2, "EMA.decay": 0.9},
        {"SWA.after": 0.5, "L1.strength": 1e-3},
        {"EarlyStopping.patience": 3, "Dropout.input_p": 0.1},
        {"hidden": (8, 8), "batch_norm": True, "EMA.decay": 0.5},
        {"hidden": ()},
    ]
    result = lockstep(SMALL, grid, *wine, cv=3)
    assert result.complete.all()
    assert (result.mean < 1.0).all()
    assert result.to_frame().shape[0] == 6
    assert len(result.families) == 3
    assert result.ensemble(4).predict_proba(wine[0]).shape == (178, 3)


def test_early_stopping_watches_rows_of_its_own(wine):
    X, y = wine
    result = lockstep(SMALL, {"EarlyStopping.patience": [1, 4]}, X, y, cv=3)
    for train, watch, test in zip(result.data.train, result.data.watch, result.data.test, strict=True):
        together = np.concatenate([train, watch, test])
        assert sorted(together.tolist()) == list(range(len(X)))
        assert len(watch) == round(0.2 * (len(watch) + len(train)))
    flattered = lockstep(SMALL, {"EarlyStopping.patience": [1]}, X, y, cv=3, validation="test")
    assert all((a == b).all() for a, b in zip(flattered.data.watch, flattered.data.test, strict=True))


def test_class_weight_and_sample_weight(wine):
    X, y = load_breast_cancer(return_X_y=True)
    balanced = lockstep(
        SMALL, {"lr": [1e-3]}, X, y, cv=3, class_weight="balanced", scoring="balanced_accuracy"
    )
    weight = balanced.data.weight
    assert float(weight[y == 0].sum()) == pytest.approx(float(weight[y == 1].sum()), rel=1e-5)
    assert balanced.metric.direction == "higher"
    assert 0.8 < balanced.mean[0] <= 1
    # a row of weight 0 is as good as absent from the scores
    X, y = wine
    w = np.ones(len(y))
    w[::7] = 0.0
    result = lockstep(SMALL, {"lr": [3e-3]}, X, y, cv=3, sample_weight=w)
    test = result.data.test[0]
    kept = test[torch.tensor(w)[test] > 0]
    p = result.families[0].outputs(result.data, [0], 0, kept)[0].softmax(-1).numpy().astype(float)
    assert result.scores[0, 0] == pytest.approx(_log_loss(y[kept.numpy()], p), abs=1e-5)


def test_order_of_regularisers_and_lists_of_values(wine):
    base = NetSettings((8,), (WeightDecay(0.1), Penalise(L1(1e-3)), Dropout(0.1)), lr=1e-2, epochs=40)
    result = lockstep(base, {"L1.strength": [0, 1e-3, 0.3]}, *wine, cv=3)
    assert result.families[0].plan.proxes == ("decay", "l1")
    zeros = [np.mean([(m == 0).float().mean() for m in _matrices(result, s)]) for s in range(3)]
    assert zeros[0] == 0
    assert zeros[2] > 0.5  # exact


def _matrices(result, setting):
    return [m.weight.detach() for m in result.lane(setting).module() if isinstance(m, torch.nn.Linear)]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"Dropot.p": [0]}, "'Dropout.p'"),
        ({"Dropout.q": [0]}, "no setting 'q'"),
        ({"learning_rate": [1]}, "is no setting of a net"),
        ({"lr": 1e-3}, "must be a list"),
        ([], "empty"),
        ({"lr": [-1.0]}, "positive"),
        ({"Dropout.p": [1.5]}, "between 0 and 1"),
        ({"hidden": [(0,)]}, ">= 1"),
    ],
)
def test_bad_grids(wine, grid, message):
    with pytest.raises(InputError, match=re.escape(message)):
        lockstep(SMALL, grid, *wine)


@pytest.mark.parametrize(
    ("regularisers", "message"),
    [
        ((SAM(),), "Lanes cannot do SAM; train this net alone"),
        ((InputNoise(0.1, schedule="cosine"),), "schedule='constant'"),
        ((WeightDecay(coupled=True),), "coupled=False"),
        ((Dropout(0.1), Dropout(0.2)), "one Dropout at a time"),
        ((EMA(), SWA()), "keep one"),
        ((EarlyStopping(restore="last"),), "restore='best'"),
    ],
)
def test_what_lanes_cannot_do_is_refused_by_name(wine, regularisers, message):
    with pytest.raises(UnsupportedError, match=re.escape(message)):
        lockstep(NetSettings((8,), regularisers), {"lr": [1e-3]}, *wine)


def test_two_schedules_of_dropout_are_refused(wine):
    grid = [{"Dropout.schedule": "cosine"}, {"Dropout.schedule": "constant"}]
    with pytest.raises(UnsupportedError, match="one schedule of dropout"):
        lockstep(NetSettings((8,), (Dropout(0.1),)), grid, *wine)


def test_label_smoothing_of_a_regression_is_refused():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(UnsupportedError, match="LabelSmoothing works on classes"):
        lockstep(SMALL, {"LabelSmoothing.eps": [0.1]}, X, y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(178, int)}, "one class only"),
        ({"y": np.full(178, np.nan)}, "NaN"),
        ({"X": np.full((178, 2), np.inf)}, "infin"),
        ({"scoring": "acuracy"}, "accuracy"),
        ({"scoring": "mse"}, "classification"),
        ({"class_weight": "even"}, "class_weight"),
        ({"halving": 3}, "halving"),
        ({"cv": 500}, "500"),
    ],
)
def test_bad_arguments(wine, change, message):
    X, y = wine
    arguments = {"X": X, "y": y} | change
    with pytest.raises(InputError, match=message):
        lockstep(SMALL, GRID, arguments.pop("X"), arguments.pop("y"), **arguments)


def test_a_dead_lane_is_reported_and_never_chosen(wine):
    with pytest.warns(UserWarning, match="3 of 6 lanes died of a loss that is not finite, the first at step"):
        result = lockstep(SMALL, {"lr": [3e-3, 1e30]}, *wine, cv=3)
    assert (result.why[1] == "nan").all()
    assert np.isnan(result.scores[1]).all()
    assert result.best == 0 == result.one_se
    assert result.ensemble(3).counts.tolist() == [3, 0]
    with pytest.warns(UserWarning, match="3 of 3 lanes died"):
        nothing = lockstep(SMALL, {"lr": [1e30]}, *wine, cv=3)
    with pytest.raises(FitError, match="No setting was trained to its end"):
        _ = nothing.best


def test_halving_is_seen_in_the_table(wine):
    result = lockstep(SMALL, {"lr": [1e-5, 1e-4, 1e-3, 3e-3]}, *wine, cv=3, halving=(0.25, 0.5))
    assert [len(set(row)) for row in result.why] == [1] * 4
    assert (result.why == "halved").all(axis=1).sum() == 3
    assert result.complete.sum() == 1
    assert result.settings[result.best].lr == 3e-3
    assert isinstance(result.to_frame(), pd.DataFrame)


def test_the_same_call_gives_the_same_bits(wine):
    again = [lockstep(SMALL, GRID, *wine, cv=3, threads=2) for _ in range(2)]
    assert (again[0].scores == again[1].scores).all()


def test_no_warning_of_torch_or_numpy(wine):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lockstep(
            NetSettings((8,), (FeatureSwap(0.1), Mixup(0.2), LabelSmoothing(0.1), SWA(0.5)), epochs=3),
            GRID,
            *wine,
            cv=3,
        )
