"""The engines that grow trees, behind one protocol; each is imported when it is first used."""

from .base import Engine, Growing, Prepared, Task, TreeData, TreeModel, get_engine
from .losses import LOSSES, curvature, mean_of, start_gradient

__all__ = [
    "LOSSES",
    "Engine",
    "Growing",
    "Prepared",
    "Task",
    "TreeData",
    "TreeModel",
    "curvature",
    "get_engine",
    "mean_of",
    "start_gradient",
]
