"""The regularisers that the estimators use unless they are told others: few, and right without tuning on most data."""

from __future__ import annotations

from ..augment.tables.feature_swap import FeatureSwap
from ..averages.ema import EMA
from ..dropout.dropout import Dropout
from ..evaluation.stopping import EarlyStopping
from ..parameters.decay import WeightDecay
from ..regulariser import Regulariser

__all__ = ["recipe"]


def recipe(kind: str, metric: str | None = None, *, dropout: bool = True) -> tuple[Regulariser, ...]:
    """Return the default regularisers for a kind of input.

    Parameters
    ----------
    kind : "table", "images" or "texts".
    metric : what early stopping watches; None is the validation loss.
    dropout : False for a net without hidden layers, or with dropout of its own.

    Examples
    --------
    >>> [type(value).__name__ for value in recipe("table")]
    ['WeightDecay', 'Dropout', 'FeatureSwap', 'EMA', 'EarlyStopping']
    """
    swap = (FeatureSwap(0.05),) if kind == "table" else ()
    return (
        WeightDecay(1e-2),
        *((Dropout(0.15),) if dropout else ()),
        *swap,
        EMA(0.99),
        EarlyStopping(patience=25, metric=metric),
    )
