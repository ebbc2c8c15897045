"""Calibration: one temperature, found on rows that were not trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

__all__ = ["temperature_of"]

RANGE = (-3.0, 5.0)  # of the logarithm
PRIOR = 0.5  # standard deviation of the logarithm, as if it had been seen on one row more


def temperature_of(logits: np.ndarray, codes: np.ndarray, weights: np.ndarray | None = None) -> float:
    r"""Return the temperature T whose probabilities softmax(logits / T) have the lowest log-loss (Guo et al. 2017).

    A weak normal prior on log T keeps it finite where all of those rows are right, which would otherwise ask for
    certainty.

    Parameters
    ----------
    logits : (n, C), of rows that were not trained on.
    codes : (n,) classes.
    weights : (n,) or None.

    Examples
    --------
    Logits that are three times too sure:

    >>> rng = np.random.default_rng(0)
    >>> logits = rng.normal(size=(20_000, 2))
    >>> codes = (rng.random(20_000) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))).astype(int)
    >>> round(temperature_of(3 * logits, codes), 1)
    3.0
    """
    rows, weights = np.arange(len(codes)), np.ones(len(codes)) if weights is None else weights

    def log_loss(log_temperature: float) -> float:
        scores = log_softmax(logits / np.exp(log_temperature), axis=1)
        mean = -(weights * scores[rows, codes]).sum() / weights.sum()
        return float(len(codes) * mean + 0.5 * (log_temperature / PRIOR) ** 2)

    found: Any = minimize_scalar(log_loss, bounds=RANGE, method="bounded")
    return float(np.exp(found.x))
