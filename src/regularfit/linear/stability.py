"""Stability selection: which columns a penalty keeps choosing on halves of the rows, with a bound on false ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from .._typing import Mask, Vector
from ..errors import InputError, UnsupportedError
from ..penalties import Penalty
from ..selection.halves import complementary_halves
from ..selection.stability import block_count, can_enter, count_entries, reaching_up
from ..selection.stability_bounds import ErrorBound, needed_count
from ._base import PenalizedLinear
from ._fit import make_grids
from ._progress import progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from .stability_plot import StabilityDisplay

__all__ = ["StabilitySelection", "stability_selection"]


@dataclass(frozen=True, eq=False)
class StabilitySelection:
    """How often columns are among the first that enter, and what that promises about false selections.

    Parameters
    ----------
    strengths : (L,) decreasing.
    entries : CSR (L, p) on how many halves a column enters at a strength.
    resamples : how many halves there were.
    bound : cutoff, q and the bound on the expected number of false selections.
    penalty : what selected.
    names : (p,) the columns' names, or None where X had none.
    """

    strengths: Vector
    entries: Any
    resamples: int
    bound: ErrorBound
    penalty: Penalty
    names: tuple[str, ...] | None = None

    @cached_property
    def frequencies(self) -> np.ndarray:
        """Share of the halves on which a column is in by a strength, (L, p); it grows as the penalty weakens."""
        return np.cumsum(self.entries.toarray(), axis=0) / self.resamples

    @cached_property
    def counts(self) -> np.ndarray:
        """On how many halves a column is among the first q, (p,)."""
        return np.asarray(self.entries.sum(axis=0)).ravel()

    @property
    def max_frequencies(self) -> Vector:
        """Share of the halves on which a column is among the first q, (p,): the last row of ``frequencies``."""
        return self.counts / self.resamples

    def selected(self, cutoff: float | None = None) -> np.ndarray:
        """Return the stable columns, the most frequent first: names, or positions where X had none.

        Parameters
        ----------
        cutoff : share of the halves in (0, 1]; None is that of ``bound``. The bound holds for its own cutoff (and,
            above it, for any other); :meth:`false_selections` gives it for another.
        """
        found = np.flatnonzero(self.stable(cutoff))
        found = found[np.argsort(-self.counts[found], kind="stable")]
        return found if self.names is None else np.array(self.names, dtype=object)[found]

    def stable(self, cutoff: float | None = None) -> Mask:
        """Return which columns reach the cutoff, (p,)."""
        share = self.bound.cutoff if cutoff is None else cutoff
        if not 0 < share <= 1:
            raise InputError(f"cutoff={share!r} must lie above 0 and be at most 1; 0.6 to 0.9 is usual.")
        return self.counts >= needed_count(share, self.resamples)

    def false_selections(self, cutoff: float | None = None, assumption: str | None = None) -> float:
        """Return the bound on the expected number of false selections for another cutoff or assumption."""
        bound = self.bound
        return ErrorBound.of(
            bound.p,
            bound.pairs,
            cutoff=bound.cutoff if cutoff is None else cutoff,
            q=bound.q,
            assumption=assumption or bound.assumption,
        ).pfer

    def to_frame(self) -> pd.DataFrame:
        """Return one row a column, the most frequent first: its frequency, whether it is stable, where it enters.

        ``strength`` is the largest at which the column is in on half of the halves; nan where there is none.
        """
        import pandas as pd

        names = self.names or tuple(f"x{j}" for j in range(len(self.counts)))
        often = self.frequencies >= 0.5
        first = np.where(often.any(axis=0), self.strengths[often.argmax(axis=0)], np.nan)
        facts = {
            "column": list(names),
            "frequency": self.max_frequencies,
            "selected": self.stable(),
            "strength": first,
        }
        return pd.DataFrame(facts).sort_values("frequency", ascending=False, kind="stable", ignore_index=True)

    def plot(self, ax: Any = None, **options: Any) -> StabilityDisplay:
        """Draw the frequencies along the strengths; see :class:`regularfit.linear.StabilityDisplay`."""
        from .stability_plot import StabilityDisplay

        return StabilityDisplay.from_selection(self, ax=ax, **options)


def stability_selection(
    estimator: Any,
    X: Any,
    y: Any,
    resamples: int = 100,
    *,
    cutoff: float | None = None,
    q: int | None = None,
    pfer: float | None = None,
    assumption: str = "unimodal",
    sample_weight: Any = None,
    offset: Any = None,
    groups: Any = None,
    random_state: Any = None,
) -> StabilitySelection:
    r"""Return which columns a sparse penalty selects again and again on random halves of the rows.

    .. math:: \hat\Pi_j = \frac{1}{2B} \sum_{b=1}^{2B} 1\{j \text{ is among the first } q \text{ columns on half } b\},
              \qquad \text{stable: } \hat\Pi_j \ge \pi

    The halves are B complementary pairs. The path of each is followed until q columns have entered (of columns that
    enter at the same strength the larger ones count); their number, not a strength, says how much is selected. With
    V the number of stable columns that a half selects with a chance of at most q / p,

    .. math:: E\,V \le \frac{q^2}{(2\pi - 1)\,p} \;(\text{"none"}), \qquad
              E\,V \le C(\pi, B)\, \frac{q^2}{p} \;(\text{"unimodal"}),

    and a sharper bound for r-concave distributions; :mod:`regularfit.selection.stability_bounds` writes them out. Of
    cutoff, q and pfer give any two, the third follows. All halves are fitted in lockstep.

    Prefer it where the question is *which* columns, and a false one costs: a cross-validated lasso keeps many columns
    that are there by chance. Prefer :class:`PenalizedRegressor` where the question is prediction. Of columns that are
    copies of each other each is chosen some of the time, so all may stay below the cutoff: cluster them first, or use
    :class:`ElasticNet`. What is bounded is the number of columns whose chance is no better than q / p; that these are
    the columns without effect is assumed, and strong correlation between noise and signal breaks it.

    Parameters
    ----------
    estimator : PenalizedRegressor or PenalizedClassifier with one sparse penalty; it is not changed. Its loss, grid of
        strengths, standardisation and tolerance are used; how it chooses a strength is not.
    X, y : the data as for ``estimator.fit``.
    resamples : even number >= 4 of halves; B = resamples / 2.
    cutoff : pi in (0.5, 1]; 0.6 to 0.9 is usual.
    q : 1 to p, columns that may enter on a half. p itself lets all in: frequencies then say who ever enters.
    pfer : > 0, the expected number of false selections that is allowed. Where fewer than two of the three are given,
        cutoff = 0.75 and then pfer = 1 stand in.
    assumption : "unimodal", "none" or "r-concave": which bound turns two of them into the third. The first needs that
        the share of pairs in which both halves select a noise column has one mode; "r-concave" is the sharpest.
    sample_weight : (n,) weights of rows in each fit; rows of weight zero are left out of the halves.
    offset : (n,) known part of the linear predictor.
    groups : (n,) labels of rows that stay together; halves then hold equally many groups.
    random_state : which random halves; None is 0, so the same call gives the same answer.

    Returns
    -------
    StabilitySelection
        ``frequencies`` (L, p), ``max_frequencies`` (p,), ``selected()``, ``bound``, ``to_frame()``, ``plot()``.

    Raises
    ------
    InputError
        For numbers out of range, three of three given, several penalties, or too few rows.
    UnsupportedError
        For other estimators, and penalties that set nothing to zero (L2).

    Notes
    -----
    Halves spread the classes of a classifier evenly. With the squared loss and many more rows than columns rows are
    dealt into 64 random blocks and halves are made of blocks, so that one pass over X serves all of them; each half is
    still a random half. The grid goes on to twice its top, as halves let columns in earlier; a grid of your own is
    used as it is, and columns that would enter below its end count as never in.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(100, 20))
    >>> y = X[:, 3] - X[:, 7] + np.random.default_rng(1).normal(size=100)
    >>> found = rf.stability_selection(rf.PenalizedRegressor(rf.L1()), X, y, cutoff=0.75, pfer=1)
    >>> found.selected(), found.bound.q, round(found.bound.pfer, 2)
    (array([3, 7]), 4, 0.82)

    References
    ----------
    Meinshausen, N. & Buhlmann, P. (2010). Stability selection. JRSS B 72, 417-473.
    Shah, R. & Samworth, R. (2013). Variable selection with error control: another look at stability selection.
    JRSS B 75, 55-80.
    """
    pairs = _pairs(resamples)
    if not isinstance(estimator, PenalizedLinear):
        raise UnsupportedError(
            f"stability_selection refits PenalizedRegressor and PenalizedClassifier; {type(estimator).__name__} was "
            "given. Wrap what you need in one of them: PenalizedRegressor(L1()), PenalizedClassifier(ElasticNet(0.5))."
        )
    table, problem, classes, weighted = estimator._read(X, y, sample_weight, offset)
    if problem.outputs is not None:
        raise UnsupportedError(
            f"stability_selection counts the columns of one linear predictor, and this fit has {problem.outputs} (one a "
            "class or target). Select one target at a time, or one class against the others."
        )
    settings = estimator._settings(table, problem, classes, weighted)
    penalty = _one(settings.penalties)
    free = int(can_enter(penalty, problem.p).sum())
    bound = ErrorBound.of(free, pairs, cutoff=cutoff, q=q, pfer=pfer, assumption=assumption)
    grid = make_grids(problem, settings)[0]
    halves = complementary_halves(
        pairs,
        problem.n,
        None if classes is None else problem.y,
        groups=groups,
        sample_weight=problem.sample_weight,
        blocks=block_count(problem),
        random_state=random_state,
    )
    grid = reaching_up(grid) if settings.cut else grid
    with progress_bar(settings.verbose) as progress:
        columns, at = count_entries(
            problem,
            penalty,
            grid,
            halves,
            bound.q,
            tol=settings.tol,
            threads=settings.threads,
            cut=settings.cut,
            progress=progress,
        )
    ones = np.ones(len(columns), np.int64)
    entries = sparse.coo_array((ones, (at, columns)), shape=(len(grid), problem.p)).tocsr()
    return StabilitySelection(grid, entries, resamples, bound, penalty, table.names)


def _pairs(resamples: Any) -> int:
    whole = isinstance(resamples, Integral) and not isinstance(resamples, bool)
    if not whole or resamples < 4 or resamples % 2:
        raise InputError(
            f"resamples={resamples!r} must be an even number of halves >= 4, as they come in complementary pairs; "
            "100 is usual."
        )
    return int(resamples) // 2


def _one(penalties: tuple[Penalty, ...]) -> Penalty:
    if len(penalties) != 1:
        raise InputError(
            f"stability_selection asks which columns one penalty selects; {len(penalties)} candidates were given. "
            "Call it for each."
        )
    return penalties[0]
