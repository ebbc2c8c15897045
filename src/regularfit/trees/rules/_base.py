"""What rule models for numbers and for classes share."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._checks import check_choice, check_fraction, check_positive
from ..._typing import Vector
from ...errors import InputError
from ...inputs.targets import read_weights
from ...lockstep import Path
from ...penalties import Penalty
from ...selection import Fold, RelaxedCV, fold_weights
from .._folds import folds_for
from ..columns import TreeColumns
from ..combination import (
    Combination,
    after_nothing,
    blends_of,
    check_penalty,
    check_shares,
    choose,
    empty_alike,
    knob_cv,
    losses_along,
    warn_of_edge,
)
from ..knob_cv import KnobCV
from ..knob_plot import KnobDisplay
from .generators import GENERATORS
from .growing import Growing, Judge
from .reading import ReadRules
from .terms import Terms
from .wording import Wording

if TYPE_CHECKING:
    from ..model_file import Parts

__all__ = ["RuleFit"]


class RuleFit(ReadRules):
    """The base of RuleFitRegressor and RuleFitClassifier; their docstrings say what the parameters mean."""

    generator: Any
    penalty: Penalty
    rules: int
    leaves: int
    linear: bool
    winsorise: float
    strength: float | None
    select: str
    strengths: Any
    min_ratio: float | None
    cv: Any
    relax: bool
    gammas: Any
    tol: float
    n_jobs: int | None
    random_state: Any

    path_: Path
    cv_: KnobCV | None
    strength_: float
    gamma_: float

    _STORED = ("coef_", "intercept_", "support_", "path_", "cv_", "strength_", "gamma_", "_missing")

    # --- what the two give themselves

    def _target(self, y: Any, n: int, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the target as numbers or codes, and the classes."""
        raise NotImplementedError

    def _loss_name(self, classes: np.ndarray | None) -> str:
        raise NotImplementedError

    def _held_out(self, eta: np.ndarray, target: np.ndarray, weights: Vector) -> float:
        """Return the mean loss of linear predictors, (n, 1) or (n, K)."""
        raise NotImplementedError

    # --- fitting

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Any:
        """Grow rules on all rows, and on every fold, and keep as many as held-out rows say.

        Parameters
        ----------
        X : a pandas, polars or pyarrow table or an (n, p) array; missing values and categories are welcome.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that stay in one fold, or None.

        Raises
        ------
        InputError, UnsupportedError
            For data or settings that cannot be used; a model of an earlier fit stays as it was.

        Warns
        -----
        FewerFoldsWarning
            Where ``cv=None`` and there are fewer rows, groups or members of a class than the usual number of folds.
        GridEdgeWarning
            Where the best strength is at an edge of its grid.
        """
        self._check_settings()
        columns = TreeColumns.learn(X, indicators=True)
        matrix = columns.encode(X)
        if len(matrix) < 2:
            raise InputError(
                "X has n_samples = 1; rules need two rows at least, and some hundreds to be of use."
            )
        weights = read_weights(sample_weight, len(matrix))
        target, classes = self._target(y, len(matrix), weights)
        wording = Wording.of(columns, np.atleast_1d(np.isnan(matrix).any(axis=0)))
        how = self._combination(classes)
        gammas = check_shares(self.gammas, "gammas") if self.relax else (1.0,)
        grow = Growing(self, wording, classes, self._seed(), how)
        folds = None
        if self.strength is None or self.relax:
            instead = "strength=... with relax=False" if self.relax else "strength=..."
            folds = folds_for(self, X, target, weights, groups, classes, instead=instead)
        strengths = self.strengths if self.strength is None else [check_positive(self.strength, "strength")]
        terms, path = grow.path(matrix, target, weights, strengths)
        scores = None if folds is None else self._scores(grow, folds, matrix, target, weights, path, gammas)
        self._keep(columns, classes, wording, terms, path, scores)
        self.support_ = _supports(terms, matrix, weights)
        if self.cv_ is not None and self.strength is None:
            warn_of_edge(path, self.cv_)
        return self

    def _check_settings(self) -> None:
        check_choice(self.select, ("min", "1se"), "select")
        if isinstance(self.generator, str):
            check_choice(self.generator, GENERATORS, "generator")
        for name, least in (("rules", 1), ("leaves", 2)):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise InputError(f"{name} must be a whole number >= {least}; {value!r} was given.")
        if check_fraction(self.winsorise, "winsorise") >= 0.5:
            raise InputError(
                f"winsorise={self.winsorise} leaves nothing between the quantiles; 0.025 is usual."
            )

    def _combination(self, classes: np.ndarray | None) -> Combination:
        return Combination(
            check_penalty(self.penalty),
            self._loss_name(classes),
            relax=bool(self.relax),
            min_ratio=self.min_ratio,
            tol=self.tol,
            threads=self.n_jobs,
        )

    def _seed(self) -> int:
        return int(
            check_random_state(0 if self.random_state is None else self.random_state).randint(2**31 - 1)
        )

    def _scores(
        self,
        grow: Growing,
        folds: list[Fold],
        matrix: np.ndarray,
        target: np.ndarray,
        weights: Vector | None,
        path: Path,
        gammas: tuple[float, ...],
    ) -> RelaxedCV:
        """Return the held-out losses of rules that were grown without the fold."""
        found: list[np.ndarray] = []
        for train, test in folds:
            inside = None if weights is None else weights[train]
            terms, own = grow.path(matrix[train], target[train], inside, after_nothing(path.strengths))
            held = np.ones(len(test)) if weights is None else weights[test]
            values = terms.of(matrix[test])
            judge = Judge(self, values, target[test], held, grow.seen(target[train]), grow.count)
            found.append(losses_along(empty_alike(blends_of(own, gammas), _kept(path)), judge.loss))
        name = "mean squared error" if grow.classes is None else "mean log-loss"
        held_weights = fold_weights(folds, weights)
        return RelaxedCV(path.strengths, np.array(gammas), np.stack(found, axis=2), held_weights, name)

    def _keep(
        self,
        columns: TreeColumns,
        classes: np.ndarray | None,
        wording: Wording,
        terms: Terms,
        path: Path,
        scores: RelaxedCV | None,
    ) -> None:
        kept = _kept(path)
        index, self.gamma_, self.cv_ = 0, 1.0, None
        if scores is not None:
            chosen = choose(self.select, scores, kept)
            index, self.gamma_ = chosen.index, chosen.gamma
            self.cv_ = knob_cv(scores, chosen, "rules", kept.astype(np.float64))
        self._keep_columns(columns)
        if classes is not None:
            self.classes_ = classes
        self._missing = np.array(wording.missing, dtype=bool)
        self._terms, self.path_ = terms, path.named(tuple(wording.terms(terms)))
        blend = path.blend(self.gamma_)
        self.strength_ = float(path.strengths[index])
        self.coef_, self.intercept_ = blend.coef(index), blend.intercept(index)

    # --- predicting

    def _eta(self, X: Any) -> np.ndarray:
        """Return the linear predictors of rows, (n, 1) or (n, K)."""
        check_is_fitted(self, "_terms")
        matrix = self._matrix(X)
        coef = np.atleast_2d(self.coef_)
        which = np.flatnonzero(coef.any(axis=0))
        return self._terms.of(matrix, which) @ coef[:, which].T + self.intercept_

    # --- looking

    def plot_cv(self, *, ax: Any = None, **options: Any) -> KnobDisplay:
        """Draw the held-out score along the strengths, with both choices; options as for KnobDisplay.plot.

        Raises
        ------
        InputError
            Where ``strength`` was given, so that no folds were grown.
        """
        check_is_fitted(self, "_terms")
        if self.cv_ is None:
            raise InputError(
                "This model was not cross-validated: strength was given. Fit with strength=None."
            )
        label = "strength (weaker penalty to the left)"
        return KnobDisplay(self.cv_, self.cv_.strengths, label).plot(ax, **options)

    # --- keeping

    def _stored_parts(self, parts: Parts) -> None:
        parts.arrays |= {f"terms/{name}": array for name, array in self._terms.dump().items()}

    def _restore_parts(self, parts: Parts) -> None:
        start = "terms/"
        arrays = {k.removeprefix(start): v for k, v in parts.arrays.items() if k.startswith(start)}
        self._terms = Terms.load(arrays)
        if np.atleast_2d(self.coef_).shape[1] != len(self._terms):
            raise InputError(f"{self.coef_.shape} coefficients for {len(self._terms)} terms")

    def __sklearn_is_fitted__(self) -> bool:
        """Whether fit has been called."""
        return hasattr(self, "_terms")


def _supports(terms: Terms, matrix: np.ndarray, weights: Vector | None) -> Vector:
    """Share of the rows where each rule holds; there may be linear terms only."""
    held = terms.of(matrix, np.arange(len(terms.rules)))
    return np.average(held, axis=0, weights=weights) if terms.rules else np.empty(0)


def _kept(path: Path) -> np.ndarray:
    """How many terms each strength keeps, for one class at least."""
    coefs = path.coefs
    return np.count_nonzero(coefs if coefs.ndim == 2 else coefs.any(axis=1), axis=1)
