"""Laplace's approximation to the posterior of a logistic fit: a normal at its mode, as wide as the mode is flat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from .._typing import Matrix, Vector
from ..errors import UnsupportedError
from ._frame import Frame, check_level, coefficient_sd, frame_of, labels
from ._ground import Ground, check_rows_of, refit
from ._normal import Normal, project, spectrum
from .evidence import EvidencePath
from .gaussian_posterior import quantile

if TYPE_CHECKING:
    import pandas as pd

    from .posterior_plot import PosteriorDisplay

__all__ = ["LaplacePosterior", "ProbabilityPrediction", "laplace_evidence", "laplace_posterior"]

NODES = 40  # of Gauss-Hermite quadrature: 1e-8 at a predictor with standard deviation 3


@dataclass(frozen=True, eq=False)
class ProbabilityPrediction:
    """What is known of new rows' probabilities of the second class.

    Parameters
    ----------
    mean : (m,) probability of the second class, averaged over the posterior: nearer to a half than at the mode.
    sd : (m,) standard deviation of that probability.
    eta, sd_eta : (m,) mean and standard deviation of the linear predictor.
    """

    mean: Vector
    sd: Vector
    eta: Vector
    sd_eta: Vector

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return lower and upper ends of the probability, (m, 2)."""
        half = quantile(check_level(level), np.inf) * self.sd_eta
        return special.expit(np.column_stack([self.eta - half, self.eta + half]))


@dataclass(frozen=True, eq=False)
class LaplacePosterior:
    """A normal approximation around a penalised logistic fit; made by :func:`regularfit.diagnostics.posterior`.

    Its mean is the mode, its precision the objective's curvature there. With few rows of a class the true posterior is
    skewed and this is not.

    Parameters
    ----------
    coef, intercept : the mode on the scale of X, which is the penalised fit.
    sd : (p,) of the coefficients; 0 where a column is held at zero.
    strength : of the penalty.
    prior_sd : (p,) before the data, on the scale of X; inf where nothing is penalised.
    log_evidence : Laplace's approximation to the log probability of the target.
    df : effective number of coefficients, unpenalised ones included.
    names : (p,) or None.
    """

    coef: Vector
    intercept: float
    sd: Vector
    strength: float
    prior_sd: Vector
    log_evidence: float
    df: float
    names: tuple[str, ...] | None
    frame: Frame
    normal: Normal

    def covariance(self) -> Matrix:
        """Return the covariance of the coefficients, (p, p)."""
        return self.normal.covariance(*self.frame.columns())

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return lower and upper ends of the coefficients, (p, 2)."""
        half = quantile(check_level(level), np.inf) * self.sd
        return np.column_stack([self.coef - half, self.coef + half])

    def predict(self, X: Any, *, offset: Any = None) -> ProbabilityPrediction:
        """Return mean and standard deviation of the second class's probability at new rows."""
        rows, known = self.frame.read(X, offset, "the posterior")
        eta = known + self.intercept + rows @ self.coef
        sd = np.sqrt(self.normal.variance(*self.frame.rows(rows)))
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        p = special.expit(eta[:, None] + sd[:, None] * nodes)
        share = weights / weights.sum()
        mean = p @ share
        return ProbabilityPrediction(mean, np.sqrt((p - mean[:, None]) ** 2 @ share), eta, sd)

    def sample(self, draws: int = 1000, *, random_state: Any = 0) -> tuple[Matrix, Vector]:
        """Return draws of coefficients (draws, p) and intercepts (draws,)."""
        rng = np.random.default_rng(random_state)
        return self.frame.raw(*self.normal.draw(rng, np.ones(draws)))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a column: mode, standard deviation, interval, and the prior's standard deviation."""
        import pandas as pd

        ends = self.interval(level)
        table = {"column": labels(self.names, len(self.coef)), "mode": self.coef, "sd": self.sd}
        return pd.DataFrame(table | {"lower": ends[:, 0], "upper": ends[:, 1], "prior_sd": self.prior_sd})

    def plot(self, ax: Any = None, **options: Any) -> PosteriorDisplay:
        """Draw modes and intervals; see :class:`regularfit.diagnostics.PosteriorDisplay`."""
        from .posterior_plot import PosteriorDisplay

        return PosteriorDisplay.from_posterior(self, ax=ax, **options)


def laplace_posterior(model: Any, ground: Ground, strength: float) -> LaplacePosterior:
    """The approximation at a strength; the rows are those that the model was fitted on, or refused."""
    _check(ground)
    coefs, intercepts = refit(ground, [model.strength_])
    check_rows_of(model, ground, coefs[0], float(intercepts[0]))
    if strength != model.strength_:
        coefs, intercepts = refit(ground, [strength])
    return _around(ground, coefs[0], float(intercepts[0]), strength)


def laplace_evidence(model: Any, ground: Ground, strengths: Vector) -> EvidencePath:
    """The approximate evidence along strengths, with a fit at each."""
    _check(ground)
    coefs, intercepts = refit(ground, [model.strength_])
    check_rows_of(model, ground, coefs[0], float(intercepts[0]))
    coefs, intercepts = refit(ground, strengths)
    found = [
        _around(ground, c, float(i), float(s)) for c, i, s in zip(coefs, intercepts, strengths, strict=True)
    ]
    logs = np.array([each.log_evidence for each in found])
    df = np.array([each.df for each in found])
    best = float(strengths[int(np.argmax(logs))])
    return EvidencePath(strengths, logs, np.ones(len(logs)), df, best, float(model.strength_))


def _check(ground: Ground) -> None:
    if ground.l1.any():
        raise UnsupportedError(
            "Laplace's approximation needs an objective without corners: L2 only (with factors, if you like). For two "
            "classes under L1 there is no posterior here; take penalty=L2()."
        )


def _around(ground: Ground, coef: Vector, intercept: float, strength: float) -> LaplacePosterior:
    eta = ground.eta(coef, intercept)
    root = np.sqrt(ground.weights * ground.loss.curvature(ground.y, eta))
    unit = 1.0 / (ground.spread[ground.inside] * np.sqrt(ground.l2))
    F = ground.unpenalised() * root[:, None]
    found = project(F, ground.X[:, ground.inside] * unit * root[:, None])
    values, vectors = spectrum(found.A)
    frame = frame_of(ground, unit)
    theta = coef[ground.inside] / unit
    flat = np.concatenate([[intercept + ground.centre @ coef] * ground.intercept, coef[ground.free]])
    normal = Normal(theta, flat, vectors, values, strength, ground.n, found.inverse, found.B)
    likelihood = -float(ground.weights @ ground.loss.value(ground.y, eta))
    spread = float(np.log1p(values / strength).sum())
    # A flat prior has density one, so the curvature of its coefficients counts as it is.
    open_ = found.q * np.log(2 * np.pi) + 2 * float(np.log(np.abs(np.diag(found.inverse))).sum())
    evidence = likelihood - 0.5 * ground.n * strength * float(theta @ theta) - 0.5 * spread + 0.5 * open_
    prior = np.zeros(ground.p)
    prior[ground.free] = np.inf
    prior[ground.inside] = unit / np.sqrt(ground.n * strength)
    df = found.q + float((values / (values + strength)).sum())
    sd = coefficient_sd(frame, normal)
    return LaplacePosterior(coef, intercept, sd, strength, prior, evidence, df, ground.names, frame, normal)
