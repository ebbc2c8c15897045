"""Boosted trees for a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from ... import losses
from ..._checks import check_choice
from ...errors import InputError
from ...inputs.targets import read_target
from ..engines import Task, mean_of
from ..regularisation import Regularisation
from ._base import Boosting

__all__ = ["BoostingRegressor"]

LOSSES = ("squared", "absolute", "poisson", "gamma", "quantile")
_VALUES = {losses.Squared: "squared", losses.Poisson: "poisson", losses.Gamma: "gamma"}


class BoostingRegressor(RegressorMixin, Boosting):
    r"""Predict a number with many small trees, each fitted to what the earlier ones left; how many, folds say.

    .. math:: f_R(x) = b + \sum_{r=1}^{R} \nu\, t_r(x), \qquad R = \arg\min_r \frac{1}{n} \sum_i
              \ell\bigl(y_i, f_r^{-k(i)}(x_i)\bigr)

    Every fold grows its own model side by side with the others, and the mean of their held-out curves says after how
    many rounds to stop: no row decides about a model that has seen it, and no fold stops for itself. Then that many
    rounds are grown on all rows. One fit a fold gives the whole curve, so the one-standard-error choice costs nothing.

    Prefer it to :class:`~regularfit.PenalizedRegressor` where effects bend or interact and there are some hundred
    rows at least; prefer that one where few rows, near-linear effects, extrapolation or readable coefficients matter.
    :class:`~regularfit.trees.SparseForestRegressor` and rules keep fewer trees.

    Parameters
    ----------
    regularisation : Regularisation or None
        The knobs; one that is None is the engine's own default. None: learning rate 0.05, at most 31 leaves of 20 rows
        (fewer below 400 rows), and 80 % of rows and columns for each tree. Its ``rounds``, where given, are the most.
    engine : "lightgbm", "xgboost" or "sklearn" (HistGradientBoosting, always installed)
    loss : "squared", "absolute", "poisson", "gamma", "quantile" or a Loss such as ``rf.Quantile(0.9)``
        "quantile" is the median. Poisson and gamma have a log link.
    select : "min", "1se" or None
        Best mean held-out score; the fewest rounds within one paired standard error of it; None takes the rounds of
        ``regularisation`` without folds.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out; None is 5 folds, or as many as there can be, with a warning.
    rounds : int >= 1
        The most rounds; that the best number is the most is warned of.
    patience : int >= 1 or None
        Growing ends after so many rounds without a better mean score; None grows to the end.
    tune : int >= 1 or None
        How many trials a search over the knobs has (Optuna proposes; a trial that is probably worse than the
        best on the same folds ends early). The first trial is the default. Where ``cv`` is None or a number,
        the three best are grown again on other folds, and take the default's place only where they are better
        there by one standard error: on small tables most gains of a search are chance. Knobs given in
        ``regularisation`` stay as they are. None: no search.
    monotone : mapping from column to 1 (rising) or -1 (falling), or one number a column, or None
    interactions : lists of columns that may interact; a column in none acts alone. [] is an additive model.
    scoring : str, callable or None
        How held-out rows are scored: None is the loss; a scikit-learn scorer, or its name, counts with greater is
        better.
    n_jobs : int or None
        Threads; None is all cores.
    random_state : int, RandomState or None
        Of folds and of everything that the engine draws. None is 0, so the same call gives the same model.
    verbose : bool
        Whether rounds and score are told every two seconds.

    Attributes
    ----------
    rounds_ : int
        The chosen number of rounds.
    cv_ : KnobCV or None
        Held-out scores over the rounds: ``values``, ``mean``, ``se``, ``folds``, ``value_min``, ``value_1se``.
    path_ : BoostingPath
        The model after any number of rounds: ``path_.predict(X, rounds)``, ``path_.training_loss``.
    regularisation_ : Regularisation
        The knobs of the model, rounds included.
    tune_ : Search
        The trials of a search, where there was one; ``to_frame()``.
    booster_ : lightgbm.Booster, xgboost.Booster or HistGradientBoostingRegressor
        The engine's own model.
    columns_ : TreeColumns
        How tables become matrices.
    feature_importances_ : (p,) array
        Shares of the columns in the gain of all splits.
    partial_cv_ : KnobCV
        After Ctrl-C: the curve so far.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(300, 3))
    >>> y = np.where(X[:, 0] > 0.5, 3.0, 0.0) + X[:, 1] + 0.1 * rng.normal(size=300)
    >>> model = BoostingRegressor(engine="sklearn", rounds=200, n_jobs=1).fit(X, y)
    >>> bool(model.score(X, y) > 0.95), int(model.feature_importances_.argmax())
    (True, 0)
    >>> bool(model.cv_.value_1se <= model.rounds_)
    True

    References
    ----------
    Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29. Ke, G.
    et al. (2017). LightGBM. NeurIPS. Chen, T. and Guestrin, C. (2016). XGBoost. KDD.
    """

    def __init__(
        self,
        regularisation: Regularisation | None = None,
        *,
        engine: str = "lightgbm",
        loss: Any = "squared",
        select: str | None = "min",
        cv: Any = None,
        rounds: int = 2000,
        patience: int | None = 100,
        tune: int | None = None,
        monotone: Any = None,
        interactions: Any = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.regularisation = regularisation
        self.engine = engine
        self.loss = loss
        self.select = select
        self.cv = cv
        self.rounds = rounds
        self.patience = patience
        self.tune = tune
        self.monotone = monotone
        self.interactions = interactions
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X: Any) -> np.ndarray:
        """Return the expected target of every row (for "absolute" and "quantile" the quantile), (n,)."""
        return mean_of(self._margins(X), self._task)

    def _what(self, classes: np.ndarray | None) -> Task:
        if isinstance(self.loss, losses.Quantile):
            return Task("quantile", level=self.loss.q)
        if type(self.loss) in _VALUES:
            return Task(_VALUES[type(self.loss)])
        if isinstance(self.loss, losses.Loss):
            raise InputError(
                f"loss={self.loss!r} is none that the engines fit; give one of {', '.join(LOSSES)}, or rf.Quantile(q)."
            )
        return Task(check_choice(self.loss, LOSSES, "loss"))

    def _target(
        self, y: Any, n: int, weights: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        target = read_target(y, n)
        if target.ndim == 2:
            raise InputError(
                f"y has {target.shape[1]} columns; boosting predicts one number. Fit one column at a time."
            )
        loss = self._what(None).loss
        least = target.min()
        if (loss == "poisson" and least < 0) or (loss == "gamma" and least <= 0):
            bound = ">= 0" if loss == "poisson" else "> 0"
            row = int(target.argmin())
            raise InputError(
                f"loss={loss!r} is for targets {bound}; row {row} has {least:g}. Use loss='squared'."
            )
        return target, weights, None
