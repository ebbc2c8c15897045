"""The Cox partial likelihood for times to an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_choice
from .._typing import ArrayLike, Vector
from ._coupled import CoupledLoss
from ._partial_likelihood import PartialLikelihood
from ._survival_target import EVENT, read_survival

__all__ = ["Cox"]


@final
@dataclass(frozen=True, slots=True)
class Cox(CoupledLoss):
    r"""Predict who has the event earlier: effects multiply the hazard, whose course over time is left open.

    .. math:: \ell(\eta) = \frac1n \sum_{i:\,\text{event}} w_i \Big[ \log\!\! \sum_{j \text{ at risk at } t_i}\!\!
              w_j e^{\eta_j} \;-\; \eta_i \Big] + \text{constant}

    This is minus the log partial likelihood per row, less its best value, so that 0 is perfect; strengths mean the
    same as glmnet's lambda for ``family = "cox"``. A row is at risk at t where start < t <= stop, within its stratum.

    Prefer it where some rows were lost from sight before their event (censored) and hazards are about proportional;
    it says nothing about a time scale until :class:`~regularfit.PenalizedCox` adds the baseline hazard. Where
    effects fade or cross over time, split rows by time (start, stop) or stratify.

    Parameters
    ----------
    ties : "breslow" or "efron"
        How events at one time share their risk set. Breslow: each sees all of it, as in glmnet; a row of weight 2 is
        then two rows. Efron: as if they left one after the other in every order, on average, as in R's coxph; nearer
        to the truth where many events fall together.

    Examples
    --------
    >>> from regularfit.losses import survival
    >>> fit = Cox().prepare(Cox().check_target(survival([1.0, 2.0], [True, True])), np.ones(2))
    >>> fit.value(np.array([[0.0], [0.0]])).round(4)  # one choice among two
    array([0.6931])

    References
    ----------
    Cox (1972), Regression models and life-tables; Breslow (1974); Efron (1977); Simon, Friedman, Hastie & Tibshirani
    (2011), Regularization paths for Cox's proportional hazards model via coordinate descent.
    """

    ties: str = "breslow"

    name: ClassVar[str] = "cox"
    score_name: ClassVar[str] = "partial-likelihood deviance per event"

    def __post_init__(self) -> None:
        """Refuse unknown ways with ties."""
        check_choice(self.ties, ["breslow", "efron"], "Cox(ties)")

    def prepare(self, y: np.ndarray, weights: Vector) -> PartialLikelihood:
        """Return the partial likelihood of one lane: sorted rows, ties and risk sets."""
        return PartialLikelihood(y, weights, self.ties == "efron")

    def mean(self, eta: Vector) -> Vector:
        """Return the risk relative to a row with eta = 0, exp(eta)."""
        with np.errstate(over="ignore"):
            return np.exp(eta)

    def fold_weights(self, y: np.ndarray, weights: Vector) -> Vector:
        """Return the weight of every event, 0 for censored rows."""
        return weights * y[:, EVENT]

    def deviance_of(self, y: np.ndarray, eta: np.ndarray, weights: Vector) -> Vector:
        """Return twice what the log partial likelihood falls short of the best, over the sum of weights, (L,)."""
        likelihood = self.prepare(y, weights)
        return 2 * likelihood.value(eta[likelihood.rows]) / likelihood.weights.sum()

    def check_target(self, y: ArrayLike) -> np.ndarray:
        """Return start, stop, event and stratum of every row as floats (n, 4), or raise InputError."""
        return read_survival(y)[0]

    @classmethod
    def examples(cls) -> Sequence[Cox]:
        """Return both."""
        return [cls(), cls("efron")]
