"""Estimators of penalised linear models: the only place with fitted state."""

from __future__ import annotations

from .classifier import PenalizedClassifier
from .cox import PenalizedCox
from .fit_path import fit_path
from .model_file import load, load_extra
from .plots import CVDisplay, PathDisplay
from .regressor import PenalizedRegressor
from .stability import StabilitySelection, stability_selection
from .stability_plot import StabilityDisplay

__all__ = [
    "CVDisplay",
    "PathDisplay",
    "PenalizedClassifier",
    "PenalizedCox",
    "PenalizedRegressor",
    "StabilityDisplay",
    "StabilitySelection",
    "fit_path",
    "load",
    "load_extra",
    "stability_selection",
]
