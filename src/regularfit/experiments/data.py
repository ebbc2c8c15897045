"""The data of the experiments: the small real sets that ship with regularfit, digits, and simulated tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .._typing import Matrix, Vector
from ..errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLASSES", "NUMBERS", "Simulated", "clothes", "digits", "numeric", "simulate", "split", "table"]

#: Shipped sets with a number to predict; the target's column is called "target" everywhere.
NUMBERS = ("diabetes", "concrete", "airfoil", "ames", "bike_days", "wine", "permeability")
#: Shipped sets with two classes.
CLASSES = ("breast_cancer", "credit_approval", "sonar")


@cache
def table(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the columns and the target of a shipped set.

    Raises
    ------
    InputError
        For a name that is not shipped.
    """
    import pandas as pd

    known = (*NUMBERS, *CLASSES, "sms", "fashion")
    if name not in known:
        raise InputError(f"There is no shipped set {name!r}; there are {', '.join(known)}.")
    data = pd.read_csv(next(_folder().glob(f"{name}.csv*")), keep_default_na=False, na_values=[""])
    return data.drop(columns="target"), data["target"].to_numpy()


def numeric(name: str) -> tuple[Matrix, np.ndarray]:
    """Return the columns of a shipped set that are numbers, missing ones at their median, and the target."""
    frame, target = table(name)
    numbers = frame.select_dtypes("number")
    return numbers.fillna(numbers.median()).to_numpy(dtype=float), target


@cache
def digits() -> tuple[Matrix, np.ndarray]:
    """Return 1,797 handwritten digits: (n, 64) pixels from 0 to 1, classes 0 to 9 (Alpaydin and Kaynak, 1998)."""
    from sklearn.datasets import load_digits

    stored: Any = load_digits()
    return stored.data / 16.0, stored.target


@cache
def clothes() -> tuple[Matrix, np.ndarray]:
    """Return 2,000 pictures of clothes: (n, 784) pixels from 0 to 1, and ten classes (Xiao et al., 2017)."""
    pixels, kinds = table("fashion")
    return pixels.to_numpy(dtype=np.float64) / 255.0, np.unique(kinds, return_inverse=True)[1]


def split(n: int, test: float | int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return (train, test) rows in random order; ``test`` as a share below 1 or as a number of rows."""
    order = rng.permutation(n)
    held = round(test * n) if test < 1 else int(test)
    return order[held:], order[:held]


@dataclass(frozen=True, eq=False)
class Simulated:
    """Linear data that are known through and through.

    Parameters
    ----------
    X, y : (n, p) columns of unit variance, (n,) target.
    coef : (p,) true coefficients; there is no intercept.
    noise : standard deviation of the noise.
    """

    X: Matrix
    y: Vector
    coef: Vector
    noise: float

    @property
    def support(self) -> np.ndarray:
        """Which columns matter, (p,)."""
        return self.coef != 0


def simulate(
    n: int,
    p: int,
    rng: np.random.Generator,
    *,
    relevant: int | None = None,
    correlation: float = 0.0,
    structure: Literal["chain", "equal"] = "chain",
    snr: float = 1.0,
    coef: Any = None,
) -> Simulated:
    """Draw Gaussian columns and a target that is linear in some of them.

    Parameters
    ----------
    relevant : how many coefficients are not zero, spread evenly over the columns, all 1 or -1 by turns before
        scaling; None for all p.
    correlation : in [0, 1): of neighbours i, j as ``correlation ** |i - j|`` ("chain"), or of all pairs ("equal").
    snr : variance of the signal over variance of the noise; the noise has variance 1.
    coef : (p,) coefficients to use as they are, scaled to ``snr`` as well.
    """
    if structure == "chain":
        X = rng.standard_normal((n, p))
        for j in range(1, p):
            X[:, j] = correlation * X[:, j - 1] + np.sqrt(1 - correlation**2) * X[:, j]
        covariance = correlation ** np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    else:
        common = rng.standard_normal((n, 1))
        X = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.standard_normal((n, p))
        covariance = np.full((p, p), correlation) + (1 - correlation) * np.eye(p)
    beta = _pattern(p, p if relevant is None else relevant) if coef is None else np.asarray(coef, float)
    beta = beta * np.sqrt(snr / max(float(beta @ covariance @ beta), 1e-300))
    return Simulated(X, X @ beta + rng.standard_normal(n), beta, 1.0)


def _pattern(p: int, relevant: int) -> Vector:
    beta = np.zeros(p)
    where = np.linspace(0, p - 1, relevant).round().astype(int)
    beta[where] = np.where(np.arange(relevant) % 2, -1.0, 1.0)
    return beta


@cache
def _folder() -> Path:
    """Beside the installed package, or in the repository it is worked on in."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "data", here.parents[3] / "examples" / "data"):
        if folder.is_dir():
            return folder
    raise InputError(
        "The data of the experiments are not installed; install regularfit from a wheel or a clone of its repository."
    )
