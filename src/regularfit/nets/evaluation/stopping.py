"""Early stopping: training ends when the score no longer improves, and the best weights come back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from numbers import Real
from types import TracebackType
from typing import Any, ClassVar

from torch import Tensor, nn

from ..._checks import check_choice, did_you_mean
from ...errors import InputError
from ..regulariser import Active, Effect, Regulariser, Run
from .kept import Kept
from .metrics import Metric, metric

__all__ = ["EarlyStopping", "Stopper"]


@dataclass(frozen=True)
class EarlyStopping(Regulariser):
    """Stop when the score of the validation rows has not improved for a while, and restore the best weights.

    Training longer fits more of the noise; stopping early is close to shrinking the weights towards where they
    began. Use it whenever there are rows to spare for validation. Without them prefer a falling learning rate over
    a fixed number of steps; never let it look at test rows. The best weights are restored whatever ended the run:
    patience, the last step, a time limit, Ctrl-C. Where an average of the weights is on, it is the average that is
    watched and kept, and patience starts when the average exists.

    Parameters
    ----------
    patience : evaluations without an improvement after which training stops, >= 1; ``math.inf`` never stops and only
        keeps the best weights.
    metric : a name in :data:`~regularfit.nets.evaluation.metrics.METRICS` or a :class:`~regularfit.nets.Metric`, which
        knows its direction. None is the validation loss.
    min_delta : how much better a score must be, in its own units, for patience to start anew, >= 0. The best
        weights are those of the very best score, however small its lead.
    restore : "best" or "last" weights are left in the model.

    Raises
    ------
    InputError
        If a setting is out of range, or the metric unknown.

    Examples
    --------
    In a loop of your own:

    >>> model = nn.Linear(3, 1)
    >>> with EarlyStopping(patience=2, metric="accuracy").watch(model) as stopper:
    ...     for score in (0.5, 0.8, 0.7, 0.8, 0.9):
    ...         if stopper(score):  # after every evaluation
    ...             break
    >>> stopper.best_score, stopper.best_evaluation, stopper.evaluations
    (0.8, 1, 4)

    References
    ----------
    Prechelt (1998), Early stopping - but when?
    """

    patience: float = 20
    metric: str | Metric | None = None
    min_delta: float = 0.0
    restore: str = "best"

    phases: ClassVar[tuple[str, ...]] = ("evaluate",)

    def __post_init__(self) -> None:
        """Check the settings, the metric's name among them."""
        whole = isinstance(self.patience, Real) and (
            self.patience == math.inf or float(self.patience).is_integer()
        )
        if isinstance(self.patience, bool) or not whole or self.patience < 1:
            raise InputError(
                "EarlyStopping(patience) counts evaluations and must be a whole number >= 1, or math.inf to keep the "
                f"best weights without stopping; {self.patience!r} was given."
            )
        delta = self.min_delta
        if isinstance(delta, bool) or not isinstance(delta, Real) or not 0 <= delta < math.inf:
            raise InputError(
                "EarlyStopping(min_delta) is a difference of scores in either direction and must be >= 0; "
                f"{delta!r} was given."
            )
        check_choice(self.restore, ("best", "last"), "EarlyStopping(restore)")
        metric("loss" if self.metric is None else self.metric)

    @property
    def watched(self) -> Metric:
        """The metric that is watched."""
        return metric("loss" if self.metric is None else self.metric)

    def watch(self, model: nn.Module, average: Any = None) -> Stopper:
        """Return what a loop of your own asks after every evaluation.

        Parameters
        ----------
        model : its weights are kept and restored.
        average : where an average of the weights is on, what ``EMA(...).follow(model)`` gave.
        """
        return Stopper(self, model, () if average is None else (average,))

    def start(self, run: Run) -> _Stopping:
        """Return what stops this run."""
        metric(self.watched, run.task)
        return _Stopping(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Two of them would each restore its own best weights."""
        if isinstance(other, EarlyStopping):
            return "there can be one EarlyStopping only: two would restore different weights"
        return None

    @classmethod
    def examples(cls) -> Sequence[EarlyStopping]:
        """Return instances for the laws."""
        return [cls(), cls(patience=1, metric="accuracy"), cls(2, None, 0.1, "last")]


class Stopper:
    """Early stopping at work: call it with the score of every evaluation; it says whether to stop.

    Also a context manager that restores the weights on the way out, whatever the way. Attributes:
    ``best_score``, ``best_evaluation`` (counted from 0), ``best_step`` and ``best_epoch`` (where they were given),
    ``evaluations`` so far, ``waited`` since patience last started, ``stopped``.
    """

    def __init__(self, settings: EarlyStopping, model: nn.Module, averages: Sequence[Any] = ()) -> None:
        """Make ready; nothing is copied before the first evaluation."""
        self.settings, self.metric, self.averages = settings, settings.watched, averages
        self.kept = Kept(model)
        self.evaluations, self.waited, self.stopped = 0, 0, False
        self.best_score, self.best_evaluation = self.metric.worst, -1
        self.best_step: int | None = None
        self.best_epoch: float | None = None
        self._bar = self.metric.worst  # the score that patience measures from
        self._averaged = False  # whether the best score is one of an average
        self._finished = False

    def __call__(
        self, score: float | Tensor | Mapping[str, float], step: int | None = None, epoch: float | None = None
    ) -> bool:
        """Take the score of an evaluation (a number, or scores by name); return whether to stop.

        NaN is never the best, and it counts as an evaluation without improvement.
        """
        score = self._score(score)
        waiting = self._waits_for_an_average()
        if self.metric.better(score, self.best_score):
            self.best_score, self.best_evaluation = score, self.evaluations
            self.best_step, self.best_epoch = step, epoch
            self._take()
        if self._clears_the_bar(score):
            self._bar, self.waited = score, 0
        elif not waiting:
            self.waited += 1
        self.evaluations += 1
        self.stopped = self.stopped or bool(self.waited >= self.settings.patience)
        return self.stopped

    def finish(self) -> None:
        """Put the best weights back (or leave the last, if so set); the second call changes nothing."""
        if self._finished:
            return
        self._finished = True
        for average in self.averages:
            average.finish()  # otherwise it would overwrite the best weights later
        if self.settings.restore == "best":
            self.kept.put()

    def __enter__(self) -> Stopper:
        """Return the stopper."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the weights; an exception, Ctrl-C too, goes on its way."""
        self.finish()

    def _score(self, score: float | Tensor | Mapping[str, float]) -> float:
        if isinstance(score, Tensor):
            return float(score.detach())
        if not isinstance(score, Mapping):
            return float(score)
        if self.metric.name not in score:
            raise InputError(
                f"EarlyStopping watches {self.metric.name!r}, but the evaluation has no such score. "
                f"{did_you_mean(self.metric.name, score)}"
            )
        return float(score[self.metric.name])

    def _waits_for_an_average(self) -> bool:
        """Whether an average is on and does not exist yet; when it comes to exist, patience and the best begin anew."""
        if not self.averages:
            return False
        exists = all(average.exists for average in self.averages)
        if exists and not self._averaged:
            self._averaged, self.waited = True, 0
            self.best_score, self.best_evaluation, self._bar = self.metric.worst, -1, self.metric.worst
        return not exists

    def _clears_the_bar(self, score: float) -> bool:
        sign = self.metric.sign
        return bool(sign * score < sign * self._bar - self.settings.min_delta)  # NaN compares as False

    def _take(self) -> None:
        with ExitStack() as stack:
            for average in self.averages:
                stack.enter_context(average.evaluate())
            if self.settings.restore == "best":
                self.kept.take()

    def state_dict(self) -> dict[str, Any]:
        """Return everything, the best weights too."""
        return {
            "evaluations": self.evaluations,
            "waited": self.waited,
            "stopped": self.stopped,
            "best_score": self.best_score,
            "best_evaluation": self.best_evaluation,
            "best_step": self.best_step,
            "best_epoch": self.best_epoch,
            "bar": self._bar,
            "averaged": self._averaged,
            "kept": self.kept.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where an earlier run was."""
        for name in (
            "evaluations",
            "waited",
            "stopped",
            "best_score",
            "best_evaluation",
            "best_step",
            "best_epoch",
        ):
            setattr(self, name, state[name])
        self._bar, self._averaged = state["bar"], state["averaged"]
        self.kept.load_state_dict(state["kept"])


class _Stopping(Active):
    """Early stopping in a run: the same stopper, told the step."""

    def __init__(self, run: Run, settings: EarlyStopping) -> None:
        super().__init__(run)
        self.stopper = Stopper(settings, run.model, run.averages)  # the list fills as averages start
        self._last_step = 0
        self._spacing = 0

    def evaluated(self, scores: Mapping[str, float]) -> bool:
        self._spacing, self._last_step = self.run.step - self._last_step, self.run.step
        return self.stopper(scores, self.run.step, self.run.epoch)

    def finish(self) -> None:
        self.stopper.finish()

    def effect(self) -> Effect:
        stopper, patience = self.stopper, self.stopper.settings.patience
        if stopper.best_evaluation < 0:
            return Effect(acted=False, note=f"no finite score in {stopper.evaluations} evaluations")
        note = (
            f"best {stopper.metric.name} {stopper.best_score:.6g} after {stopper.best_epoch:.4g} epochs "
            f"(step {stopper.best_step}); waited {stopper.waited} of {patience} evaluations"
        )
        if self._spacing and math.isfinite(patience):
            steps = int(patience) * self._spacing
            note += f" ({steps} steps, {steps * self.run.batch_size / max(self.run.n, 1):.4g} epochs)"
        # a run whose last weights are the best needed no stopping; that is no mistake
        return Effect(acted=True if stopper.stopped or stopper.waited else None, note=note)

    def state_dict(self) -> dict[str, Any]:
        return {**self.stopper.state_dict(), "last_step": self._last_step, "spacing": self._spacing}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.stopper.load_state_dict(state)
        self._last_step, self._spacing = state["last_step"], state["spacing"]
