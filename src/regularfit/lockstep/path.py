"""A regularisation path: solutions along decreasing strengths, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import check_fraction
from .._typing import Vector
from ..designs import as_design
from ..errors import InputError
from ..losses import Loss
from .certificate import Certificate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Path"]


@dataclass(frozen=True, eq=False)
class Path:
    """Solutions along decreasing strengths, on the scale of the X that was given.

    Parameters
    ----------
    strengths : (L,) decreasing.
    intercepts : (L,)
    sparse_coefs : CSR (L, p)
    deviance_ratio : (L,) share of the null deviance that is explained on the training rows.
    df : (L,) effective degrees of freedom, the intercept not counted; nan where they were not asked for.
    gaps, kkt, converged, reasons : (L,) the certificate of every strength.
    ended : why the path has fewer strengths than were asked for, or None. A grid from the data ends where the
        training rows are reproduced all but exactly: with an l1 part or bounds where the deviance ratio exceeds
        1 - 1e-9 (squared loss), for other losses 0.999. A user's own strengths are never cut.
    convex : (L,) for MCP, SCAD, their group forms and L0: whether the objective is convex on the columns that are
        active at a strength, so that the solution is locally the only one (where the smallest eigenvalue of their Gram
        matrix exceeds 1 / gamma, 1 / (a - 1), or for L0 zero); None for penalties that are convex throughout.
    relaxed : the unpenalised refits of the columns that are active, a path at the same strengths; None where no
        relaxed fit was asked for. Its gaps are nan; ``kkt`` is the largest gradient left, over that of the null model.
    outputs : K, for a fit with several linear predictors (classes, targets): intercepts are then (L, K), and
        ``sparse_coefs`` (L, K p) holds the coefficients of one output after those of the other. None: one predictor.
    """

    strengths: Vector
    intercepts: Vector
    sparse_coefs: Any
    deviance_ratio: Vector
    df: Vector
    gaps: Vector
    kkt: Vector
    converged: np.ndarray
    reasons: tuple[str, ...]
    loss: Loss
    feature_names: tuple[str, ...] | None = None
    ended: str | None = None
    convex: np.ndarray | None = None
    relaxed: Path | None = None
    outputs: int | None = None
    _dense: list[np.ndarray] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        """Return the number of strengths."""
        return len(self.strengths)

    @property
    def coefs(self) -> np.ndarray:
        """Coefficients, dense (L, p); with several outputs (L, K, p)."""
        if not self._dense:
            self._dense.append(self._shaped(self.sparse_coefs.toarray()))
        return self._dense[0]

    @property
    def columns(self) -> int:
        """How many columns X has."""
        return self.sparse_coefs.shape[1] // (self.outputs or 1)

    def coef(self, index: int) -> np.ndarray:
        """Return the coefficients of one strength, (p,) or (K, p)."""
        # By hand: scipy takes a millisecond for it.
        begin, end = self.sparse_coefs.indptr[range(len(self))[index] :][:2]
        row = np.zeros(self.sparse_coefs.shape[1])
        row[self.sparse_coefs.indices[begin:end]] = self.sparse_coefs.data[begin:end]
        return self._shaped(row[None])[0]

    def intercept(self, index: int) -> Any:
        """Return the intercept of one strength, a float or (K,)."""
        return float(self.intercepts[index]) if self.outputs is None else self.intercepts[index]

    def _shaped(self, rows: np.ndarray) -> np.ndarray:
        return rows if self.outputs is None else rows.reshape(len(rows), self.outputs, -1)

    @property
    def nonzeros(self) -> np.ndarray:
        """Number of coefficients that are not zero, (L,)."""
        return np.diff(self.sparse_coefs.indptr)

    @property
    def convex_until(self) -> float:
        """The smallest strength down to which the objective is locally convex, all the way from the top.

        It is ncvreg's ``convex.min``: 0 for a penalty that is convex throughout, inf where it is convex nowhere.
        """
        if self.convex is None:
            return 0.0
        first = int(np.argmin(self.convex)) if not self.convex.all() else len(self)
        return float(self.strengths[first - 1]) if first else float("inf")

    def at(self, strength: float) -> tuple[Vector, Any]:
        """Return coefficients and intercept at a strength, interpolated linearly between the path's own.

        They are (p,) and a float, or with several outputs (K, p) and (K,).

        Raises
        ------
        InputError
            For a strength outside the path.
        """
        low, high, share = self._between(strength)
        coef = (1 - share) * self.coef(low) + share * self.coef(high)
        return coef, (1 - share) * self.intercept(low) + share * self.intercept(high)

    def predict_eta(self, X: Any, strength: float | None = None) -> np.ndarray:
        """Return the linear predictor, (n,) at one strength or (n, L) at all, without any offset.

        With several outputs the shapes are (n, K) and (n, L, K).
        """
        design = as_design(X)
        if design.p != self.columns:
            raise InputError(
                f"X has {design.p} columns, but the path was fitted on {self.columns}; give the same columns."
            )
        rows = np.arange(design.n)
        if strength is None:
            flat = design.rows_times(rows, self.coefs.reshape(-1, design.p).T)
            return flat.reshape(design.n, *self.intercepts.shape) + self.intercepts
        coef, intercept = self.at(strength)
        eta = design.rows_times(rows, np.atleast_2d(coef).T) + intercept
        return eta[:, 0] if self.outputs is None else eta

    def predict(self, X: Any, strength: float | None = None) -> np.ndarray:
        """Return the expected target, shaped as :meth:`predict_eta`."""
        return self.loss.mean(self.predict_eta(X, strength))

    def certificate(self, index: int) -> Certificate:
        """Return the proof of one strength."""
        return Certificate(
            float(self.gaps[index]), float(self.kkt[index]), bool(self.converged[index]), self.reasons[index]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a strength.

        Strength, intercept, deviance ratio, df, certificate, coefficients by name; with several outputs
        ``name[k]`` for output k.
        """
        import pandas as pd

        names = self.feature_names or tuple(f"x{j}" for j in range(self.columns))
        facts = {
            "deviance_ratio": self.deviance_ratio,
            "df": self.df,
            "gap": self.gaps,
            "kkt": self.kkt,
        }
        if self.outputs is None:
            head = pd.DataFrame({"strength": self.strengths, "intercept": self.intercepts} | facts)
            return pd.concat([head, pd.DataFrame(self.coefs, columns=list(names))], axis=1)
        levels = {f"intercept[{k}]": self.intercepts[:, k] for k in range(self.outputs)}
        head = pd.DataFrame({"strength": self.strengths} | levels | facts)
        columns = [f"{name}[{k}]" for k in range(self.outputs) for name in names]
        return pd.concat([head, pd.DataFrame(self.coefs.reshape(len(self), -1), columns=columns)], axis=1)

    def named(self, names: tuple[str, ...] | None) -> Path:
        """Return the same path with column names."""
        relaxed = None if self.relaxed is None else self.relaxed.named(names)
        return replace(self, feature_names=names, relaxed=relaxed)

    def blend(self, gamma: float) -> Path:
        """Return ``gamma`` times this path plus ``1 - gamma`` times its relaxed one, at the same strengths.

        1 is the penalised path itself, 0 the refits. The explained deviance of a blend is exact for the squared loss
        (nan where a refit of fewer columns stands in) and nan for other losses.

        Raises
        ------
        InputError
            Where there is no relaxed path, or for gamma outside [0, 1].
        """
        check_fraction(gamma, "gamma")
        if gamma == 1:
            return replace(self, relaxed=None)
        other = self.relaxed
        if other is None:
            raise InputError("This path has no relaxed fits; fit with relax=True.")
        if gamma == 0:
            return other
        own = (other.df == self.nonzeros) & (self.loss.name == "squared")
        bent = other.deviance_ratio - gamma**2 * (other.deviance_ratio - self.deviance_ratio)
        nothing = np.full(len(self), np.nan)
        return replace(
            self,
            intercepts=gamma * self.intercepts + (1 - gamma) * other.intercepts,
            sparse_coefs=(gamma * self.sparse_coefs + (1 - gamma) * other.sparse_coefs).tocsr(),
            deviance_ratio=np.where(own, bent, np.nan),
            df=nothing,
            gaps=nothing,
            kkt=np.maximum(self.kkt, other.kkt),
            converged=self.converged & other.converged,
            reasons=tuple(
                b if a_holds else a
                for a, b, a_holds in zip(self.reasons, other.reasons, self.converged, strict=True)
            ),
            relaxed=None,
            _dense=[],
        )

    def _between(self, strength: float) -> tuple[int, int, float]:
        grid = self.strengths
        top, bottom = grid[0], grid[-1]
        if not bottom * (1 - 1e-12) <= strength <= top * (1 + 1e-12):
            raise InputError(
                f"strength {strength:g} lies outside this path ({bottom:.3g} to {top:.3g}); "
                f"fit with strengths=[{strength:g}] instead."
            )
        high = int(np.clip(np.searchsorted(-grid, -strength), 0, len(grid) - 1))
        low = max(high - 1, 0)
        width = grid[low] - grid[high]
        return low, high, 1.0 if width == 0 else float(np.clip((grid[low] - strength) / width, 0.0, 1.0))
