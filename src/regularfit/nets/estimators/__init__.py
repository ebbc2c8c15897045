"""Nets as scikit-learn estimators, and their model files."""

from .classifier import NetClassifier
from .regressor import NetRegressor

__all__ = ["NetClassifier", "NetRegressor"]
