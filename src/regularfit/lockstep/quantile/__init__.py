"""The road of the pinball loss: an interior point on the rows and columns that matter, then an exact corner."""

from .lane import PENALTIES, supported
from .null import quantile_scores
from .road import fit_quantile

__all__ = ["PENALTIES", "fit_quantile", "quantile_scores", "supported"]
