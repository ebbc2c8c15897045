"""Metrics equal scikit-learn's, know their direction, and refuse what they cannot score."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from sklearn import metrics as sk  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.evaluation.metrics import METRICS, Metric, metric  # noqa: E402


def case(n_classes, n=60, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, n_classes)) * 2
    return logits, rng.integers(0, n_classes, n), rng.uniform(0.1, 3, n)


def softmax(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


CLASSIFICATION = {
    "accuracy": lambda z, y, w: sk.accuracy_score(y, z.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda z, y, w: sk.balanced_accuracy_score(y, z.argmax(1), sample_weight=w),
    "f1_macro": lambda z, y, w: sk.f1_score(y, z.argmax(1), average="macro", sample_weight=w),
    "matthews": lambda z, y, w: sk.matthews_corrcoef(y, z.argmax(1), sample_weight=w),
    "log_loss": lambda z, y, w: sk.log_loss(y, softmax(z), sample_weight=w),
    "brier": lambda z, y, w: np.average(  # brier_score_loss takes several classes only since scikit-learn 1.7
        ((softmax(z) - np.eye(z.shape[1])[y]) ** 2).sum(1), weights=w
    ),
    "auc": lambda z, y, w: np.mean(
        [sk.roc_auc_score(y == c, softmax(z)[:, c], sample_weight=w) for c in range(z.shape[1])]
    ),
    "average_precision": lambda z, y, w: np.mean(
        [sk.average_precision_score(y == c, softmax(z)[:, c], sample_weight=w) for c in range(z.shape[1])]
    ),
}
REGRESSION = {
    "mse": sk.mean_squared_error,
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "r2": sk.r2_score,
}


def test_every_metric_has_its_truth_here():
    assert {*CLASSIFICATION, *REGRESSION, "loss"} == set(METRICS)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_of_four_classes_is_scikit_learns(name, weighted):
    logits, y, w = case(4)
    w = w if weighted else None
    ours = metric(name)(torch.tensor(logits), torch.tensor(y), None if w is None else torch.tensor(w))
    assert ours == pytest.approx(CLASSIFICATION[name](logits, y, w), rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("accuracy", lambda p, y, w: sk.accuracy_score(y, p > 0.5, sample_weight=w)),
        ("log_loss", lambda p, y, w: sk.log_loss(y, p, sample_weight=w)),
        ("brier", lambda p, y, w: sk.brier_score_loss(y, p, sample_weight=w)),
        ("auc", lambda p, y, w: sk.roc_auc_score(y, p, sample_weight=w)),
        ("average_precision", lambda p, y, w: sk.average_precision_score(y, p, sample_weight=w)),
        ("f1_macro", lambda p, y, w: sk.f1_score(y, p > 0.5, average="macro", sample_weight=w)),
    ],
)
def test_two_classes_are_scikit_learns_however_the_logits_come(name, truth, weighted):
    logits, y, w = case(2)
    w = w if weighted else None
    one = logits[:, 1] - logits[:, 0]
    wanted = truth(1 / (1 + np.exp(-one)), y, w)
    for outputs in (logits, one, one[:, None], torch.tensor(one)):
        assert metric(name)(outputs, y, w) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", REGRESSION)
def test_regression_is_scikit_learns(name, weighted, outputs):
    rng = np.random.default_rng(1)
    y, given = rng.normal(size=(2, 40, outputs))
    w = rng.uniform(0.1, 2, 40) if weighted else None
    wanted = REGRESSION[name](y, given, sample_weight=w)
    assert metric(name)(torch.tensor(given), torch.tensor(y), w) == pytest.approx(wanted, rel=1e-12)


def test_multiclass_auc_is_scikit_learns_macro_one_against_rest():
    logits, y, _ = case(4)
    wanted = sk.roc_auc_score(y, softmax(logits), multi_class="ovr", average="macro")
    assert metric("auc")(logits, y) == pytest.approx(wanted, rel=1e-12)


def test_a_column_of_outputs_is_not_broadcast_against_a_row_of_targets():
    y = torch.arange(5.0)
    assert metric("mse")(y[:, None], y) == 0.0
    with pytest.raises(InputError, match=r"shape \(5, 2\), but the targets \(5, 1\)"):
        metric("mse")(torch.zeros(5, 2), y)


def test_classes_that_are_missing_do_no_harm():
    logits, _, _ = case(4, n=10)
    y = np.array([0, 1] * 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in CLASSIFICATION:
            assert np.isfinite(metric(name)(logits, y))
        assert np.isnan(metric("auc")(logits, np.zeros(10, dtype=int)))  # nothing to rank against
        assert metric("matthews")(logits, np.zeros(10, dtype=int)) == 0.0
    recall = [(logits.argmax(1)[y == c] == c).mean() for c in (0, 1)]
    assert metric("balanced_accuracy")(logits, y) == pytest.approx(np.mean(recall))


def test_outputs_that_are_not_finite_give_nan_which_everything_beats():
    score = metric("accuracy")(torch.tensor([[float("nan"), 0.0]]), [1])
    assert np.isnan(score)
    assert metric("accuracy").better(0.0, score)
    assert not metric("accuracy").better(score, 0.0)
    assert not metric("accuracy").better(score, score)


def test_a_constant_target_is_explained_exactly_or_not_at_all():
    assert metric("r2")([1.0, 1.0], [1.0, 1.0]) == sk.r2_score([1, 1], [1, 1]) == 1.0
    assert metric("r2")([1.0, 2.0], [1.0, 1.0]) == sk.r2_score([1, 1], [1, 2]) == 0.0


def test_half_precision_outputs_are_scored_in_double():
    logits, y, _ = case(3)
    low = torch.tensor(logits).to(torch.bfloat16)
    assert metric("log_loss")(low, y) == pytest.approx(
        sk.log_loss(y, softmax(low.double().numpy())), rel=1e-12
    )


def test_wrong_direction_of_a_metric_cannot_be_passed():
    """Mistake (skorch #765, Lightning #1751): mode='min' with an accuracy; here the metric carries it."""
    for name in ("accuracy", "auc", "r2", "neg_mse", "neg_log_loss", "neg_mean_squared_error"):
        assert metric(name).direction == "higher"
        assert metric(name).better(-1.0, -2.0)
    for name in ("loss", "mse", "log_loss", "brier"):
        assert metric(name).direction == "lower"
        assert metric(name).better(-2.0, -1.0)
    assert metric("neg_mse")([1.0, 3.0], [1.0, 1.0]) == -2.0
    assert metric("neg_accuracy").direction == "lower"


def test_an_unknown_metric_is_refused_with_the_nearest_names():
    with pytest.raises(InputError, match="balanced_accuracy"):
        metric("balanced_acc")
    for wrong in (None, 3, "neg_loss", "neg_", ""):
        with pytest.raises(InputError, match="not known"):
            metric(wrong)
    with pytest.raises(InputError, match="direction"):
        Metric("mine", "min", lambda p, y, w: 0.0)
    with pytest.raises(InputError, match="of classification, not of regression"):
        metric("auc", task="regression")
    assert metric("loss", task="regression") is METRICS["loss"]


def test_no_rows_or_too_few_are_refused():
    with pytest.raises(InputError, match="at least one"):
        metric("accuracy")(torch.zeros(0, 2), [])
    with pytest.raises(InputError, match="3 outputs and 2 targets"):
        metric("mse")([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(InputError, match="whoever trains"):
        metric("loss")([1.0], [1.0])


def test_a_class_that_the_net_does_not_have_is_refused():
    with pytest.raises(InputError, match="3 classes, counted from 0; y has class 3"):
        metric("log_loss")(torch.zeros(2, 3), [0, 3])
    with pytest.raises(InputError, match="y has class -1"):
        metric("accuracy")(torch.zeros(2, 3), [0, -1])
