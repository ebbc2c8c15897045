"""Choosing among models of several families."""

from __future__ import annotations

from regularfit.tuning.competition import Competition

__all__ = ["Competition"]
