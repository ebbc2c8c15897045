"""How X is stored and multiplied: dense arrays and sparse columns behind one small interface."""

from ._base import Design
from .dense import Dense
from .imputed import Imputed
from .of import as_design
from .sparse import SparseColumns

__all__ = ["Dense", "Design", "Imputed", "SparseColumns", "as_design"]
