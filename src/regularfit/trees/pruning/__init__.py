"""Single trees pruned where held-out rows say."""

from .classifier import PrunedTreeClassifier
from .path import PruningPath
from .regressor import PrunedTreeRegressor

__all__ = ["PrunedTreeClassifier", "PrunedTreeRegressor", "PruningPath"]
