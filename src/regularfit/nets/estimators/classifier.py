"""NetClassifier: classes of tables, images and texts by a regularised net."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor

from ...errors import InputError
from ...inputs.targets import check_classes_weighted, read_classes
from ._base import NetEstimator, Target
from .calibration import temperature_of

__all__ = ["NetClassifier"]


class NetClassifier(ClassifierMixin, NetEstimator):
    r"""Predict classes and their probabilities with a neural net that is regularised from the start.

    .. math:: \min_\theta\; \frac{1}{\sum_i w_i} \sum_i w_i \left[ \log \sum_k e^{f_k(x_i; \theta)} - f_{y_i}(x_i;
              \theta) \right] \quad \text{under the regularisers}

    The rows are encoded (numbers scaled, categories as indicators, missing values filled and marked; images and texts
    as they need), some are set apart to decide when to stop, and the net is then trained anew on all rows for the
    number of passes that was best. Prefer it to :class:`~regularfit.PenalizedClassifier` where columns interact,
    for images and for short texts; prefer that one where rows are few or coefficients must be read, and trees
    where a table is irregular and large.

    Parameters
    ----------
    hidden : widths of the hidden layers, whole numbers >= 1; for images the channels of the stages. "auto" is
        (128, 128), and for images 16 doubled from stage to stage, for as many as it takes to halve them to 4 to 7
        pixels: (16, 32) for 8 x 8 to 28 x 28, (16, 32, 64) for 32 x 32. ``hidden=(32, 64)`` takes twice as long.
    regularisers : "default" (decay, dropout, small shifts of images, an average of the
        weights, early stopping; see :func:`~regularfit.nets.recipe`), or a list such as
        ``[WeightDecay(1e-2), Dropout(0.2)]``; [] for none.
    norm : None, "batch" or "layer"; images always have batch norm.
    activation : "relu", "gelu", "silu" or "tanh".
    module : a function of (shape of an encoded row, outputs) to a torch module of your own, or None.
    kind : "table", "images", "texts", or "auto": two dimensions are a table, three or four images, strings texts.
    scaling : of numbers: "robust" (median and quartiles, far values drawn in), "standard", "none", or "piecewise":
        as "robust", and beside it a column for each of 8 bins, which lets a net bend where the data are. That is
        often worth more than any regulariser where the target is no smooth function of the numbers.
    loss : "cross_entropy", or a function of (outputs, y) to one loss a row.
    class_weight : None, "balanced" or a dict from label to weight > 0; multiplies ``sample_weight``.
    optimizer, lr, schedule, epochs, steps, time_limit, device, precision, verbose :
        As in :class:`~regularfit.nets.Trainer`.
    batch_size : rows a step, >= 1, or "auto": about a twentieth of the rows, between 16 and 256.
    validation : the share of rows that decide when to stop, rows of their own as (X, y), or None.
    refit : whether to train anew on all rows for the best number of passes; False keeps the net that was validated.
    metric : what early stopping of the default regularisers watches, and what is in the history: a name such as
        "balanced_accuracy", or None for the loss.
    calibrate : whether probabilities get a temperature, found on the validation rows.
    random_state : int, RandomState or None; an int makes everything repeat, to the bit on one machine.

    Attributes
    ----------
    classes_ : (K,) the labels, sorted.
    module_ : the trained torch net, in eval mode.
    snapshots_ : the nets of a ``SnapshotEnsemble``, whose mean predictions are; empty without one.
    encoding_ : how rows become its inputs.
    history_, refit_history_ : one record an evaluation; ``to_frame()``.
    best_step_, validation_score_ : of the validated run, where there was one.
    temperature_ : of the probabilities; 1.0 without calibration.
    trainer_ : the last :class:`~regularfit.nets.Trainer`.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> X, y = make_moons(200, noise=0.1, random_state=0)
    >>> net = NetClassifier((32,), epochs=30, lr=1e-2, random_state=0).fit(X[:150], y[:150])
    >>> bool(net.score(X[150:], y[150:]) > 0.9)
    True

    References
    ----------
    Kadra, A., Lindauer, M., Hutter, F. and Grabocka, J. (2021). Well-tuned simple nets excel on tabular datasets.
    NeurIPS.
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
        loss: Any = "cross_entropy",
        class_weight: Any = None,
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
        calibrate: bool = False,
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
        self.class_weight = class_weight
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
        self.calibrate = calibrate
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the outputs of the net: (n,) log-odds of the second class, or (n, K) logits."""
        logits = self._raw(X) / getattr(self, "temperature_", 1.0)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class, (n, K), in the order of ``classes_``."""
        return softmax(self._raw(X) / getattr(self, "temperature_", 1.0), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of every row, (n,)."""
        best = self._raw(X).argmax(axis=1)
        return self.classes_[best]

    def predict_uncertainty(self, X: Any, passes: int = 30) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of the probabilities over passes with dropout on, (n, K) each.

        A wide spread says that the net is not sure of its own answer (Gal & Ghahramani 2016). Needs ``Dropout`` (or
        another kind of it) among the regularisers.

        Parameters
        ----------
        passes : forward passes, >= 2.
        """
        temperature = getattr(self, "temperature_", 1.0)
        said = self._monte_carlo(X, passes, of=lambda logits: (logits / temperature).softmax(dim=-1))
        return said.mean.double().cpu().numpy(), said.spread.double().cpu().numpy()

    def _outputs(self) -> int:
        return len(self.classes_)

    def _read_target(self, y: Any, n: int, weights: np.ndarray | None) -> Target:
        classes, codes = read_classes(y, n)
        check_classes_weighted(codes, weights, classes)
        self.classes_ = classes
        numbers = codes.astype(np.int64)
        if self.class_weight is not None:
            each = self._class_weights(classes, y)[numbers]
            weights = each if weights is None else weights * each
        self.temperature_ = 1.0
        if self.calibrate and self.validation is None:
            raise InputError("calibrate=True needs rows that are not trained on; validation is None.")
        return Target(torch.from_numpy(numbers), numbers, weights)

    def _class_weights(self, classes: np.ndarray, y: Any) -> np.ndarray:
        if isinstance(self.class_weight, dict):
            unknown = [label for label in self.class_weight if label not in classes.tolist()]
            bad = [label for label, weight in self.class_weight.items() if not weight > 0]
            if unknown or bad:
                raise InputError(
                    f"class_weight must give labels of y numbers > 0; "
                    f"{(unknown or bad)[0]!r} {'is no label of y' if unknown else 'does not have one'}."
                )
        elif self.class_weight != "balanced":
            raise InputError(
                f"class_weight must be None, 'balanced' or a dict from label to weight; {self.class_weight!r} was "
                "given."
            )
        return compute_class_weight(self.class_weight, classes=classes, y=np.asarray(y).ravel())

    def _encode_target(self, y: Any, n: int) -> Tensor:
        labels = np.asarray(y).ravel()
        if len(labels) != n:
            raise InputError(f"validation has {n} rows and {len(labels)} labels; give one label a row.")
        unseen = sorted({str(label) for label in labels[~np.isin(labels, self.classes_)]})
        if unseen:
            raise InputError(
                f"The validation rows have labels that training has not: {', '.join(unseen[:5])}. Drop those rows."
            )
        return torch.from_numpy(np.searchsorted(self.classes_, labels).astype(np.int64))

    def _validated(self, logits: np.ndarray, target: Tensor) -> None:
        if self.calibrate:
            self.temperature_ = temperature_of(logits, target.numpy())
