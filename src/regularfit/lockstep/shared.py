"""What several calls of the engine on one problem share."""

from __future__ import annotations

from dataclasses import dataclass

from .atoms import Pass
from .problem import Problem

__all__ = ["Shared"]


@dataclass(eq=False)
class Shared:
    """Hand the same one to every call on a problem, and what is known about X is not computed again.

    Parameters
    ----------
    problem : the problem of all those calls.
    seen : the last pass over X in full-Gram mode.
    """

    problem: Problem
    seen: Pass | None = None
