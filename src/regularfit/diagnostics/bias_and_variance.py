"""Bias squared, variance and noise apart: along the strengths of a penalised model, or of any estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._checks import check_choice, check_vector
from .._typing import Vector
from ..errors import InputError
from ._from_table import by_bootstrap, by_halves
from ._generator import generator, whole_number
from ._simulated import Replicates, Simulate, simulated_predictions
from ._table_fits import TableFits
from ._targets import Kind
from .decomposition import BiasVariance, Parts, parts_at_points

__all__ = ["bias_variance"]


def bias_variance(
    estimator: Any,
    X: Any = None,
    y: Any = None,
    *,
    simulate: Simulate | None = None,
    X_test: Any = None,
    truth: Any = None,
    noise: Any = None,
    strengths: Any = None,
    replicates: int = 200,
    resampling: str = "bootstrap",
    sample_weight: Any = None,
    offset: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> BiasVariance:
    r"""Return the expected squared error of a procedure as bias squared, variance and noise.

    .. math:: E\,(y - \hat f(x))^2 = \underbrace{(E \hat f(x) - f(x))^2}_{\text{bias}^2}
              + \underbrace{E\,(\hat f(x) - E \hat f(x))^2}_{\text{variance}}
              + \underbrace{E\,(y - f(x))^2}_{\text{noise}}

    where the expectation is over training sets as well, and f is the true mean of y. A penalised model is decomposed
    along its strengths, with all training sets as lanes; any other estimator of scikit-learn is cloned for each.
    For classifiers the error is the Brier score of the probabilities, which comes apart in the same way.

    *With a simulation* (``simulate``, ``X_test``, ``truth``, ``noise``) every part is estimated without bias.

    *With a table* (``X``, ``y``) only the sum of bias squared and noise can be known, since each row has one target;
    they come apart where you know the noise. ``resampling="bootstrap"`` speaks of training sets as large as the
    table: the variance is that of predictions by the bootstrap samples that lack a row, the error that of
    cross-validation, and the rest is bias and noise. (The error of the mean of bootstrap predictions would not do: that
    mean depends on the table as well, and its variance would count as bias: 1.43 in place of 1.00 for least squares
    on 100 x 30.) The bootstrap says too much variance where columns are many for the rows: 0.62 in place of 0.46
    there, and nonsense (``overshoots``) where they are as many as the different rows of a sample.
    ``resampling="halves"`` is free of bias, as it compares models from disjoint halves of the rows outside a
    fold, but speaks of training sets with 0.45 n rows.

    Prefer it to see what a penalty buys and what it costs. To choose a strength the error alone is enough, which
    cross-validation finds for less.

    Parameters
    ----------
    estimator : a regressor, or a classifier with ``predict_proba``; it is not changed.
    X, y : a table, (n, p) and (n,) or (n, K); not together with ``simulate``.
    simulate : function of a ``numpy.random.Generator`` that returns a fresh training set (X, y).
    X_test : (m, p) points at which predictions are compared; with ``simulate``.
    truth : (m,) or (m, K) expected target there, or a function of ``X_test``; for classes the probability of the
        second, or of each.
    noise : variance of the target about the truth, one number >= 0 or one a point; with a table None: not known.
        For classes it follows from ``truth``.
    strengths : None, numbers, how many, or "chosen"
        For a penalised model. None: its own ``strength`` or grid of ``strengths`` (made from the first training set, or
        the table). "chosen": every fit chooses its own, and the variance of the choice counts.
    replicates : >= 3 training sets; of ``resampling="halves"`` the nearest multiple of twice the folds, 40 at least.
    resampling : "bootstrap" or "halves": how a table gives training sets.
    sample_weight, offset : (n,) with a table.
    random_state : None (the same as 0), int, Generator or RandomState.
    n_jobs : threads of lanes (None: the estimator's own), or processes for clones.

    Returns
    -------
    BiasVariance
        ``strengths``, ``bias2``, ``variance``, ``noise``, ``error``, each with ``_se``, ``bias2_noise``, ``finding``,
        ``to_frame()``, ``plot()``.

    Raises
    ------
    InputError
        For arguments that cannot be used together, or are missing.
    UnsupportedError
        For models that predict neither a number nor probabilities; for several candidate penalties or relaxed fits
        along strengths.

    Notes
    -----
    Standard errors of a simulation are jackknifed over the training sets and speak of the given test points. Those of a
    table add the spread over its rows; they cannot know how another table would differ. A bootstrap sample holds copies
    of rows: an estimator that tunes by folds of its own would see them on both sides (penalised models keep them
    together), so use halves there.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import bias_variance
    >>> X_test = np.random.default_rng(0).normal(size=(200, 10))
    >>> def simulate(rng):
    ...     X = rng.normal(size=(30, 10))
    ...     return X, X.sum(axis=1) + 3 * rng.normal(size=30)
    >>> ridge = rf.PenalizedRegressor(rf.L2(), strengths=[10, 1, 0.1, 0.01])
    >>> parts = bias_variance(ridge, simulate=simulate, X_test=X_test, truth=X_test.sum(axis=1), noise=9.0)
    >>> bool((np.diff(parts.bias2) < 0).all() and (np.diff(parts.variance) > 0).all())
    True
    >>> parts.strength_min, parts.fits
    (1.0, 800)

    References
    ----------
    Geman, S., Bienenstock, E. & Doursat, R. (1992). Neural networks and the bias/variance dilemma. Neural Computation
    4, 1-58. Brier, G. (1950) for the score. Efron, B. (1979) for the bootstrap; El Karoui, N. & Purdom, E. (2018) for
    its excess of variance with many columns. Kohavi, R. & Wolpert, D. (1996) for disjoint training sets.
    """
    check_choice(resampling, ("bootstrap", "halves"), "resampling")
    count = whole_number(replicates, "replicates", 3, "200 is usual.")
    random = generator(random_state)
    if (simulate is None) == (X is None):
        raise InputError(
            "bias_variance takes either simulate (with X_test, truth and noise) or a table X, y; "
            f"{'both were' if simulate is not None else 'neither was'} given."
        )
    if simulate is not None:
        if sample_weight is not None or offset is not None or y is not None:
            raise InputError("y, sample_weight and offset go with a table X; leave them out beside simulate.")
        return _from_simulation(estimator, simulate, X_test, truth, noise, strengths, count, random, n_jobs)
    if y is None or X_test is not None or truth is not None:
        wrong = "y is missing" if y is None else "X_test and truth go with simulate"
        raise InputError(f"{wrong}: a table is X and y, and its own rows are predicted.")
    fits = TableFits.of(
        estimator,
        X,
        y,
        strengths=strengths,
        sample_weight=sample_weight,
        offset=offset,
        n_jobs=n_jobs,
        who="bias_variance",
    )
    known = None if noise is None else _mean_noise(noise, fits.n, fits.weights)
    return _from_table(fits, known, resampling, count, random)


# --- the two ways --------------------------------------------------------------------------------


def _from_simulation(
    estimator: Any,
    simulate: Simulate,
    X_test: Any,
    truth: Any,
    noise: Any,
    strengths: Any,
    count: int,
    random: np.random.Generator,
    n_jobs: int | None,
) -> BiasVariance:
    if X_test is None or truth is None:
        raise InputError(
            f"{'X_test' if X_test is None else 'truth'} is missing: training sets from simulate are compared with the "
            "truth at test points. Give X_test, and truth, the expected target there (values, or a function of X_test)."
        )
    m = X_test.shape[0] if hasattr(X_test, "shape") else len(X_test)
    sets = Replicates(simulate, count, random)
    kind = Kind.of(estimator, next(iter(sets))[1])
    level = kind.truth(truth, X_test, m)
    known = _known_noise(kind, noise, level)
    grid, predictions, n = simulated_predictions(estimator, sets, kind, X_test, strengths, n_jobs)
    parts = [parts_at_points((found - level).reshape(count, -1)) for found in predictions]
    return _result(grid, parts, kind, known, apart=True, facts=(count, n, m, "simulated"))


def _from_table(
    fits: TableFits, noise: float | None, resampling: str, count: int, random: np.random.Generator
) -> BiasVariance:
    if resampling == "bootstrap":
        parts, size = by_bootstrap(fits, count, random)
    else:
        parts, size, count = by_halves(fits, count, random)
    return _result(fits.grid, parts, fits.kind, noise, apart=False, facts=(count, size, fits.n, resampling))


def _known_noise(kind: Kind, given: Any, truth: np.ndarray) -> float:
    """The mean noise variance at the test points; that of classes follows from their probabilities."""
    if kind.classes is not None:
        if given is not None:
            raise InputError("The noise of classes is p (1 - p), which truth says already; leave noise out.")
        return kind.noise_of(truth)
    if given is None:
        raise InputError(
            "noise is missing: give the variance of the target about the truth, one number or one a test point; 0 "
            "leaves it out of the error."
        )
    return _mean_noise(given, len(truth), np.ones(len(truth)))


def _mean_noise(given: Any, n: int, weights: Vector) -> float:
    values = check_vector(np.atleast_1d(np.asarray(given)), name="noise")
    if (values < 0).any() or len(values) not in (1, n):
        raise InputError(
            f"noise must be one variance >= 0, or one for each of the {n} points; {len(values)} were given, the "
            f"smallest {values.min():g}."
        )
    return float(weights @ np.broadcast_to(values, (n,)) / weights.sum())


def _result(
    grid: Vector | None,
    parts: Sequence[Parts],
    kind: Kind,
    noise: float | None,
    *,
    apart: bool,
    facts: tuple[int, int, int, str],
) -> BiasVariance:
    """Assemble; ``apart`` says that the first part is the bias alone, without the noise."""
    found = np.array([[one.bias2, one.variance, one.excess] for one in parts]) * kind.share  # (L, 3, 2)
    (first, variance, total), (first_se, variance_se, total_se) = found.transpose(2, 1, 0)
    known = np.full(len(parts), np.nan if noise is None else noise)
    zero = np.where(np.isnan(known), np.nan, 0.0)
    count, size, points, source = facts
    return BiasVariance(
        strengths=grid,
        bias2=first if apart else first - known,
        variance=variance,
        noise=known,
        error=total + known if apart else total,
        bias2_se=first_se + zero,
        variance_se=variance_se,
        noise_se=zero,
        error_se=total_se,
        bias2_noise=first + known if apart else first,
        bias2_noise_se=first_se,
        fits=count * len(parts),
        replicates=count,
        training_rows=size,
        points=points,
        source=source,
        loss_name=kind.loss_name,
    )
