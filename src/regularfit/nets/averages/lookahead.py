"""Lookahead: slow weights that follow fast ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..evaluation.kept import Kept
from ..regulariser import Active, Effect, Regulariser, Run
from .average import run_of

__all__ = ["Lookahead"]


@dataclass(frozen=True)
class Lookahead(Regulariser):
    r"""Let the optimiser run ahead for k steps, then go a share of the way and start again from there.

    .. math:: s \leftarrow s + \alpha (w - s), \quad w \leftarrow s \quad\text{after every k steps}

    It damps the optimiser's noise within training, where EMA damps it beside training. What is evaluated, and left
    in the model, are the slow weights s (unless an EMA or SWA is on, which then averages the weights along the way).
    The optimiser's own state goes on unchanged.

    Parameters
    ----------
    alpha : share of the way, in (0, 1]; 1 changes nothing.
    steps : how many steps it looks ahead, >= 1.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(model.weight, 0.0)
    >>> ahead = Lookahead(alpha=0.5, steps=2).follow(model)
    >>> for weight in (1.0, 2.0):  # two steps of an optimiser
    ...     _ = nn.init.constant_(model.weight, weight)
    ...     ahead.update()
    >>> model.weight.item()
    1.0

    References
    ----------
    Zhang, Lucas, Hinton & Ba (2019), Lookahead optimizer: k steps forward, 1 step back.
    """

    alpha: float = 0.5
    steps: int = 5

    phases: ClassVar[tuple[str, ...]] = ("data", "average", "evaluate")

    def __post_init__(self) -> None:
        """Check the settings."""
        number = isinstance(self.alpha, Real) and not isinstance(self.alpha, bool)
        if not number or not 0 < self.alpha <= 1:
            raise InputError(
                f"Lookahead(alpha) must lie above 0 and at most at 1; {self.alpha!r} was given. 0.5 is usual."
            )
        if isinstance(self.steps, bool) or not isinstance(self.steps, Integral) or self.steps < 1:
            raise InputError(
                f"Lookahead(steps) must be a whole number >= 1; {self.steps!r} was given. 5 is usual."
            )

    def start(self, run: Run) -> Ahead:
        """Return what follows this run; the weights of this moment are the first slow ones."""
        return Ahead(run, self)

    def follow(self, model: nn.Module) -> Ahead:
        """Return what a loop of your own calls ``update()`` of after every step, and ``finish()`` at the end."""
        return Ahead(run_of(model), self)

    def conflict(self, other: Regulariser) -> str | None:
        """Two of them would pull at the same weights."""
        return "there can be one Lookahead only" if isinstance(other, Lookahead) else None

    @classmethod
    def examples(cls) -> Sequence[Lookahead]:
        """Return instances for the laws."""
        return [cls(), cls(0.8, 1), cls(0.25, 3)]


class Ahead(Active):
    """Lookahead at work: :meth:`update` after every step, :meth:`evaluate`, :meth:`finish`."""

    exists = True  # there are slow weights from the beginning

    def __init__(self, run: Run, settings: Lookahead) -> None:
        """Take the weights of this moment as the first slow ones."""
        super().__init__(run)
        self.settings, self.count, self._inside = settings, 0, False
        self._fast = [p for p in run.model.parameters() if p.dtype.is_floating_point]
        self._slow = [p.detach().clone() for p in self._fast]
        self._raw = Kept(run.model)
        run.averages.append(self)

    @torch.no_grad()
    def update(self) -> None:
        """Count a step; after every k of them go a share of the way."""
        self.count += 1
        if self.count % self.settings.steps == 0:
            for slow, fast in zip(self._slow, self._fast, strict=True):
                slow.lerp_(fast, self.settings.alpha)
                fast.copy_(slow)

    average = update

    @contextmanager
    def evaluate(self) -> Iterator[None]:
        """Hold the slow weights in the model for a while."""
        if self._inside or self._another_average() or self.count % self.settings.steps == 0:
            yield
            return
        self._raw.take()
        self._inside = True
        try:
            self._put(self._slow)
            yield
        finally:
            self._inside = False
            self._raw.put()

    def finish(self) -> None:
        """Leave the slow weights in the model, unless another average is left there."""
        if not self._another_average():
            self._put(self._slow)

    @torch.no_grad()
    def _put(self, weights: list[Tensor]) -> None:
        for fast, weight in zip(self._fast, weights, strict=True):
            fast.copy_(weight)

    def _another_average(self) -> bool:
        return any(other is not self and other.exists for other in self.run.averages)

    def effect(self) -> Effect:
        """Say how often the slow weights moved."""
        moves = self.count // self.settings.steps
        return Effect(
            float(self.settings.alpha),
            acted=moves > 0 and self.settings.alpha < 1,
            note=f"{moves} slow steps",
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the slow weights and the count."""
        return {"count": self.count, "slow": [slow.clone() for slow in self._slow]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where an earlier run was."""
        if [tuple(slow.shape) for slow in state["slow"]] != [tuple(slow.shape) for slow in self._slow]:
            raise InputError("The stored slow weights belong to another model: their shapes differ.")
        self.count = state["count"]
        with torch.no_grad():
            for slow, stored in zip(self._slow, state["slow"], strict=True):
                slow.copy_(stored)
