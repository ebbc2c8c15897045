"""The Trainer: a model, a list of regularisers, and a run that cannot go wrong silently."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import FitError, InputError
from ..averages.voting import members_of, voted
from ..evaluation.kept import Kept, tensors_of
from ..evaluation.metrics import Metric
from ..regulariser import Block, Pixels, Regulariser
from .checkpoint import Checkpoints, load_state, save_state
from .data import device_of, inputs_of
from .driving import drive, warn_of
from .evaluation import outputs_of
from .history import History
from .precision import Precision
from .preparing import prepared
from .settings import Settings, checked_regularisers
from .state import FORMAT_VERSION, copied, ended
from .training import Training

__all__ = ["Trainer"]


class Trainer:
    """Train a torch model under a list of regularisers, each of which acts where it belongs.

    What is minimised is the mean loss sum(w l) / sum(w) of the batches, plus what regularisers add. Augmentation,
    the optimiser's step and evaluation are in one hand, so hooks come in one order
    (:mod:`regularfit.nets.trainer.hooks`), augmentation cannot reach validation rows, and what is evaluated, kept and
    left in the model are the same weights. Prefer it to a loop of your own unless you need another loop; every
    regulariser works there too.

    Parameters
    ----------
    model : the net, one tensor in, one tensor out: (b, C) logits of classes, or (b,), (b, 1) or (b, k) values. It is
        trained in place and left in eval mode.
    regularisers : values such as ``WeightDecay(1e-2)``; a bare penalty ``L1(1e-4)`` means ``Penalise(L1(1e-4))``.
        Within a phase they act in the order of the list; what acts on weights after a step in that of its kind:
        decay, penalties, constraints.
    loss : "auto" (cross entropy where y holds whole numbers by type, squared error otherwise), "cross_entropy",
        "squared" (half of it, summed over outputs), "absolute", "huber", or a function of (outputs, y) to one loss a
        row.
    optimizer : "adamw" (without decay, which is a regulariser's business), "adam", "sgd" (momentum 0.9), or a function
        of (parameter groups, lr) to an optimiser.
    lr : base learning rate, > 0.
    schedule : "constant", "cosine", "one_cycle", "flat_cosine", ... or a function of progress in [0, 1] to a factor
        of lr.
    batch_size : rows a step, >= 1; all rows where there are fewer.
    epochs : how often every row is seen, > 0, fractions too.
    steps : steps in place of epochs, or None.
    time_limit : seconds after which training ends, or None.
    evaluate_every : epochs between evaluations, or a text such as "10 steps"; there is always one at the end.
    metrics : names or metrics, scored at every evaluation beside the loss. The first is that by which weights are the
        best, unless ``EarlyStopping`` watches another.
    seed : of all random numbers, whole and >= 0. torch's global generators are left as they were.
    device : where to train; None is where the model is.
    precision : "float32", "bfloat16" or "float16" (autocast; float16 with gradient scaling).
    verbose : True shows a progress bar on a terminal, False once a run has taken two seconds, None never.
    check_eval : whether to look before training whether the model answers the same rows twice alike in eval mode.

    Attributes
    ----------
    history_ : one record an evaluation, with ``to_frame()``.
    best_step_, best_score_ : when the watched score was best, and that score (without validation rows: the last step
        and NaN).
    stopped_by_ : "steps", "early stopping", "time limit", "interrupted" or "nan".
    model_ : the model.

    Raises
    ------
    InputError, UnsupportedError
        If a setting is unknown or out of range, or two regularisers do not go together.

    Examples
    --------
    >>> from regularfit.nets.evaluation.stopping import EarlyStopping
    >>> X = torch.linspace(-1, 1, 64).reshape(-1, 1)
    >>> trainer = Trainer(nn.Linear(1, 1), [EarlyStopping(patience=30)], lr=0.1, batch_size=16, epochs=200)
    >>> _ = trainer.fit(X[::2], 3 * X[::2, 0], validation=(X[1::2], 3 * X[1::2, 0]))
    >>> trainer.predict(torch.tensor([[0.5]])).round(decimals=1)
    tensor([[1.5000]])
    """

    def __init__(
        self,
        model: nn.Module,
        regularisers: Sequence[Regulariser] | Regulariser = (),
        *,
        loss: str | Callable[[Tensor, Tensor], Tensor] = "auto",
        optimizer: str | Callable[[list[dict[str, Any]], float], torch.optim.Optimizer] = "adamw",
        lr: float = 1e-3,
        schedule: str | Callable[[float], float] = "cosine",
        batch_size: int = 128,
        epochs: float = 100.0,
        steps: int | None = None,
        time_limit: float | None = None,
        evaluate_every: float | str = 1.0,
        metrics: Sequence[str | Metric] | str = (),
        seed: int = 0,
        device: torch.device | str | None = None,
        precision: str = "float32",
        verbose: bool | None = False,
        check_eval: bool = True,
    ) -> None:
        """Check everything that can be checked without data."""
        if not isinstance(model, nn.Module):
            raise InputError(f"model must be a torch.nn.Module; {model!r} was given.")
        self.model = model
        self.regularisers = checked_regularisers(regularisers)
        self.settings = Settings.of(
            loss=loss,
            optimizer=optimizer,
            lr=lr,
            schedule=schedule,
            batch_size=batch_size,
            epochs=epochs,
            steps=steps,
            time_limit=time_limit,
            evaluate_every=evaluate_every,
            metrics=metrics,
            seed=seed,
            device=device,
            precision=precision,
            verbose=verbose,
            check_eval=check_eval,
        )
        self._state: dict[str, Any] | None = None  # of a run that can go on
        self._result: dict[str, Any] = {}  # of one that has ended
        self.members: tuple[Kept, ...] = ()  # weights that predict together
        self._task = "classification"

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        validation: Any = None,
        blocks: Sequence[Block] = (),
        pixels: Pixels | None = None,
        n_classes: int | None = None,
        checkpoint: str | Path | None = None,
        overwrite: bool = False,
    ) -> Trainer:
        """Train the model from where its weights are now; return the trainer.

        Parameters
        ----------
        X : (n, ...) floats, or whole numbers where the model embeds tokens. One tensor or array.
        y : (n,) classes 0 to C - 1, whole by type, or (n,) or (n, k) floats.
        sample_weight : (n,) numbers >= 0, or None.
        validation : rows that are never trained on: (X, y) or (X, y, weight), or None.
        blocks : the encoded columns of each original one, for regularisers of tables.
        pixels : how images were centred and scaled, for transforms that are meant in the unit of pixels.
        n_classes : how many classes there are, to be checked against the model's outputs.
        checkpoint : a file that the state is written to after evaluations, at a twentieth of the time at most, and from
            which a killed run goes on: ``load(path)``, then :meth:`resume`.
        overwrite : whether that file may replace one that is there already.

        Raises
        ------
        InputError, UnsupportedError
            If the rows do not fit the model, the loss or the regularisers; nothing has been trained then.
        FitError
            If the loss becomes NaN or infinite. The model holds the best weights.
        ModelFileError
            If the checkpoint is there already or cannot be written.
        """
        self._state, self._result, self.members = None, {}, ()
        files = Checkpoints.at(checkpoint, overwrite)
        training = self._prepared(X, y, sample_weight, validation, blocks, pixels, n_classes)
        return self._train(training, None, files)

    def resume(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        validation: Any = None,
        blocks: Sequence[Block] = (),
        pixels: Pixels | None = None,
        n_classes: int | None = None,
        checkpoint: str | Path | None = None,
    ) -> Trainer:
        """Go on with a run that was interrupted, ran out of time or was killed; the rest gives the same bits.

        The state is that of the last run, or of :meth:`load_state_dict` or :meth:`load`; the rows must be the same
        again. A run that had ended is left as it is. ``checkpoint`` may be the file that was loaded.

        Raises
        ------
        InputError
            If there is nothing to go on with, or the state is of another run.
        """
        if self._state is None and not self._result:
            raise InputError("There is no run to go on with; call fit(), or load() a checkpoint first.")
        if self._state is None:
            return self  # it had ended
        files = Checkpoints.at(checkpoint, overwrite=True)
        training = self._prepared(X, y, sample_weight, validation, blocks, pixels, n_classes)
        return self._train(training, self._state, files)

    def predict(self, X: Any, batch_size: int = 1024) -> Tensor:
        """Return the raw outputs of rows, on the CPU: (n, C) logits or values.

        In eval mode and without gradients, whatever mode the model is in, and that mode is put back. With a
        ``SnapshotEnsemble`` among the regularisers they are the means of its members' once a run has done all its
        steps: of values, or for classes of probabilities, whose logarithms are given.
        """
        device = device_of(self.model, None)
        precision = Precision(self.settings.precision, device)
        inputs = inputs_of(X, self.model)

        def call() -> Tensor:
            return outputs_of(self.model, inputs, precision, device, batch_size)

        return voted(self.model, self.members, self._task, call).cpu()

    # ------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: of an unfinished run all that it needs to go on, of a finished one the result.

        Tensors, numbers, strings, lists and dicts only.

        Raises
        ------
        InputError
            If nothing was trained.
        """
        if self._state is None and not self._result:
            raise InputError("There is no state before fit().")
        if self._state is not None:
            return copied(self._state)
        return copied(self._result)

    def load_state_dict(self, state: Mapping[str, Any]) -> Trainer:
        """Take up a state; the model holds the best weights so far. :meth:`resume` goes on.

        Raises
        ------
        InputError
            If the state is not one of a Trainer, or of another model.
        """
        if not isinstance(state, Mapping) or not {"version", "stopped_by", "model"} <= set(state):
            raise InputError("This is not the state of a Trainer; give what state_dict() returned.")
        if state["version"] > FORMAT_VERSION:
            raise InputError("This state is of a newer regularfit; install that to go on with it.")
        values = tensors_of(self.model)
        stored = state["model"] if state["stopped_by"] is not None else state["best"]
        shapes = {name: tuple(value.shape) for name, value in stored.items()}
        if shapes != {name: tuple(value.shape) for name, value in values.items()}:
            raise InputError(
                "This state is of another model: names or shapes of its weights differ. Give the Trainer a model made "
                "in the same way."
            )
        with torch.no_grad():
            for name, value in values.items():
                value.copy_(stored[name])
        given = copied(state)
        self._state, self._result = (given, {}) if given["stopped_by"] is None else (None, given)
        self._vote(members_of(self.model, state.get("members", ())), state.get("task"))
        self.history_ = History.of_state(state["history"])
        self.best_score_, self.best_step_ = state["best_score"], state["best_step"]
        self.stopped_by_, self.model_ = state["stopped_by"], self.model
        return self

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the state to a file: a zip of safetensors and JSON, whole or not at all.

        Raises
        ------
        ModelFileError
            If the file exists and ``overwrite`` is not True, or cannot be written.
        """
        save_state(self.state_dict(), path, overwrite=overwrite)

    def load(self, path: str | Path) -> Trainer:
        """Take up the state that a file holds; no code of the file is run.

        Raises
        ------
        ModelFileError
            If the file is missing, damaged, of another program or of a newer format.
        """
        return self.load_state_dict(load_state(path))

    def __repr__(self) -> str:
        """Say what is trained how."""
        names = ", ".join(repr(regulariser) for regulariser in self.regularisers)
        return f"Trainer({type(self.model).__name__}, [{names}])"

    def _vote(self, members: Sequence[Kept], task: str | None) -> None:
        """Let weights predict together."""
        self.members, self._task = tuple(members), task or self._task

    # ------------------------------------------------------------ one run

    def _prepared(self, *given: Any) -> Training:
        """Check rows, weights, validation rows, blocks, pixels and classes, and make the run."""
        return prepared(self.settings, self.model, self.regularisers, *given)

    def _train(
        self, training: Training, state: Mapping[str, Any] | None, files: Checkpoints | None
    ) -> Trainer:
        """Run to the end, and say how it ended."""
        outcome = drive(training, state, files)
        self._state, self.model_ = outcome.unfinished, self.model
        self._result = ended(self.model, outcome)
        self._vote(outcome.members, outcome.task)
        self.history_, self.stopped_by_ = outcome.history, outcome.stopped_by
        self.best_step_, self.best_score_ = outcome.best_step, outcome.best_score
        warn_of(outcome, stacklevel=3)
        if outcome.failure is not None:
            raise FitError(
                f"Step {outcome.failure.step} of {outcome.steps}: {outcome.failure.what}. Training has stopped and "
                f"{outcome.held}. Usual causes: a learning rate that is too large (lr={self.settings.lr:g}), inputs "
                "that are not scaled, float16 where bfloat16 would do, or a loss of your own that divides by zero or "
                "takes the logarithm of zero."
            )
        return self
