"""Choosing among models of several families."""

from __future__ import annotations

from regularfit.tuning.competition import Competition, chosen_at

__all__ = ["Competition", "chosen_at"]
