"""The forest that is thinned: which one, and what its trees say of rows that they have not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from ..._typing import Vector
from ...errors import InputError, UnsupportedError
from ..regularisation import Regularisation

__all__ = ["TREES", "fill_in_bag", "make_forest", "out_of_bag", "tree_outputs"]

TREES = 100  # of a forest of our own
_KINDS = {
    False: (RandomForestRegressor, ExtraTreesRegressor),
    True: (RandomForestClassifier, ExtraTreesClassifier),
}


def make_forest(given: Any, classifier: bool, seed: int, n_jobs: int | None) -> Any:
    """Return an unfitted forest that draws rows.

    Parameters
    ----------
    given : None, a Regularisation (its ``rounds`` are the number of trees), or an unfitted forest of scikit-learn.
    seed : for a forest that has no ``random_state`` of its own.
    """
    forest = _KINDS[classifier][0](TREES)
    if isinstance(given, Regularisation):
        knobs = given.with_(rounds=None)
        if knobs.split_toll:
            raise UnsupportedError(
                "split_toll is a share of the gain of the first split, which differs between the trees of a forest. "
                "Give the forest itself with min_impurity_decrease=..., or leave it out."
            )
        forest.set_params(n_estimators=given.rounds or TREES, **knobs.to("forest"))
    elif given is not None:
        forest = _checked(given, classifier)
    own = {"n_jobs": n_jobs} if forest.n_jobs is None else {}
    if forest.random_state is None:
        own["random_state"] = seed
    forest.set_params(**own)
    if forest.warm_start or forest.oob_score:
        forest.set_params(warm_start=False, oob_score=False)
    return forest


def _checked(given: Any, classifier: bool) -> Any:
    if not isinstance(given, _KINDS[classifier]):
        kinds = " or ".join(kind.__name__ for kind in _KINDS[classifier])
        raise UnsupportedError(
            f"forest must be None, a trees.Regularisation, or an unfitted {kinds} of scikit-learn; "
            f"{given!r:.80} was given."
        )
    if not given.bootstrap:
        raise InputError(
            f"This {type(given).__name__} grows every tree on all rows, so no row is held out from any tree. Give it "
            "bootstrap=True."
        )
    return clone(given)


def tree_outputs(forest: Any, matrix: np.ndarray, classes: int | None) -> np.ndarray:
    """Return what every tree says of every row, (n, trees, outputs): a number, or the shares of the classes."""
    X = np.asarray(matrix, dtype=np.float32)  # as the trees keep it
    if classes is None:
        return np.stack([tree.tree_.predict(X)[:, 0] for tree in forest.estimators_], axis=1)[:, :, None]
    found = np.zeros((len(X), len(forest.estimators_), classes))
    seen = forest.classes_.astype(np.intp)  # a fold may lack a class
    for t, tree in enumerate(forest.estimators_):
        found[:, t, seen] = tree.tree_.predict(X).reshape(len(X), -1)
    return found


def out_of_bag(forest: Any, outputs: np.ndarray) -> np.ndarray:
    """Return the outputs with NaN where a row was among those that a tree was grown on."""
    found = outputs.copy()
    for t, rows in enumerate(forest.estimators_samples_):
        found[rows, t] = np.nan
    return found


def fill_in_bag(outputs: np.ndarray, *, even: bool = True) -> tuple[np.ndarray, np.ndarray]:
    r"""Return outputs without gaps, and the rows that have such: those outside the bag of one tree at least.

    A tree knows the target of the rows in its bag, so what it says of them is worth nothing. With :math:`q` the chance
    that a row is outside a bag (about 0.37) and :math:`m_i` the mean of the trees that have not seen row i,

    .. math:: \tilde T_{it} = m_i + \frac{[\text{i is outside the bag of t}]}{q}\, (T_{it} - m_i)

    Dividing by q keeps what two trees have in common, and what a tree has in common with the target, at the size that
    it would have if all trees were held out everywhere; only a tree's own variance comes out too large, which acts like
    a ridge penalty. With the mean alone in the gaps the trees look more alike than they are, and too few are kept.

    Parameters
    ----------
    outputs : (n, trees, outputs) with NaN where a row was in a tree's bag.
    even : whether all rows have the same chance; else every row has its own, as observed.

    Examples
    --------
    >>> filled, rows = fill_in_bag(np.array([[[1.0], [3.0], [np.nan], [np.nan]], [[np.nan]] * 4]), even=False)
    >>> filled[:, :, 0], rows
    (array([[0., 4., 2., 2.]]), array([0]))
    """
    held = ~np.isnan(outputs[:, :, 0])
    rows = np.flatnonzero(held.any(axis=1))
    found, known = outputs[rows], held[rows][:, :, None]
    share: Any = known.mean() if even else known.mean(axis=1, keepdims=True)
    mean: Vector = np.where(known, found, 0.0).sum(axis=1, keepdims=True) / known.sum(axis=1, keepdims=True)
    return mean + np.where(known, found - mean, 0.0) / share, rows
