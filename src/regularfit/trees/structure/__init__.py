"""Fitted trees of every engine as arrays of one shape."""

from .ensemble import Ensemble
from .nodes import Categories, TreeNodes
from .read import leaf_nodes, read_trees

__all__ = ["Categories", "Ensemble", "TreeNodes", "leaf_nodes", "read_trees"]
