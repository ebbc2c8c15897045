"""From the first step of a run to whatever ends it: what is watched, what is kept, what is said."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from ...errors import InterruptedWarning, NoEffectWarning
from ..evaluation.kept import Kept
from .checkpoint import Checkpoints
from .history import History
from .interrupt import Interrupt
from .ledger import NotFinite
from .progress import Bar, progress_bar
from .state import ended, identity_of, put_back, taken
from .threads import worthwhile_threads
from .training import Training

__all__ = ["Outcome", "drive", "warn_of"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what is left of it.

    Parameters
    ----------
    stopped_by : "steps", "early stopping", "time limit", "interrupted" or "nan".
    step, steps : how many were done, and planned.
    history : a record an evaluation.
    best_step, best_score : of the watched score; without validation rows the step of the weights that the model holds,
        and NaN.
    held : which weights the model holds, in words.
    identity : what a run that goes on must have in common with this one.
    unfinished : the state from which the run can go on, or None.
    idle : names of regularisers that changed nothing.
    failure : the step with a loss that is not finite, or None.
    members : weights that predict together, of a run that has done all its steps.
    task : "classification" or "regression".
    """

    stopped_by: str
    step: int
    steps: int
    history: History
    best_step: int
    best_score: float
    held: str
    identity: dict[str, Any]
    unfinished: dict[str, Any] | None = None
    idle: tuple[str, ...] = ()
    failure: NotFinite | None = None
    members: tuple[Kept, ...] = ()
    task: str = "classification"


def drive(training: Training, state: Mapping[str, Any] | None, files: Checkpoints | None) -> Outcome:
    """Train to the end, whatever that is; the model is then in eval mode, with the weights that count and no hooks.

    Parameters
    ----------
    training : a run that has just been made.
    state : of an earlier part of it, or None.
    files : where states are written to meanwhile, or None.
    """
    identity = identity_of(training)
    failure: NotFinite | None = None
    with ExitStack() as stack:
        stack.callback(training.leave)
        stack.enter_context(training.random_numbers())
        if state is not None:
            put_back(training, state)
        stack.enter_context(worthwhile_threads(training.model, training.run.batch_size))
        interrupt = stack.enter_context(Interrupt())
        bar = stack.enter_context(progress_bar(training.settings.verbose, training.run.steps))
        training.model.train()
        try:
            stopped_by = _loop(training, interrupt, bar, files)
        except KeyboardInterrupt:
            stopped_by = "interrupted"
        except NotFinite as error:
            stopped_by, failure = "nan", error
        interrupt.settle()
        outcome = _closed(training, stopped_by, identity)
    outcome = replace(outcome, failure=failure)
    if files is not None:
        left = outcome.unfinished or ended(training.model, outcome)
        files.write(lambda: left, at_once=True)
    return outcome


def _loop(training: Training, interrupt: Interrupt, bar: Bar | None, files: Checkpoints | None) -> str:
    """Step and evaluate until something ends the run; say what."""
    deadline = time.perf_counter() + training.settings.time_limit
    run = training.run
    while True:
        if training.due():
            stop = training.evaluate()
            if bar is not None:
                bar.scores = training.history[-1].summary
            if stop:
                return "early stopping"
            if files is not None and run.step < run.steps:
                files.write(lambda: taken(training))
        if run.step >= run.steps:
            if not training.is_finite():
                raise NotFinite(run.step, math.nan)
            return "steps"
        if interrupt.asked:
            return "interrupted"
        if time.perf_counter() > deadline:
            return "time limit"
        training.step()
        if bar is not None:
            bar(run.step)


def _closed(training: Training, stopped_by: str, identity: dict[str, Any]) -> Outcome:
    """Keep what a resumed run needs, then leave the weights that count in the model."""
    run = training.run
    to_go_on = stopped_by in ("time limit", "interrupted") and training.whole
    unfinished = taken(training) if to_go_on else None
    if stopped_by == "time limit" and run.step != training.evaluated_at:
        training.evaluate()  # of the state that goes on nothing is changed by it
    # one that is set to nothing (a rate of 0 in a grid) is not expected to do anything
    idle = tuple(work.name for work in training.works() if work.acted is False and work.strength != 0)
    training.hooks.finish()
    best_step, best_score, held = _put_best(training, stopped_by)
    training.model.eval()
    return Outcome(
        stopped_by=stopped_by,
        step=run.step,
        steps=run.steps,
        history=training.history,
        best_step=best_step,
        best_score=best_score,
        held=held,
        identity=identity,
        unfinished=unfinished,
        idle=idle,
        members=tuple(training.members) if stopped_by == "steps" else (),
        task=run.task,
    )


def _put_best(training: Training, stopped_by: str) -> tuple[int, float, str]:
    """Put the best weights into the model where that is due; return their step and score, and what the model holds.

    That is due after NaN, and after Ctrl-C where there are validation rows; early stopping, which has finished by
    now, has its own way.
    """
    run, stopper = training.run, training.stopper
    step, score = training.best_step, training.best_score
    restored = False
    if stopper is not None and stopper.best_step is not None:
        step, score = stopper.best_step, stopper.best_score
        restored = stopper.settings.restore == "best"
    interrupted = stopped_by == "interrupted" and training.validation is not None and stopper is None
    due = stopped_by == "nan" or interrupted
    if due and not restored:
        training.complete_best()
        training.best.put()
        step, score = training.best_step, training.best_score
    if training.validation is None:
        step = step if due else run.step
        return step, math.nan, f"the model holds the weights of step {step}"
    if not (due or restored):
        return step, score, f"the model holds the last weights, of step {run.step}"
    if step == 0:
        return step, math.nan, "the model holds the weights that it began with"
    return (
        step,
        score,
        f"the model holds the best weights, of step {step} ({training.watched.name} {score:.6g})",
    )


def warn_of(outcome: Outcome, stacklevel: int) -> None:
    """Warn of a run that was interrupted, or of regularisers that did nothing."""
    if outcome.stopped_by == "interrupted":
        on = (
            "resume() goes on where it was"
            if outcome.unfinished
            else "it cannot go on, for a step was cut short"
        )
        warnings.warn(
            f"Training was interrupted after step {outcome.step} of {outcome.steps}; {outcome.held}, and {on}.",
            InterruptedWarning,
            stacklevel=stacklevel + 1,
        )
    elif outcome.stopped_by != "nan" and outcome.idle:
        warnings.warn(
            f"{', '.join(outcome.idle)} changed nothing in {outcome.step} steps. Check the strength and what it is "
            "aimed at, or leave it out.",
            NoEffectWarning,
            stacklevel=stacklevel + 1,
        )
