"""Boosting: the number of rounds from the out-of-fold curve, with any engine."""

from .classifier import BoostingClassifier
from .path import BoostingPath
from .regressor import BoostingRegressor

__all__ = ["BoostingClassifier", "BoostingPath", "BoostingRegressor"]
