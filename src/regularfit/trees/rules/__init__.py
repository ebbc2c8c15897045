"""Rules from trees, a few of which a lasso keeps."""

from .classifier import RuleFitClassifier
from .regressor import RuleFitRegressor

__all__ = ["RuleFitClassifier", "RuleFitRegressor"]
