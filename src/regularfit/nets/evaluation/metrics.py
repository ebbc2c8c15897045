"""How good outputs are: metrics by name, each of which knows its own direction.

Nobody passes ``mode="min"``: ``metric("accuracy")`` knows that more is better, and so does everything that compares
scores. Values equal those of scikit-learn's functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ..._checks import check_choice, did_you_mean
from ...errors import InputError
from . import scores

__all__ = ["METRICS", "Metric", "metric"]

Array = np.ndarray
_NEEDS = ("loss", "classes", "probabilities", "logits", "values")


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of a net's raw outputs, with its direction.

    Parameters
    ----------
    name : what it is called in histories and in ``EarlyStopping(metric=...)``.
    direction : "lower" or "higher" is better.
    compute : of (prediction, y, weight), float64 or int64 arrays one row a case, to a number. ``weight`` is never None.
    needs : what ``compute`` wants as prediction:
        "classes" (n,), "probabilities" (n, C), "logits" (n, C), the values of a regression "values" (n, k), with y
        (n, k) alike; or "loss": whoever trains fills it in with the loss that is trained, and it cannot be called.

    Raises
    ------
    InputError
        If a direction or a need is unknown.

    Examples
    --------
    >>> accuracy = metric("accuracy")
    >>> accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0]))
    0.5
    >>> accuracy.direction, accuracy.better(0.9, 0.5)
    ('higher', True)
    >>> cost = Metric("cost", "lower", lambda classes, y, weight: 5.0 * (classes < y).mean(), "classes")
    >>> cost(torch.tensor([-1.0, 2.0]), [1, 1])  # one logit a row: class 1 where it is positive
    2.5
    """

    name: str
    direction: str
    compute: Callable[[Array, Array, Array], float]
    needs: str = "values"

    def __post_init__(self) -> None:
        """Check the words."""
        check_choice(self.direction, ("lower", "higher"), "Metric(direction)")
        check_choice(self.needs, _NEEDS, "Metric(needs)")

    def __call__(self, outputs: Any, y: Any, weight: Any = None) -> float:
        """Return the score of raw outputs, tensors or arrays: (n, C) logits, (n,) or (n, 1) binary logits, or values.

        Outputs that are not finite give NaN, which is worse than every other score.
        """
        if self.needs == "loss":
            raise InputError(
                f"The metric {self.name!r} is the loss that is trained; whoever trains computes it."
            )
        prediction, y = _array(outputs), _array(y)
        if len(y) == 0 or len(prediction) != len(y):
            raise InputError(
                f"{self.name}: there are {len(prediction)} outputs and {len(y)} targets; give as many of one as of "
                "the other, and at least one."
            )
        weight = np.ones(len(y)) if weight is None else _array(weight).astype(np.float64).reshape(len(y))
        if not np.isfinite(prediction).all():
            return float("nan")
        if self.needs == "values":
            return float(self.compute(*_values(prediction, y, self.name), weight))
        logits, classes = _logits(prediction), y.astype(np.int64).ravel()
        if classes.min() < 0 or classes.max() >= logits.shape[1]:
            raise InputError(
                f"{self.name}: the net has {logits.shape[1]} classes, counted from 0; y has class "
                f"{classes.min() if classes.min() < 0 else classes.max()}."
            )
        return float(self.compute(_PREPARED[self.needs](logits), classes, weight))

    def better(self, score: float, than: float) -> bool:
        """Tell whether a score is strictly better than another; NaN is better than nothing, everything than NaN."""
        if np.isnan(score):
            return False
        return bool(np.isnan(than) or self.sign * score < self.sign * than)

    @property
    def sign(self) -> float:
        """What a score is multiplied by so that lower is better: 1 or -1."""
        return 1.0 if self.direction == "lower" else -1.0

    @property
    def worst(self) -> float:
        """A score that every finite one beats."""
        return self.sign * float("inf")

    @property
    def task(self) -> str | None:
        """Return "classification", "regression", or None for both."""
        return {"loss": None, "values": "regression"}.get(self.needs, "classification")


def metric(name: str | Metric, task: str | None = None) -> Metric:
    """Return the metric of a name; ``"neg_..."`` is a metric times -1, with its direction turned, as in scikit-learn.

    Parameters
    ----------
    name : one of :data:`METRICS`, "neg_" before one of them, or a :class:`Metric`, which is returned as it is.
    task : "classification" or "regression", to refuse a metric of the other; None takes all.

    Raises
    ------
    InputError
        If the name is unknown (the nearest are named) or belongs to the other task.

    Examples
    --------
    >>> metric("mse").direction, metric("neg_mse").direction
    ('lower', 'higher')
    >>> metric("acuracy")
    Traceback (most recent call last):
    regularfit.errors.InputError: The metric 'acuracy' is not known. Did you mean 'accuracy' or 'balanced_accuracy'?
    """
    found = name if isinstance(name, Metric) else _named(name)
    if task is not None and found.task not in (None, task):
        fitting = ", ".join(known for known, m in METRICS.items() if m.task in (None, task))
        raise InputError(
            f"The metric {found.name!r} is of {found.task}, not of {task}. Take one of {fitting}."
        )
    return found


def _named(name: Any) -> Metric:
    plain = _ALIASES.get(name, name) if isinstance(name, str) else name
    if isinstance(plain, str) and plain in METRICS:
        return METRICS[plain]
    if isinstance(plain, str) and plain.startswith("neg_") and plain != "neg_loss":
        turned = _named(plain.removeprefix("neg_"))
        direction = "higher" if turned.direction == "lower" else "lower"
        return replace(turned, name=plain, direction=direction, compute=_Negative(turned.compute))
    raise InputError(f"The metric {name!r} is not known. {did_you_mean(str(name), [*METRICS, *_ALIASES])}")


@dataclass(frozen=True, slots=True)
class _Negative:
    """A function times -1; a class, so that it can be pickled and compared."""

    compute: Callable[[Array, Array, Array], float]

    def __call__(self, prediction: Array, y: Array, weight: Array) -> float:
        return -self.compute(prediction, y, weight)


# ---------------------------------------------------------------- from raw outputs to what a metric needs


def _array(values: Any) -> Array:
    """Any tensor or array as numbers on the CPU; floats become float64."""
    if isinstance(values, torch.Tensor):
        values = values.detach().to("cpu")
        values = (values.double() if values.is_floating_point() else values).numpy()
    array = np.asarray(values)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _logits(outputs: Array) -> Array:
    """Return (n, C) logits; one logit a row is that of class 1 against class 0."""
    if outputs.ndim == 1:
        outputs = outputs[:, None]
    if outputs.ndim != 2:
        raise InputError(f"Logits must be (rows,) or (rows, classes); their shape is {outputs.shape}.")
    return np.column_stack([np.zeros(len(outputs)), outputs]) if outputs.shape[1] == 1 else outputs


def _values(prediction: Array, y: Array, name: str) -> tuple[Array, Array]:
    """Both as (n, k): a column of outputs against a row of targets would otherwise make an n by n table."""
    prediction, y = prediction.reshape(len(prediction), -1), y.reshape(len(y), -1).astype(np.float64)
    if prediction.shape != y.shape:
        raise InputError(f"{name}: the outputs have shape {prediction.shape}, but the targets {y.shape}.")
    return prediction, y


_PREPARED: dict[str, Callable[[Array], Array]] = {
    "classes": lambda logits: logits.argmax(axis=1),
    "probabilities": lambda logits: np.exp(scores.log_probabilities(logits)),
    "logits": lambda logits: logits,
}


def _no_compute(prediction: Array, y: Array, weight: Array) -> float:
    raise InputError("The loss that is trained is computed by whoever trains.")


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("loss", "lower", _no_compute, "loss"),
        Metric("accuracy", "higher", scores.accuracy, "classes"),
        Metric("balanced_accuracy", "higher", scores.balanced_accuracy, "classes"),
        Metric("f1_macro", "higher", scores.f1_macro, "classes"),
        Metric("matthews", "higher", scores.matthews, "classes"),
        Metric("log_loss", "lower", scores.log_loss, "logits"),
        Metric("brier", "lower", scores.brier, "probabilities"),
        Metric("auc", "higher", scores.auc, "probabilities"),
        Metric("average_precision", "higher", scores.average_precision, "probabilities"),
        Metric("mse", "lower", scores.mse, "values"),
        Metric("rmse", "lower", scores.rmse, "values"),
        Metric("mae", "lower", scores.mae, "values"),
        Metric("r2", "higher", scores.r2, "values"),
    )
}
_ALIASES = {
    "roc_auc": "auc",
    "roc_auc_ovr": "auc",
    "mean_squared_error": "mse",
    "neg_mean_squared_error": "neg_mse",
    "root_mean_squared_error": "rmse",
    "neg_root_mean_squared_error": "neg_rmse",
    "mean_absolute_error": "mae",
    "neg_mean_absolute_error": "neg_mae",
    "neg_brier_score": "neg_brier",
    "matthews_corrcoef": "matthews",
}
