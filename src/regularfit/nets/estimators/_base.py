"""What the two estimators share: encoding, splitting, training, refitting, saving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from ...errors import InputError, UnsupportedError
from ...inputs.targets import read_weights
from ..averages.voting import voted
from ..dropout.dropout import Dropping
from ..dropout.monte_carlo import MonteCarlo, monte_carlo
from ..encoding import Encoding, ImageEncoding, TableEncoding, learn_encoding
from ..encoding.encoding import kind_of
from ..encoding.images import side_of
from ..evaluation.stopping import EarlyStopping
from ..regulariser import Regulariser
from ..trainer import Trainer
from .build import build, check_hidden
from .changed_texts import with_texts, with_words
from .params import replaced
from .recipe import recipe
from .rows import as_rows, taken
from .splitting import split_rows

__all__ = ["NetEstimator", "Target"]

BATCHES = 20  # an epoch has about this many, within the bounds of the sizes below
SMALLEST, LARGEST = 16, 256


@dataclass(frozen=True)
class Target:
    """A target as the net sees it.

    Parameters
    ----------
    values : int64 classes, or float32 (n, k), centred and scaled.
    codes : the classes again, for splitting by them, or None.
    weights : of the rows, class weights included, or None.
    """

    values: Tensor
    codes: np.ndarray | None
    weights: np.ndarray | None


class NetEstimator(BaseEstimator):
    """The base of NetClassifier and NetRegressor; their docstrings say what the parameters mean."""

    hidden: Any
    regularisers: Any
    norm: str | None
    activation: str
    module: Callable[..., nn.Module] | None
    kind: str
    scaling: str
    loss: Any
    optimizer: Any
    lr: float
    schedule: Any
    batch_size: Any
    epochs: float
    steps: int | None
    time_limit: float | None
    validation: Any
    refit: bool
    metric: Any
    device: Any
    precision: str
    random_state: Any
    verbose: bool | None

    # --- what the two give themselves

    def _read_target(self, y: Any, n: int, weights: np.ndarray | None) -> Target:
        raise NotImplementedError

    def _encode_target(self, y: Any, n: int) -> Tensor:
        """Return a validation target in terms of the training target."""
        raise NotImplementedError

    def _outputs(self) -> int:
        raise NotImplementedError

    def _validated(self, logits: np.ndarray, target: Tensor) -> None:
        """Look at outputs of rows that were not trained on."""

    # --- fitting

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None) -> Any:
        """Train the net; see the class for what happens.

        Parameters
        ----------
        X : a pandas, polars or pyarrow table or (n, p) array, images (n, h, w) or (n, c, h, w), or n texts.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.

        Raises
        ------
        InputError, UnsupportedError
            If data or settings cannot be used; nothing has been trained then.
        FitError
            If the loss becomes NaN or infinite; ``module_`` holds the best weights until then.
        """
        X = as_rows(X)
        n = len(X)
        if n < 2:
            raise InputError(
                f"X has n_samples = {n}; a net needs two rows at least, and some hundreds to be of use."
            )
        self._check_settings()
        target = self._read_target(y, n, read_weights(sample_weight, n))
        seed = int(check_random_state(self.random_state).randint(2**31))
        values = self._chosen_regularisers(X)
        parts = self._parts(X, target, seed, values)
        if parts is None:
            self._train_on_all(X, target, seed, values, steps=None)
            self.history_ = self.trainer_.history_
            return self
        self._train_and_validate(X, target, seed, values, parts)
        if self.refit and isinstance(parts[1], np.ndarray):
            self._refit(X, target, seed, values, len(parts[0]))
        return self

    def _parts(self, X: Any, target: Target, seed: int, values: Sequence[Regulariser]) -> Any:
        """Return (training rows, validation rows or (X, y)), or None where nothing is validated."""
        if self.validation is None:
            return None
        if isinstance(self.validation, tuple):
            return np.arange(len(target.values)), self.validation
        if not any(isinstance(v, EarlyStopping) for v in values) and not getattr(self, "calibrate", False):
            return None  # nobody would look at them
        return split_rows(len(target.values), self.validation, target.codes, seed)

    def _train_and_validate(
        self, X: Any, target: Target, seed: int, values: Sequence[Regulariser], parts: Any
    ) -> None:
        train, held = parts
        part = taken(X, train)
        encoding = with_words(learn_encoding(part, self.kind, scaling=self.scaling), values, part, seed)
        inputs = encoding.encode(part)
        if isinstance(held, tuple):
            held_X, held_y = held[0], self._encode_target(held[1], len(held[0]))
        else:
            held_X, held_y = taken(X, held), target.values[held]
        validation = (encoding.encode(held_X), held_y)
        if not isinstance(held, tuple) and target.weights is not None:
            validation = (*validation, target.weights[held])
        weights = None if target.weights is None else target.weights[train]
        values = with_texts(values, encoding, part)
        trainer = self._trained(encoding, inputs, target.values[train], weights, seed, values, validation)
        self.history_, self.best_step_ = trainer.history_, trainer.best_step_
        self.validation_score_ = trainer.best_score_
        self._validated(trainer.predict(validation[0]).double().numpy(), held_y)

    def _refit(
        self, X: Any, target: Target, seed: int, values: Sequence[Regulariser], trained_on: int
    ) -> None:
        """Train anew on all rows, for as many passes over them as were best."""
        size = self._batch_size(trained_on)
        passes = self.best_step_ * min(size, trained_on) / trained_on
        n = len(target.values)
        steps = max(round(passes * n / min(self._batch_size(n), n)), 1)
        kept = [value for value in values if not isinstance(value, EarlyStopping)]
        self._train_on_all(X, target, seed, kept, steps=steps)

    def _train_on_all(
        self, X: Any, target: Target, seed: int, values: Sequence[Regulariser], steps: int | None
    ) -> None:
        values = [value for value in values if not isinstance(value, EarlyStopping)]
        encoding = with_words(learn_encoding(X, self.kind, scaling=self.scaling), values, X, seed)
        values = with_texts(values, encoding, X)
        self._trained(encoding, encoding.encode(X), target.values, target.weights, seed, values, None, steps)
        self.refit_history_ = self.trainer_.history_

    def _trained(
        self,
        encoding: Encoding,
        inputs: Tensor,
        target: Tensor,
        weights: np.ndarray | None,
        seed: int,
        values: Sequence[Regulariser],
        validation: Any,
        steps: int | None = None,
    ) -> Trainer:
        outputs = self._outputs()
        net = build(
            encoding,
            outputs,
            hidden=check_hidden(self.hidden),
            norm=self.norm,
            activation=self.activation,
            module=self.module,
            seed=seed,
            example=inputs[:1],
        )
        trainer = Trainer(
            net,
            values,
            loss=self.loss,
            optimizer=self.optimizer,
            lr=self.lr,
            schedule=self.schedule,
            batch_size=self._batch_size(len(target)),
            epochs=self.epochs,
            steps=self.steps if steps is None else steps,
            time_limit=self.time_limit,
            metrics=() if self.metric is None else [self.metric],
            seed=seed,
            device=self.device,
            precision=self.precision,
            verbose=self.verbose,
        )
        self.encoding_, self.module_, self.trainer_ = encoding, net, trainer
        self.n_features_in_ = _features(encoding, inputs)
        if isinstance(encoding, TableEncoding) and encoding.names is not None:
            self.feature_names_in_ = np.asarray(encoding.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        blocks = encoding.blocks if isinstance(encoding, TableEncoding) else ()
        classes = outputs if target.dtype == torch.int64 else None
        trainer.fit(
            inputs,
            target,
            sample_weight=weights,
            validation=validation,
            blocks=blocks,
            pixels=encoding.pixels if isinstance(encoding, ImageEncoding) else None,
            n_classes=classes,
        )
        self.snapshots_ = trainer.members
        return trainer

    def _check_settings(self) -> None:
        check_hidden(self.hidden)
        if self.validation is not None and not isinstance(self.validation, (float, int, tuple)):
            raise InputError(
                f"validation must be a share of the rows, rows of their own (X, y), or None; {self.validation!r:.80} "
                "was given."
            )

    def _chosen_regularisers(self, X: Any) -> list[Regulariser]:
        if isinstance(self.regularisers, str):
            if self.regularisers != "default":
                raise InputError(
                    f"regularisers must be 'default' or a list of regularisers; {self.regularisers!r} was given."
                )
            kind = kind_of(X) if self.kind == "auto" else self.kind
            hidden = self.module is None and check_hidden(self.hidden) != ()
            side = side_of(X) if kind == "images" else None
            return list(recipe(self.metric, dropout=hidden, side=side))
        return [] if self.regularisers is None else list(self.regularisers)

    def _batch_size(self, n: int) -> int:
        if self.batch_size != "auto":
            return self.batch_size
        return int(np.clip(2 ** round(np.log2(max(n / BATCHES, 1.0))), SMALLEST, LARGEST))

    # --- using

    def _raw(self, X: Any) -> np.ndarray:
        """Return the outputs of the net, (n, k)."""
        check_is_fitted(self, "module_")
        inputs = self.encoding_.encode(as_rows(X), type(self).__name__)
        members, trainer = getattr(self, "snapshots_", ()), Trainer(self.module_)
        task = "classification" if hasattr(self, "classes_") else "regression"
        return voted(self.module_, members, task, lambda: trainer.predict(inputs)).double().numpy()

    def _monte_carlo(self, X: Any, passes: int, of: Callable[[Tensor], Tensor]) -> MonteCarlo:
        """Return mean and spread over passes with dropout on."""
        check_is_fitted(self, "module_")
        dropping = [value for value in self._chosen_regularisers(X) if isinstance(value, Dropping)]
        if not dropping:
            raise UnsupportedError(
                "The spread of predictions comes from dropout, and there is none among the regularisers. Fit with "
                "Dropout(0.2), or ask an ensemble."
            )
        inputs = self.encoding_.encode(as_rows(X), type(self).__name__)
        device = next(self.module_.parameters()).device
        return monte_carlo(self.module_, inputs.to(device), passes, dropout=dropping[0], of=of)

    def set_params(self, **params: Any) -> Any:
        """Set parameters; ``"Dropout.p"`` sets a field of a regulariser in the list.

        In a grid: ``GridSearchCV(net, {"Dropout.p": [0.0, 0.2]})``. :func:`regularfit.nets.lockstep` is the fast way.
        """
        dotted = {name: value for name, value in params.items() if "." in name}
        super().set_params(**{name: value for name, value in params.items() if name not in dotted})
        for name, value in dotted.items():
            if isinstance(self.regularisers, str) or self.regularisers is None:
                raise InputError(
                    f"{name!r} sets a field of a regulariser, but regularisers={self.regularisers!r}. Give the list of "
                    "regularisers first."
                )
            self.regularisers = replaced(self.regularisers, name, value)
        return self

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the fitted net to a file that :func:`regularfit.load` reads back; no pickle in it.

        Parameters
        ----------
        path : where to write; ``.rfit`` is the usual ending.
        overwrite : whether an existing file may be replaced.
        """
        from .model_file import save

        save(self, path, overwrite=overwrite)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether fit has been called."""
        return hasattr(self, "module_")

    def __sklearn_tags__(self) -> Any:
        """Say that missing values, categories and texts are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _features(encoding: Encoding, inputs: Tensor) -> int:
    return len(encoding.columns) if isinstance(encoding, TableEncoding) else int(inputs[0].numel())
