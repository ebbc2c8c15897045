"""The posterior of a ridge fit: normal, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from .._typing import Matrix, Vector
from ..errors import InputError
from ._frame import Frame, check_level, coefficient_sd, frame_of, labels
from ._normal import Normal
from .evidence import Spectrum

if TYPE_CHECKING:
    import pandas as pd

    from .posterior_plot import PosteriorDisplay

__all__ = ["GaussianPosterior", "Prediction", "gaussian_posterior"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is known of new rows.

    Parameters
    ----------
    mean : (m,) expected target.
    sd_mean : (m,) standard deviation of the expected target: what more rows would lessen.
    sd : (m,) standard deviation of a new target, noise included.
    dof : degrees of freedom of the t distributions; inf for normal ones.
    """

    mean: Vector
    sd_mean: Vector
    sd: Vector
    dof: float = np.inf

    def interval(self, level: float = 0.95, *, of: str = "target") -> np.ndarray:
        """Return lower and upper ends, (m, 2), for a new target, or with ``of="mean"`` for its expectation."""
        if of not in ("target", "mean"):
            raise InputError(f"of={of!r} is not known; 'target' and 'mean' are.")
        width = quantile(check_level(level), self.dof) * (self.sd if of == "target" else self.sd_mean)
        return np.column_stack([self.mean - width, self.mean + width])


@dataclass(frozen=True, eq=False)
class GaussianPosterior:
    """Normal coefficients around the ridge fit; made by :func:`regularfit.diagnostics.posterior`.

    With the noise estimated by the evidence they are t distributed, which is exact under a prior 1/variance of the
    noise; ``sd`` and ``covariance`` are those of the normal at that noise, by which the t is scaled.

    Parameters
    ----------
    coef, intercept : posterior mean on the scale of X, which is the ridge solution.
    sd : (p,) of the coefficients; 0 where a column is held at zero.
    noise : standard deviation of the errors.
    strength : of the penalty.
    prior_sd : (p,) of the coefficients before the data, on the scale of X; inf where nothing is penalised.
    log_evidence : log density of the target, coefficients integrated out.
    df : effective number of coefficients, unpenalised ones included.
    dof : degrees of freedom of the t distributions; inf where the noise counts as known.
    names : (p,) or None.
    """

    coef: Vector
    intercept: float
    sd: Vector
    noise: float
    strength: float
    prior_sd: Vector
    log_evidence: float
    df: float
    dof: float
    names: tuple[str, ...] | None
    frame: Frame
    normal: Normal

    def covariance(self) -> Matrix:
        """Return the covariance of the coefficients, (p, p)."""
        return self.noise**2 * self.normal.covariance(*self.frame.columns())

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return lower and upper ends of the coefficients, (p, 2); each holds its own with this probability."""
        half = quantile(check_level(level), self.dof) * self.sd
        return np.column_stack([self.coef - half, self.coef + half])

    def predict(self, X: Any, *, offset: Any = None) -> Prediction:
        """Return mean and standard deviations of the target at new rows."""
        rows, known = self.frame.read(X, offset, "the posterior")
        variance = self.noise**2 * self.normal.variance(*self.frame.rows(rows))
        mean = known + self.intercept + rows @ self.coef
        return Prediction(mean, np.sqrt(variance), np.sqrt(variance + self.noise**2), self.dof)

    def sample(self, draws: int = 1000, *, random_state: Any = 0) -> tuple[Matrix, Vector]:
        """Return draws of coefficients (draws, p) and intercepts (draws,)."""
        rng = np.random.default_rng(random_state)
        scales = np.full(draws, self.noise)
        if np.isfinite(self.dof):
            scales *= np.sqrt(self.dof / rng.chisquare(self.dof, draws))
        return self.frame.raw(*self.normal.draw(rng, scales))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a column: mean, standard deviation, interval, and the prior's standard deviation."""
        import pandas as pd

        ends = self.interval(level)
        table = {"column": labels(self.names, len(self.coef)), "mean": self.coef, "sd": self.sd}
        return pd.DataFrame(table | {"lower": ends[:, 0], "upper": ends[:, 1], "prior_sd": self.prior_sd})

    def plot(self, ax: Any = None, **options: Any) -> PosteriorDisplay:
        """Draw means and intervals; see :class:`regularfit.diagnostics.PosteriorDisplay`."""
        from .posterior_plot import PosteriorDisplay

        return PosteriorDisplay.from_posterior(self, ax=ax, **options)


def quantile(level: float, dof: float) -> float:
    """Half the width of a two-sided interval, in standard deviations."""
    tail = (1 - level) / 2
    return float(stats.norm.isf(tail) if np.isinf(dof) else stats.t.isf(tail, dof))


def normal_of(spec: Spectrum, strength: float) -> Normal:
    """The posterior in its own coordinates, at a strength."""
    found = spec.projected
    theta = spec.vectors @ (spec.turned / (spec.values + strength))
    flat = found.inverse @ (found.Q.T @ spec.y) - found.B @ theta
    return Normal(theta, flat, spec.vectors, spec.values, strength, spec.n, found.inverse, found.B)


def gaussian_posterior(spec: Spectrum, strength: float, noise: str | float) -> GaussianPosterior:
    """The posterior at a strength; ``noise`` is a number, "evidence" or "df"."""
    at = np.array([strength])
    dof = np.inf
    if noise == "evidence":
        sigma, dof = float(spec.noise(at)[0]), float(spec.n - spec.q)
    elif noise == "df":
        sigma = _from_residuals(float(spec.residual(at)[0]), spec.n - float(spec.df(at)[0]))
    else:
        sigma = float(noise)
    frame, normal = frame_of(spec.ground, spec.unit), normal_of(spec, strength)
    coef, intercept = (found[0] for found in frame.raw(normal.mean[None], normal.flat[None]))
    prior = np.zeros(frame.p)
    prior[frame.free] = np.inf
    prior[frame.inside] = frame.unit * sigma / np.sqrt(spec.n * strength)
    return GaussianPosterior(
        coef,
        float(intercept),
        sigma * coefficient_sd(frame, normal),
        sigma,
        strength,
        prior,
        float(spec.log_evidence(at, np.array([sigma]))[0]),
        float(spec.df(at)[0]),
        dof,
        frame.names,
        frame,
        normal,
    )


def _from_residuals(squares: float, left: float) -> float:
    if left <= 0 or squares <= 0:
        raise InputError(
            "The fit leaves no residuals, so they say nothing of the noise. Give noise=, or a larger strength."
        )
    return float(np.sqrt(squares / left))
