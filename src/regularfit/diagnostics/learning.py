"""Training and held-out scores over the number of rows that a model learns from."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import FewerFoldsWarning, InputError, UnsupportedError
from ..selection.splitters import Fold, fold_weights
from ._generator import generator, whole_number
from ._scored_fits import ScoredFits
from ._splits import draw_folds, nested_order, sizes_of
from .learning_result import LearningCurve

__all__ = ["learning_curve"]

# Rows of the smallest subset, if not told; where a strength is chosen, half of them train in folds of their own.
LEAST, LEAST_CHOSEN = 10, 20


def learning_curve(
    estimator: Any,
    X: Any,
    y: Any,
    sizes: Any = None,
    cv: Any = 5,
    *,
    repeats: int = 1,
    strength: float | None = None,
    scoring: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    groups: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> LearningCurve:
    r"""Return training and held-out scores over the number of rows that a model learns from.

    Every fold is held out once, and models learn from growing subsets of the other rows: each contains the smaller
    ones, holds the classes in their shares, and is scored on the same fold. So curves are smooth, and what more rows
    bring has a paired standard error. A penalised model with a ``strength`` is fitted on all subsets of all folds
    as lanes. One that chooses its strength chooses it on each subset anew (all its folds and strengths in lockstep, as
    ever), so that the held-out score is that of the whole procedure and no row of the fold has a say.

    Prefer it to decide whether to collect more rows (the held-out curve still falls) or better columns (both curves
    have met). The last size has K - 1 of K rows: the model on all rows is a little better.

    Parameters
    ----------
    estimator : a regressor or classifier; it is not changed.
    X, y : the data, as for ``estimator.fit``.
    sizes : numbers of rows, or shares in (0, 1] of the training rows of a fold; None: eight, evenly on a log scale.
    cv : number of folds, a splitter, or pairs of (train, test).
    repeats : >= 1 random partitions to average over; more than one for a number of folds only.
    strength : > 0 or None
        For a penalised model, held fixed at every size; None: ``estimator.strength``, and if that is None chosen on
        each subset.
    scoring : None for the model's own (squared error, log-loss, deviance, error rate); a scorer of scikit-learn or its
        name counts with greater is better.
    sample_weight, offset : (n,); an offset for penalised models, or others whose fit and predict take one.
    groups : (n,) labels of rows that folds keep together.
    random_state : which random folds and subsets; None is 0.
    n_jobs : threads of lanes (None: the estimator's own), or processes for clones.

    Returns
    -------
    LearningCurve
        ``sizes``, ``train``, ``test``, ``gap`` with ``_se``; ``last_gain``, ``finding``, ``to_frame()``, ``plot()``.

    Raises
    ------
    InputError
        For sizes that cannot be had, or subsets too small for the estimator.
    UnsupportedError
        For a fixed strength of something that has none, and for PenalizedCox.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import learning_curve
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 20)); y = X[:, 0] + rng.normal(size=300)
    >>> curve = learning_curve(rf.PenalizedRegressor(rf.L2(), strength=0.1), X, y, sizes=[30, 60, 120, 240])
    >>> bool((np.diff(curve.test) < 0).all() and (np.diff(curve.train) > 0).all())
    True
    >>> curve.fits
    20

    References
    ----------
    Cortes, C. et al. (1994). Learning curves: asymptotic values and rate of convergence. NIPS 6, 327-334.
    """
    fits = ScoredFits.of(
        estimator,
        X,
        y,
        strengths=_strengths(estimator, strength),
        scoring=scoring,
        sample_weight=sample_weight,
        offset=offset,
        n_jobs=n_jobs,
        who="learning_curve",
    )
    random = generator(random_state)
    folds = draw_folds(fits, cv, X, groups, repeats, random)
    count = whole_number(repeats, "repeats", 1, "1 is usual.")
    if len(folds) // count < 2:
        raise InputError("learning_curve needs two folds at least; 5 are usual.")
    largest = min(len(train) for train, _ in folds)
    rows = sizes_of(sizes, largest, LEAST if fits.family is not None else LEAST_CHOSEN)
    found = _scores(fits, folds, rows, random)  # (S, F, 2)
    shape = (len(rows), count, -1)
    return LearningCurve(
        sizes=np.array(rows),
        train_scores=found[:, :, 0].reshape(shape),
        test_scores=found[:, :, 1].reshape(shape),
        fold_weights=fold_weights(folds, fits.weights).reshape(count, -1),
        fits=len(rows) * len(folds),
        score_name=fits.score_name,
        greater_is_better=fits.greater_is_better,
    )


def _strengths(estimator: Any, strength: float | None) -> Any:
    """What lanes are to hold fixed, or "chosen" where every subset chooses for itself."""
    if strength is None:
        fixed = getattr(estimator, "strength", None) is not None and hasattr(estimator, "_nested_plan")
        one = not isinstance(getattr(estimator, "penalty", None), (list, tuple)) and not getattr(
            estimator, "relax", False
        )
        return None if fixed and one else "chosen"
    if not hasattr(estimator, "_nested_plan"):
        raise UnsupportedError(
            f"{type(estimator).__name__} has no strength to hold at {strength!r}; leave it out, or use "
            "PenalizedRegressor or PenalizedClassifier."
        )
    return [strength]


def _scores(fits: ScoredFits, folds: list[Fold], rows: list[int], random: np.random.Generator) -> np.ndarray:
    labels = fits.labels if fits.refits.classifier else None
    orders = [nested_order(train[fits.weights[train] > 0], labels, random) for train, _ in folds]
    short = min(len(order) for order in orders)
    if short < rows[-1]:
        raise InputError(
            f"Only {short} training rows of a fold have a positive weight; give sizes up to {short}."
        )
    sets = [np.sort(order[:size]) for size in rows for order in orders]
    parts = [(one, folds[k % len(folds)][1]) for k, one in enumerate(sets)]
    with warnings.catch_warnings():  # that small subsets have few folds of their own is what is looked at
        warnings.simplefilter("ignore", FewerFoldsWarning)
        try:
            found = fits.scores(sets, parts)
        except InputError as error:
            raise InputError(
                f"A subset could not be fitted or scored (sizes {rows}): {error} Larger sizes may help."
            ) from error
    return found.reshape(len(rows), len(folds), 2)
