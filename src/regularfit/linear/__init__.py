"""Estimators of penalised linear models: the only place with fitted state."""

from __future__ import annotations

from .classifier import PenalizedClassifier
from .cox import PenalizedCox
from .debiased import DebiasedLasso, debiased_lasso
from .fit_path import fit_path
from .knockoffs import KnockoffSelection, knockoffs
from .plots import CVDisplay, PathDisplay
from .regressor import PenalizedRegressor
from .stability import StabilitySelection, stability_selection
from .stability_plot import StabilityDisplay

__all__ = [
    "CVDisplay",
    "DebiasedLasso",
    "KnockoffSelection",
    "PathDisplay",
    "PenalizedClassifier",
    "PenalizedCox",
    "PenalizedRegressor",
    "StabilityDisplay",
    "StabilitySelection",
    "debiased_lasso",
    "fit_path",
    "knockoffs",
    "stability_selection",
]
