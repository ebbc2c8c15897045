"""AutoNet: a search over cocktails of regularisers, in lockstep, within a budget of time."""

from .estimators import AutoNetClassifier, AutoNetRegressor

__all__ = ["AutoNetClassifier", "AutoNetRegressor"]
