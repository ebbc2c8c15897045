"""Which knobs and how many rounds: given, from one curve over folds, or from a search."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...selection import Fold, fold_weights
from ..knob_cv import KnobCV
from ..regularisation import Regularisation
from .rounds_cv import Tick, curve_of, grow_side_by_side, start_folds, warn_of_the_limit
from .scores import Score
from .workshop import Workshop

__all__ = ["Choice", "Order", "choose_rounds", "told"]


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Parameters
    ----------
    given : the user's knobs, or None; a search leaves them alone.
    start : the knobs without a search, and its first trial.
    select : "min" or "1se".
    most : rounds at most.
    patience : rounds without a better mean score after which folds stop growing, or None.
    trials : of a search, or None.
    finals : other folds, on which the best trials of a search must hold, or None where there are none.
    verbose : whether to tell how far it is.
    """

    given: Regularisation | None
    start: Regularisation
    select: str = "min"
    most: int = 2000
    patience: int | None = 100
    trials: int | None = None
    finals: Sequence[Fold] | None = None
    verbose: bool = False


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen.

    Parameters
    ----------
    regularisation, rounds : the knobs and how many rounds.
    cv : the held-out scores behind it, or None.
    trials : the table of a search, or None.
    """

    regularisation: Regularisation
    rounds: int
    cv: KnobCV | None = None
    trials: Any = None


def choose_rounds(workshop: Workshop, folds: Sequence[Fold] | None, score: Score, order: Order) -> Choice:
    """Return the choice; without folds the rounds are the given ones.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, with the curve so far as its ``partial``; a search with a finished trial ends early instead.
    """
    if folds is None:
        return Choice(order.start, order.most)
    if order.trials is not None:
        from .search import search

        found = search(workshop, folds, score, order)
        return Choice(found.best.regularisation, _rounds(found.cv, order), found.cv, found)
    weights = fold_weights(list(folds), workshop.data.weights)
    growths = start_folds(workshop, order.start, folds, score)
    try:
        grow_side_by_side(growths, weights, order.most, order.patience, told(order.verbose, score.name))
    except KeyboardInterrupt as stop:
        stop.partial = curve_of(growths, weights)  # type: ignore[attr-defined]
        raise
    cv = curve_of(growths, weights)
    assert cv is not None  # there is one round at least
    warn_of_the_limit(cv, order.most, stacklevel=5)
    return Choice(order.start, _rounds(cv, order), cv)


def _rounds(cv: KnobCV, order: Order) -> int:
    return int(cv.value_min if order.select == "min" else cv.value_1se)


def told(verbose: bool, name: str) -> Tick | None:
    """Return what tells the number of rounds and the score, once every two seconds, or None."""
    if not verbose:
        return None
    last = [time.monotonic()]

    def tick(rounds: int, score: float) -> None:
        if time.monotonic() - last[0] >= 2.0:
            last[0] = time.monotonic()
            print(f"round {rounds}: {name} {score:.5g}", file=sys.stderr, flush=True)

    return tick
