"""The gap between training and held-out error, row by row, along strengths or for any model."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._typing import Indices, Vector
from ..errors import InputError
from ..selection.nested_statistics import variance_of_mean
from ..selection.splitters import partitions
from ._scored_fits import ScoredFits
from ._splits import draw_folds
from .overfitting_result import OverfittingGap

__all__ = ["overfitting_gap"]


def overfitting_gap(
    estimator: Any,
    X: Any,
    y: Any,
    cv: Any = 10,
    *,
    strengths: Any = None,
    repeats: int = 1,
    sample_weight: Any = None,
    offset: Any = None,
    groups: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> OverfittingGap:
    r"""Return how much better a model does on the rows it has seen than on the others.

    .. math:: \text{gap} = \frac{1}{\sum_i w_i} \sum_i w_i \Big[ \ell(y_i, \hat f_{-k(i)}(x_i))
              - \frac{1}{K-1} \sum_{k \neq k(i)} \ell(y_i, \hat f_{-k}(x_i)) \Big]

    where f_{-k} is fitted without fold k, and k(i) is the fold of row i. Both errors are of the same rows and of models
    of the same size, so the standard error of the gap is that of a mean of paired differences. A penalised model is
    followed along its strengths, all folds as lanes; any other estimator of scikit-learn is cloned for each fold.

    Prefer it to see whether a model remembers rather than learns, and what a penalty does about it. A gap is no fault
    by itself: of two models the one with the smaller held-out error is better, whatever its gap (a forest of deep trees
    has a large one). To choose a strength use cross-validation.

    Parameters
    ----------
    estimator : a regressor or classifier; it is not changed.
    X, y : the data, as for ``estimator.fit``.
    cv : number of folds, a splitter, or folds that partition the rows (also repeatedly).
    strengths : None, numbers, how many, or "chosen"
        For a penalised model. None: its own ``strength`` or grid of ``strengths``. "chosen": every fit chooses its own.
    repeats : >= 1 random partitions; more than one for a number of folds only.
    sample_weight, offset : (n,); an offset for penalised models only.
    groups : (n,) labels of rows that folds keep together; they count as one draw.
    random_state : which random folds; None is 0.
    n_jobs : threads of lanes (None: the estimator's own), or processes for clones.

    Returns
    -------
    OverfittingGap
        ``train``, ``held_out``, ``gap`` with ``_se``; ``relative``, ``explained``, ``lost``, ``finding``,
        ``to_frame()``, ``plot()``. The loss is the model's own (squared error, log-loss, deviance, error rate).

    Raises
    ------
    InputError
        For folds that do not partition the rows, or arguments that cannot be used.
    UnsupportedError
        For several candidate penalties or relaxed fits along strengths, and for PenalizedCox.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from regularfit.diagnostics import overfitting_gap
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 5)); y = X[:, 0] + 2 * rng.normal(size=200)
    >>> overfitting_gap(DecisionTreeRegressor(random_state=0), X, y).finding
    'memorises: on new rows it is worse than the null model (mean squared error 0 on training rows, ...).'

    References
    ----------
    Stone, M. (1974). Cross-validatory choice and assessment of statistical predictions. JRSS B 36, 111-147. Efron, B.
    (1986) for the optimism of the apparent error.
    """
    fits = ScoredFits.of(
        estimator,
        X,
        y,
        strengths=strengths,
        scoring=None,
        sample_weight=sample_weight,
        offset=offset,
        n_jobs=n_jobs,
        who="overfitting_gap",
    )
    folds = draw_folds(fits, cv, X, groups, repeats, random_state)
    partitions(folds, fits.n)  # refuses folds that are none
    if len(folds) < 2:
        raise InputError("overfitting_gap needs two folds at least; 10 are usual.")
    sets = [train for train, _ in folds]
    members = None if groups is None else np.asarray(groups)
    found = [_rows(losses, folds) for losses in fits.losses(sets)]
    seen, new = (np.array(rows) for rows in zip(*found, strict=True))  # (L, n) each
    null_seen, null_new = _rows(fits.null_losses(sets), folds)
    weights = fits.weights

    def mean(rows: np.ndarray) -> Vector:
        return rows @ weights / weights.sum()

    def se(rows: np.ndarray) -> Vector:
        return np.sqrt([variance_of_mean(row, weights, members) for row in rows])

    return OverfittingGap(
        strengths=None if fits.family is None else fits.family.grid,
        train=mean(seen),
        held_out=mean(new),
        gap=mean(new - seen),
        train_se=se(seen),
        held_out_se=se(new),
        gap_se=se(new - seen),
        null=float(mean(null_new)),
        null_train=float(mean(null_seen)),
        fits=len(sets) * len(found),
        loss_name=fits.loss_name,
    )


def _rows(losses: np.ndarray, folds: list[tuple[Indices, Indices]]) -> tuple[Vector, Vector]:
    """The mean loss of every row (n,) by models that trained on it, and by those that did not."""
    trained = np.zeros(losses.shape, bool)
    for k, (train, _) in enumerate(folds):
        trained[k, train] = True
    seen = np.where(trained, losses, 0.0).sum(axis=0) / trained.sum(axis=0)
    return seen, np.where(trained, 0.0, losses).sum(axis=0) / (~trained).sum(axis=0)
