"""Noise on the inputs, in units of each column's own spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from ...errors import InputError
from .._settings import check_not_negative
from ..regulariser import Active, Batch, Block, Effect, Regulariser, Run
from ..schedules import schedule

__all__ = ["InputNoise"]


@dataclass(frozen=True)
class InputNoise(Regulariser):
    """Add Gaussian noise to the training inputs: to numeric columns of a table, or to the channels of images.

    For a linear model it is ridge regression; for a net it penalises how steeply the output changes with the input
    (Bishop, 1995). Categories are never disturbed: feature swap is for those. Evaluation sees clean rows.

    Parameters
    ----------
    scale : in units of each column's (or channel's) standard deviation over the training rows, >= 0; 0.01 to 0.5.
    schedule : of the scale, a name or a function of progress in [0, 1].

    Raises
    ------
    InputError
        If a setting is out of range, or the inputs are whole numbers such as tokens.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> X, y = torch.tensor([[0.0, 1.0], [2.0, 1.0]]), torch.tensor([0, 1])
    >>> model = nn.Linear(2, 2)
    >>> active = InputNoise(0.1).start(Run(model, torch.optim.SGD(model.parameters())))
    >>> _ = active.data(X, y)
    >>> seen = active.batch(Batch(X, y, rows=torch.arange(2))).X
    >>> bool((seen[:, 0] == X[:, 0]).any()), bool((seen[:, 1] == X[:, 1]).all())  # the second column does not vary
    (False, True)

    References
    ----------
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization.
    """

    scale: float = 0.1
    schedule: str | Callable[[float], float] = "constant"

    phases: ClassVar[tuple[str, ...]] = ("data", "batch")

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.scale, "InputNoise(scale)", "It counts standard deviations; 0.1 is usual.")
        schedule(self.schedule)

    def start(self, run: Run) -> Active:
        """Return what disturbs the inputs of this run."""
        return _InputNoise(run, self)

    @classmethod
    def examples(cls) -> Sequence[InputNoise]:
        """Return instances for the laws."""
        return [cls(), cls(0.5, "linear")]


class _InputNoise(Active):
    def __init__(self, run: Run, settings: InputNoise) -> None:
        super().__init__(run)
        self.settings, self.factor = settings, schedule(settings.schedule)
        self.spread: Tensor | None = None
        self.acted = False

    @property
    def strength(self) -> float:
        return float(self.settings.scale * self.factor(self.run.progress))

    def data(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if not X.is_floating_point():
            raise InputError(
                f"InputNoise disturbs numbers; these inputs are {X.dtype}, such as tokens. For text take "
                "augmentation by words, for categories FeatureSwap."
            )
        axes = [0, *range(2, X.dim())]
        deviation = X.std(axes, correction=0, keepdim=True)
        self.spread = deviation * _numeric(X.shape[1], self.run.blocks, X) if X.dim() == 2 else deviation
        return X, y

    def batch(self, batch: Batch) -> Batch:
        if self.spread is None:
            raise InputError(
                "InputNoise needs the training rows for its units; call data(X, y) before the first batch."
            )
        X = batch.X
        if self.strength == 0:
            return batch
        numbers = self.run.stream("input noise").normal(*X.shape, device=X.device).to(X.dtype)
        self.acted = self.acted or bool((self.spread > 0).any())
        return batch.with_(X=X + self.strength * self.spread.to(X.device, X.dtype) * numbers)

    def effect(self) -> Effect:
        note = "" if self.acted else "no numeric column that varies"
        return Effect(self.strength, acted=self.acted, note=note)

    def state_dict(self) -> dict[str, Any]:
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.acted = state["acted"]


def _numeric(columns: int, blocks: Sequence[Block], like: Tensor) -> Tensor:
    """Return 1 for numeric columns and 0 for others, (columns,); all are numeric where nobody says."""
    if not blocks:
        return like.new_ones(columns)
    numeric = like.new_zeros(columns)
    for block in blocks:
        if block.kind == "number":
            numeric[block.start : block.stop] = 1
    return numeric
