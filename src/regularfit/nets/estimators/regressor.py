"""NetRegressor: numbers from tables, images and texts by a regularised net."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import RegressorMixin
from torch import Tensor

from ...errors import InputError
from ...inputs.targets import read_target
from ._base import NetEstimator, Target

__all__ = ["NetRegressor"]


class NetRegressor(RegressorMixin, NetEstimator):
    r"""Predict numbers with a neural net that is regularised from the start.

    .. math:: \min_\theta\; \frac{1}{\sum_i w_i} \sum_i w_i \tfrac12 \lVert y_i - f(x_i; \theta) \rVert^2
              \quad \text{under the regularisers}

    The target is centred and scaled while training, and predictions are on its own scale. Prefer it to
    :class:`~regularfit.PenalizedRegressor` where columns interact or relations bend; prefer that one where rows are
    few or coefficients must be read.

    Parameters
    ----------
    hidden, regularisers, norm, activation, module, kind, scaling, optimizer, lr, schedule, batch_size, epochs, steps,
    time_limit, validation, refit, metric, device, precision, random_state, verbose :
        As in :class:`NetClassifier`; metrics are those of numbers, such as "mae".
    loss : "squared", "absolute", "huber" (on the scaled target), or a function of (outputs, y) to one loss a row.

    Attributes
    ----------
    module_, snapshots_, encoding_, history_, refit_history_, best_step_, validation_score_, trainer_, n_features_in_,
    feature_names_in_ :
        As in :class:`NetClassifier`.
    target_mean_, target_scale_ : (k,) what was taken off the target and what it was divided by.

    Examples
    --------
    >>> from regularfit.nets import EarlyStopping
    >>> X = np.linspace(-2, 2, 200).reshape(-1, 1)
    >>> stop = EarlyStopping(patience=25)
    >>> net = NetRegressor((32,), regularisers=[stop], epochs=60, lr=1e-2, random_state=0).fit(X, np.sin(2 * X[:, 0]))
    >>> bool(net.score(X, np.sin(2 * X[:, 0])) > 0.95)
    True
    """

    def __init__(
        self,
        hidden: Any = "auto",
        *,
        regularisers: Any = "default",
        norm: str | None = None,
        activation: str = "relu",
        module: Any = None,
        kind: str = "auto",
        scaling: str = "robust",
        loss: Any = "squared",
        optimizer: Any = "adamw",
        lr: float = 1e-3,
        schedule: Any = "cosine",
        batch_size: Any = "auto",
        epochs: float = 100.0,
        steps: int | None = None,
        time_limit: float | None = None,
        validation: Any = 0.2,
        refit: bool = True,
        metric: Any = None,
        device: Any = None,
        precision: str = "float32",
        random_state: Any = None,
        verbose: bool | None = False,
    ) -> None:
        self.hidden = hidden
        self.regularisers = regularisers
        self.norm = norm
        self.activation = activation
        self.module = module
        self.kind = kind
        self.scaling = scaling
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.steps = steps
        self.time_limit = time_limit
        self.validation = validation
        self.refit = refit
        self.metric = metric
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted numbers, (n,) or (n, k)."""
        outputs = self._raw(X)
        values = outputs.reshape(len(outputs), -1) * self.target_scale_ + self.target_mean_
        return values[:, 0] if self._flat else values

    def predict_uncertainty(self, X: Any, passes: int = 30) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of the predictions over passes with dropout on.

        As in :class:`NetClassifier`; the spread is the net's own, without the noise of the target.
        """
        said = self._monte_carlo(X, passes, of=lambda outputs: outputs.reshape(len(outputs), -1))
        mean = said.mean.double().cpu().numpy() * self.target_scale_ + self.target_mean_
        spread = said.spread.double().cpu().numpy() * self.target_scale_
        return (mean[:, 0], spread[:, 0]) if self._flat else (mean, spread)

    def _outputs(self) -> int:
        return len(self.target_mean_)

    def _read_target(self, y: Any, n: int, weights: np.ndarray | None) -> Target:
        values = read_target(y, n)
        self._flat = values.ndim == 1
        values = values.reshape(n, -1)
        self.target_mean_ = np.average(values, axis=0, weights=weights)
        spread = np.sqrt(np.average((values - self.target_mean_) ** 2, axis=0, weights=weights))
        self.target_scale_ = np.where(spread > 0, spread, 1.0)
        return Target(self._scaled(values), None, weights)

    def _encode_target(self, y: Any, n: int) -> Tensor:
        values = np.asarray(y, dtype=np.float64).reshape(n, -1)
        if values.shape[1] != len(self.target_mean_) or not np.isfinite(values).all():
            raise InputError(
                f"The validation target has shape {np.shape(y)} or numbers that are not finite; give {n} rows of "
                f"{len(self.target_mean_)} finite number(s)."
            )
        return self._scaled(values)

    def _scaled(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(((values - self.target_mean_) / self.target_scale_).astype(np.float32))

    def __sklearn_tags__(self) -> Any:
        """Say that several targets are welcome."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
