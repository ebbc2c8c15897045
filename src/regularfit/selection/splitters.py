"""The ``cv`` argument, whatever its form, as a checked list of (train, test) row indices."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from .._typing import ArrayLike, Indices, Vector
from ..designs import Design
from ..errors import InputError
from .fold_number import check_number, usual_number

__all__ = ["Fold", "fold_weights", "make_folds", "partitions", "repeated_partitions"]

Fold: TypeAlias = tuple[Indices, Indices]


def make_folds(
    cv: Any,
    n: int,
    y: ArrayLike | None = None,
    *,
    X: Any = None,
    groups: ArrayLike | None = None,
    classifier: bool = False,
    random_state: Any = None,
    sample_weight: Vector | None = None,
    usual: int = 10,
    instead: str | None = "strength=...",
) -> list[Fold]:
    """Return the folds that ``cv`` asks for.

    A number means that many random folds, the same ones at every call: with the classes spread evenly for
    classifiers, with groups kept together when ``groups`` is given. Anything that scikit-learn takes works
    too: splitters (repeated, grouped, time-ordered) and iterables of (train, test). Tests may overlap, trains
    may repeat a row; a row in both is refused.

    Parameters
    ----------
    cv : None (``usual`` folds; fewer, with a warning, where there are fewer rows, groups or members of a class), an
        int >= 2 (exactly so many), a splitter with ``split``, or an iterable of (train, test) indices or masks.
    n : number of rows.
    y : (n,) target; needed for stratified splits and to see that every training set holds two classes.
    X : handed to splitters that look at it; most do not.
    groups : (n,) labels of rows that belong together.
    classifier : whether ``y`` holds classes.
    random_state : which random folds an int ``cv`` (or None) means; None is the same as 0. A ``RandomState``
        draws on, so that ``np.random.RandomState()`` gives other folds at every call.
    sample_weight : (n,); rows of weight zero do not fill a test set.
    usual : how many folds ``cv=None`` means.
    instead : which parameters choose without folds, for messages; None where there are none.

    Raises
    ------
    InputError
        More folds than rows, groups or members of a class; an empty training or test set; indices outside
        the rows; a row in both; a training set with one class.

    Warns
    -----
    FewerFoldsWarning
        Where ``cv=None`` and the usual number of folds cannot be had.

    Examples
    --------
    >>> [test.tolist() for _, test in make_folds(2, 4)]
    [[2, 3], [0, 1]]
    """
    labels = None if y is None else np.asarray(y)
    members = None if groups is None else np.asarray(groups)
    if members is not None and len(members) != n:
        raise InputError(
            f"groups has {len(members)} entries but X has {n} rows; give one label for every row."
        )
    if cv is None:
        cv = usual_number(n, labels, members, classifier, usual=usual, instead=instead)
    elif not isinstance(cv, bool) and isinstance(cv, Integral):
        check_number(int(cv), n, labels, members, classifier, instead=instead)
    found = _split(cv, n, labels, X, members, classifier, random_state)
    folds = [_checked(k, pair, n) for k, pair in enumerate(found)]
    if not folds:
        raise InputError(
            "cv gave no folds; give a number such as 10, a splitter, or pairs of (train, test) rows."
        )
    for k, (train, test) in enumerate(folds):
        _check_weights(k, train, test, sample_weight)
        if classifier and labels is not None and len(np.unique(labels[train])) < 2:
            raise InputError(
                f"The training rows of fold {k} hold one class only ({str(labels[train[0]])!r}), so nothing "
                "can be learned there; use fewer folds or a stratified splitter such as "
                "sklearn.model_selection.StratifiedKFold."
            )
    return folds


def fold_weights(folds: list[Fold], sample_weight: Vector | None = None) -> Vector:
    """Return the weight of every fold, (K,): the sum of the weights of its test rows.

    >>> fold_weights([(np.array([0]), np.array([1, 2]))])
    array([2.])
    """
    return np.array(
        [len(test) if sample_weight is None else sample_weight[test].sum() for _, test in folds], float
    )


def partitions(folds: list[Fold], n: int) -> list[list[Fold]]:
    """Return the folds as partitions of the rows, one for every repeat, as an honest score needs them.

    Raises
    ------
    InputError
        When the test sets do not hold every row once, or a training set is not the rest: time-ordered
        splits, bootstrap, ShuffleSplit.

    Examples
    --------
    >>> len(partitions(make_folds(2, 4) + make_folds(4, 4), 4))
    2
    """
    found: list[list[Fold]] = []
    seen = np.zeros(n, dtype=np.intp)
    current: list[Fold] = []
    for train, test in folds:
        tested = np.bincount(test, minlength=n)
        seen += tested
        if (seen > 1).any() or (np.bincount(train, minlength=n) + tested != 1).any():
            raise InputError(_NO_PARTITION)
        current.append((train, test))
        if seen.all():
            found.append(current)
            current, seen = [], np.zeros(n, dtype=np.intp)
    if current:
        raise InputError(_NO_PARTITION)
    return found


def repeated_partitions(
    cv: Any, n: int, y: ArrayLike | None = None, *, repeats: int = 1, random_state: Any = None, **options: Any
) -> list[list[Fold]]:
    """Return ``repeats`` partitions of the rows, drawn one after the other from one stream of random numbers.

    Parameters
    ----------
    repeats : >= 1; more than one only for a number of folds.
    cv, n, y, random_state, options : as for :func:`make_folds`.

    Examples
    --------
    >>> [len(folds) for folds in repeated_partitions(3, 6, repeats=2, random_state=0)]
    [3, 3]
    """
    if isinstance(repeats, bool) or not isinstance(repeats, Integral) or repeats < 1:
        raise InputError(f"repeats={repeats!r} must be a whole number >= 1.")
    if repeats > 1 and not (cv is None or isinstance(cv, Integral)):
        raise InputError(
            "repeats needs cv as a number, so that the folds can be drawn anew; "
            "for a splitter of your own give its repeated form, such as RepeatedKFold."
        )
    if random_state is None or isinstance(random_state, Integral):
        # One stream for all repeats: the same int for each of them would draw the same folds again.
        random_state = np.random.RandomState(0 if random_state is None else int(random_state))
    folds: list[Fold] = []
    for _ in range(repeats):
        folds += make_folds(cv, n, y, random_state=random_state, **options)
    return partitions(folds, n)


_NO_PARTITION = (
    "An honest score needs folds that partition the rows: every row tested once (in every repeat), and "
    "trained on in "
    "all other folds. Time-ordered, bootstrap and ShuffleSplit splits do not. Give a number of folds, "
    "KFold, GroupKFold, "
    "StratifiedKFold or their repeated forms."
)


def _split(
    cv: Any, n: int, y: Any, X: Any, groups: Any, classifier: bool, random_state: Any
) -> Iterable[tuple[Any, Any]]:
    if isinstance(cv, (bool, str, bytes, float)):
        raise InputError(
            f"cv={cv!r} is not a way to split; give a whole number >= 2, a splitter, or (train, test) pairs."
        )
    if isinstance(cv, Integral):
        cv = _by_number(int(cv), y, groups, classifier, random_state)
    if not hasattr(cv, "split"):
        try:
            return list(cv)
        except TypeError:
            raise InputError(
                f"cv={cv!r} is neither a number, a splitter nor an iterable of (train, test)."
            ) from None
    try:
        return list(cv.split(np.zeros((n, 1)) if X is None or isinstance(X, Design) else X, y, groups))
    except ValueError as error:
        raise InputError(f"{cv!r} cannot split these {n} rows: {error}") from None


def _by_number(k: int, y: Any, groups: Any, classifier: bool, random_state: Any) -> Any:
    """The scikit-learn splitter for a number of folds; imported here because scikit-learn is slow to load."""
    from sklearn.model_selection import (  # pyright: ignore[reportMissingTypeStubs]
        GroupKFold,
        KFold,
        StratifiedGroupKFold,
        StratifiedKFold,
    )

    random_state = 0 if random_state is None else random_state
    if groups is not None:
        by_group = StratifiedGroupKFold if classifier else GroupKFold
        return by_group(k, shuffle=True, random_state=random_state)
    plain = StratifiedKFold if classifier and y is not None else KFold
    return plain(k, shuffle=True, random_state=random_state)


def _checked(k: int, pair: Any, n: int) -> Fold:
    try:
        train, test = pair
    except (TypeError, ValueError):
        raise InputError(f"Fold {k} of cv is not a pair (train, test) of row indices.") from None
    train, test = _rows(k, train, n, "training"), _rows(k, test, n, "test")
    trained = np.zeros(n, bool)
    trained[train] = True
    both = test[trained[test]]
    if both.size:
        raise InputError(
            f"Row {both.min()} is in the training and in the test set of fold {k}; a held-out score needs "
            "rows that the fit "
            "has not seen."
        )
    return train, test


def _rows(k: int, rows: Any, n: int, which: str) -> Indices:
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (n,):
        rows = np.flatnonzero(rows)
    if rows.size == 0:
        raise InputError(f"The {which} set of fold {k} is empty; use fewer folds or check the splitter.")
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InputError(f"The {which} set of fold {k} must hold row indices or a mask of {n} booleans.")
    if rows.min() < 0 or rows.max() >= n:
        raise InputError(
            f"The {which} set of fold {k} names row {rows.max()}, but rows run from 0 to {n - 1}."
        )
    return rows.astype(np.intp, copy=False)


def _check_weights(k: int, train: Indices, test: Indices, sample_weight: Vector | None) -> None:
    if sample_weight is None:
        return
    for which, rows in (("training", train), ("test", test)):
        if not (sample_weight[rows] > 0).any():
            raise InputError(
                f"The {which} rows of fold {k} all have weight 0; use fewer folds, or drop the rows of "
                "weight 0 first."
            )
