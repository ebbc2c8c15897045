"""The engines that grow trees, behind one protocol; each is imported when it is first used."""

from .base import Engine, Growing, Prepared, Task, TreeData, TreeModel, get_engine
from .losses import LOSSES, chances_of, curvature, mean_of, start_gradient

__all__ = [
    "LOSSES",
    "Engine",
    "Growing",
    "Prepared",
    "Task",
    "TreeData",
    "TreeModel",
    "chances_of",
    "curvature",
    "get_engine",
    "mean_of",
    "start_gradient",
]
