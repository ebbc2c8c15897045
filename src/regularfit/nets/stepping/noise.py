"""Noise on gradients and on weights, all of it from the run's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ...errors import InputError
from .._settings import check_not_negative
from ..parameters.targets import TargetLike, check_target, chosen
from ..regulariser import Active, Effect, Regulariser, Run
from ..schedules import schedule
from .shadow import shadowed

__all__ = ["GradientNoise", "WeightNoise"]


@dataclass(frozen=True)
class GradientNoise(Regulariser):
    r"""Add Gaussian noise, which dies away, to every gradient.

    .. math:: g \leftarrow g + N(0, \sigma_t^2), \quad \sigma_t^2 = \eta / (1 + t)^\gamma \text{ at step } t

    It helps very deep or badly initialised nets out of poor regions; a well-initialised small net seldom needs it. Its
    size is absolute, so it matters how large the gradients are.

    Parameters
    ----------
    eta : variance at the first step, >= 0; 0.01, 0.3 and 1 were used.
    gamma : how fast it dies away, >= 0.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> round(GradientNoise(eta=0.3).deviation(step=0), 3), round(GradientNoise(eta=0.3).deviation(step=1000), 3)
    (0.548, 0.082)

    References
    ----------
    Neelakantan et al. (2015), Adding gradient noise improves learning for very deep networks.
    """

    eta: float = 0.01
    gamma: float = 0.55

    phases: ClassVar[tuple[str, ...]] = ("gradient",)

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.eta, "GradientNoise(eta)", "It is a variance; 0 is none.")
        if isinstance(self.gamma, (bool, str)) or not 0 <= self.gamma < float("inf"):
            raise InputError(f"GradientNoise(gamma) must be a finite number >= 0; {self.gamma!r} was given.")

    def deviation(self, step: int) -> float:
        """Return the noise's standard deviation at a step."""
        return float((self.eta / (1 + step) ** self.gamma) ** 0.5)

    def start(self, run: Run) -> Active:
        """Return what disturbs the gradients of this run."""
        return _GradientNoise(run, self)

    @classmethod
    def examples(cls) -> Sequence[GradientNoise]:
        """Return instances for the laws."""
        return [cls(), cls(1.0, 0.0)]


class _GradientNoise(Active):
    def __init__(self, run: Run, settings: GradientNoise) -> None:
        super().__init__(run)
        self.settings, self.acted = settings, False

    @torch.no_grad()
    def gradient(self) -> None:
        deviation, place = self.settings.deviation(self.run.step), 0
        if deviation == 0:
            return
        # One row of numbers for all parameters, those without a gradient too, so that freezing one moves no other's.
        parameters = list(self.run.model.parameters())
        numbers = self.run.stream("gradient noise").normal(
            sum(p.numel() for p in parameters), device=self.run.device
        )
        for p in parameters:
            noise, place = numbers[place : place + p.numel()].view(p.shape), place + p.numel()
            if p.grad is None:
                continue
            if p.grad.is_sparse:
                raise InputError(
                    "GradientNoise needs dense gradients; make the embedding with sparse=False or leave it out."
                )
            p.grad.add_(noise.to(p.grad.device, p.grad.dtype), alpha=deviation)
            self.acted = True

    def effect(self) -> Effect:
        return Effect(self.settings.deviation(self.run.step), acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.acted = state["acted"]


@dataclass(frozen=True)
class WeightNoise(Regulariser):
    r"""Compute each training pass with weights that are a little off: w + scale rms(w) N(0, 1).

    rms is the root mean square of each weight tensor, so the same scale suits every layer. Gradients are taken at the
    disturbed weights and step the clean ones. It prefers flat minima, as SAM does, at the price of a single pass;
    dropout is the stronger remedy in wide layers.

    Parameters
    ----------
    scale : size relative to the weights, >= 0; 0.01 to 0.3.
    on : which parameters; by default every weight matrix and kernel, no bias and no norm.
    schedule : of the scale, a name or a function of progress in [0, 1].

    Raises
    ------
    InputError
        If a setting is out of range, or ``on`` matches no parameter.

    Examples
    --------
    >>> from torch import nn
    >>> model = nn.Linear(3, 1)
    >>> active = WeightNoise(0.1).start(Run(model, torch.optim.SGD(model.parameters())))
    >>> clean = model(torch.ones(1, 3))
    >>> with active.forward():
    ...     disturbed = model(torch.ones(1, 3))
    >>> bool(disturbed == clean), bool(model(torch.ones(1, 3)) == clean)
    (False, True)

    References
    ----------
    Graves (2011), Practical variational inference for neural networks.
    """

    scale: float = 0.1
    on: TargetLike = "weights"
    schedule: str | Callable[[float], float] = "constant"

    phases: ClassVar[tuple[str, ...]] = ("forward",)

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.scale, "WeightNoise(scale)", "It is relative to the weights; 0.1 is usual.")
        check_target(self.on, "WeightNoise")
        schedule(self.schedule)

    def start(self, run: Run) -> Active:
        """Return what disturbs the weights of this run."""
        return _WeightNoise(run, self)

    @classmethod
    def examples(cls) -> Sequence[WeightNoise]:
        """Return instances for the laws."""
        return [cls(), cls(0.3, on="inputs"), cls(0.2, schedule="linear")]


class _WeightNoise(Active):
    def __init__(self, run: Run, settings: WeightNoise) -> None:
        super().__init__(run)
        self.settings, self.factor = settings, schedule(settings.schedule)
        self.targets = chosen(run.model, settings.on, "WeightNoise")
        self.acted = False

    @property
    def strength(self) -> float:
        return float(self.settings.scale * self.factor(self.run.progress))

    def forward(self) -> AbstractContextManager[Any]:
        noisy: dict[str, Tensor] = {}
        if self.strength == 0:
            return nullcontext()
        for i, role in enumerate(self.targets):
            w = role.parameter
            numbers = self.run.stream("weight noise", i).normal(*w.shape, device=w.device).to(w.dtype)
            size = self.strength * w.detach().square().mean().sqrt()
            disturbed = w + size * numbers
            noisy.update(dict.fromkeys((role.name, *role.also), disturbed))
        self.acted = True
        return shadowed(self.run.model, noisy)

    def effect(self) -> Effect:
        return Effect(self.strength, acted=self.acted, note=f"on {len(self.targets)} weights")

    def state_dict(self) -> dict[str, Any]:
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.acted = state["acted"]
