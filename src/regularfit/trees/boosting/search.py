"""A small search over the knobs: Optuna proposes, what is worse on the same folds ends early, others must hold anew."""

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

SURE = 0.8  # one-sided, that a trial is worse than the best, before it is ended; 0.95 takes a quarter longer, no more
FINALISTS = 3  # trials that are grown once more, beside the start


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
    """All trials, in order, and the curve over rounds of the one that was taken.

    Parameters
    ----------
    trials : in the order of time; the first is the start, the knobs without a search.
    cv : held-out scores along the rounds of the one that was taken.
    best : the one that was taken, with rounds and scores as in ``cv``.
    finals : the start and the best trials once more, on folds that had no say in the search; empty where there were no
        such folds, or nothing but the start.
    """

    trials: tuple[Trial, ...]
    cv: KnobCV
    best: Trial
    finals: tuple[Trial, ...] = ()

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
    with 80 % certainty by the paired differences, the other folds are spared.

    The best of many trials on the same folds owes part of its score to these folds. So the start and the three best
    are grown again on ``order.finals``, other folds of the same rows, and the best there takes the start's place only
    where it is better by one standard error of the paired differences. Without other folds the same is asked of the
    best trial on those of the search.

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
            seeker.grow_finals()
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
        self.start: Trial | None = None
        self.best: Trial | None = None
        self.finished: list[tuple[Trial, KnobCV]] = []
        self.finals: list[tuple[Trial, KnobCV]] = []
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
        self.finished.append((trial, cv))
        if asked.number == 0:
            self.start = trial
        if self.best is None or self.sign * trial.score < self.sign * self.best.score:
            self.best = trial

    def _grown(self, regularisation: Regularisation, asked: Any) -> tuple[Trial, KnobCV]:
        began = time.perf_counter()
        growths: list[FoldGrowth] = []
        cv = self._extended(growths, regularisation)
        while not self._hopeless(cv) and len(growths) < len(self.folds):
            cv = self._extended(growths, regularisation)
            asked.report(self.sign * float(cv.mean[cv.index_min]), step=len(growths))
        finished = len(growths) == len(self.folds)
        return _trial(regularisation, cv, finished, time.perf_counter() - began), cv

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

    def grow_finals(self) -> None:
        """Grow the start and the best trials on folds that had no say so far."""
        ranked = sorted(self.finished, key=lambda pair: self.sign * pair[0].score)
        others = [trial for trial, _ in ranked if trial is not self.start][:FINALISTS]
        if self.order.finals is None or not others:
            return
        grown: list[tuple[Trial, KnobCV]] = []
        for trial in [self.start, *others] if self.start else others:
            try:
                grown.append(self._final(trial.regularisation, self.order.finals))
            except FitError:  # these knobs run away on some rows
                continue
        self.finals = grown

    def _final(self, regularisation: Regularisation, folds: Sequence[Fold]) -> tuple[Trial, KnobCV]:
        began = time.perf_counter()
        weights = fold_weights(list(folds), self.workshop.data.weights)
        growths = start_folds(self.workshop, regularisation, folds, self.score)
        grow_side_by_side(growths, weights, self.order.most, self.order.patience)
        cv = curve_of(growths, weights)
        assert cv is not None  # there is one round at least
        return _trial(regularisation, cv, True, time.perf_counter() - began), cv

    def found(self) -> Search:
        entrants = self.finals or self.finished
        if not entrants:
            raise self.failure or FitError("No trial of the search was finished.")
        best, cv = self._winner(entrants)
        warn_of_the_limit(cv, self.order.most, stacklevel=6)
        return Search(tuple(self.trials), cv, best, tuple(trial for trial, _ in self.finals))

    def _winner(self, entrants: Sequence[tuple[Trial, KnobCV]]) -> tuple[Trial, KnobCV]:
        """Return the best, or the start where the best is not better by one standard error; of ties, the first."""
        best, cv = min(entrants, key=lambda pair: self.sign * pair[0].score)
        start, its = entrants[0]
        if self.start is None or start.regularisation != self.start.regularisation:
            return best, cv
        better = self.sign * (np.array(start.folds) - np.array(best.folds))
        sure = fold_mean(better, cv.weights) > fold_se(better, cv.weights)
        return (best, cv) if sure else (start, its)


def _trial(regularisation: Regularisation, cv: KnobCV, finished: bool, seconds: float) -> Trial:
    at = cv.index_min
    return Trial(regularisation, at + 1, tuple(cv.folds[at].tolist()), float(cv.mean[at]), finished, seconds)


@contextmanager
def _quiet(optuna: Any) -> Iterator[Any]:
    """Keep Optuna from telling of every trial, and leave its setting as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(before)
