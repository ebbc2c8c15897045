"""The batch-size probe: the gradient-noise scale along training, and the batch size that it asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import torch
from torch import Tensor

from ...errors import InputError
from ..evaluation.batch_stats import freeze_batch_stats
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from ..torch_numbers import TorchNumbers
from .implicit import NoiseScale, Tally, gradient_of

__all__ = ["BatchSizeProbe", "Probe"]


@dataclass(frozen=True)
class BatchSizeProbe(Regulariser):
    """Log the gradient-noise scale along training, and the batch size that it asks for. Changes nothing.

    Every so many steps the batch is cut into parts whose gradients are compared, at the price of one more forward
    and backward pass; both parts of the estimate are averaged over time before their quotient is taken. A batch
    much smaller than the scale regularises by noise; one much larger can be made smaller, or be given noise back by
    SGDNoise. What counts for that noise is the learning rate over the batch size, which is logged, too.

    Parameters
    ----------
    every : steps between two looks, >= 1.
    parts : pieces of a batch, >= 2.
    memory : share of the old average at a look, in [0, 1).

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> from torch import nn
    >>> model = nn.Linear(1, 1)
    >>> run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1), n=64, batch_size=8)
    >>> run.loss = lambda logits, batch: (logits[:, 0] - batch.y).square().mean()
    >>> probe = BatchSizeProbe(every=1).start(run)
    >>> _ = probe.inputs(Batch(torch.ones(8, 1), torch.arange(8.0), rows=torch.arange(8)))
    >>> probe.scale > 0, probe.log[0]["lr_per_row"]
    (True, 0.0125)

    References
    ----------
    McCandlish, Kaplan & Amodei (2018), An empirical model of large-batch training.
    """

    every: int = 20
    parts: int = 4
    memory: float = 0.9

    phases: ClassVar[tuple[str, ...]] = ("inputs",)

    def __post_init__(self) -> None:
        """Check the settings."""
        for what, value, least in (("every", self.every, 1), ("parts", self.parts, 2)):
            if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
                raise InputError(
                    f"BatchSizeProbe({what}) must be a whole number >= {least}; {value!r} was given."
                )
        if isinstance(self.memory, (bool, str)) or not 0 <= self.memory < 1:
            raise InputError(f"BatchSizeProbe(memory) must lie in [0, 1); {self.memory!r} was given.")

    @property
    def passes(self) -> float:
        """Forward and backward passes a step, on average."""
        return 1.0 + 1.0 / self.every

    def start(self, run: Run) -> Probe:
        """Return what probes this run."""
        return Probe(run, self)

    @classmethod
    def examples(cls) -> Sequence[BatchSizeProbe]:
        """Return instances for the laws."""
        return [cls(), cls(every=1, parts=2)]


class Probe(Active):
    """The probe at work: ``scale`` in rows, ``suggested`` batch size, and ``log`` with one record a look."""

    def __init__(self, run: Run, settings: BatchSizeProbe) -> None:
        """Start without a look."""
        super().__init__(run)
        self.settings, self.count = settings, 0
        self._trace = self._signal = self._share = 0.0
        self.log: list[dict[str, float]] = []

    def inputs(self, batch: Batch) -> Batch:
        """Look at a batch now and then."""
        if self.count % self.settings.every == 0 and len(batch.X) >= 4:
            self._look(batch)
        self.count += 1
        return batch

    def _look(self, batch: Batch) -> None:
        if self.run.loss is None:
            raise InputError("BatchSizeProbe needs the loss of the run; give Run(loss=...).")
        model, tally = self.run.model, Tally()
        parameters = [p for p in model.parameters() if p.requires_grad]
        numbers = TorchNumbers(self.run.device)
        with ExitStack() as stack:
            stack.enter_context(freeze_batch_stats(model))
            stack.enter_context(torch.enable_grad())
            for part in _parts(batch, self.settings.parts):
                tally.add(gradient_of(self.run.loss(model(part.X), part), parameters), len(part.X))
        numbers.restore()
        found, keep = tally.estimate("BatchSizeProbe"), float(self.settings.memory)
        self._trace = keep * self._trace + (1 - keep) * found.trace
        self._signal = keep * self._signal + (1 - keep) * found.signal
        self._share = keep * self._share + (1 - keep)  # the averages begin at 0; this takes that out
        self.log.append(
            {
                "step": self.run.step,
                "noise_scale": self.scale,
                "lr": self._lr,
                "lr_per_row": self._lr / len(batch.X),
            }
        )

    @property
    def _estimate(self) -> NoiseScale:
        share = self._share or 1.0
        return NoiseScale(self._trace / share, self._signal / share, self.run.n)

    @property
    def scale(self) -> float:
        """The noise scale, averaged over the looks."""
        return self._estimate.scale if self._share else math.nan

    @property
    def suggested(self) -> int:
        """A batch size near the noise scale, a power of two, at most the number of training rows."""
        return self._estimate.suggested if self._share else self.run.batch_size

    @property
    def _lr(self) -> float:
        return float(self.run.optimizer.param_groups[0]["lr"])

    def effect(self) -> Effect:
        """Say the noise scale, the batch size and the suggestion."""
        note = (
            f"noise scale {self.scale:.3g} rows, batch {self.run.batch_size}, "
            f"lr per row {self._lr / self.run.batch_size:.3g}; suggested batch {self.suggested}"
        )
        strength = self.scale if math.isfinite(self.scale) else None
        return Effect(strength, acted=None, note=note)

    def state_dict(self) -> dict[str, Any]:
        """Return averages and log."""
        return {
            "count": self.count,
            "trace": self._trace,
            "signal": self._signal,
            "share": self._share,
            "log": [dict(record) for record in self.log],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where an earlier run was."""
        self.count, self._trace, self._signal = state["count"], state["trace"], state["signal"]
        self._share, self.log = state["share"], [dict(record) for record in state["log"]]


def _parts(batch: Batch, parts: int) -> list[Batch]:
    """Cut a batch into pieces of (nearly) equal size."""

    def cut(values: Tensor | None) -> Sequence[Tensor | None]:
        return [None] * count if values is None else values.tensor_split(count)

    count = min(parts, len(batch.X) // 2)  # batch norm needs two rows
    pieces = zip(
        *map(cut, (batch.X, batch.y, batch.rows, batch.weight, batch.partner, batch.share)), strict=True
    )
    return [Batch(*piece) for piece in pieces]  # pyright: ignore[reportArgumentType]
