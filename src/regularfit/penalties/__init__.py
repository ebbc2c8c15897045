"""Penalties: what is discouraged; frozen values that know their size, proximal step and optimality."""

from __future__ import annotations

from ._across import AcrossOutputs
from ._algebra import Scaled, Sum
from ._base import NormalFormPenalty, Penalty, SeparablePenalty, Traits
from ._columns import Bounded, Weighted
from ._on_columns import OnColumns
from .adaptive import Adaptive
from .coordinates import Coordinates
from .elastic_net import ElasticNet
from .folded import Folded
from .fused import Fused
from .group import Group
from .group_mcp import GroupMCP
from .group_scad import GroupSCAD
from .l0 import L0
from .l1 import L1
from .l2 import L2
from .mcp import MCP
from .scad import SCAD
from .signed_groups import SignedGroups
from .slope import SLOPE
from .sparse_group import SparseGroup

__all__ = [
    "L0",
    "L1",
    "L2",
    "MCP",
    "SCAD",
    "SLOPE",
    "AcrossOutputs",
    "Adaptive",
    "Bounded",
    "Coordinates",
    "ElasticNet",
    "Folded",
    "Fused",
    "Group",
    "GroupMCP",
    "GroupSCAD",
    "NormalFormPenalty",
    "OnColumns",
    "Penalty",
    "Scaled",
    "SeparablePenalty",
    "SignedGroups",
    "SparseGroup",
    "Sum",
    "Traits",
    "Weighted",
]
