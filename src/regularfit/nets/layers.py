"""Layers for a model of your own: dropout and its family, batch norm over virtual batches.

>>> from regularfit.nets import layers
>>> layers.Dropout(0.2)
Dropout(p=0.2)
"""

from __future__ import annotations

from .dropout.layers import (
    AlphaDropout,
    DropConnectLinear,
    Dropout,
    GaussianDropout,
    SpatialDropout,
    StochasticDepth,
    VariationalDropout,
)
from .normalisation import GhostBatchNorm

__all__ = [
    "AlphaDropout",
    "DropConnectLinear",
    "Dropout",
    "GaussianDropout",
    "GhostBatchNorm",
    "SpatialDropout",
    "StochasticDepth",
    "VariationalDropout",
]
