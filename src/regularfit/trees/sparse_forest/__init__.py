"""Forests of which only some trees are kept, with weights."""

from .classifier import SparseForestClassifier
from .regressor import SparseForestRegressor

__all__ = ["SparseForestClassifier", "SparseForestRegressor"]
