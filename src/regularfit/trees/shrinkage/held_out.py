"""Held-out losses of one fold's model at every strength, from one fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._typing import Vector
from ..structure import leaf_nodes, read_trees
from .respond import responder
from .values import held_out_raw

__all__ = ["fold_losses"]

_SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as in scikit-learn's log_loss


def fold_losses(
    model: Any, rows: Any, target: np.ndarray, weights: Vector, strengths: Vector, classes: np.ndarray | None
) -> Vector:
    """Return the mean held-out loss at every strength, (S,): squared error, or log-loss.

    Parameters
    ----------
    model : fitted on the fold's training rows, not shrunk.
    rows, target, weights : held out; the target as numbers, (n,) or (n, k), or codes of classes.
    strengths : (S,)
    classes : of a classifier, which code each of the model's probabilities stands for; else None.
    """
    trees, respond = read_trees(model), responder(model)
    raw = held_out_raw(trees, leaf_nodes(model, rows, trees), strengths)
    found = np.empty(len(strengths))
    for s in range(len(strengths)):
        answer = respond(raw[:, :, s])
        losses = _squares(answer, target) if classes is None else _log_loss(answer, target, classes)
        found[s] = np.average(losses, weights=weights)
    return found


def _squares(answer: np.ndarray, target: np.ndarray) -> Vector:
    return ((answer - target.reshape(answer.shape)) ** 2).mean(axis=1)


def _log_loss(answer: np.ndarray, codes: np.ndarray, classes: np.ndarray) -> Vector:
    """A class that the fold did not see has probability 0."""
    place = np.searchsorted(classes, codes)
    seen = classes[np.minimum(place, len(classes) - 1)] == codes
    share = np.where(seen, answer[np.arange(len(codes)), np.where(seen, place, 0)], 0.0)
    return -np.log(np.clip(share, _SMALLEST, 1.0))
