"""The baseline hazard that goes with a fitted Cox model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import ArrayLike, Vector
from ..errors import InputError
from .cox import Cox

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BaselineHazard", "baseline_hazard"]


@dataclass(frozen=True, eq=False)
class BaselineHazard:
    """Cumulative hazard of a row whose linear predictor is ``center``: a step function a stratum.

    Parameters
    ----------
    times : (G,) event times, increasing within a stratum.
    cumulative : (G,) cumulative hazard from each time on.
    codes : (G,) which stratum a time belongs to, counted from 0.
    center : the linear predictor it holds for: near those of the training rows, so that nothing overflows.
    labels : (S,) labels of the strata, or None where there is one only.
    """

    times: Vector
    cumulative: Vector
    codes: np.ndarray
    center: float
    labels: np.ndarray | None = None

    def at(self, times: ArrayLike, code: int = 0) -> Vector:
        """Return the cumulative hazard of one stratum at any times, (T,); 0 before its first event."""
        mine = self.codes == code
        steps = np.concatenate([[0.0], self.cumulative[mine]])
        return steps[np.searchsorted(self.times[mine], np.asarray(times, dtype=np.float64), side="right")]

    def hazard(self, eta: Vector, times: Vector, codes: np.ndarray) -> np.ndarray:
        """Return the cumulative hazard (n, T) of rows with predictors ``eta`` in their strata."""
        out = np.empty((len(eta), len(times)))
        with np.errstate(over="ignore", invalid="ignore"):
            risk = np.exp(eta - self.center)
            for code in np.unique(codes):
                rows, base = codes == code, self.at(times, int(code))
                out[rows] = np.where(base == 0, 0.0, np.outer(risk[rows], base))
        return out

    def codes_of(self, strata: Any, n: int) -> np.ndarray:
        """Return the codes of strata labels, (n,).

        Raises
        ------
        InputError
            Where labels are missing, not wanted, or were not in the training rows.
        """
        if self.labels is None:
            if strata is not None:
                raise InputError("This model was fitted without strata; leave strata out.")
            return np.zeros(n, np.int64)
        if strata is None:
            raise InputError(
                f"This model has {len(self.labels)} strata, each with a baseline hazard of its own; give strata, one "
                "label a row."
            )
        given = np.asarray(strata)
        given = np.full(n, given[()]) if given.ndim == 0 else given
        if given.dtype.kind == "O":
            given = np.array([str(label) for label in given.tolist()])
        known = {label: code for code, label in enumerate(self.labels.tolist())}
        unknown = [label for label in given.tolist() if label not in known]
        if len(given) != n or unknown:
            what = (
                f"label {unknown[0]!r} was not in the training rows"
                if unknown
                else f"{len(given)} labels for {n} rows"
            )
            raise InputError(
                f"strata: {what}; known labels are {self.labels.tolist()[:10]}, one for every row."
            )
        return np.array([known[label] for label in given.tolist()], dtype=np.int64)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a step: (stratum,) time, cumulative hazard and survival at ``center``."""
        import pandas as pd

        columns = {
            "time": self.times,
            "cumulative_hazard": self.cumulative,
            "survival": np.exp(-self.cumulative),
        }
        if self.labels is not None:
            columns = {"stratum": self.labels[self.codes], **columns}
        return pd.DataFrame(columns)


def baseline_hazard(
    loss: Cox, y: np.ndarray, eta: Vector, weights: Vector, labels: np.ndarray | None = None
) -> BaselineHazard:
    """Return the baseline hazard of fitted predictors ``eta`` (n,): Breslow's, or Efron's with Efron's ties.

    References
    ----------
    Breslow (1972); Kalbfleisch & Prentice (2002), The statistical analysis of failure time data.
    """
    likelihood = loss.prepare(y, weights)
    center = float(np.average(eta, weights=weights))
    with np.errstate(over="ignore"):
        steps = np.exp(likelihood.log_hazard(eta[likelihood.rows]) + center)
    codes = likelihood.strata.astype(np.int64)
    cumulative = np.empty_like(steps)
    for code in np.unique(codes):
        cumulative[codes == code] = np.cumsum(steps[codes == code])
    return BaselineHazard(likelihood.times, cumulative, codes, center, labels)
