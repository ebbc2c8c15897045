"""The evidence: how probable the target is under a Gaussian prior, for every strength at once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from .._checks import check_positive, check_strengths
from .._typing import Matrix, Vector
from ..errors import GridEdgeWarning, InputError, UnsupportedError
from ..linear import PenalizedClassifier
from ._ground import Ground, read_ground
from ._normal import Projected, project, spectrum

if TYPE_CHECKING:
    import pandas as pd

    from .posterior_plot import EvidenceDisplay

__all__ = ["EvidencePath", "Spectrum", "evidence_path", "spectrum_of"]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The rows, reduced to a few numbers by which any strength has its evidence in O(r).

    Parameters
    ----------
    values, vectors : d (r,) and V (k, r) of the penalised columns less what the unpenalised ones explain.
    turned : (r,) V'A'y/n.
    squares : of y, less what the unpenalised columns explain.
    n, q : rows, and coefficients with a flat prior.
    log_weights : half the sum of the weights' logarithms.
    ground, projected, unit, y : what they were made of; ``unit`` as in a frame, y with its rows weighted.
    """

    values: Vector
    vectors: Matrix
    turned: Vector
    squares: float
    n: int
    q: int
    log_weights: float
    ground: Ground
    projected: Projected
    unit: Vector
    y: Vector

    def quadratic(self, strength: Vector) -> Vector:
        """Return 2 n times the objective's minimum at every strength."""
        return self.squares - self.n * (self.turned**2 / (self.values + strength[:, None])).sum(axis=1)

    def residual(self, strength: Vector) -> Vector:
        """Return the weighted sum of squared residuals at every strength."""
        ridge = self.values + strength[:, None]
        return self.squares - self.n * (self.turned**2 * (ridge + strength[:, None]) / ridge**2).sum(axis=1)

    def df(self, strength: Vector) -> Vector:
        """Return the effective number of coefficients, those with a flat prior included."""
        return self.q + (self.values / (self.values + strength[:, None])).sum(axis=1)

    def noise(self, strength: Vector) -> Vector:
        """Return the standard deviation of the noise that makes the target most probable."""
        if self.n <= self.q:
            raise InputError(
                f"{self.q} coefficients without a penalty fit {self.n} rows exactly, so nothing is known of the noise; "
                "give noise=, or penalise more columns."
            )
        least = np.finfo(np.float64).tiny
        return np.sqrt(np.maximum(self.quadratic(strength), least) / (self.n - self.q))

    def log_evidence(self, strength: Vector, noise: Vector) -> Vector:
        """Return the log density of the target, the coefficients integrated out."""
        spread = np.log1p(self.values / strength[:, None]).sum(axis=1)
        flat = (self.n - self.q) * np.log(2 * np.pi * noise**2)
        return self.log_weights - 0.5 * (flat + spread + self.quadratic(strength) / noise**2)

    def best(self, noise: float | None) -> float:
        """Return the strength of the largest evidence; with ``noise=None`` the noise moves along."""
        top = float(self.values.max(initial=0.0))
        if not top > 0:
            raise InputError(
                "The penalised columns explain nothing of any target, so no strength is more probable."
            )
        grid = top * np.logspace(-10, 6, 321)
        at = int(np.argmax(self._profile(grid, noise)))
        if at in (0, len(grid) - 1):
            where = "largest" if at else "smallest"
            warnings.warn(
                f"The evidence grows to the {where} strength that was tried ({grid[at]:.3g}): the rows "
                + ("speak for no effect at all." if at else "speak for no penalty."),
                GridEdgeWarning,
                stacklevel=3,
            )
            return float(grid[at])
        found: Any = optimize.minimize_scalar(
            lambda x: -self._profile(np.exp(np.array([x])), noise)[0],
            bounds=(np.log(grid[at - 1]), np.log(grid[at + 1])),
            method="bounded",
            options={"xatol": 1e-10},
        )
        return float(np.exp(found.x))

    def _profile(self, grid: Vector, noise: float | None) -> Vector:
        return self.log_evidence(grid, self.noise(grid) if noise is None else np.full(len(grid), noise))


def spectrum_of(ground: Ground) -> Spectrum:
    """The spectrum of a ground whose penalty is quadratic."""
    if ground.l1.any():
        raise UnsupportedError(
            "The evidence in closed form is known for L2 only (with factors, if you like); the penalty has an l1 part. "
            "posterior(...) samples under L1."
        )
    root = np.sqrt(ground.weights)
    unit = 1.0 / (ground.spread[ground.inside] * np.sqrt(ground.l2))
    Z = ground.X[:, ground.inside] * unit * root[:, None]
    y = (ground.y - ground.offset) * root
    found = project(ground.unpenalised() * root[:, None], Z)
    values, vectors = spectrum(found.A)
    rest = y - found.Q @ (found.Q.T @ y)
    turned = vectors.T @ (found.A.T @ rest) / ground.n
    logs = 0.5 * float(np.log(ground.weights).sum())
    return Spectrum(
        values, vectors, turned, float(rest @ rest), ground.n, found.q, logs, ground, found, unit, y
    )


@dataclass(frozen=True, eq=False)
class EvidencePath:
    """How probable the target is at every strength.

    Parameters
    ----------
    strengths : (L,) decreasing.
    log_evidence : (L,)
    noise : (L,) standard deviation of the noise that was used; ones for classes.
    df : (L,) effective number of coefficients, unpenalised ones included.
    best : the strength of the largest evidence; between the strengths of the grid where it is known in closed form.
    chosen : the model's own strength, for comparison.
    """

    strengths: Vector
    log_evidence: Vector
    noise: Vector
    df: Vector
    best: float
    chosen: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row a strength."""
        import pandas as pd

        columns = ("strengths", "log_evidence", "noise", "df")
        return pd.DataFrame({name.removesuffix("s"): getattr(self, name) for name in columns})

    def plot(self, ax: Any = None, **options: Any) -> EvidenceDisplay:
        """Draw the evidence along the strengths; see :class:`regularfit.diagnostics.EvidenceDisplay`."""
        from .posterior_plot import EvidenceDisplay

        return EvidenceDisplay.from_evidence(self, ax=ax, **options)


def evidence_path(
    model: Any,
    X: Any,
    y: Any,
    *,
    strengths: Any = None,
    noise: float | None = None,
    sample_weight: Any = None,
    offset: Any = None,
) -> EvidencePath:
    r"""Return the evidence of every strength: the Bayesian's counterpart of a cross-validation curve.

    .. math:: \log p(y \mid s) = -\tfrac12 \Bigl[ (n - q) \log 2\pi\sigma^2 + \sum_k \log(1 + d_k / s)
              + 2 n f(s) / \sigma^2 - \sum_i \log w_i \Bigr]

    with d the eigenvalues of the Gram matrix (over n) of the penalised columns less the q unpenalised ones, and f(s)
    the objective's minimum. It is the density of the target less what intercept and unpenalised columns explain. One
    eigendecomposition serves all strengths. Prefer it to folds where rows are few, as no row is held out, and where the
    Gaussian prior is believable; where a few columns matter and the others do not, it isn't, and cross-validation,
    which asks about new rows only, is safer. For classes it is Laplace's approximation at the fit of every strength.

    Parameters
    ----------
    model : fitted PenalizedRegressor or two-class PenalizedClassifier with L2 (factors and free columns allowed).
    X, y, sample_weight, offset : the rows it was fitted on.
    strengths : (L,) array, or None for the model's own path, or 100 around the best where that has one strength only.
    noise : standard deviation of the errors, or None for the most probable one at each strength.

    Returns
    -------
    EvidencePath
        ``strengths``, ``log_evidence``, ``noise``, ``df``, ``best``, ``to_frame()``, ``plot()``.

    Raises
    ------
    UnsupportedError
        For other penalties and losses, by name.
    InputError
        For rows that do not fit the model, or numbers out of range.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import evidence_path
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> y = X @ [1.0, -1.0, 0.5, 0.0, 0.0] + np.random.default_rng(1).normal(size=60)
    >>> model = rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, y)
    >>> round(evidence_path(model, X, y).best, 3)
    0.034

    References
    ----------
    MacKay (1992), Bayesian interpolation. Neural Computation 4.
    """
    ground = read_ground(model, X, y, sample_weight, offset)
    if isinstance(model, PenalizedClassifier):
        from .laplace_posterior import laplace_evidence

        if noise is not None:
            raise InputError("Classes have no noise to give; leave noise=None.")
        return laplace_evidence(model, ground, _grid(strengths, model, None))
    known = None if noise is None else check_positive(noise, "noise")
    spec = spectrum_of(ground)
    best = spec.best(known)
    grid = _grid(strengths, model, best)
    noises = spec.noise(grid) if known is None else np.full(len(grid), known)
    return EvidencePath(
        grid, spec.log_evidence(grid, noises), noises, spec.df(grid), best, float(model.strength_)
    )


def _grid(strengths: Any, model: Any, best: float | None) -> Vector:
    if strengths is not None:
        return check_strengths(strengths)
    if len(model.path_.strengths) > 1:
        return model.path_.strengths
    middle = float(model.strength_) if best is None else best
    return middle * np.logspace(2, -2, 100 if best is not None else 21)
