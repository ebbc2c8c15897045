"""Shares of classes in a node, drawn towards those of all rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._typing import Vector

__all__ = ["smoothed"]


def smoothed(shares: np.ndarray, rows: Vector, prior: Any, strength: float) -> np.ndarray:
    r"""Return the shares as if every node had held so many more rows, mixed as all rows are; (m, k).

    .. math:: p_k = \frac{\text{rows} \cdot \text{share}_k + \text{strength} \cdot \text{prior}_k}
              {\text{rows} + \text{strength}}

    This is the m-estimate of a probability; Laplace's correction is its case of an even prior and one row a class. No
    class that the training rows hold gets a probability of 0, nodes of many rows hardly change, and a node that is
    mixed as all rows are does not change at all. 0 returns the shares as they are.

    Parameters
    ----------
    shares : (m, k) of the classes in every node.
    rows : (m,) how many rows it holds.
    prior : (k,) shares in all rows.
    strength : pseudo-rows, >= 0.

    Examples
    --------
    >>> smoothed(np.array([[1.0, 0.0]]), np.array([2.0]), [0.5, 0.5], 2)
    array([[0.75, 0.25]])

    References
    ----------
    Cestnik, B. (1990). Estimating probabilities: a crucial task in machine learning. ECAI. Provost, F. and Domingos, P.
    (2003). Tree induction for probability-based ranking. Machine Learning 52.
    """
    if strength == 0:
        return shares
    weight = (rows / (rows + strength))[:, None]
    return weight * shares + (1 - weight) * np.asarray(prior, dtype=np.float64)
