"""glmnet's lambda sequence: where it begins, and where a path ends before its last lambda."""

from __future__ import annotations

import numpy as np

from .._typing import Vector
from .call import Call
from .null import Null

__all__ = ["DEVMAX", "FEWEST", "length_kept", "sequence"]

# R's glmnet.control()
FDEV, DEVMAX, SMALLEST_RATIO, FEWEST = 1e-5, 0.999, 1e-6, 5
SMALLEST_ALPHA = 1e-3  # ridge never reaches zero: glmnet begins where an l1 part of this size would


def sequence(call: Call, null: Null) -> Vector:
    """Return the lambdas of an automatic path that begins at the null model, decreasing, (nlambda,)."""
    held = np.isfinite(call.factors) & (call.factors > 0)
    top = float((null.scores[held] / call.factors[held]).max(initial=0.0)) / max(call.alpha, SMALLEST_ALPHA)
    top = top if top > 0 else 1.0
    if call.nlambda == 1:
        return np.array([top])
    ratio = max(SMALLEST_RATIO, call.lambda_min_ratio)
    return top * ratio ** (np.arange(call.nlambda) / (call.nlambda - 1))


def length_kept(call: Call, deviance_ratio: Vector, active: np.ndarray, automatic: bool) -> int:
    """Return how many solutions R keeps.

    An automatic path ends, after at least five solutions, with the first that explains more than 0.999 of the null
    deviance, that explains hardly more than the one before, or that has more than ``dfmax`` coefficients. More than
    ``pmax`` columns ever used end any path before.

    Parameters
    ----------
    active : (L, K, p) booleans, which coefficients are not zero in each output.
    """
    ever = np.logical_or.accumulate(active.any(axis=1), axis=0).sum(axis=1)
    over = np.flatnonzero(ever > call.pmax)
    limit = max(int(over[0]), 1) if over.size else len(deviance_ratio)
    if not automatic:
        return limit
    fdev = 0.0 if (call.lower == 0).any() or (call.upper == 0).any() else FDEV
    for m in range(FEWEST - 1, limit):
        before, least = _hardly(call.family, m, float(deviance_ratio[m]))
        gain = deviance_ratio[m] - deviance_ratio[before]
        full = active[m].sum(axis=1).max() > call.dfmax or deviance_ratio[m] > DEVMAX
        if full or gain < least * fdev:
            return m + 1
    return limit


def _hardly(family: str, m: int, now: float) -> tuple[int, float]:
    """Return which solution R compares solution m with, and the gain it asks for in units of its ``fdev``."""
    if family in ("binomial", "multinomial"):
        return m - 1, 1.0
    if family == "mgaussian":  # a share of what is left
        return m - 1, 1 - now
    if family in ("poisson", "cox"):  # R looks further back there, and asks for more
        return m - FEWEST + 1, (10 if family == "poisson" else 100) * now
    return m - 1, now
