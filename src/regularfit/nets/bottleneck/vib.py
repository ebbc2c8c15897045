"""The regulariser: puts the bottleneck into a net, and prices what it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..._checks import check_fraction
from ...errors import UnsupportedError
from .._settings import check_count, check_not_negative
from ..evaluation.modes import evaluating
from ..randomness import Stream
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from ..terms.divergence import weighted_mean
from .layer import Bottleneck

__all__ = ["VIB", "Pricing", "sampled_probabilities"]


@dataclass(frozen=True)
class VIB(Regulariser):
    r"""Let the net keep only what it needs of its input: a price on the information in a noisy code.

    .. math:: \bar l(y \mid z) + \beta \; \overline{\mathrm{KL}\left( N(\mu(x), \sigma(x)^2) \,\|\, N(0, 1) \right)}

    Both are means over rows; the KL is in nats per example, summed over the code. Its mean bounds I(Z; X) and is
    reported. Prefer it to see how much the labels need to know, and against overfitting and attacks on wide nets;
    :func:`~regularfit.nets.beta_path` tries many beta.

    Parameters
    ----------
    beta : >= 0 against the mean cross entropy; 1e-4 to 1e-1 is usual. Where it is too large the code tells nothing.
    dim : numbers of the code, >= 1; set where :meth:`insert` puts the layer.
    warmup : the share of training in which beta rises from 0, 0 to 1; a full price at once can empty the code for good.

    Raises
    ------
    InputError
        If a setting is out of range.
    UnsupportedError
        When a run starts, if the model has no bottleneck.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    >>> VIB(1e-3, dim=8).insert(net)[2]
    Sequential(
      (0): Bottleneck(
        size=8
        (encoder): Linear(in_features=100, out_features=16, bias=True)
      )
      (1): Linear(in_features=8, out_features=10, bias=True)
    )

    References
    ----------
    Alemi, A. A., Fischer, I., Dillon, J. V. and Murphy, K. (2017). Deep variational information bottleneck. ICLR.
    """

    phases: ClassVar[tuple[str, ...]] = ("forward", "loss")

    beta: float = 1e-3
    dim: int = 32
    warmup: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.beta, "VIB(beta)", "It weighs nats per example against the mean loss.")
        check_fraction(self.warmup, "VIB(warmup)")
        object.__setattr__(self, "dim", check_count(self.dim, "VIB(dim)"))

    def beta_at(self, progress: float) -> float:
        """Return the price at a share of training.

        >>> VIB(1.0, warmup=0.5).beta_at(0.25)
        0.5
        """
        return self.beta if self.warmup == 0 else self.beta * min(progress / self.warmup, 1.0)

    def insert(self, model: nn.Module, seed: int = 0) -> nn.Module:
        """Put a bottleneck before the last linear layer of a model, in place, and return it; once is enough.

        Call it before the optimiser is made: the layer has weights of its own, drawn from the seed. The last layer
        is replaced by one that reads the code.

        Raises
        ------
        UnsupportedError
            If there is no linear layer inside the model.
        """
        if _bottlenecks(model):
            return model
        linear = [(name, m) for name, m in model.named_modules() if isinstance(m, nn.Linear) and name]
        if not linear:
            raise UnsupportedError(
                "VIB puts its code before the last nn.Linear inside a model, and there is none; build the model "
                "with a Bottleneck(inputs, size) layer."
            )
        name, last = linear[-1]
        code = Bottleneck(last.in_features, self.dim, seed)
        read = nn.Linear(self.dim, last.out_features, bias=last.bias is not None)
        for place, layer in enumerate((code.encoder, read)):
            _initialise(layer, seed, place)
        parent, _, child = name.rpartition(".")
        new = nn.Sequential(code, read).to(last.weight.device, last.weight.dtype).train(last.training)
        setattr(model.get_submodule(parent), child, new)
        return model

    def prepare(self, model: nn.Module, seed: int) -> None:
        """Put the bottleneck into a model that has none."""
        self.insert(model, seed)

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        if not _bottlenecks(run.model):
            raise UnsupportedError(
                "VIB found no bottleneck in the model; before the optimiser is made, call "
                f"VIB(dim={self.dim}).insert(model), or build the model with a Bottleneck layer."
            )
        return Pricing(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second price."""
        if isinstance(other, VIB) and other is not self:
            return "two prices on one code; keep one"
        return None

    @classmethod
    def examples(cls) -> list[VIB]:
        """Return instances for the laws."""
        return [cls(), cls(0.5, 2, 0.5)]


class Pricing(Active):
    """Gives the layers the run's random numbers, and adds their nats."""

    def __init__(self, run: Run, settings: VIB) -> None:
        """Find the layers."""
        super().__init__(run)
        self.settings, self.layers = settings, _bottlenecks(run.model)
        self.told: dict[int, Tensor] = {}  # by layer, of the first pass of a step
        self.nats: Tensor | None = None  # the latest mean, read only when asked

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Let the codes be drawn from the run's random numbers."""
        self.told = {}
        handles = [layer.register_forward_pre_hook(self._give) for layer in self.layers]
        handles += [layer.register_forward_hook(self._take) for layer in self.layers]
        try:
            yield
        finally:
            self.told = {}
            for handle in handles:
                handle.remove()
            for layer in self.layers:
                layer.stream = None
                layer.nats = None  # with its graph, which nobody needs after the step

    def _give(self, layer: nn.Module, _: Any) -> None:
        layer.stream = self.run.stream("bottleneck", self._place(layer))  # pyright: ignore[reportArgumentType]

    def _take(self, layer: nn.Module, *_: Any) -> None:
        if self.run.draw == 0 and layer.training and isinstance(layer, Bottleneck) and layer.nats is not None:
            self.told[self._place(layer)] = layer.nats

    def _place(self, layer: nn.Module) -> int:
        return next(i for i, known in enumerate(self.layers) if known is layer)

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Add the price."""
        told = list(self.told.values())
        if not told:
            return loss
        return loss + self.price(torch.stack(told).sum(0), batch)

    def price(self, told: Tensor, batch: Batch) -> Tensor:
        """Return what is paid for the nats of the rows, (b,)."""
        mean = weighted_mean(told, batch.weight)
        self.nats = mean.detach()
        return self.settings.beta_at(self.run.progress) * mean

    def effect(self) -> Effect:
        """Return beta, and the bound on the information."""
        note = "" if self.nats is None else f"I(Z; X) <= {float(self.nats):.3g} nats an example"
        return Effect(self.settings.beta_at(self.run.progress), acted=self.nats is not None, note=note)

    def state_dict(self) -> dict[str, Any]:
        """Return the latest bound."""
        return {} if self.nats is None else {"nats": self.nats.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        self.nats = state.get("nats")


def sampled_probabilities(model: nn.Module, X: Tensor, samples: int = 12, seed: int = 0) -> Tensor:
    """Return class probabilities averaged over sampled codes, (n, classes); the mean code alone is the plain predict.

    Parameters
    ----------
    model : a classifier with a bottleneck.
    X : rows.
    samples : codes a row, >= 1.
    seed : of the codes.

    Raises
    ------
    UnsupportedError
        If the model has no bottleneck.
    """
    layers = _bottlenecks(model)
    if not layers:
        raise UnsupportedError(
            "sampled_probabilities needs a model with a Bottleneck layer; this one has none."
        )
    samples = check_count(samples, "samples")
    total: Tensor | None = None
    try:
        with evaluating(model), torch.no_grad():
            for draw in range(samples):
                for place, layer in enumerate(layers):
                    layer.sampling, layer.stream = True, Stream.of(seed, "bottleneck", place).at(draw)
                p = model(X).softmax(dim=1)
                total = p if total is None else total + p
    finally:
        for layer in layers:
            layer.sampling, layer.stream = False, None
    assert total is not None
    return total / samples


def _bottlenecks(model: nn.Module) -> list[Bottleneck]:
    return [module for module in model.modules() if isinstance(module, Bottleneck)]


def _initialise(layer: nn.Linear, seed: int, place: int) -> None:
    """Draw weights and biases evenly within 1 / sqrt(inputs), as torch does, from the seed."""
    bound = layer.in_features**-0.5
    stream = Stream.of(seed, "init", "bottleneck", place)
    with torch.no_grad():
        layer.weight.copy_(bound * (2.0 * stream.at(0).uniform(*layer.weight.shape) - 1.0))
        if layer.bias is not None:
            layer.bias.copy_(bound * (2.0 * stream.at(1).uniform(*layer.bias.shape) - 1.0))
