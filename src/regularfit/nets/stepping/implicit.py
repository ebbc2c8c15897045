"""Implicit regularisation made visible: how noisy gradients are, and adding noise back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ...errors import InputError
from .._settings import check_not_negative
from ..evaluation.batch_stats import freeze_batch_stats
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from ..torch_numbers import TorchNumbers

__all__ = ["NoiseScale", "SGDNoise", "Tally", "gradient_of", "noise_scale"]


@dataclass(frozen=True, slots=True)
class NoiseScale:
    """How noisy gradients are.

    Parameters
    ----------
    trace : tr(Sigma), the summed variance of one row's gradient.
    signal : the squared norm of the true gradient; unbiased, so it may be negative where that drowns in noise.
    rows : rows that the estimate saw.
    """

    trace: float
    signal: float
    rows: int

    @property
    def scale(self) -> float:
        """The simple noise scale tr(Sigma) / |G|^2 in rows; infinite where the gradient drowns in its noise."""
        return self.trace / self.signal if self.signal > 0 else math.inf

    @property
    def suggested(self) -> int:
        """The power of two nearest to the scale, at most the rows seen: larger batches gain little."""
        largest = 2 ** int(math.log2(max(self.rows, 1)))
        return largest if self.scale >= largest else 2 ** max(round(math.log2(max(self.scale, 1.0))), 0)


def noise_scale(model: nn.Module, loss: Callable[[Any], Tensor], batches: Iterable[Any]) -> NoiseScale:
    r"""Return the gradient-noise scale of a model at its present weights.

    .. math:: B = \operatorname{tr}(\Sigma) / |G|^2

    Batches much smaller than B rows step in almost random directions, much larger ones waste rows. With g_i the
    gradient of batch i of n_i rows and g that of all N rows,

    .. math:: E\|g_i\|^2 = \|G\|^2 + \operatorname{tr}(\Sigma) / n_i, \quad
              E\|g\|^2 = \|G\|^2 + \operatorname{tr}(\Sigma) / N

    which gives unbiased estimates of both parts (McCandlish, Kaplan & Amodei, 2018). The model's gradients, norm
    statistics and mode, and torch's random numbers, are left as they were.

    Parameters
    ----------
    model : the net, in the mode in which it is trained.
    loss : of a batch to the MEAN loss of its rows: ``lambda batch: cross_entropy(model(batch[0]), batch[1])``.
    batches : at least two; a tensor, or a tuple whose first part has the rows as its first axis.

    Raises
    ------
    InputError
        If there are fewer than two batches.

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.zeros_(model.weight)
    >>> y = torch.tensor([1.0, 3.0, 2.0, 2.0])
    >>> found = noise_scale(model, lambda y: (model(torch.ones(len(y), 1))[:, 0] - y).square().mean() / 2, y.split(1))
    >>> round(found.trace, 4), round(found.signal, 4)  # var(y), mean(y)^2 - var(y) / 4
    (0.6667, 3.8333)
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    tally = Tally()
    numbers = TorchNumbers(next((p.device for p in parameters), torch.device("cpu")))
    with freeze_batch_stats(model), torch.enable_grad():
        for batch in batches:
            tally.add(gradient_of(loss(batch), parameters), _rows(batch))
    numbers.restore()
    return tally.estimate("noise_scale")


class Tally:
    """Squared norms of the gradients of batches, and the sum of the gradients, weighted by rows."""

    def __init__(self) -> None:
        """Start empty."""
        self.squares: list[float] = []
        self.rows: list[int] = []
        self.total: list[Tensor] = []

    def add(self, gradient: list[Tensor], rows: int) -> None:
        """Take the gradient of the mean loss of some rows."""
        self.squares.append(_square(gradient))
        self.rows.append(rows)
        if not self.total:
            self.total = [g * rows for g in gradient]
        else:
            for total, part in zip(self.total, gradient, strict=True):
                total.add_(part, alpha=rows)

    def estimate(self, what: str) -> NoiseScale:
        """Return both parts; ``what`` is who asks, for the message."""
        if len(self.squares) < 2:
            raise InputError(
                f"{what} compares batches, so it needs at least two; {len(self.squares)} were given."
            )
        n = sum(self.rows)
        small, large = sum(self.squares) / len(self.squares), _square(self.total) / n**2
        inverse = sum(1 / rows for rows in self.rows) / len(self.rows)
        trace = (small - large) / (inverse - 1 / n)
        return NoiseScale(trace, large - trace / n, n)


def _square(tensors: Iterable[Tensor]) -> float:
    return float(sum(t.double().square().sum().cpu() for t in tensors))


def gradient_of(loss: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """Return the gradient of a loss, and leave ``.grad`` alone."""
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)]


def _rows(batch: Any) -> int:
    while not isinstance(batch, Tensor):
        batch = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return len(batch)


@dataclass(frozen=True)
class SGDNoise(Regulariser):
    r"""Give large batches the gradient noise of small ones, at no cost: random weights on the rows of a batch.

    .. math:: w_i \leftarrow w_i (1 + \text{scale} \cdot \xi_i), \quad \xi \sim N(0, 1) \text{ less its mean}

    The gradient stays unbiased and its noise keeps its shape; its covariance grows to (1 + scale^2) times that of the
    batch, as if the batch had 1 + scale^2 times fewer rows. For batches that are large for the sake of speed; where
    small batches are affordable, take those.

    Parameters
    ----------
    scale : standard deviation of the weights, >= 0; 1 for the noise of half the batch, 3 for that of a tenth.

    Raises
    ------
    InputError
        If the scale is negative.

    Examples
    --------
    >>> model = nn.Linear(1, 1)
    >>> active = SGDNoise(1.0).start(Run(model, torch.optim.SGD(model.parameters())))
    >>> batch = Batch(torch.zeros(8, 1), torch.zeros(8), rows=torch.arange(8))
    >>> round(active.batch(batch).weight.sum().item(), 4)
    8.0

    References
    ----------
    Wu, Hu, Xiong, Huan, Braverman & Zhu (2020), On the noisy gradient descent that generalizes as SGD.
    """

    scale: float = 1.0

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    def __post_init__(self) -> None:
        """Check the scale."""
        check_not_negative(self.scale, "SGDNoise(scale)", "1 gives the noise of half the batch.")

    def start(self, run: Run) -> Active:
        """Return what weights the rows of this run."""
        return _SGDNoise(run, self)

    @classmethod
    def examples(cls) -> Sequence[SGDNoise]:
        """Return instances for the laws."""
        return [cls(), cls(3.0)]


class _SGDNoise(Active):
    def __init__(self, run: Run, settings: SGDNoise) -> None:
        super().__init__(run)
        self.scale, self.acted = float(settings.scale), False

    def batch(self, batch: Batch) -> Batch:
        b = len(batch.X)
        if b < 2 or self.scale == 0:
            return batch  # one row has nothing to be weighed against
        kind = batch.X.dtype if batch.X.is_floating_point() else torch.float32
        weight = batch.X.new_ones(b, dtype=kind) if batch.weight is None else batch.weight
        xi = self.run.stream("sgd noise").normal(b, device=weight.device).to(weight.dtype)
        # less the weighted mean, so that the weights keep their sum, by which the loss is divided
        xi = (xi - (weight * xi).sum() / weight.sum()) * (b / (b - 1)) ** 0.5
        self.acted = True
        return batch.with_(weight=weight * (1 + self.scale * xi))

    def effect(self) -> Effect:
        rows = self.run.batch_size / (1 + self.scale**2)
        return Effect(self.scale, acted=self.acted, note=f"noise as of batches of {rows:.3g} rows")

    def state_dict(self) -> dict[str, Any]:
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.acted = state["acted"]
