"""A fit inside something larger: that nothing was chosen is an answer there, not a warning."""

from __future__ import annotations

import warnings
from typing import Any

from ..errors import GridEdgeWarning

__all__ = ["fit_quietly"]


def fit_quietly(model: Any, X: Any, y: Any) -> Any:
    """Fit; a strength at the end of the grid means no column, or nearly least squares, and is what was asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GridEdgeWarning)
        return model.fit(X, y)
