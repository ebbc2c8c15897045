"""Penalties: what is discouraged. Frozen values with a size, a proximal step and a distance from optimality."""

from __future__ import annotations

from ._algebra import Bounded, OnColumns, Scaled, Sum, Weighted
from ._base import NormalFormPenalty, Penalty, SeparablePenalty, Traits
from .coordinates import Coordinates
from .elastic_net import ElasticNet
from .l1 import L1
from .l2 import L2

__all__ = [
    "L1",
    "L2",
    "Bounded",
    "Coordinates",
    "ElasticNet",
    "NormalFormPenalty",
    "OnColumns",
    "Penalty",
    "Scaled",
    "SeparablePenalty",
    "Sum",
    "Traits",
    "Weighted",
]
