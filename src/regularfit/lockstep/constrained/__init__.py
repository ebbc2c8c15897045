"""The road of linear constraints: a small quadratic on the Gram matrix, an interior point, then an exact corner."""

from .null import constrained_scores
from .road import allowed, fit_constrained

__all__ = ["allowed", "constrained_scores", "fit_constrained"]
