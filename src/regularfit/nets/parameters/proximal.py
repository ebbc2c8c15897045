"""A torch optimiser with penalties, for a training loop of one's own: exact zeros after every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn, optim

from ...errors import InputError
from ...penalties import Penalty
from ..regulariser import Effect, Regulariser, Run
from .on_parameters import OnParameters, OnSteps, check_optimizer, check_overlaps, in_order
from .penalise import as_regulariser
from .roles import roles

__all__ = ["Proximal"]

KEY = "regularfit"  # where its own state lies in the optimiser's state_dict


class Proximal(optim.Optimizer):
    r"""Wrap an optimiser: after each of its steps the penalties act, in the metric of that step.

    ``Proximal(torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0), L1(1e-4), net)`` is used as the
    optimiser itself: ``zero_grad``, ``step``, learning-rate schedulers, ``torch.amp.GradScaler`` (a step that the
    scaler leaves out leaves out the penalties too), ``state_dict``. Parameters that an optimiser does not move in a
    step, for want of a gradient, are not touched.

    Prefer it in a loop of your own; ``Trainer`` takes the same penalties in its list.

    Parameters
    ----------
    optimizer : SGD, Adam, AdamW, NAdam, RAdam, Adamax, Adagrad or RMSprop, in any of torch's implementations; for
        others see :func:`~regularfit.nets.register_step_metric`. AdamW decays everything by 0.01 unless
        it is made with ``weight_decay=0`` or with :func:`~regularfit.nets.decay_groups`: that is refused.
    penalty : a penalty (of all weights), ``Penalise(penalty, on=...)``, ``Grouped``, ``WeightDecay``, ``MaxNorm``,
        ``Spectral``, ``Orthogonal``, or a list of them. They act in this order: decay, penalties, constraints.
    model : the net whose parameters the optimiser steps.

    Raises
    ------
    InputError
        If two decays or two penalties meet on one parameter, the optimiser decays on its own what it should not, or
        a chosen parameter is not in it.
    UnsupportedError
        If the optimiser's metric is not known, or a penalty is no sum over weights.

    Examples
    --------
    >>> from regularfit import L1
    >>> net = nn.Linear(3, 1)
    >>> optimizer = Proximal(torch.optim.SGD(net.parameters(), lr=1.0), L1(10.0), net)
    >>> net(torch.ones(1, 3)).sum().backward()
    >>> optimizer.step()
    >>> optimizer.zeros
    {'weight': 3}
    """

    _step_supports_amp_scaling = (
        False  # a scaler then unscales first, and leaves out the whole step if it must
    )

    def __init__(
        self,
        optimizer: optim.Optimizer,
        penalty: Penalty | Regulariser | Sequence[Penalty | Regulariser],
        model: nn.Module,
    ) -> None:
        """Check everything against the model and start."""
        if not isinstance(optimizer, optim.Optimizer) or isinstance(optimizer, Proximal):
            raise InputError(
                f"Proximal(optimizer={type(optimizer).__name__}): give a plain torch.optim optimizer."
            )
        given = penalty if isinstance(penalty, Sequence) else [penalty]
        if not given:
            raise InputError("Proximal: the list of penalties is empty; use the optimizer as it is.")
        self.optimizer = optimizer  # first: everything that this class has not is looked up there
        self.model = model
        self.regularisers = tuple(in_order([_acting(item) for item in given]))
        check_overlaps(model, self.regularisers)
        check_optimizer(optimizer, model)
        run = Run(model, optimizer, device=_device(model))
        self._run = run
        self._active = [regulariser.start(run) for regulariser in self.regularisers]

    # ------------------------------------------------------------ what an optimiser does

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The groups of the wrapped optimiser, which schedulers write to."""
        return self.optimizer.param_groups

    @property
    def state(self) -> Any:  # type: ignore[override]
        """The state of the wrapped optimiser."""
        return self.optimizer.state

    @property
    def defaults(self) -> dict[str, Any]:  # type: ignore[override]
        """The defaults of the wrapped optimiser."""
        return self.optimizer.defaults

    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Do the optimiser's step and then the penalties' proximal steps; returns what the closure returned."""
        if closure is None:
            self._gradients()
            loss = self.optimizer.step()
        else:
            loss = self.optimizer.step(self._followed(closure))
        for active in self._active:
            active.prox()
        self._run.step += 1
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients to None, or to zero."""
        self.optimizer.zero_grad(set_to_none)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group to the wrapped optimiser and look for the penalties' parameters again."""
        self.optimizer.add_param_group(param_group)
        check_optimizer(self.optimizer, self.model)
        kept = [active.state_dict() for active in self._active]
        self._active = [regulariser.start(self._run) for regulariser in self.regularisers]
        for active, state in zip(self._active, kept, strict=True):
            active.load_state_dict(state)

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's state with that of the penalties beside it; a plain optimiser can read it too."""
        own = {"step": self._run.step, "active": [active.state_dict() for active in self._active]}
        return {**self.optimizer.state_dict(), KEY: own}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:  # type: ignore[override]
        """Take up a state; that of a plain optimiser is taken too, and the penalties then begin anew."""
        state = dict(state_dict)
        own = state.pop(KEY, None)
        if own is not None and len(own["active"]) != len(self._active):
            raise InputError(
                f"The state has {len(own['active'])} regularisers and this optimizer {len(self._active)}; "
                "make it with the same list."
            )
        self.optimizer.load_state_dict(state)
        if own is None:
            self._active = [regulariser.start(self._run) for regulariser in self.regularisers]
            return
        self._run.step = int(own["step"])
        for active, kept in zip(self._active, own["active"], strict=True):
            active.load_state_dict(kept)

    # ------------------------------------------------------------ what it tells

    @property
    def zeros(self) -> dict[str, int]:
        """How many entries of each penalised parameter are exactly zero, by name."""
        found: dict[str, int] = {}
        for active in self._active:
            if isinstance(active, OnSteps):
                found.update(active.zeros())
        return found

    def effects(self) -> list[tuple[Regulariser, Effect]]:
        """Return what each regulariser has done so far."""
        return [(one, active.effect()) for one, active in zip(self.regularisers, self._active, strict=True)]

    def report(self) -> str:
        """Return the zeros and the other effects as a small table."""
        sizes = {role.name: role.parameter.numel() for role in roles(self.model).values()}
        lines = [f"{name}: {zeros} of {sizes[name]} weights are zero" for name, zeros in self.zeros.items()]
        for regulariser, effect in self.effects():
            label = regulariser.label if isinstance(regulariser, OnParameters) else repr(regulariser)
            silent = "" if effect.acted is not False else "no effect so far"
            rest = "; ".join(part for part in (effect.note, silent) if part)
            lines.append(f"{label}: {rest}" if rest else label)
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        shown = ", ".join(
            one.label if isinstance(one, OnParameters) else repr(one) for one in self.regularisers
        )
        return f"Proximal({type(self.optimizer).__name__}, [{shown}])"

    def __getattr__(self, name: str) -> Any:
        """Look up everything else (hooks, names of profilers) in the wrapped optimiser."""
        if name == "optimizer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def __getstate__(self) -> dict[str, Any]:  # type: ignore[override]
        """Return everything, for a deep copy together with the model."""
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take it up."""
        self.__dict__.update(state)

    # ------------------------------------------------------------ the parts

    def _gradients(self) -> None:
        for active in self._active:
            active.gradient()

    def _followed(self, closure: Callable[[], Any]) -> Callable[[], Any]:
        """The closure, and after its backward pass what the regularisers do to gradients."""

        def both() -> Any:
            with torch.enable_grad():
                loss = closure()
            self._gradients()
            return loss

        return both


def _acting(item: object) -> Regulariser:
    """Return a regulariser that a bare optimiser can serve."""
    regulariser = as_regulariser(item)
    foreign = set(regulariser.phases) - {"gradient", "prox"}
    if foreign:
        raise InputError(
            f"Proximal: {regulariser!r} acts in {', '.join(sorted(foreign))}, of which an optimizer knows nothing. "
            "Use it in a Trainer, or apply it in your loop."
        )
    return regulariser


def _device(model: nn.Module) -> torch.device:
    return next((p.device for p in model.parameters()), torch.device("cpu"))
