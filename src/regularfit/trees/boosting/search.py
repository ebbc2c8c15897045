"""A small search over the knobs: Optuna proposes, folds are compared in pairs, and what is clearly worse ends early."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from ..._optional import need
from ...errors import FitError, InterruptedWarning
from ...selection import Fold, fold_mean, fold_se, fold_weights
from ..knob_cv import KnobCV
from ..regularisation import Regularisation
from .choice import Order
from .rounds_cv import FoldGrowth, curve_of, grow_side_by_side, start_folds, warn_of_the_limit
from .scores import Score
from .search_space import SearchSpace
from .workshop import Workshop

__all__ = ["Search", "Trial", "search"]

SURE = 0.95  # one-sided, that a trial is worse than the best, before it is ended


@dataclass(frozen=True)
class Trial:
    """One set of knobs and what came of it.

    Parameters
    ----------
    regularisation : the knobs.
    rounds : the best number of rounds over the folds that were grown.
    folds : the held-out score of each of these folds there.
    score : their mean.
    finished : whether all folds were grown; if not, the trial was clearly worse than the best.
    seconds : that it took.
    """

    regularisation: Regularisation
    rounds: int
    folds: tuple[float, ...]
    score: float
    finished: bool
    seconds: float


@dataclass(frozen=True, eq=False)
class Search:
    """All trials, in order, and the curve over rounds of the best one.

    Parameters
    ----------
    trials : in the order of time.
    cv : held-out scores along the rounds of the best trial.
    """

    trials: tuple[Trial, ...]
    cv: KnobCV

    @property
    def best(self) -> Trial:
        """The finished trial with the best score; of ties, the first."""
        sign = -1.0 if self.cv.greater_is_better else 1.0
        return min((trial for trial in self.trials if trial.finished), key=lambda trial: sign * trial.score)

    def to_frame(self) -> Any:
        """Return the trials as a pandas table, one row each."""
        import pandas as pd

        rows = [
            trial.regularisation.knobs
            | {"rounds": trial.rounds, "score": trial.score, "folds": len(trial.folds)}
            | {"finished": trial.finished, "seconds": trial.seconds}
            for trial in self.trials
        ]
        return pd.DataFrame(rows)


def search(workshop: Workshop, folds: Sequence[Fold], score: Score, order: Order) -> Search:
    """Try ``order.trials`` sets of knobs, the start first, and return what was found.

    A trial grows fold after fold. After each it is compared with the best trial on the same folds: where it is worse
    with 95 % certainty by the paired differences, the other folds are spared.

    Warns
    -----
    InterruptedWarning
        After Ctrl-C, when a trial is finished: the best so far is the answer.
    """
    seeker = _Seeker(workshop, folds, score, order)
    with _quiet(need("optuna", "trees")) as optuna:
        sampler = optuna.samplers.TPESampler(seed=workshop.task.seed)
        study = optuna.create_study(sampler=sampler, direction="minimize")
        study.enqueue_trial(seeker.space.as_params(order.start))
        try:
            for _ in range(order.trials or 0):
                seeker.run(study, optuna.trial.TrialState)
        except KeyboardInterrupt:
            if seeker.best is None:
                raise
            warnings.warn(
                f"The search was ended by Ctrl-C after {len(seeker.trials)} of {order.trials} trials; the best so far "
                "is taken.",
                InterruptedWarning,
                stacklevel=6,
            )
    return seeker.found()


class _Seeker:
    """Runs trials and remembers the best."""

    def __init__(self, workshop: Workshop, folds: Sequence[Fold], score: Score, order: Order) -> None:
        self.workshop, self.folds, self.score, self.order = workshop, folds, score, order
        self.weights = fold_weights(list(folds), workshop.data.weights)
        self.sign = -1.0 if score.greater_is_better else 1.0
        n = min(len(workshop.trained(train)) for train, _ in folds)
        fixed = (order.given or Regularisation()).with_(rounds=None)
        self.space = SearchSpace(workshop.engine.name, workshop.data, workshop.task, n, fixed)
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self.best_cv: KnobCV | None = None
        self.failure: FitError | None = None

    def run(self, study: Any, states: Any) -> None:
        """Ask for knobs, grow them, and tell what came of it."""
        asked = study.ask()
        regularisation = self.space.propose(asked)
        if self.order.verbose:
            print(f"trial {len(self.trials) + 1}: {regularisation}", flush=True)
        try:
            trial, cv = self._grown(regularisation, asked)
        except FitError as failure:  # these knobs run away; others need not
            self.failure = failure
            study.tell(asked, state=states.FAIL)
            return
        self.trials.append(trial)
        if not trial.finished:
            study.tell(asked, state=states.PRUNED)
            return
        study.tell(asked, self.sign * trial.score)
        if self.best is None or self.sign * trial.score < self.sign * self.best.score:
            self.best, self.best_cv = trial, cv

    def _grown(self, regularisation: Regularisation, asked: Any) -> tuple[Trial, KnobCV]:
        began = time.perf_counter()
        growths: list[FoldGrowth] = []
        cv = self._extended(growths, regularisation)
        while not self._hopeless(cv) and len(growths) < len(self.folds):
            cv = self._extended(growths, regularisation)
            asked.report(self.sign * float(cv.mean[cv.index_min]), step=len(growths))
        at = cv.index_min
        scores = tuple(cv.folds[at].tolist())
        finished = len(growths) == len(self.folds)
        spent = time.perf_counter() - began
        return Trial(regularisation, at + 1, scores, float(cv.mean[at]), finished, spent), cv

    def _extended(self, growths: list[FoldGrowth], regularisation: Regularisation) -> KnobCV:
        """Grow one fold more, until the mean over all so far has stopped getting better."""
        fold = self.folds[len(growths)]
        growths += start_folds(self.workshop, regularisation, [fold], self.score)
        weights = self.weights[: len(growths)]
        grow_side_by_side(growths, weights, self.order.most, self.order.patience)
        cv = curve_of(growths, weights)
        assert cv is not None  # every fold has grown a round at least
        return cv

    def _hopeless(self, cv: KnobCV) -> bool:
        """Whether the folds so far say that this is worse than the best."""
        k = cv.folds.shape[1]
        if self.best is None or k < 2:
            return False
        worse = self.sign * (cv.folds[cv.index_min] - np.array(self.best.folds[:k]))
        return bool(fold_mean(worse, cv.weights) > student.ppf(SURE, k - 1) * fold_se(worse, cv.weights))

    def found(self) -> Search:
        if self.best_cv is None:
            raise self.failure or FitError("No trial of the search was finished.")
        warn_of_the_limit(self.best_cv, self.order.most, stacklevel=6)
        return Search(tuple(self.trials), self.best_cv)


@contextmanager
def _quiet(optuna: Any) -> Iterator[Any]:
    """Keep Optuna from telling of every trial, and leave its setting as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(before)
