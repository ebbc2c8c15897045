"""Which columns, with a promise: at most a share of those that are named is false on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from .._checks import check_choice, check_fraction
from .._typing import Vector
from ..designs import Design
from ..errors import InputError
from ..inputs.table import Table, read_table
from ..inputs.targets import read_target
from ..lockstep import Lane, fit_lanes, make_problem, strength_grid
from ..losses import Logistic, Loss
from ..losses import get as get_loss
from ..penalties import L1
from ..selection.knockoff_copies import METHODS, fixed_copies, gaussian_copies
from ..selection.knockoff_filter import knockoff_threshold
from ._quietly import fit_quietly
from .classifier import PenalizedClassifier
from .regressor import PenalizedRegressor

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KnockoffSelection", "knockoffs"]

KINDS = ("gaussian", "fixed")
ENTRIES = 200  # strengths between which the order of entry is told apart


@dataclass(frozen=True, eq=False)
class KnockoffSelection:
    """The columns that beat their knockoffs.

    Parameters
    ----------
    statistics : (p,) W_j: how much more a column counts than its copy; symmetric about 0 without effect.
    threshold : columns with W_j at or above it are selected; inf where none can be.
    fdr : the largest share of false ones among the selected, on average.
    kind, method : how the copies were made.
    names : (p,) the columns' names, or None where X had none.
    """

    statistics: Vector
    threshold: float
    fdr: float
    kind: str
    method: str
    names: tuple[str, ...] | None = None

    def selected(self) -> np.ndarray:
        """Return the selected columns, the strongest first: names, or positions where X had none."""
        found = np.flatnonzero(self.statistics >= self.threshold)
        found = found[np.argsort(-self.statistics[found], kind="stable")]
        return found if self.names is None else np.array(self.names, dtype=object)[found]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a column, the strongest first: its statistic and whether it is selected."""
        import pandas as pd

        names = self.names or tuple(f"x{j}" for j in range(len(self.statistics)))
        facts = {
            "column": list(names),
            "statistic": self.statistics,
            "selected": self.statistics >= self.threshold,
        }
        return pd.DataFrame(facts).sort_values("statistic", ascending=False, ignore_index=True)


def knockoffs(
    X: Any,
    y: Any,
    *,
    fdr: float = 0.1,
    kind: str = "gaussian",
    method: str = "mvr",
    loss: str | Loss = "squared",
    mean: Any = None,
    covariance: Any = None,
    cv: Any = 10,
    n_jobs: int | None = None,
    random_state: Any = 0,
) -> KnockoffSelection:
    r"""Select columns so that on average at most a share ``fdr`` of the selected is false.

    .. math:: W_j = |b_j| - |\tilde b_j|, \qquad
              T = \min\Bigl\{t : \frac{1 + \#\{W_j \le -t\}}{\max(1, \#\{W_j \ge t\})} \le \text{fdr}\Bigr\},
              \qquad \text{selected: } W_j \ge T

    Every column gets a copy with the same relations to all others but none to the target; a lasso on both must choose
    between them, and how often it prefers a copy says how many of its choices are chance. Prefer it where the share of
    false ones matters; :func:`stability_selection` bounds their number instead, and cross-validation nothing. It names
    nothing where fewer than 1 / fdr columns can be told apart, and strong correlation costs power. Other random copies
    give another selection.

    Parameters
    ----------
    X : (n, p) array or table of numbers, dense.
    y : (n,) target; for ``loss="logistic"`` two class labels.
    fdr : float in (0, 1)
        The largest share of false ones, on average over data sets.
    kind : {"gaussian", "fixed"}
        "gaussian": the columns are modelled as normal with ``mean`` and ``covariance``, nothing is asked of the target;
        any n and p. It promises as much as that model is true. "fixed": nothing is asked of the columns but
        n >= 2 p + 1, and the target is linear with normal errors; the statistic is then the strength at which a column
        enters less its copy's, as held-out rows would break the proof.
    method : {"mvr", "equicorrelated"}
        How far copies are from their columns; "mvr" finds more.
    loss : "squared", "logistic" or another loss of the estimators ("gaussian" copies only).
    mean, covariance : (p,), (p, p) or None
        Of the columns where they are known. None estimates them, the covariance by Ledoit and Wolf's shrinkage.
    cv : as for :class:`PenalizedRegressor`.
    n_jobs : threads; None uses all cores.
    random_state : int, RandomState or None
        Draws the copies and the folds.

    Raises
    ------
    InputError
        For numbers out of range, sparse X, constant columns, a covariance that is not positive definite.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(300, 40))
    >>> y = X[:, :12].sum(axis=1) + np.random.default_rng(1).normal(size=300)
    >>> found = rf.knockoffs(X, y, fdr=0.1)
    >>> np.sort(found.selected())
    array([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11])

    References
    ----------
    Barber & Candes (2015), Annals of Statistics 43; Candes, Fan, Janson & Lv (2018), Panning for gold: model-X
    knockoffs. JRSS B 80, 551-577.
    """
    _check(fdr, kind, method)
    table, chosen = _dense(X), get_loss(loss)
    Z = np.asarray(table.values, dtype=np.float64)
    rng = _generator(random_state)
    if kind == "fixed":
        W = _entries(Z, read_target(y, table.n), chosen, method, (mean, covariance), rng)
    else:
        centre, spread = _moments(Z, mean, covariance)
        both = np.column_stack([Z, gaussian_copies(Z, centre, spread, rng, method)])
        W = _coefficients(both, y, chosen, cv, n_jobs, rng)
    return KnockoffSelection(W, knockoff_threshold(W, fdr), float(fdr), kind, method, table.names)


def _check(fdr: Any, kind: Any, method: Any) -> None:
    share = check_fraction(fdr, "fdr", "0.1 is usual.")
    if share in (0, 1):
        raise InputError(f"fdr must lie strictly between 0 and 1; {fdr!r} was given. 0.1 is usual.")
    check_choice(kind, list(KINDS), "kind")
    check_choice(method, list(METHODS), "method")


def _generator(random_state: Any) -> np.random.Generator:
    from sklearn.utils import check_random_state

    try:
        return np.random.default_rng(check_random_state(random_state).randint(2**31))
    except ValueError as error:
        raise InputError(f"random_state={random_state!r} must be an int, a RandomState or None.") from error


def _dense(X: Any) -> Table:
    table = read_table(X)
    if sp.issparse(table.values) or isinstance(table.values, Design):
        raise InputError(
            "knockoffs needs a dense X, as copies of sparse columns are dense; give X.toarray()."
        )
    values = np.asarray(table.values)
    still = np.flatnonzero(np.ptp(values, axis=0) == 0)
    if len(still):
        raise InputError(
            f"Column {still[0]} of X is constant, so there is nothing to copy. Drop the constant columns."
        )
    return table


def _moments(Z: np.ndarray, mean: Any, covariance: Any) -> tuple[Vector, np.ndarray]:
    p = Z.shape[1]
    centre = Z.mean(axis=0) if mean is None else np.asarray(mean, dtype=np.float64)
    if centre.shape != (p,) or not np.isfinite(centre).all():
        raise InputError(f"mean must be {p} finite numbers, one a column; its shape is {centre.shape}.")
    if covariance is None:
        from sklearn.covariance import ledoit_wolf

        spread = Z.std(axis=0)
        shrunk, _ = ledoit_wolf((Z - Z.mean(axis=0)) / spread)
        return centre, shrunk * np.outer(spread, spread)
    given = np.asarray(covariance, dtype=np.float64)
    if given.shape != (p, p) or not np.isfinite(given).all() or not np.allclose(given, given.T):
        raise InputError(
            f"covariance must be a symmetric matrix of finite numbers, ({p}, {p}); its shape is {given.shape}."
        )
    if np.linalg.eigvalsh(given)[0] <= 0:
        raise InputError(
            "covariance is not positive definite; give one whose smallest eigenvalue is above 0."
        )
    return centre, given


def _coefficients(
    both: np.ndarray, y: Any, loss: Loss, cv: Any, n_jobs: int | None, rng: np.random.Generator
) -> Vector:
    """Lasso coefficients on the standardised scale, less those of the copies."""
    settings: dict[str, Any] = {"cv": cv, "n_jobs": n_jobs, "random_state": int(rng.integers(2**31))}
    # A lasso breaks ties by position, so columns and copies come in random order.
    order = rng.permutation(both.shape[1])
    if isinstance(loss, Logistic):
        model = fit_quietly(PenalizedClassifier(L1(), **settings), both[:, order], y)
    else:
        model = fit_quietly(PenalizedRegressor(L1(), loss=loss, **settings), both[:, order], y)
    size = np.empty(both.shape[1])
    size[order] = np.abs(np.ravel(model.coef_))
    size *= both.std(axis=0)
    p = both.shape[1] // 2
    return size[:p] - size[p:]


def _entries(
    Z: np.ndarray, y: Vector, loss: Loss, method: str, given: tuple[Any, Any], rng: np.random.Generator
) -> Vector:
    """The strength at which a column enters if it enters before its copy, minus the copy's otherwise."""
    if loss.name != "squared" or any(part is not None for part in given):
        raise InputError(
            "kind='fixed' is for the squared loss, and takes no mean or covariance, as it models no column. Use "
            "kind='gaussian'."
        )
    both = np.column_stack(fixed_copies(Z, rng, method))
    order = rng.permutation(both.shape[1])
    problem = make_problem(both[:, order] * np.sqrt(len(y)), y, standardize=False)
    grid = strength_grid(problem, L1(), ENTRIES, 1e-3)
    [[found]] = fit_lanes(problem, [L1()], [grid], [Lane(np.arange(len(y)), keep=True)])
    assert found.path is not None
    used = found.path.coefs != 0
    entry = np.empty(both.shape[1])
    entry[order] = np.where(used.any(axis=0), found.path.strengths[used.argmax(axis=0)], 0.0)
    p = both.shape[1] // 2
    own, other = entry[:p], entry[p:]
    return np.where(own == other, 0.0, np.maximum(own, other) * np.sign(own - other))
