"""The Trainer, what it records, and the order in which regularisers act."""

from __future__ import annotations

from .history import History, Record, Work
from .trainer import Trainer

__all__ = ["History", "Record", "Trainer", "Work"]
