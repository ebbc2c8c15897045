"""The regularisers that the estimators use unless they are told others: few, and right without tuning on most data."""

from __future__ import annotations

from ..averages.ema import EMA
from ..dropout.dropout import Dropout
from ..evaluation.stopping import EarlyStopping
from ..parameters.decay import WeightDecay
from ..regulariser import Regulariser

__all__ = ["recipe"]


def recipe(metric: str | None = None, *, dropout: bool = True) -> tuple[Regulariser, ...]:
    """Return the default regularisers.

    Feature swap is not among them: on 13 tables a swap of 0.05 changed the balanced accuracy of held-out rows by -5.3
    to +2.4 points (-0.7 on average), down where few columns decide together. AutoNet tries it on every table.

    Parameters
    ----------
    metric : what early stopping watches; None is the validation loss.
    dropout : False for a net without hidden layers, or with dropout of its own.

    Examples
    --------
    >>> [type(value).__name__ for value in recipe()]
    ['WeightDecay', 'Dropout', 'EMA', 'EarlyStopping']
    """
    return (
        WeightDecay(1e-2),
        *((Dropout(0.15),) if dropout else ()),
        EMA(0.99),
        EarlyStopping(patience=25, metric=metric),
    )
