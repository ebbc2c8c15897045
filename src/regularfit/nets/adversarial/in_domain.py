"""What every adversary at work has: the domain of its inputs, checked on the training rows, and a count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..regulariser import Active, Run
from .domain import Domain
from .setting import domain_of

__all__ = ["InDomain"]


class InDomain(Active):
    """An adversary that stays in its domain; ``moved`` counts the batches that it has moved.

    Parameters
    ----------
    run : the run.
    who : what errors call the regulariser.
    domain, eps : as they were declared; ``eps`` is None where it is no distance within the domain.
    """

    def __init__(self, run: Run, who: str, domain: Domain | None, eps: float | None) -> None:
        """Remember what was declared; the domain itself is known with the first rows."""
        super().__init__(run)
        self._declared = domain, eps, who
        self._domain: Domain | None = None
        self.moved = 0

    def data(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Refuse training rows, and an ``eps``, that do not fit the domain."""
        self.know(X)
        return X, y

    def know(self, X: Tensor) -> Domain:
        """Return the domain, learnt from the first rows that are seen where none was declared."""
        if self._domain is None:
            domain, eps, who = self._declared
            self._domain = domain_of(domain, eps, X, self.run, who)
        return self._domain

    def state_dict(self) -> dict[str, Any]:
        """Return the count."""
        return {"moved": self.moved}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        self.moved = int(state["moved"])
