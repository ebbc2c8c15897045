"""Squared error taken apart: bias squared, variance and noise, each with a standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Mask, Matrix, Vector

if TYPE_CHECKING:
    import pandas as pd

    from .plots import BiasVarianceDisplay

__all__ = ["BiasVariance", "Parts", "parts_at_points"]


@dataclass(frozen=True, eq=False)
class BiasVariance:
    """The squared error of a procedure, taken apart; every array is (L,), one entry a strength.

    ``error = bias2 + variance + noise`` holds exactly, for the estimates as for what they estimate. Estimates are
    unbiased, so a small ``bias2`` may come out slightly negative.

    Parameters
    ----------
    strengths : (L,) decreasing, or None where the model has no strength or chose its own; L is then 1.
    bias2 : squared distance of the mean prediction from the truth; nan where the noise is not known.
    variance : how far predictions of single fits scatter about their mean.
    noise : what no model could predict; nan where it is not known.
    error : expected squared error on new rows.
    bias2_se, variance_se, noise_se, error_se : (L,) standard errors.
    bias2_noise, bias2_noise_se : bias2 and noise together, known also where they cannot be told apart.
    fits : how many models were fitted: replicates times strengths.
    replicates : how many training sets.
    training_rows : how many rows each of them had.
    points : at how many points or rows predictions were compared.
    source : "simulated", "bootstrap" or "halves".
    loss_name : "squared error" or "Brier score".
    """

    strengths: Vector | None
    bias2: Vector
    variance: Vector
    noise: Vector
    error: Vector
    bias2_se: Vector
    variance_se: Vector
    noise_se: Vector
    error_se: Vector
    bias2_noise: Vector
    bias2_noise_se: Vector
    fits: int
    replicates: int
    training_rows: int
    points: int
    source: str
    loss_name: str

    def __len__(self) -> int:
        """Return the number of strengths, or 1."""
        return len(self.error)

    @property
    def separated(self) -> bool:
        """Whether bias and noise are known apart."""
        return bool(np.isfinite(self.bias2).all())

    @property
    def index_min(self) -> int:
        """Where the error is smallest."""
        return int(np.argmin(self.error))

    @property
    def strength_min(self) -> float | None:
        """The strength with the smallest error; None where there are no strengths."""
        return None if self.strengths is None else float(self.strengths[self.index_min])

    @property
    def finding(self) -> str:
        """One sentence: what the error is made of where it is smallest."""
        k = self.index_min
        total = float(self.error[k])
        where = (
            "" if self.strengths is None else f"At strength {self.strengths[k]:.3g}, where it is smallest, "
        )
        opening = f"{where}{'the' if where else 'The'} {self.loss_name} of {total:.4g} is"
        if not total > 0:
            return f"{opening} none at all."
        bias = ("bias squared", self.bias2[k]), ("noise", self.noise[k])
        parts: list[tuple[str, Any]] = [("variance", self.variance[k])]
        parts += bias if self.separated else [("bias squared and noise together", self.bias2_noise[k])]
        return f"{opening} {', '.join(f'{100 * part / total:.0f} % {name}' for name, part in parts)}.{self._doubt}"

    @property
    def overshoots(self) -> Mask:
        """Where the variance is larger than the whole error, (L,): there the bootstrap must not be believed.

        Its samples have about two thirds of the rows, too few where columns are as many.
        """
        return self.variance > self.error

    @property
    def _doubt(self) -> str:
        count = int(self.overshoots.sum())
        if self.source != "bootstrap" or not count:
            return ""
        return (
            f" At {count} of {len(self)} points the bootstrap's variance exceeds the error, which cannot be: its "
            'samples have too few different rows there. Use resampling="halves".'
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a strength, every part beside its standard error."""
        import pandas as pd

        names = ("bias2", "variance", "noise", "bias2_noise", "error")
        facts: dict[str, Any] = {} if self.strengths is None else {"strength": self.strengths}
        for name in names:
            facts |= {name: getattr(self, name), f"{name}_se": getattr(self, f"{name}_se")}
        return pd.DataFrame(facts)

    def plot(self, ax: Any = None, **options: Any) -> BiasVarianceDisplay:
        """Draw the parts along the strengths; see :class:`regularfit.diagnostics.BiasVarianceDisplay`."""
        from .plots import BiasVarianceDisplay

        return BiasVarianceDisplay(self).plot(ax, **options)


@dataclass(frozen=True, slots=True)
class Parts:
    """Estimates at one strength with standard errors: (value, se) of each."""

    bias2: tuple[float, float]  # with the noise, where targets stood in for the truth
    variance: tuple[float, float]
    excess: tuple[float, float]  # their sum


def parts_at_points(deviations: Matrix) -> Parts:
    r"""Return bias squared and variance at fixed points, unbiased, with jackknife errors over the replicates.

    With d_ri the prediction of replicate r at point i less the truth there, and their mean and deviations from it,

    .. math:: v = \frac1{m(R-1)} \sum_{ri} (d_{ri} - \bar d_i)^2, \qquad
              b^2 = \frac1m \sum_i \bar d_i^2 - \frac{v}{R},

    so that b^2 + v is the mean of d^2. The plain square of the mean would count the variance of a mean of R as bias.
    The jackknife is conservative (Efron & Stein, 1981): its error of a bias that is nil is too large by up to sqrt(2).

    Parameters
    ----------
    deviations : (R, m), R >= 3.
    """
    R = len(deviations)
    mean = deviations.mean(axis=0)
    scatter = deviations - mean  # so that a large bias costs the variance no digits
    own = np.square(scatter).mean(axis=1)  # (R,)
    along = scatter @ mean / mean.size
    plain = float(np.square(mean).mean())
    variance = own.sum() / (R - 1)
    bias2 = plain - variance / R
    variances = (own.sum() - own * R / (R - 1)) / (R - 2)  # without each replicate in turn
    biases = plain - 2 * along / (R - 1) + own / (R - 1) ** 2 - variances / (R - 1)
    return Parts(
        (float(bias2), _jackknife(biases)),
        (float(variance), _jackknife(variances)),
        (float(bias2 + variance), _jackknife(biases + variances)),
    )


def _jackknife(without: Vector) -> float:
    """The standard error of an estimate from what it is without each of the replicates (Efron & Stein, 1981)."""
    R = len(without)
    return float(np.sqrt((R - 1) / R * np.square(without - without.mean()).sum()))
