"""Which kind of input X is, and the encoding for it."""

from __future__ import annotations

from typing import Any

from ..._checks import check_choice
from ...inputs.table import is_table
from .images import ImageEncoding
from .table import TableEncoding
from .text import TextEncoding

__all__ = ["KINDS", "Encoding", "kind_of", "learn_encoding"]

Encoding = TableEncoding | ImageEncoding | TextEncoding
KINDS = ("auto", "table", "images", "texts")


def kind_of(X: Any) -> str:
    """Return "table", "images" or "texts", by type and shape.

    >>> import numpy as np
    >>> kind_of(["a text", "another"]), kind_of(np.zeros((5, 8, 8))), kind_of([[1, 2], [3, 4]])
    ('texts', 'images', 'table')
    """
    if is_table(X):
        return "table"
    first = next(iter(X), None) if hasattr(X, "__iter__") and not hasattr(X, "nnz") else None
    if isinstance(first, str):
        return "texts"
    return "images" if getattr(X, "ndim", 2) in (3, 4) else "table"


def learn_encoding(X: Any, kind: str = "auto", *, scaling: str = "robust") -> Encoding:
    """Return what the rows of ``X`` teach about encoding them; ``kind`` says what they are, or "auto"."""
    check_choice(kind, KINDS, "kind")
    found = kind_of(X) if kind == "auto" else kind
    if found == "texts":
        return TextEncoding.learn(X)
    return ImageEncoding.learn(X) if found == "images" else TableEncoding.learn(X, scaling=scaling)
