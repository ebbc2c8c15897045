"""Every knob that restrains trees, with its unit; the same words for all engines."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from .._checks import check_fraction, check_positive
from ..errors import InputError

__all__ = ["Regularisation"]


@dataclass(frozen=True)
class Regularisation:
    r"""How a tree, a forest or boosting is restrained, in units that mean the same in every engine.

    A leaf that holds the gradient sum :math:`G` and the curvature sum :math:`H` of its rows gets the value

    .. math:: w = -\frac{\operatorname{sign}(G) \max(|G| - \mathtt{leaf\_l1}, 0)}{H + \mathtt{leaf\_l2}\, h}

    where :math:`h` is the curvature of one row before the first tree: 1 for the squared loss, p (1 - p) for two
    classes. A knob that is None keeps the engine's default, and a knob that the engine does not have is an error that
    names the engines that have it. :meth:`to` gives the engine's own parameters.

    Knobs are substitutes: with one of them strong the others hardly matter. Prefer few: ``learning_rate`` with
    ``rounds`` chosen by cross-validation, then ``min_rows``, then ``row_sampling`` and ``column_sampling``; a leaf
    penalty last.

    Parameters
    ----------
    leaf_l2 : pseudo-rows >= 0 that pull a leaf's value towards zero: with 10, a leaf of 10 rows takes half a step. The
        same number acts less on leaves of more rows; see :meth:`for_rows`.
    leaf_l1 : >= 0, in units of the gradient sum of a leaf (for the squared loss: rows times units of y), below which a
        leaf stays at zero.
    split_toll : share of the gain of the first split of the first tree that every split must bring, in [0, 1].
    min_rows : rows that a leaf holds at least, >= 1 (XGBoost: their curvature, in units of :math:`h`).
    max_depth : splits between the root and a leaf at most, >= 1.
    leaves : of a tree at most, >= 2.
    row_sampling : share of the rows that each tree sees, drawn anew for each, in (0, 1].
    column_sampling : share of the columns that each split may choose from, drawn anew for each, in (0, 1].
    tree_dropout : chance, in [0, 1), that an earlier tree is left out while the next one is fitted.
    learning_rate : what share of a tree's values is added, in (0, 1].
    rounds : trees that are added at most, >= 1.
    path_smoothing : rows >= 0 that pull a node's value towards its parent's while the tree grows.

    Raises
    ------
    InputError
        For a knob out of its range.

    Examples
    --------
    >>> Regularisation(leaf_l2=10, min_rows=20).to("lightgbm")
    {'reg_lambda': 10.0, 'min_child_samples': 20}
    >>> Regularisation(path_smoothing=2.0).to("xgboost")
    Traceback (most recent call last):
    regularfit.errors.UnsupportedError: ...

    References
    ----------
    Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29.

    Chen, T. and Guestrin, C. (2016). XGBoost: a scalable tree boosting system. KDD.

    Vinayak, R. K. and Gilad-Bachrach, R. (2015). DART: dropouts meet multiple additive regression trees. AISTATS.
    """

    leaf_l2: float | None = None
    leaf_l1: float | None = None
    split_toll: float | None = None
    min_rows: int | None = None
    max_depth: int | None = None
    leaves: int | None = None
    row_sampling: float | None = None
    column_sampling: float | None = None
    tree_dropout: float | None = None
    learning_rate: float | None = None
    rounds: int | None = None
    path_smoothing: float | None = None

    def __post_init__(self) -> None:
        """Check every knob that is set, and take numbers of any library."""
        for name, value in self.knobs.items():
            object.__setattr__(self, name, _CHECKS[name](value, f"Regularisation({name})"))

    @property
    def knobs(self) -> dict[str, Any]:
        """The knobs that are set, by name."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) is not None
        }

    def with_(self, **knobs: Any) -> Regularisation:
        """Return a copy with other values of some knobs; None resets one to the engine's default."""
        return replace(self, **knobs)

    def over(self, defaults: Regularisation) -> Regularisation:
        """Return these knobs, and ``defaults`` where none is set here."""
        return replace(defaults, **self.knobs)

    def for_rows(self, n: int, tuned_on: int) -> Regularisation:
        """Return strengths found on ``tuned_on`` rows for ``n`` rows.

        Strengths in rows fade as leaves fill: ``leaf_l2``, ``leaf_l1``, ``min_rows`` and ``path_smoothing`` grow with
        the rows, shares stay.

        >>> Regularisation(leaf_l2=2, min_rows=10, leaves=31).for_rows(1000, tuned_on=100)
        Regularisation(leaf_l2=20.0, min_rows=100, leaves=31)
        """
        share = check_positive(n, "n") / check_positive(tuned_on, "tuned_on")
        grown = {name: self.knobs[name] * share for name in _IN_ROWS if name in self.knobs}
        if "min_rows" in grown:
            grown["min_rows"] = max(round(grown["min_rows"]), 1)
        return replace(self, **grown)

    def to(self, engine: str, *, curvature: float = 1.0, root_gain: float | None = None) -> dict[str, Any]:
        """Return the parameters of an engine's scikit-learn interface.

        Parameters
        ----------
        engine : "lightgbm", "xgboost", "sklearn" (HistGradientBoosting), "tree", "forest" or "extra_trees".
        curvature : :math:`h`, the curvature of the loss at one row before the first tree, > 0.
        root_gain : gain of the first split of the first tree, in the engine's own unit; needed for ``split_toll``.

        Raises
        ------
        UnsupportedError
            For a knob that the engine does not have.
        InputError
            For an unknown engine, or a toll without ``root_gain``.
        """
        from .translation import translate

        return translate(self, engine, curvature, root_gain)

    def __repr__(self) -> str:
        """Return the knobs that are set."""
        return f"Regularisation({', '.join(f'{name}={value}' for name, value in self.knobs.items())})"


_IN_ROWS = ("leaf_l2", "leaf_l1", "min_rows", "path_smoothing")


def _not_negative(value: Any, what: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == 0:
        return 0.0
    return check_positive(value, what, "0 is no restraint.")


def _at_least(least: int) -> Any:
    def check(value: Any, what: str) -> int:
        number = check_positive(value, what)
        if number != int(number) or number < least:
            raise InputError(f"{what} must be a whole number >= {least}; {value!r} was given.")
        return int(number)

    return check


def _share(value: Any, what: str) -> float:
    number = check_fraction(value, what)
    if number == 0:
        raise InputError(f"{what} must be above 0 and at most 1; {value!r} was given. 1 is no restraint.")
    return number


def _chance(value: Any, what: str) -> float:
    number = check_fraction(value, what)
    if number == 1:
        raise InputError(f"{what} must be at least 0 and below 1; {value!r} was given. 0 is no restraint.")
    return number


_CHECKS = {
    "leaf_l2": _not_negative,
    "leaf_l1": _not_negative,
    "split_toll": check_fraction,
    "min_rows": _at_least(1),
    "max_depth": _at_least(1),
    "leaves": _at_least(2),
    "row_sampling": _share,
    "column_sampling": _share,
    "tree_dropout": _chance,
    "learning_rate": _share,
    "rounds": _at_least(1),
    "path_smoothing": _not_negative,
}
