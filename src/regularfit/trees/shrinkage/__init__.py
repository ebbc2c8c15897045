"""Hierarchical shrinkage of any fitted or unfitted model of trees."""

from .path import ShrinkagePath
from .shrink import shrink
from .shrunk import Shrunk

__all__ = ["ShrinkagePath", "Shrunk", "shrink"]
