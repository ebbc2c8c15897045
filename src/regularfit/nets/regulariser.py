"""What a regulariser of a net is: a frozen value, and what it does in the phases of a training step.

A regulariser (``Dropout(0.2)``, ``EMA(0.999)``) is a value, as a penalty is: settings only. Starting it for one
training run gives an :class:`Active`, which holds all state, acts in the phases below and is thrown away
with the run. The same values are read by a user's own loop, by ``Trainer``, by the estimators and by lanes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from .randomness import Stream

__all__ = ["PHASES", "Active", "Batch", "Block", "Effect", "Pixels", "Regulariser", "Run"]

# The one order in which things happen; the first is before training, the last after some steps.
PHASES = (
    "data",  # once, on the training rows only
    "batch",  # augmentation: rows in, rows out, without the net
    "inputs",  # what needs the net to change the inputs: adversarial examples
    "forward",  # around the forward pass: dropout, noise on weights
    "logits",  # the net's output
    "loss",  # terms added to the loss
    "gradient",  # after the backward pass: clipping, noise
    "step",  # around the optimiser's step: SAM
    "prox",  # after the step: exact zeros, decay, constraints
    "average",  # EMA, SWA, Lookahead
    "evaluate",  # around an evaluation: the averaged weights; and after it: early stopping
)


@dataclass(frozen=True, slots=True)
class Block:
    """The encoded columns ``start`` to ``stop`` of a table that belong to one original column.

    Parameters
    ----------
    name : the original column.
    start, stop : its place among the encoded columns.
    kind : "number" (scaled, may be disturbed by noise or attacks) or "category" (only swapped as a whole).
    """

    name: str
    start: int
    stop: int
    kind: str = "number"


@dataclass(frozen=True, slots=True)
class Pixels:
    """How pixels became inputs: centred and scaled, channel by channel.

    Parameters
    ----------
    mean, sd : one number a channel; an input is (pixel - mean) / sd.

    Examples
    --------
    >>> Pixels((0.5,), (0.25,)).raw(torch.tensor([[[[-2.0, 2.0]]]]))
    tensor([[[[0., 1.]]]])
    """

    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the pixels of inputs, (b, c, h, w)."""
        return inputs * self._along(self.sd, inputs) + self._along(self.mean, inputs)

    def inputs(self, raw: Tensor) -> Tensor:
        """Return the inputs that pixels become."""
        return (raw - self._along(self.mean, raw)) / self._along(self.sd, raw)

    @staticmethod
    def _along(values: tuple[float, ...], like: Tensor) -> Tensor:
        return like.new_tensor(values).view(-1, 1, 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one training step.

    Parameters
    ----------
    X : inputs, first axis the rows: (b, d) tables, (b, c, h, w) images, (b, t) int64 tokens.
    y : targets: (b,) int64 classes, or (b,) or (b, k) floats.
    rows : where they come from among the training rows, (b,) int64; augmentation keys its numbers on it.
    weight : sample weights, (b,), or None for equal ones. The loss is sum(w loss) / sum(w).
    partner, share : after mixing the target is ``share`` times y plus (1 - share) times ``partner``; share is (b,).
        Their sample weights are mixed alike. Label smoothing comes after mixing.
    """

    X: Tensor
    y: Tensor
    rows: Tensor
    weight: Tensor | None = None
    partner: Tensor | None = None
    share: Tensor | None = None

    def with_(self, **changes: Any) -> Batch:
        """Return a batch with some fields replaced."""
        return replace(self, **changes)


@dataclass
class Run:
    """One training run as its regularisers see it. Whoever trains keeps ``step`` right and never goes back.

    Parameters
    ----------
    model : the net.
    optimizer : the torch optimiser that steps it.
    task : "classification" or "regression".
    n_classes : classes, or the number of outputs of a regression.
    n : training rows.
    batch_size : rows a step.
    steps : planned steps; ``progress`` is a share of them.
    seed : of all random numbers, see :class:`~regularfit.nets.Stream`.
    device : where the model is.
    loss : of (logits, batch) to the mean loss; what adversarial and consistency terms differentiate.
    blocks : for tables, the encoded columns of each original one; empty elsewhere.
    pixels : for images that were centred and scaled, how; None where inputs are pixels as they are.
    step : steps done so far.
    scored : whether evaluations look at the weights (there are validation rows); else they are only kept.
    averages : the averages of the weights that are on, such as EMA's; each says whether it ``exists`` yet. They
        enter themselves when they start, and early stopping looks at them.
    draw : which forward pass of the step this is, 0 for the first; others have random numbers of their own.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    task: str = "classification"
    n_classes: int = 2
    n: int = 1
    batch_size: int = 1
    steps: int = 1
    seed: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    loss: Callable[[Tensor, Batch], Tensor] | None = None
    blocks: Sequence[Block] = ()
    pixels: Pixels | None = None
    step: int = 0
    scored: bool = True
    averages: list[Any] = field(default_factory=list)
    draw: int = 0

    @property
    def progress(self) -> float:
        """How far training is, from 0 (nothing done) to 1."""
        return min(self.step / max(self.steps, 1), 1.0)

    @property
    def epoch(self) -> float:
        """How many times the training rows have been seen."""
        return self.step * self.batch_size / max(self.n, 1)

    def stream(self, *purpose: str | int) -> Stream:
        """Return the random numbers of this run for a purpose, at its present step."""
        if self.draw:
            purpose = (*purpose, "draw", self.draw)
        return Stream.of(self.seed, *purpose).at(self.step)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a regulariser did at one moment, for the history and the report.

    Parameters
    ----------
    strength : its effective strength now (after schedules), or None where it has none.
    zeros : weights that are exactly zero because of it, or None where it makes none.
    acted : whether it has changed anything so far; None where that cannot be told. False at the end of a run
        is a warning: the regulariser had no effect.
    note : a short remark, such as how many rows were mixed.
    """

    strength: float | None = None
    zeros: int | None = None
    acted: bool | None = None
    note: str = ""


class Regulariser(ABC):
    """The base of every regulariser: frozen settings, checked when they are made, and :meth:`start`.

    ``phases`` names the phases of :data:`PHASES` that it acts in (documentation and order), ``passes`` how many
    forward and backward passes a step takes with it (SAM: 2).
    """

    phases: ClassVar[tuple[str, ...]] = ()

    @property
    def passes(self) -> float:
        """Forward and backward passes a step with it takes, on average; 1 for most."""
        return 1.0

    def prepare(self, model: nn.Module, seed: int) -> None:  # noqa: B027 - most need nothing
        """Change a model before its optimiser is made (VIB puts its layer in); most need nothing."""

    @abstractmethod
    def start(self, run: Run) -> Active:
        """Return what acts during one run. Settings that cannot work with this model or task are refused here."""

    def conflict(self, other: Regulariser) -> str | None:
        """Return why this one cannot be used together with another, or None. Asked both ways, before a run."""
        return None

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return instances on which every law in ``tests/nets/laws`` runs."""
        return [cls()]


class Active:
    """A regulariser at work in one run: all its state. Every method has a default that changes nothing."""

    def __init__(self, run: Run) -> None:
        """Remember the run."""
        self.run = run

    def data(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Change the training rows once, before the first step."""
        return X, y

    def batch(self, batch: Batch) -> Batch:
        """Return the batch that is trained on; the net is not asked."""
        return batch

    def inputs(self, batch: Batch) -> Batch:
        """Return the batch that is trained on; the net may be asked."""
        return batch

    def forward(self) -> AbstractContextManager[Any]:
        """Return a context that is open during the forward pass of a training step."""
        return nullcontext()

    def logits(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the outputs that the loss sees."""
        return logits

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Return the loss with this term added."""
        return loss

    def gradient(self) -> None:
        """Change the gradients (they are complete and not scaled)."""

    def step(self, closure: Callable[[], Tensor], update: Callable[[], None]) -> None:
        """Do the step: ``update()`` steps the optimiser, ``closure()`` makes gradients anew at the present weights."""
        update()

    def prox(self) -> None:
        """Act on the weights after the optimiser's step."""

    def average(self) -> None:
        """Take the new weights into an average."""

    def evaluate(self) -> AbstractContextManager[Any]:
        """Return a context in which the model holds the weights that are evaluated and kept; may be entered twice."""
        return nullcontext()

    def evaluated(self, scores: Mapping[str, float]) -> bool:
        """Look at the scores of an evaluation, inside its context; True asks training to stop."""
        return False

    def finish(self) -> None:
        """Leave the model as it is to be used: averages put in place, hooks taken off. Called however a run ends.

        In the order of the phases, and possibly twice: the second time changes nothing.
        """

    def effect(self) -> Effect:
        """Return what it has done so far."""
        return Effect()

    def state_dict(self) -> dict[str, Any]:
        """Return all state that a resumed run needs: tensors, numbers, strings, lists and dicts only."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state of an earlier run."""
