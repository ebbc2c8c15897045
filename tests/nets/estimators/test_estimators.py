"""NetClassifier and NetRegressor: what a user of scikit-learn expects, on tables, images and texts."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import regularfit as rf
from regularfit import nets
from regularfit.nets import (
    EMA,
    Cutout,
    Dropout,
    EarlyStopping,
    Erase,
    NetClassifier,
    NetRegressor,
    PadCrop,
    WeightDecay,
)

QUICK = {"hidden": (16,), "epochs": 10, "lr": 1e-2, "random_state": 0}
X2, Y2 = make_classification(300, 8, n_informative=4, random_state=0)
NOT_A_SUM = {
    "check_sample_weight_equivalence_on_dense_data": "batches are drawn by rows, so a weight of 2 is not two rows"
}


@parametrize_with_checks(
    [
        NetClassifier((8,), epochs=8, lr=3e-2, random_state=0),
        NetRegressor((8,), epochs=8, lr=3e-2, random_state=0),
    ],
    expected_failed_checks=lambda estimator: NOT_A_SUM,
)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


# --- it learns


def test_a_table_of_numbers():
    X, y = load_breast_cancer(return_X_y=True)
    net = NetClassifier((32,), epochs=30, random_state=0).fit(X[:400], y[:400])
    assert net.score(X[400:], y[400:]) > 0.93
    assert net.history_.to_frame()["loss"].min() == pytest.approx(net.validation_score_)


def test_a_net_without_hidden_layers_is_a_linear_model():
    X, y = load_diabetes(return_X_y=True)
    net = NetRegressor(
        (), regularisers=[], scaling="standard", lr=0.2, steps=1500, batch_size=442, validation=None
    ).fit(X, y)
    np.testing.assert_allclose(net.predict(X), LinearRegression().fit(X, y).predict(X), atol=0.02 * y.std())


def test_images():
    X, y = load_digits(return_X_y=True)
    images = (X.reshape(-1, 8, 8) * 15).astype(np.uint8)
    net = NetClassifier(epochs=4, lr=1e-2, refit=False, random_state=0).fit(images[:1200], y[:1200])
    assert net.score(images[1200:], y[1200:]) > 0.92
    wider = NetClassifier((4, 6, 8), steps=1, regularisers=[], random_state=0).fit(images, y)
    assert [m.out_channels for m in wider.module_ if isinstance(m, nn.Conv2d)] == [4, 6, 8]


class _Watched(nn.Module):
    """A linear net that keeps what it is shown in training."""

    def __init__(self, shape, outputs):
        super().__init__()
        self.linear, self.seen = nn.Linear(int(np.prod(shape)), outputs), []

    def forward(self, x):
        if self.training:
            self.seen.append(x.detach().clone())
        return self.linear(x.flatten(1))


@pytest.mark.parametrize(
    ("transform", "fill"), [(PadCrop(2), 0.0), (Cutout(), 0.0), (Erase(1.0, fill=0.5), 0.5)]
)
def test_what_an_augmentation_fills_in_is_meant_as_in_the_images(transform, fill):
    """It was 0 after centring: the mean of all pixels, grey."""
    rng = np.random.default_rng(0)
    light = rng.integers(180, 256, size=(60, 6, 6), dtype=np.uint8)
    net = NetClassifier(
        module=_Watched, regularisers=[transform], steps=3, batch_size=60, validation=None, random_state=0
    ).fit(light, np.arange(60) % 2)
    seen = torch.cat(net.module_.seen) * net.encoding_.sd[0] + net.encoding_.mean[0]
    filled = seen[seen < 179 / 255]
    assert len(filled) > 0.02 * seen.numel()
    torch.testing.assert_close(filled, torch.full_like(filled, fill), atol=1e-5, rtol=0)


def test_texts():
    rng = np.random.default_rng(0)
    good, bad, other = (
        ["fine", "great", "lovely"],
        ["awful", "poor", "sad"],
        ["a", "film", "the", "plot", "of", "it"],
    )
    y = rng.integers(0, 2, 200)
    texts = [" ".join([*rng.choice(other, 6), rng.choice(good if label else bad)]) for label in y]
    net = NetClassifier((16,), epochs=30, lr=1e-2, random_state=0).fit(texts[:150], y[:150])
    assert net.score(texts[150:], y[150:]) > 0.9


def test_several_targets():
    X = np.random.default_rng(0).normal(size=(200, 3))
    Y = np.column_stack([X[:, 0], X[:, 1] * 100])
    predicted = NetRegressor(**QUICK | {"epochs": 40}).fit(X, Y).predict(X)
    assert predicted.shape == (200, 2)
    assert np.corrcoef(predicted[:, 1], Y[:, 1])[0, 1] > 0.95


def test_a_module_of_ones_own():
    net = NetClassifier(module=lambda shape, k: nn.Linear(shape[0], k), **QUICK).fit(X2, Y2)
    assert isinstance(net.module_, nn.Linear)
    with pytest.raises(rf.InputError, match="gives \\(1, 3\\) for one row, and \\(1, 2\\)"):
        NetClassifier(module=lambda shape, k: nn.Linear(shape[0], 3), **QUICK).fit(X2, Y2)
    with pytest.raises(rf.UnsupportedError, match="module of your own"):
        net.save("nowhere.rfit")


# --- rows that decide when to stop


def test_a_refit_sees_all_rows_for_as_many_passes():
    net = NetClassifier(**QUICK, batch_size=30).fit(X2, Y2)
    passes = net.best_step_ * 30 / 240
    assert len(net.trainer_.history_.to_frame()) >= 1
    assert net.refit_history_.to_frame()["step"].max() == round(passes * 300 / 30)


def test_without_a_refit_the_validated_net_is_kept():
    net = NetClassifier(**QUICK, refit=False).fit(X2, Y2)
    assert not hasattr(net, "refit_history_")
    assert net.encoding_.columns[0].centre != np.median(X2[:, 0])  # learnt from the training rows only


def test_rows_of_ones_own_decide():
    net = NetClassifier(**QUICK, validation=(X2[200:], Y2[200:])).fit(X2[:200], Y2[:200])
    outputs = net.predict_proba(X2[200:])
    assert log_loss(Y2[200:], outputs) == pytest.approx(net.validation_score_, rel=1e-4)


def test_labels_that_training_has_not():
    with pytest.raises(rf.InputError, match="labels that training has not: 7"):
        NetClassifier(**QUICK, validation=(X2[200:], np.full(100, 7))).fit(X2[:200], Y2[:200])


def test_too_few_rows_to_set_any_apart():
    with pytest.warns(rf.FewerFoldsWarning, match="too few to set some apart"):
        NetRegressor(**QUICK).fit(X2[:4], X2[:4, 0])


def test_no_stopping_means_no_rows_set_apart():
    net = NetClassifier(**QUICK, regularisers=[WeightDecay(1e-2)]).fit(X2, Y2)
    assert not hasattr(net, "validation_score_")
    assert net.history_.to_frame()["step"].max() == round(10 * 300 / 16)


# --- scikit-learn's ways


def test_everything_repeats():
    one, two = (NetClassifier(**QUICK).fit(X2, Y2) for _ in range(2))
    assert all(
        torch.equal(a, b) for a, b in zip(one.module_.parameters(), two.module_.parameters(), strict=True)
    )


def test_a_grid_over_fields_of_regularisers():
    values = [WeightDecay(1e-2), Dropout(0.1), EMA(0.9)]
    search = GridSearchCV(
        NetClassifier(**QUICK, regularisers=values), {"Dropout.p": [0.0, 0.3], "lr": [1e-2]}, cv=2
    )
    search.fit(X2, Y2)
    assert search.best_estimator_.regularisers[1].p == search.best_params_["Dropout.p"]
    assert values[1].p == 0.1  # the list that was given is as it was


def test_wrong_names_of_fields():
    net = NetClassifier(regularisers=[Dropout(0.1)])
    with pytest.raises(rf.InputError, match="Did you mean 'Dropout'"):
        net.set_params(**{"Dropuot.p": 0.1})
    with pytest.raises(rf.InputError, match="Dropout has no field 'rate'"):
        net.set_params(**{"Dropout.rate": 0.1})
    with pytest.raises(rf.InputError, match="Give the list of regularisers first"):
        NetClassifier().set_params(**{"Dropout.p": 0.1})


def test_pipelines_clones_and_cross_validation():
    pipe = make_pipeline(StandardScaler(), NetClassifier(**QUICK))
    assert cross_val_score(clone(pipe), X2, Y2, cv=3).mean() > 0.7


# --- weights and probabilities


def test_rows_without_weight_are_not_trained_on():
    rng = np.random.default_rng(0)
    wrong = rng.random(300) < 0.5
    y = np.where(wrong, 1 - Y2, Y2)
    net = NetClassifier(**QUICK, regularisers=[]).fit(X2, y, sample_weight=(~wrong).astype(float))
    assert net.score(X2, Y2) > 0.85


def test_balanced_classes_find_the_rare_one():
    X, y = make_classification(600, 6, weights=[0.93], flip_y=0.02, random_state=1)
    plain = NetClassifier(**QUICK).fit(X, y)
    balanced = NetClassifier(**QUICK, class_weight="balanced").fit(X, y)
    as_dict = NetClassifier(**QUICK, class_weight={0: 1.0, 1: 5.0}).fit(X, y)
    for net in (balanced, as_dict):
        assert net.predict(X)[y == 1].mean() > plain.predict(X)[y == 1].mean()


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ("even", "must be None, 'balanced' or a dict"),
        ({9: 1.0}, "9 is no label of y"),
        ({0: -1.0}, "0 does not have one"),
    ],
)
def test_wrong_class_weights(weight, said):
    with pytest.raises(rf.InputError, match=said):
        NetClassifier(**QUICK, class_weight=weight).fit(X2, Y2)


def test_calibration_tempers_a_net_that_is_too_sure():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    y = (rng.random(400) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    settings = {
        "hidden": (64,),
        "epochs": 150,
        "lr": 1e-2,
        "random_state": 0,
        "regularisers": [],
        "refit": False,
    }
    net = NetClassifier(**settings, calibrate=True).fit(X, y)
    assert net.temperature_ > 1.5
    new = rng.normal(size=(2000, 5))
    truth = (rng.random(2000) < 1 / (1 + np.exp(-new[:, 0]))).astype(int)
    calibrated = log_loss(truth, net.predict_proba(new))
    net.temperature_ = 1.0
    assert calibrated < log_loss(truth, net.predict_proba(new))
    with pytest.raises(rf.InputError, match="calibrate=True needs rows"):
        NetClassifier(**settings, calibrate=True, validation=None).fit(X, y)


# --- files


@pytest.mark.parametrize("case", ["table", "images", "texts", "regression"])
def test_a_model_file_gives_the_same_net(case, tmp_path):
    if case == "table":
        X = pd.DataFrame({"a": X2[:, 0], "b": np.where(X2[:, 1] > 0, "hi", None)})
        net = NetClassifier(**QUICK, regularisers=[Dropout(0.2), EarlyStopping(3)], norm="batch").fit(
            X, Y2.astype(str)
        )
    elif case == "images":
        X = X2[:, :, None].repeat(4, axis=2)
        net = NetClassifier(**QUICK | {"hidden": (4,)}).fit(X, Y2)
    elif case == "texts":
        X = ["good word" if label else "bad word" for label in Y2]
        net = NetClassifier(**QUICK).fit(X, Y2)
    else:
        X = X2
        net = NetRegressor(**QUICK, scaling="piecewise").fit(X, X2[:, 0])
        assert net.encoding_.columns[0].edges
    file = tmp_path / "net.rfit"
    net.save(file)
    again = rf.load(file)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert again.get_params()["regularisers"] == net.get_params()["regularisers"]
    with pytest.raises(rf.ModelFileError, match="exists already"):
        net.save(file)


def test_a_damaged_file_says_so(tmp_path):
    file = tmp_path / "net.rfit"
    NetRegressor(**QUICK).fit(X2, X2[:, 0]).save(file)
    from regularfit.storage import Archive, read_archive, write_archive

    archive = read_archive(file)
    write_archive(file, Archive(archive.head, archive.arrays, {}), overwrite=True)
    with pytest.raises(rf.ModelFileError, match="is damaged"):
        rf.load(file)


# --- settings


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"hidden": (0,)}, "hidden must be whole numbers"),
        ({"hidden": (2.5,)}, "hidden must be whole numbers"),
        ({"validation": 1.5}, "validation must lie between 0 and 1"),
        ({"validation": "some"}, "validation must be a share"),
        ({"regularisers": "all"}, "regularisers must be 'default' or a list"),
        ({"kind": "pictures"}, "kind='pictures' is not known"),
        ({"metric": "acuracy"}, "accuracy"),
    ],
)
def test_wrong_settings(setting, said):
    with pytest.raises(rf.InputError, match=said):
        NetClassifier(**QUICK | setting).fit(X2, Y2)


# --- regularisers that need the estimator's help


def test_spread_of_predictions_by_dropout():
    net = NetClassifier(**QUICK, regularisers=[Dropout(0.3)]).fit(X2, Y2)
    mean, spread = net.predict_uncertainty(X2, passes=40)
    np.testing.assert_allclose(mean.sum(axis=1), 1.0, atol=1e-5)
    assert (spread > 0).all()
    far = NetRegressor(**QUICK, regularisers=[Dropout(0.3)]).fit(X2, X2[:, 0])
    near, wide = (far.predict_uncertainty(X2 * k, passes=40)[1].mean() for k in (1, 10))
    assert wide > near  # far from the training rows the net is less sure
    with pytest.raises(rf.UnsupportedError, match="there is none among the regularisers"):
        NetClassifier(**QUICK, regularisers=[]).fit(X2, Y2).predict_uncertainty(X2)


def test_texts_are_changed_in_training_only():
    seen = []

    class Marked(nets.TextStep):
        """Adds a word, and remembers what it was asked for."""

        def change(self, texts, keys):
            seen.extend(texts)
            return [f"{text} changed" for text in texts]

    texts = [f"good word {i % 7}" if label else f"bad word {i % 7}" for i, label in enumerate(Y2)]
    net = NetClassifier(**QUICK, regularisers=[Marked(), EarlyStopping(5)], refit=False).fit(texts, Y2)
    assert len(set(seen)) > 0
    assert (
        "changed" in net.encoding_.words
    )  # words that changes make have numbers, else they would be unknown ones
    assert net.score(texts, Y2) > 0.95
    with pytest.raises(rf.UnsupportedError, match="changes words, and X holds no texts"):
        NetClassifier(**QUICK, regularisers=[Marked()]).fit(X2, Y2)


def test_words_that_changes_make_do_not_teach_what_unknown_words_tell():
    """A text of known words trains known words only, whatever rare words a change puts in."""

    class Rare(nets.TextStep):
        def change(self, texts, keys):
            return [f"{text} odd{int(key) % 100_000}" for text, key in zip(texts, keys, strict=True)]

    texts = [f"good word {i % 7}" if label else f"bad word {i % 7}" for i, label in enumerate(Y2)]
    first, later = (
        NetClassifier((16,), steps=steps, batch_size=64, random_state=0, regularisers=[Rare()]).fit(texts, Y2)
        for steps in (1, 60)
    )
    unknown, known = (
        np.array([net.module_.embedding.weight[k].tolist() for net in (first, later)]) for k in (1, 2)
    )
    np.testing.assert_array_equal(*unknown)
    assert not np.array_equal(*known)


def test_a_bottleneck_is_put_in_and_stored(tmp_path):
    net = NetClassifier(**QUICK, regularisers=[nets.VIB(1e-3, dim=4)]).fit(X2, Y2)
    assert any(isinstance(m, nets.Bottleneck) for m in net.module_.modules())
    net.save(tmp_path / "net.rfit")
    np.testing.assert_array_equal(rf.load(tmp_path / "net.rfit").predict(X2), net.predict(X2))
