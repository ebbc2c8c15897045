"""An honest score: how well a tuned model predicts new rows, estimated on rows that no choice has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._typing import ArrayLike, Indices, Vector
from ..errors import UnsupportedError
from ..losses import Squared, SquaredOutputs
from .nested import Procedure, run_procedure
from .nested_lanes import NestedCurves, fit_nested
from .nested_plan import NestedPlan
from .nested_statistics import FoldErrors, interval_around, nested_estimate
from .refits import Refits, score_by_refitting
from .splitters import Fold, repeated_partitions

__all__ = ["HonestScore", "honest_score", "honest_scores"]


@dataclass(frozen=True, eq=False)
class HonestScore:
    """What a tuned model will score on new rows, and how sure that is.

    All numbers are in the unit of the score (a mean squared error, a mean log-loss, an AUC).

    Parameters
    ----------
    mean, se : the nested estimate and its standard error.
    naive_mean, naive_se : plain K-fold cross-validation of the whole procedure, tuning included; its
        standard error treats held-out errors as independent and is too small.
    tuned_mean : what the tuning itself reports at its choice (the bottom of the CV curve), nan where
        nothing is tuned by folds.
    n_folds, repeats : the scheme.
    score_name, greater_is_better : what the score is and which way it goes.
    bias : what was taken off the raw nested mean to account for its smaller training sets.
    fold_scores : (repeats, K) score on each fold of the procedure run without it.
    fold_strengths, fold_candidates : (repeats, K) what the procedure chose without that fold; None when
        unknown.
    strength, candidate : what it chooses on all rows with the (first) folds; None when unknown.
    candidates : the honest score of each candidate tuned alone.
    skewed : whether it is a mean of errors that are never negative and now and then large, as log-losses are.
    """

    mean: float
    se: float
    naive_mean: float
    naive_se: float
    tuned_mean: float
    n_folds: int
    repeats: int
    score_name: str
    greater_is_better: bool
    bias: float
    fold_scores: Vector
    fold_strengths: Vector | None = None
    fold_candidates: Indices | None = None
    strength: float | None = None
    candidate: int | None = None
    candidates: tuple[HonestScore, ...] = ()
    skewed: bool = False

    @property
    def optimism(self) -> float:
        """How much too good the tuned score is, in the unit of the score: positive means too good.

        For losses ``mean - tuned_mean``, for scores where greater is better the negative of that.
        """
        gap = self.mean - self.tuned_mean
        return -gap if self.greater_is_better else gap

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Return (low, high): the interval that holds the score on new rows with probability ``level``.

        The score meant is that of *this* model, fitted on all rows, on an endless sample of new rows. A ``skewed``
        score has an interval that is even on the log scale, so longer above the mean than below it.
        """
        return interval_around(self.mean, self.se, level, self.skewed)

    def naive_interval(self, level: float = 0.9) -> tuple[float, float]:
        """Return the interval that plain cross-validation would give; it holds the truth too seldom."""
        return interval_around(self.naive_mean, self.naive_se, level)


def honest_score(
    estimator: Any,
    X: Any,
    y: Any,
    cv: Any = 5,
    *,
    scoring: Any = None,
    repeats: int | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> HonestScore:
    r"""Return how well the estimator, tuning included, predicts rows that neither fit nor tuning has seen.

    Nested cross-validation: the whole procedure runs again without every fold and without every two folds,
    and the scheme of Bates, Hastie and Tibshirani turns the errors into an estimate with an interval (see
    :func:`~regularfit.selection.nested_statistics.nested_estimate`). An estimator of regularfit that tunes
    by folds is fitted on all those subsets in lockstep; any other estimator of scikit-learn is cloned and
    refitted K + K(K-1)/2 times.

    Prefer it to the score of the best strength, which was the best partly by luck, and to the interval of
    plain cross-validation, which is too narrow because training sets overlap. With tens of thousands of
    rows all three agree and one held-out part is cheaper.

    In lockstep, 5 folds need 25 fits and 10 folds 175, most of them only where the choice can fall. With n >= p and
    squared loss that costs 1.5 to 2 cross-validations with 5 folds, and with 10 folds 2.5 to 3, more on small data
    (``benchmarks/results/cv_price.md``). With 5 the estimate reaches further, from models that saw 3/5 and 4/5 of the
    rows; where p > n it says a little too much then, and 10 folds suit better. How often the intervals hold the truth,
    by simulation, is in
    ``benchmarks/results/nested_coverage.md``: about as often as they say. For log-losses on few rows that takes many
    partitions (see ``repeats``): 88 to 90 in 100 against 75 to 82 from one partition into 5 folds.

    Parameters
    ----------
    estimator : a regressor or classifier; it is not changed.
    X, y : the data; y of shape (n,).
    cv : 5, another number of folds (>= 4; >= 3 when refitting), or folds that partition the rows, also
        repeated ones. The tuning of a regularfit estimator uses the same folds.
    scoring : None for the estimator's own (mean squared error, mean log-loss); else a scorer of
        scikit-learn.
    repeats : >= 1 random partitions to average over; more make the standard error steadier. None: 1 for the squared
        loss and where the estimator is refitted; for other losses so many that 50 folds are held out in all (fewer
        beyond 100 rows, one beyond 500).
    sample_weight, offset : (n,), passed to fit and used in the score.
    groups : (n,) rows of one group stay in one fold and count as one draw.
    n_jobs : processes for refitting (lanes use the estimator's own).
    random_state : which random folds a number of them means; None is 0, so the same call gives the same score.

    Raises
    ------
    InputError
        For folds that do not partition the rows, or too few of them.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 3)); y = X[:, 0] + rng.normal(size=60)
    >>> score = honest_score(LinearRegression(), X, y, cv=5, random_state=0)
    >>> low, high = score.interval(0.9)
    >>> bool(low < 1.0 < high)
    True

    References
    ----------
    Bates, S., Hastie, T. & Tibshirani, R. (2023). Cross-validation: what does it estimate and how well does
    it do it? Journal of the American Statistical Association 119, 1434-1445.
    """
    plan = None if scoring is not None else _plan_of(estimator, X, y, sample_weight, offset, groups)
    if scoring is None and plan is None:  # what has no errors of single rows says how it is scored
        scoring = getattr(estimator, "_nested_scoring", None)
    refits = Refits.of(estimator, X, y, scoring, sample_weight, offset, groups)
    how: dict[str, Any] = {
        "X": X,
        "groups": groups,
        "classifier": refits.classifier,
        "random_state": random_state,
        "sample_weight": None if sample_weight is None else refits.sample_weight,
    }
    if plan is not None:
        labels = plan.problem.codes if refits.classifier else None
        repeats = plan.repeats(cv) if repeats is None else repeats
        return _from_lanes(plan, repeated_partitions(cv, refits.n, labels, repeats=repeats, **how))
    repeats = 1 if repeats is None else repeats
    scheme = repeated_partitions(cv, refits.n, y, repeats=repeats, **how)
    errors = [score_by_refitting(refits, folds, n_jobs) for folds in scheme]
    name = getattr(scoring, "score_name", refits.score_name)
    skewed = refits.score_name == "mean log-loss"
    first, *rivals = [
        replace(_assemble(once, tuned, name, refits.greater_is_better), skewed=skewed)
        for once, tuned in zip(zip(*errors, strict=True), refits.tuned_means(n_jobs), strict=True)
    ]
    return _with(first, tuple(rivals))


def honest_scores(
    plan: NestedPlan,
    cv: Any = 5,
    *,
    repeats: int | None = None,
    classifier: bool = False,
    groups: ArrayLike | None = None,
    random_state: Any = None,
) -> list[HonestScore]:
    """Return the honest score of each candidate of a plan tuned alone, all from the same lanes.

    The score of the procedure in which the candidates compete is :func:`honest_score`; it carries this list
    as its ``candidates``.

    Parameters
    ----------
    plan : from an estimator's ``_nested_plan``.
    cv, repeats, groups, random_state : as for :func:`honest_score`.
    classifier : whether the folds spread the classes of ``plan.problem`` evenly.
    """
    problem = plan.problem
    labels = problem.codes if classifier else None
    scheme = repeated_partitions(
        cv,
        problem.n,
        labels,
        repeats=plan.repeats(cv) if repeats is None else repeats,
        groups=groups,
        classifier=classifier,
        random_state=random_state,
        sample_weight=problem.sample_weight,
    )
    return list(_from_lanes(plan, scheme).candidates)


def _plan_of(
    estimator: Any, X: Any, y: Any, sample_weight: Any, offset: Any, groups: Any
) -> NestedPlan | None:
    """What the estimator tunes by folds, or None where it must be refitted as a whole."""
    make_plan = getattr(estimator, "_nested_plan", None)
    if make_plan is None:
        return None
    try:
        return make_plan(X, y, sample_weight=sample_weight, offset=offset, groups=groups)
    except UnsupportedError:  # a fixed strength or a criterion: there is nothing to tune within folds
        return None


# ---------------------------------------------------------------- results


def _from_lanes(plan: NestedPlan, scheme: Sequence[list[Fold]]) -> HonestScore:
    curves = [fit_nested(plan, folds) for folds in scheme]
    alone = tuple(_of_candidates(plan, curves, scheme, only) for only in range(len(plan.penalties)))
    if len(alone) == 1:
        return _with(alone[0], alone)
    return _with(_of_candidates(plan, curves, scheme, None), alone)


def _with(score: HonestScore, candidates: tuple[HonestScore, ...]) -> HonestScore:
    return replace(score, candidates=candidates)


def _of_candidates(
    plan: NestedPlan, curves: Sequence[list[NestedCurves]], scheme: Sequence[list[Fold]], only: int | None
) -> HonestScore:
    runs: list[Procedure] = [
        run_procedure(plan, found, folds, only) for found, folds in zip(curves, scheme, strict=True)
    ]
    name = plan.score_name or (plan.problem.loss.score_name if plan.score is None else "score")
    tuned = float(np.mean([run.tuned for run in runs]))
    score = _assemble(
        [run.errors for run in runs],
        -tuned if plan.greater_is_better else tuned,
        name,
        plan.greater_is_better,
    )
    first = runs[0]
    return replace(
        score,
        fold_strengths=np.array([_strengths(plan, run.candidates, run.indices) for run in runs]),
        fold_candidates=np.array([run.candidates for run in runs]),
        strength=_strengths(plan, np.array([first.candidate]), np.array([first.index]))[0],
        candidate=first.candidate,
        skewed=plan.score is None and not isinstance(plan.problem.loss, (Squared, SquaredOutputs)),
    )


def _strengths(plan: NestedPlan, candidates: Indices, indices: Indices) -> list[float]:
    chosen = zip(candidates.tolist(), indices.tolist(), strict=True)
    return [float(np.asarray(plan.grids[candidate], dtype=np.float64)[index]) for candidate, index in chosen]


def _assemble(
    errors: Sequence[FoldErrors],
    tuned_mean: float,
    score_name: str,
    greater_is_better: bool,
) -> HonestScore:
    """Turn losses back into scores."""
    sign = -1.0 if greater_is_better else 1.0
    found = nested_estimate(errors)
    return HonestScore(
        sign * found.mean,
        found.se,
        sign * found.naive_mean,
        found.naive_se,
        tuned_mean,
        len(errors[0].outer),
        len(errors),
        score_name,
        greater_is_better,
        sign * found.bias,
        sign * np.array([once.outer for once in errors]),
    )
