"""Variational dropout: Gaussian noise whose variance is learned, held up by a divergence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..._checks import check_choice, check_positive
from ...errors import InputError
from ..randomness import Stream
from ..regulariser import Batch, Effect, Regulariser, Run
from ..schedules import schedule
from .at_layers import AtInputs, Change, Rate
from .dropout import Dropping
from .gaussian import multiply_by_noise

__all__ = ["VariationalDropout", "divergence", "width_of"]

# Kingma, Salimans & Welling (2015), equation 14, for variances up to 1
_CUBIC = (1.16145124, -1.50204118, 0.58629921)


def divergence(log_alpha: Tensor) -> Tensor:
    """Return KL(q || p) of one unit in nats: noise N(1, alpha), alpha <= 1, against the log-uniform prior.

    Up to a constant, chosen so that it is 0 at alpha = 1 (the most noise that is allowed).

    >>> divergence(torch.tensor([0.25, 1.0]).log()).round(decimals=2) + 0.0
    tensor([0.7300, 0.0000])
    """
    alpha = log_alpha.exp()
    series = sum(c * (alpha**k - 1) for k, c in enumerate(_CUBIC, start=1))
    return -(0.5 * log_alpha + series)


def width_of(layer: nn.Module) -> int:
    """Return how many inputs (or channels) a weight layer takes."""
    return int(layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels)  # pyright: ignore


@dataclass(frozen=True)
class VariationalDropout(Dropping):
    r"""Gaussian dropout that learns its own rate: the data ask for less noise, the divergence for more.

    .. math:: x' = \xi x, \quad \xi \sim N(1, \alpha), \qquad
              \mathrm{loss}' = \mathrm{loss} + \frac{s}{n} \sum_\mathrm{units} \mathrm{KL}(\alpha)

    KL is in nats, over the n training rows, so that with ``strength=1`` the loss is the variational bound a row. The
    variances are parameters of the run's optimiser, alpha <= 1, and are not part of the model: it is used without
    noise. Prefer it where the rate is not worth a search; prefer :class:`Dropout` where it is cheap to search, as in
    lockstep. On few rows the divergence wins and the noise grows to alpha = 1, as dropout of 0.5.

    Parameters
    ----------
    p : the rate at the start, alpha = p / (1 - p): above 0, at most 0.5.
    strength : of the divergence, > 0.
    by : "layers" for one variance a layer, "units" for one an input of every layer.
    input_p : must be 0; shape : the start by depth; schedule : of the strength.

    Raises
    ------
    InputError
        If ``p`` is not in (0, 0.5], the strength is not positive, or a name is unknown.

    Examples
    --------
    >>> VariationalDropout(0.1, by="units").by
    'units'

    References
    ----------
    Kingma, D., Salimans, T. and Welling, M. (2015). Variational dropout and the local reparameterization trick.
    NeurIPS.
    """

    phases: ClassVar[tuple[str, ...]] = ("forward", "loss", "prox")

    strength: float = 1.0
    by: str = "layers"

    def __post_init__(self) -> None:
        """Check everything."""
        super().__post_init__()
        if not 0 < self.p <= 0.5:
            raise InputError(f"VariationalDropout(p) must be above 0 and at most 0.5; {self.p:g} was given.")
        if self.input_p:
            raise InputError("VariationalDropout acts on hidden units; input_p must be 0.")
        check_positive(self.strength, "VariationalDropout(strength)")
        check_choice(self.by, ["layers", "units"], "VariationalDropout(by)")

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return one a layer and one a unit."""
        return [cls(), cls(0.4, by="units", shape="funnel")]

    def active(self, run: Run, rate: Rate, in_eval: bool) -> _Variational:
        """Return the hooks, and give the variances to the optimiser."""
        return _Variational(run, self.change, lambda place, _: float(place > 0), self, in_eval=in_eval)


class _Variational(AtInputs):
    """The variances, and their divergence in the loss."""

    def __init__(
        self, run: Run, change: Change, rate: Rate, settings: VariationalDropout, *, in_eval: bool = False
    ) -> None:
        """Make one variance a layer or unit."""
        super().__init__(run, change, rate, in_eval=in_eval)
        self.settings, self.log_alpha = settings, {}
        starts = settings.rates(len(self.layers))
        for i, (name, layer) in enumerate(self.layers):
            p = starts[max(i, 1)] if len(starts) > 1 else settings.p
            shape = (width_of(layer),) if settings.by == "units" else ()
            start = torch.full(shape, math.log(p / (1 - p)), device=run.device)
            self.log_alpha[name] = nn.Parameter(start)
        self.names = {layer: name for name, layer in self.layers}
        self._enlist()

    def _enlist(self) -> None:
        """Give the variances to the optimiser, without decay."""
        first = self.run.optimizer.param_groups[0]
        group: dict[str, Any] = {"params": list(self.log_alpha.values())}
        if "param_names" in first:
            group["params"] = [(f"log_alpha.{name}", value) for name, value in self.log_alpha.items()]
        group |= {
            key: first[key] for key in ("lr", "initial_lr") if key in first
        }  # as the weights' rates move
        if "weight_decay" in self.run.optimizer.defaults:
            group["weight_decay"] = 0.0
        self.run.optimizer.add_param_group(group)

    def noisy(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the input times noise of the learned variance."""
        log_alpha = self.log_alpha[self.names[layer]].clamp(max=0.0)
        if self.settings.by == "units" and not isinstance(layer, nn.Linear):
            log_alpha = log_alpha.reshape(-1, *[1] * (x.ndim - 2))
        return multiply_by_noise(x, stream, log_alpha.exp().to(x.dtype))

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Return the loss with the divergence a row."""
        used = [layer for layer, place in self.order.items() if place > 0]
        total = loss.new_zeros(())
        for layer in used:
            nats = divergence(self.log_alpha[self.names[layer]])
            total = total + (nats.sum() if self.settings.by == "units" else width_of(layer) * nats)
        factor = schedule(self.settings.schedule)(self.run.progress)
        return loss + factor * self.settings.strength / self.run.n * total

    def prox(self) -> None:
        """Keep the variances at 1 or below, where the divergence holds."""
        with torch.no_grad():
            for value in self.log_alpha.values():
                value.clamp_(max=0.0)

    def effect(self) -> Effect:
        """Return the mean rate that was learned."""
        with torch.no_grad():
            alphas = [
                float(self.log_alpha[self.names[layer]].exp().mean())
                for layer in self.order
                if self.order[layer]
            ]
        mean = sum(alphas) / len(alphas) if alphas else self.settings.p / (1 - self.settings.p)
        return Effect(strength=mean / (1 + mean), acted=self.acted, note="the mean rate that was learned")

    def state_dict(self) -> dict[str, Any]:
        """Return order and variances."""
        variances = {name: value.detach().clone() for name, value in self.log_alpha.items()}
        return {**super().state_dict(), "log_alpha": variances}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up order and variances."""
        super().load_state_dict(state)
        with torch.no_grad():
            for name, value in state["log_alpha"].items():
                self.log_alpha[name].copy_(value)
