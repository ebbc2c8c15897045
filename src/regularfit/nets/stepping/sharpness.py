"""Sharpness-aware minimisation: step by the gradient at the worst weights nearby."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..._checks import check_positive
from ...errors import InputError, UnsupportedError
from .._settings import check_not_negative
from ..evaluation.batch_stats import freeze_batch_stats
from ..regulariser import Active, Effect, Regulariser, Run
from ..torch_numbers import TorchNumbers
from .perturbation import Perturbation

__all__ = ["SAM", "SAMOptimizer"]


@dataclass(frozen=True)
class SAM(Regulariser):
    r"""Step by the gradient that the loss has where it is worst within ``rho`` of the weights.

    .. math:: w \leftarrow w - \text{step}(\nabla L(w + e)), \qquad
              e = \rho \, g / \|g\| \quad\text{or, adaptive,}\quad e = \rho \, T^2 g / \|T g\|, \; T = |w| + \eta

    with g the gradient at w. It finds flat minima, which generalise better under label noise and in large nets. It
    costs a second forward and backward pass in every step that uses it: ``every=2`` costs half of that. Prefer EMA
    where time is short. Norm statistics do not see the second pass, and dropout draws the same mask in both.

    Clipping belongs to the gradient that is stepped by, the second one: as a regulariser this is so by itself, in a
    loop of your own give :meth:`wrap` ``clip=``. Clipping the first one by its norm would change nothing.

    Parameters
    ----------
    rho : how far away the worst weights are sought, >= 0; 0.05 is usual, with ``adaptive`` about ten times that. 0 is
        the optimiser alone, for grids.
    adaptive : measure the distance relative to each weight (ASAM), which makes it independent of the weights' scale.
    every : use it in every so-manieth step, >= 1.
    eta : added to \|w\| in the adaptive distance, > 0, so that weights at zero can move.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> model = nn.Linear(2, 1)
    >>> optimizer = SAM(rho=0.05).wrap(torch.optim.SGD(model.parameters(), lr=0.1), model)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     loss.backward()
    ...     return loss
    >>> first = [float(optimizer.step(closure)) for _ in range(20)]
    >>> first[-1] < first[0]
    True

    References
    ----------
    Foret, Kleiner, Mobahi & Neyshabur (2021), Sharpness-aware minimization for efficiently improving generalization;
    Kwon, Kim, Park & Choi (2021), ASAM.
    """

    rho: float = 0.05
    adaptive: bool = False
    every: int = 1
    eta: float = 0.01

    phases: ClassVar[tuple[str, ...]] = ("forward", "step")

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.rho, "SAM(rho)", "0.05 is usual, 0 is none.")
        check_positive(self.eta, "SAM(eta)")
        if isinstance(self.every, bool) or not isinstance(self.every, Integral) or self.every < 1:
            raise InputError(
                f"SAM(every) counts steps and must be a whole number >= 1; {self.every!r} was given."
            )

    @property
    def passes(self) -> float:
        """Forward and backward passes a step, on average."""
        return 1.0 + 1.0 / self.every if self.rho > 0 else 1.0

    def due(self, count: int) -> bool:
        """Tell whether it is used in a step, given how many there were before."""
        return self.rho > 0 and count % self.every == 0

    def perturbation(self, parameters: Sequence[Tensor]) -> Perturbation:
        """Return what moves some parameters to the worst place nearby."""
        return Perturbation(parameters, float(self.rho), float(self.eta) if self.adaptive else None)

    def start(self, run: Run) -> Active:
        """Return what perturbs the weights of this run."""
        return _Sharpness(run, self)

    def wrap(
        self,
        optimizer: torch.optim.Optimizer,
        model: nn.Module,
        *,
        scaler: Any = None,
        clip: Callable[[Sequence[Tensor]], Any] | None = None,
    ) -> SAMOptimizer:
        """Return an optimiser for a loop of your own, whose ``step(closure)`` does both passes.

        Parameters
        ----------
        optimizer : any torch optimiser, or a proximal one, which then acts after the second pass.
        model : the net, for its norm statistics.
        scaler : a ``torch.amp.GradScaler``; then the closure calls ``scaler.scale(loss).backward()``, and you call
            ``scaler.update()`` after the step, as always.
        clip : of a list of parameters, such as ``GradClip(1.0)``: acts on the second gradient, unscaled.
        """
        return SAMOptimizer(self, optimizer, model, scaler, clip)

    def conflict(self, other: Regulariser) -> str | None:
        """Two of them would perturb twice."""
        return "there can be one SAM only" if isinstance(other, SAM) else None

    @classmethod
    def examples(cls) -> Sequence[SAM]:
        """Return instances for the laws."""
        return [cls(), cls(0.5, adaptive=True), cls(0.1, every=2)]


class SAMOptimizer:
    """What :meth:`SAM.wrap` returns: ``step(closure)`` makes gradients, climbs, makes them anew, comes back and steps.

    The closure clears the gradients, computes the loss, calls ``backward()`` and returns the loss, as for L-BFGS.
    Schedule the learning rate of the optimiser that was wrapped; it is ``.optimizer``.
    """

    def __init__(
        self,
        settings: SAM,
        optimizer: torch.optim.Optimizer,
        model: nn.Module,
        scaler: Any = None,
        clip: Callable[[Sequence[Tensor]], Any] | None = None,
    ) -> None:
        """Wrap an optimiser."""
        if isinstance(optimizer, torch.optim.LBFGS):
            raise UnsupportedError(
                "SAM cannot wrap LBFGS, whose step makes many gradients; take SGD or AdamW."
            )
        self.settings, self.optimizer, self.model = settings, optimizer, model
        self.scaler, self.clip, self.count = scaler, clip, 0
        self._perturbation = settings.perturbation(self._parameters())

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of the wrapped optimiser."""
        return self.optimizer.param_groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients."""
        self.optimizer.zero_grad(set_to_none=set_to_none)

    def step(self, closure: Callable[[], Tensor]) -> Tensor:
        """Do a step; return the loss at the weights where it began.

        Gradients that are not finite are stepped by as they are: a ``scaler`` skips them and lowers its scale.
        """
        place = next((p.device for p in self._parameters()), torch.device("cpu"))
        numbers = TorchNumbers(place) if self.settings.due(self.count) else None
        with torch.enable_grad():
            loss = closure()
        if numbers is not None:
            _second_gradient(self._perturbation, self.model, numbers, closure)
        self.count += 1
        self._update()
        return loss.detach()

    def _update(self) -> None:
        if self.scaler is not None and self.clip is not None:
            self.scaler.unscale_(self.optimizer)
        if self.clip is not None:
            self.clip([p for p in self._parameters() if p.grad is not None])
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the wrapped optimiser and the count of steps."""
        return {"optimizer": self.optimizer.state_dict(), "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where an earlier run was."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.count = state["count"]


def _second_gradient(
    perturbation: Perturbation, model: nn.Module, numbers: TorchNumbers | None, closure: Callable[[], Any]
) -> bool:
    """Replace the gradients by those at the worst weights nearby; return whether that could be done."""
    if not perturbation.away():
        return False
    try:
        with ExitStack() as stack:
            stack.enter_context(freeze_batch_stats(model))
            if numbers is not None:
                stack.enter_context(numbers.again())
            stack.enter_context(torch.enable_grad())
            for p in perturbation.parameters:
                p.grad = None  # a closure that forgets it would add the second gradient to the first
            closure()
    finally:
        perturbation.back()
    return True


class _Sharpness(Active):
    """SAM in a run: the closure of the trainer makes, clips and disturbs gradients as the first pass did."""

    def __init__(self, run: Run, settings: SAM) -> None:
        super().__init__(run)
        parameters = [p for p in run.model.parameters() if p.requires_grad]
        self.settings, self.count, self.used = settings, 0, 0
        self._perturbation = settings.perturbation(parameters)
        self._numbers: TorchNumbers | None = None
        self._second = False

    def forward(self) -> AbstractContextManager[Any]:
        if not self._second and self.settings.due(self.count):  # copying the state takes its time
            self._numbers = TorchNumbers(self.run.device)
        return nullcontext()

    def step(self, closure: Callable[[], Tensor], update: Callable[[], None]) -> None:
        if self.settings.due(self.count):
            self._second = True
            try:
                self.used += _second_gradient(self._perturbation, self.run.model, self._numbers, closure)
            finally:
                self._second = False
        self.count += 1
        update()

    def effect(self) -> Effect:
        return Effect(
            float(self.settings.rho),
            acted=self.used > 0,
            note=f"second gradient in {self.used} of {self.count} steps",
        )

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count, "used": self.used}

    def load_state_dict(self, state: Any) -> None:
        self.count, self.used = state["count"], state["used"]
