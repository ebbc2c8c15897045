"""The posterior of a lasso (or elastic net) by Gibbs sampling: the Bayesian lasso."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Matrix, Vector
from ..errors import ConvergenceWarning, InputError, UnsupportedError
from ._chains import effective_size, r_hat
from ._frame import Frame, check_level, frame_of, labels
from ._ground import Ground, check_rows_of, refit
from ._lasso_gibbs import Chains, LassoRows, run_chains
from ._normal import project

if TYPE_CHECKING:
    import pandas as pd

    from .posterior_plot import PosteriorDisplay

__all__ = ["DrawnPrediction", "LassoPosterior", "Sampling", "lasso_posterior"]

AGREED = 1.01  # largest R-hat of chains that have met, and fewest draws worth: Vehtari et al. (2021)
WORTH = 400


@dataclass(frozen=True, slots=True)
class Sampling:
    """How long and how many chains run."""

    draws: int
    burn_in: int
    chains: int
    seed: Any


@dataclass(frozen=True, eq=False)
class DrawnPrediction:
    """What draws say of new rows.

    Parameters
    ----------
    mean : (m,) expected target.
    sd_mean : (m,) standard deviation of the expected target.
    sd : (m,) standard deviation of a new target, noise included.
    """

    mean: Vector
    sd_mean: Vector
    sd: Vector
    eta: Matrix
    noise: Vector
    seed: Any = 0

    def interval(self, level: float = 0.95, *, of: str = "target") -> np.ndarray:
        """Return lower and upper ends, (m, 2), for a new target, or with ``of="mean"`` for its expectation."""
        if of not in ("target", "mean"):
            raise InputError(f"of={of!r} is not known; 'target' and 'mean' are.")
        tail = (1 - check_level(level)) / 2
        values = self.eta
        if of == "target":
            rng = np.random.default_rng(self.seed)
            values = values + rng.standard_normal(values.shape) * self.noise[:, None]
        return np.quantile(values, [tail, 1 - tail], axis=0).T


@dataclass(frozen=True, eq=False)
class LassoPosterior:
    """Draws of coefficients under a Laplace prior; made by :func:`regularfit.diagnostics.posterior`.

    The mode is the lasso, with its zeros; mean, median and every draw have none: a Laplace prior makes small, not zero.

    Parameters
    ----------
    mode, mode_intercept : the penalised fit on the scale of X, at ``strength``.
    coef, intercept : posterior mean.
    draws : (chains, draws, p) coefficients on the scale of X.
    intercepts, noises, strengths : (chains, draws); the last two stand still where they were held.
    strength : of the penalty at the mode.
    r_hat, ess : (p,) R-hat and effective sample size; 1 and the number of draws where a column is held at zero.
    worst_r_hat, least_ess : over coefficients, noise and strength.
    names : (p,) or None.
    """

    mode: Vector
    mode_intercept: float
    coef: Vector
    intercept: float
    draws: np.ndarray
    intercepts: Matrix
    noises: Matrix
    strengths: Matrix
    strength: float
    r_hat: Vector
    ess: Vector
    worst_r_hat: float
    least_ess: float
    names: tuple[str, ...] | None
    frame: Frame

    @property
    def median(self) -> Vector:
        """Medians of the coefficients, (p,): nearer to the lasso than the mean, and not zero either."""
        return np.median(self._flat(), axis=0)

    @property
    def sd(self) -> Vector:
        """Standard deviations of the coefficients, (p,)."""
        return self._flat().std(axis=0, ddof=1)

    @property
    def noise(self) -> float:
        """Posterior mean of the noise's standard deviation, or the one that was given."""
        return float(self.noises.mean())

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return lower and upper ends of the coefficients, (p, 2), as much left out on either side."""
        tail = (1 - check_level(level)) / 2
        return np.quantile(self._flat(), [tail, 1 - tail], axis=0).T

    def sample(self, draws: int = 1000, *, random_state: Any = 0) -> tuple[Matrix, Vector]:
        """Return some of the draws, all chains mixed: coefficients (draws, p) and intercepts (draws,)."""
        flat = self._flat()
        chosen = np.random.default_rng(random_state).integers(len(flat), size=draws)
        return flat[chosen], self.intercepts.ravel()[chosen]

    def predict(self, X: Any, *, offset: Any = None) -> DrawnPrediction:
        """Return mean and standard deviations of the target at new rows."""
        rows, known = self.frame.read(X, offset, "the posterior")
        eta = self._flat() @ rows.T + self.intercepts.ravel()[:, None] + known
        spread = eta.var(axis=0, ddof=1)
        noise = self.noises.ravel()
        return DrawnPrediction(
            eta.mean(axis=0), np.sqrt(spread), np.sqrt(spread + np.mean(noise**2)), eta, noise
        )

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a column: mode, mean, median, standard deviation, interval, and how well chains agree."""
        import pandas as pd

        ends = self.interval(level)
        table = {"column": labels(self.names, len(self.coef)), "mode": self.mode, "mean": self.coef}
        rest = {"median": self.median, "sd": self.sd, "lower": ends[:, 0], "upper": ends[:, 1]}
        return pd.DataFrame(table | rest | {"r_hat": self.r_hat, "ess": self.ess})

    def plot(self, ax: Any = None, **options: Any) -> PosteriorDisplay:
        """Draw means, intervals and the mode; see :class:`regularfit.diagnostics.PosteriorDisplay`."""
        from .posterior_plot import PosteriorDisplay

        return PosteriorDisplay.from_posterior(self, ax=ax, **options)

    def _flat(self) -> Matrix:
        return self.draws.reshape(-1, self.draws.shape[2])


def lasso_posterior(
    model: Any,
    ground: Ground,
    strength: float,
    noise: str | float,
    hyperprior: tuple[float, float] | None,
    sampling: Sampling,
) -> LassoPosterior:
    """Sample; ``noise`` is a number, "df" or "sampled", and ``strength`` a start where there is a hyperprior."""
    _check(ground, noise, hyperprior)
    coefs, intercepts = refit(ground, [model.strength_])
    check_rows_of(model, ground, coefs[0], float(intercepts[0]))
    if strength != model.strength_:
        coefs, intercepts = refit(ground, [strength])
    coef, intercept = coefs[0], float(intercepts[0])
    root = np.sqrt(ground.weights)
    F, y = ground.unpenalised() * root[:, None], (ground.y - ground.offset) * root
    found = project(F, ground.penalised() * root[:, None])
    rest = y - found.Q @ (found.Q.T @ y)
    rows = LassoRows(found.A, rest, ground.l1, ground.l2, ground.n, ground.n - found.q)
    if noise == "df":
        variance: float | None = _from_residuals(ground, coef, intercept)
    else:
        variance = None if isinstance(noise, str) else noise**2
    rng = np.random.default_rng(sampling.seed)
    shape = (sampling.chains, sampling.burn_in, sampling.draws)
    drawn = run_chains(rows, strength, variance, hyperprior, shape, rng)
    gamma = drawn.gamma.reshape(-1, drawn.gamma.shape[2])
    own = (
        rng.standard_normal((len(gamma), found.q)) @ found.inverse.T * np.sqrt(drawn.variance.reshape(-1, 1))
    )
    flat = found.inverse @ (found.Q.T @ y) - gamma @ found.B.T + own
    frame = frame_of(ground, 1.0 / ground.spread[ground.inside])
    draws, levels = frame.raw(gamma, flat)
    return _summary(drawn, draws, levels, coef, intercept, strength, frame)


def _check(ground: Ground, noise: str | float, hyperprior: tuple[float, float] | None) -> None:
    if not (ground.l1 > 0).all():
        raise UnsupportedError(
            "Some columns have an l1 part and others an l2 part only; that prior is not sampled here. L1 (with factors "
            "and free columns), L2 and ElasticNet are known."
        )
    if ground.l2.any() and (noise == "sampled" or hyperprior is not None):
        raise UnsupportedError(
            "Under an elastic net noise and strength must be known, as the prior's constant depends on them; give "
            "noise='df' or a number, and no hyperprior. Under L1 and L2 they can be sampled."
        )


def _from_residuals(ground: Ground, coef: Vector, intercept: float) -> float:
    """The noise variance from the fit's residuals, a degree of freedom less for each coefficient in use."""
    r = ground.y - ground.eta(coef, intercept)
    squares = float(ground.weights @ r**2)
    left = ground.n - np.count_nonzero(coef) - int(ground.intercept)
    if left < 1 or squares <= 0:
        raise InputError(
            f"The fit uses {np.count_nonzero(coef)} columns on {ground.n} rows, so its residuals say nothing of the "
            f"noise. Give noise=, or a larger strength."
        )
    return squares / left


def _summary(
    drawn: Chains,
    draws: Matrix,
    levels: Vector,
    coef: Vector,
    intercept: float,
    strength: float,
    frame: Frame,
) -> LassoPosterior:
    chains, length = drawn.variance.shape
    cube = draws.reshape(chains, length, -1)
    moving = np.concatenate([frame.inside, frame.free])
    others = [each[:, :, None] for each in (drawn.variance, drawn.strength) if np.ptp(each) > 0]
    watched = np.concatenate([cube[:, :, moving], *others], axis=2)
    hats, sizes = r_hat(watched), effective_size(watched)
    all_hats, all_sizes = np.ones(frame.p), np.full(frame.p, float(chains * length))
    all_hats[moving], all_sizes[moving] = hats[: len(moving)], sizes[: len(moving)]
    worst, least = float(np.nanmax(hats)), float(np.nanmin(sizes))
    _warn(worst, least, chains * length)
    return LassoPosterior(
        coef,
        intercept,
        draws.mean(axis=0),
        float(levels.mean()),
        cube,
        levels.reshape(chains, length),
        np.sqrt(drawn.variance),
        drawn.strength,
        strength,
        all_hats,
        all_sizes,
        worst,
        least,
        frame.names,
        frame,
    )


def _warn(worst: float, least: float, total: int) -> None:
    if worst > AGREED or least < WORTH:
        times = int(np.ceil(max(2.0, 1.5 * WORTH / max(least, 1.0))))
        longer = f"Give {times} times as many draws, and burn_in, or hold" if times <= 20 else "Hold"
        warnings.warn(
            f"The chains have not met: R-hat is up to {worst:.3f} (1.01 or less is wanted) and {total} draws are worth "
            f"{least:.0f} independent ones ({WORTH} are wanted). {longer} what is sampled: noise='df' or a number, no "
            "hyperprior.",
            ConvergenceWarning,
            stacklevel=5,
        )
