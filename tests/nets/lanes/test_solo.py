"""A lane of an estimator is that estimator fitted alone on the fold's training rows, by the Trainer."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from sklearn.base import clone  # noqa: E402

from regularfit import L1  # noqa: E402
from regularfit.errors import UnsupportedError  # noqa: E402
from regularfit.nets import (  # noqa: E402
    EMA,
    SWA,
    Dropout,
    EarlyStopping,
    FeatureSwap,
    InputNoise,
    LabelSmoothing,
    Mixup,
    NetClassifier,
    NetRegressor,
    WeightDecay,
)
from regularfit.nets.lanes.lockstep import lockstep  # noqa: E402
from regularfit.selection import make_folds  # noqa: E402

STOPPED = "swap, mixup, smoothing, decay, dropout, EMA, early stopping"
EVERYTHING = {
    STOPPED: [
        FeatureSwap(0.1), Mixup(0.3), LabelSmoothing(0.1), WeightDecay(0.1), Dropout(0.2, 0.1), EMA(0.9),
        EarlyStopping(2),
    ],
    "noise, L1 before decay, SWA": [
        InputNoise(0.1), L1(3e-3), WeightDecay(0.3, independent=True), SWA(0.5), Dropout(0.1)
    ],
    "mixup before swap, L1 after decay": [
        Mixup(1.0), FeatureSwap(0.3), WeightDecay(0.1), L1(1e-2), Dropout(0.3, shape="funnel")
    ],
    "dropout on a schedule": [Dropout(0.6, 0.2, "triangle", "cosine"), WeightDecay(0.1)],
    "the recipe": "default",
    "nothing": [],
}  # fmt: skip


def cars(n=240):
    """A table with numbers, missing values and categories, and three classes."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({
        "power": rng.lognormal(4, 0.5, n), "weight": rng.normal(1200, 200, n),
        "colour": rng.choice(["red", "blue", "green"], n), "doors": rng.choice(["two", "four"], n),
    })  # fmt: skip
    table.loc[::9, "weight"] = np.nan
    score = (
        table["power"] / 50 + (table["colour"] == "red") - (table["doors"] == "two") + rng.normal(0, 0.3, n)
    )
    return table, pd.cut(score, 3, labels=["slow", "middle", "fast"]).astype(str).to_numpy()


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("kind", ["wine", "cars"])
def test_a_lane_is_the_estimator_fitted_alone(name, kind):
    X, y = load_wine(return_X_y=True) if kind == "wine" else cars()
    net = NetClassifier(
        (16, 8), regularisers=EVERYTHING[name], lr=3e-3, epochs=25, refit=False, random_state=3, batch_size=32,
        class_weight="balanced" if name == "nothing" and kind == "wine" else None,
    )  # fmt: skip
    found = lockstep(net, {"lr": [3e-3, 1e-2]}, X, y, cv=3)
    # epochs count by the largest training set, so that all folds take the same steps: that fold is compared
    fold = int(np.argmax([len(r) for r in found.data.train]))
    train, test = make_folds(3, len(X), y, classifier=True)[fold]
    alone = clone(net).set_params(lr=1e-2)
    if alone.class_weight:  # of all rows, where the estimator alone sees the fold's
        alone.set_params(class_weight=dict(zip(found.classes, _balanced(y, found.classes), strict=True)))
    rows = (lambda r: X.iloc[r]) if kind == "cars" else (lambda r: X[r])
    alone.fit(rows(np.sort(train)), y[np.sort(train)])
    ours = found.families[0].outputs(found.data, [1], fold, torch.as_tensor(test))[0].softmax(-1)
    np.testing.assert_allclose(ours.numpy(), alone.predict_proba(rows(test)), atol=2e-5)
    for a, b in zip(found.lane(1, fold).module().parameters(), alone.module_.parameters(), strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=0, atol=2e-5)
    if name == STOPPED:
        assert found.lane(1, fold).step == alone.best_step_
        assert found.lane(1, fold).why == alone.trainer_.stopped_by_


def _balanced(y, classes):
    return [len(y) / (len(classes) * (y == c).sum()) for c in classes]


@pytest.mark.parametrize("name", ["noise, L1 before decay, SWA", "the recipe"])
def test_a_lane_of_the_regressor(name):
    X, y = load_diabetes(return_X_y=True)
    net = NetRegressor((16,), regularisers=EVERYTHING[name], epochs=10, refit=False, random_state=0, lr=1e-2)
    found = lockstep(net, {"WeightDecay.rate": [0.1]}, X, y, cv=3)
    train, test = (np.sort(rows) for rows in make_folds(3, len(X), y)[1])
    alone = found.estimator(0).fit(X[train], y[train])
    ours = found.families[0].outputs(found.data, [0], 1, torch.as_tensor(test))[0, :, 0]
    np.testing.assert_allclose(ours.numpy(), alone.predict(X[test]), rtol=1e-4)


@pytest.mark.parametrize("average", [None, EMA(0.9, statistics="average"), EMA(0.9), SWA(0.5)])
def test_batch_norm_with_averages(average):
    X, y = load_wine(return_X_y=True)
    regularisers = [WeightDecay(0.1), Dropout(0.1), *([average] if average else [])]
    net = NetClassifier(
        (16, 8), norm="batch", regularisers=regularisers, epochs=10, random_state=0, lr=1e-2, batch_size=32
    )
    found = lockstep(net, {"Dropout.p": [0, 0.2]}, X, y, cv=3)
    train, test = (np.sort(rows) for rows in make_folds(3, len(X), y, classifier=True)[2])
    alone = found.estimator(1).fit(X[train], y[train])
    ours = found.families[0].outputs(found.data, [1], 2, torch.as_tensor(test))[0].softmax(-1)
    np.testing.assert_allclose(ours.numpy(), alone.predict_proba(X[test]), atol=2e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm": "layer"}, "norm = None, 'batch' only; 'layer' was given"),
        ({"activation": "gelu"}, "activation = 'relu'"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"calibrate": True}, "calibrate"),
    ],
)
def test_parameters_of_estimators_that_lanes_cannot_do(change, message):
    X, y = load_wine(return_X_y=True)
    with pytest.raises(UnsupportedError, match=message):
        lockstep(NetClassifier(**change), {"lr": [1e-3]}, X, y)


def test_the_estimator_comes_back():
    X, y = load_wine(return_X_y=True)
    net = NetClassifier((8,), epochs=5, random_state=0)
    found = lockstep(net, {"Dropout.p": [0.1, 0.3], "hidden": [(8,), (4, 4)]}, X, y, cv=3)
    back = found.estimator(3)
    assert back.hidden == (4, 4)
    assert [r.p for r in back.regularisers if isinstance(r, Dropout)] == [0.3]
    assert back.batch_size == "auto"
    assert back.fit(X, y).score(X, y) > 0.2
    assert net.regularisers == "default"
