r"""The metric of an optimiser's step: how far it goes in every coordinate for a gradient of one.

A step of SGD is ``w - D g`` with one number D; a step of Adam has a D for every weight,
``lr / (sqrt(v) + eps)`` with the bias corrections. A proximal step is right only in the same metric,

    w = argmin  sum_i (w_i - z_i)^2 / (2 D_i)  +  strength * penalty(w),

because only then is a weight at rest exactly where the gradient balances the penalty. With the learning rate in
place of D an adaptive optimiser solves another problem (``soft(w, lr * strength)`` after Adam: few zeros, a wrong
solution).

Momentum spreads a gradient over many steps; what counts is the sum of what it will have moved. The averages of the
Adam family have weights that sum to one. The buffer of SGD and RMSprop sums to ``c = 1 + m + m^2 + ...`` (so far:
it is counted), and D is c times as large.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, optim

from ...errors import UnsupportedError

__all__ = ["StepMetric", "known_optimizers", "many", "register_step_metric", "wide"]

many: Any = torch  # whose calls on many tensors at once have no public names

State: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Callable[[State, State, "float | None"], "Tensor | float"]  # (state, group, c) -> D


def wide(values: Tensor) -> Tensor:
    """Return half-precision values as float32, others as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


class StepMetric:
    """The metric of one optimiser, read from its state after every step.

    Parameters
    ----------
    optimizer : a torch optimiser whose metric is known.

    Raises
    ------
    UnsupportedError
        For an optimiser whose metric is not known; the message lists those that are.

    Examples
    --------
    >>> w = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.5)
    >>> metric = StepMetric(optimizer)
    >>> w.grad = torch.ones(1)
    >>> optimizer.step(); metric.after_step(w, optimizer.param_groups[0])
    0.1
    >>> optimizer.step(); round(metric.after_step(w, optimizer.param_groups[0]), 6)
    0.15
    """

    def __init__(self, optimizer: optim.Optimizer) -> None:
        """Find the rule, and take up the momentum that is there already."""
        self.optimizer = optimizer
        self._rule = _rule_of(optimizer)
        self._sums: dict[int, float] = {}  # by parameter: the weights of a buffer's gradients, summed
        for group in optimizer.param_groups:
            for p in group["params"]:
                if _momentum(group) and optimizer.state.get(p, {}).get("momentum_buffer") is not None:
                    self._sums[id(p)] = _limit(group)

    def after_step(self, p: Tensor, group: State) -> Tensor | float | None:
        """Return D of the step that was just done, of the parameter's shape or one number; once a step.

        None where the optimiser did not move the parameter: it had no gradient.
        """
        if p.grad is None:
            return None
        state = self.optimizer.state.get(p, {})
        buffered = self._buffered(p, group)
        if not state and not isinstance(self.optimizer, optim.SGD):
            return None
        return self._rule(state, group, buffered)

    def together(self, parameters: Sequence[Tensor], groups: Mapping[int, State]) -> list[Tensor] | None:
        """Return D of several parameters in a few calls, or None: then they have to be asked for one by one.

        Adam's only, of parameters of one group that have all done the same steps.
        """
        if self._rule is not _adam or not parameters:
            return None
        group, squares, counts = groups[id(parameters[0])], list[Tensor](), set[float]()
        for p in parameters:
            state = self.optimizer.state.get(p)
            alike = groups[id(p)] is group and p.dtype in (torch.float32, torch.float64)
            if p.grad is None or not state or not alike or isinstance(count := _count(state), Tensor):
                return None
            squares.append(state["exp_avg_sq"])
            counts.add(count)
        if len(counts) > 1 or group["amsgrad"] or isinstance(group["lr"], Tensor):
            return None
        root = _rest(group["betas"][1], counts.pop()) ** 0.5
        made = list(many._foreach_sqrt(squares))  # lr / (sqrt(v) / root + eps), with one call less
        many._foreach_add_(made, group["eps"] * root)
        many._foreach_reciprocal_(made)
        many._foreach_mul_(made, group["lr"] * root)
        return made

    def sums(self, parameters: Mapping[str, Tensor]) -> dict[str, float]:
        """Return what has to be kept for a resumed run."""
        return {name: self._sums[id(p)] for name, p in parameters.items() if id(p) in self._sums}

    def load_sums(self, kept: Mapping[str, float], parameters: Mapping[str, Tensor]) -> None:
        """Take up what :meth:`sums` returned."""
        self._sums = {id(parameters[name]): float(c) for name, c in kept.items() if name in parameters}

    def _buffered(self, p: Tensor, group: State) -> float | None:
        m = _momentum(group)
        if not m:
            return None
        dampening = group.get("dampening", 0.0)
        before = self._sums.get(id(p))
        # SGD takes its first gradient whole, later ones dampened
        self._sums[id(p)] = 1.0 if before is None else m * before + 1.0 - dampening
        return self._sums[id(p)]


def known_optimizers() -> list[str]:
    """Return the optimisers whose metric is known, by name.

    >>> known_optimizers()
    ['Adagrad', 'Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam', 'RMSprop', 'SGD']
    """
    return sorted(kind.__name__ for kind in _RULES)


def register_step_metric(kind: type[optim.Optimizer], rule: Rule) -> None:
    """Make the metric of an optimiser of your own known.

    Parameters
    ----------
    kind : its class.
    rule : of (state of the parameter, its group, c) to D: a tensor of the parameter's shape, or a number. The state
        is that after the step; c is the sum of a momentum buffer's weights where the group has momentum, else None.
    """
    _RULES[kind] = rule


# ---------------------------------------------------------------- the rules


def _sgd(state: State, group: State, buffered: float | None) -> Tensor | float:
    if buffered is None:
        return group["lr"]
    return group["lr"] * (1.0 + group["momentum"] * buffered if group["nesterov"] else buffered)


def _adam(state: State, group: State, buffered: float | None) -> Tensor | float:
    largest = state["max_exp_avg_sq"] if group["amsgrad"] else state["exp_avg_sq"]
    return group["lr"] / _root(largest, _rest(group["betas"][1], _count(state)), group["eps"])


def _nadam(state: State, group: State, buffered: float | None) -> Tensor | float:
    (beta1, beta2), t, decay = group["betas"], _count(state), group["momentum_decay"]
    done = _plain(state["mu_product"])
    now, then = (beta1 * (1.0 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
    share = (1.0 - now) / (1.0 - done) + then * _rest(beta1, t) / (1.0 - done * then)
    return group["lr"] * share / _root(state["exp_avg_sq"], _rest(beta2, t), group["eps"])


def _radam(state: State, group: State, buffered: float | None) -> Tensor | float:
    beta2, t = group["betas"][1], _count(state)
    rest, most = _rest(beta2, t), 2.0 / (1.0 - beta2) - 1.0
    length = most - 2.0 * t * (1.0 - rest) / rest

    def adaptive(length: Any) -> Any:
        trusted = (length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length)
        root = wide(state["exp_avg_sq"]).sqrt() + group["eps"]
        return (trusted * rest) ** 0.5 / root

    if not isinstance(length, Tensor):
        return group["lr"] * adaptive(length) if length > 5.0 else group["lr"]
    return group["lr"] * torch.where(length > 5.0, adaptive(length.clamp(min=5.0)), 1.0)


def _adamax(state: State, group: State, buffered: float | None) -> Tensor | float:
    return group["lr"] / wide(state["exp_inf"])


def _adagrad(state: State, group: State, buffered: float | None) -> Tensor | float:
    rate = group["lr"] / (1.0 + (_count(state) - 1.0) * group["lr_decay"])
    return rate / (wide(state["sum"]).sqrt() + group["eps"])


def _rmsprop(state: State, group: State, buffered: float | None) -> Tensor | float:
    square = wide(state["square_avg"])
    if group["centered"]:
        square = square - wide(state["grad_avg"]) ** 2
    return group["lr"] * (1.0 if buffered is None else buffered) / (square.sqrt() + group["eps"])


_RULES: dict[type[optim.Optimizer], Rule] = {
    optim.SGD: _sgd,
    optim.Adam: _adam,
    optim.AdamW: _adam,
    optim.NAdam: _nadam,
    optim.RAdam: _radam,
    optim.Adamax: _adamax,
    optim.Adagrad: _adagrad,
    optim.RMSprop: _rmsprop,
}
_REASONS = {
    "LBFGS": "its step mixes all coordinates",
    "Muon": "its step is an orthogonal matrix, the same for every size of the gradient",
    "Rprop": "it looks at signs alone, so its steps do not balance a penalty",
    "SparseAdam": "it steps on some rows at a time",
    "ASGD": "its answer is an average, which has no exact zeros",
    "Adafactor": "its step is scaled to the size of the weights",
    "Adadelta": "what it stepped with is gone after the step",
}


def _rule_of(optimizer: optim.Optimizer) -> Rule:
    for kind in type(optimizer).__mro__:
        # a subclass has its parent's metric only where it has its parent's step
        if kind in _RULES and inspect.unwrap(type(optimizer).step) is inspect.unwrap(kind.step):
            return _RULES[kind]
    name = type(optimizer).__name__
    reason = _REASONS.get(name, "how far it goes in each coordinate cannot be told from its state")
    raise UnsupportedError(
        f"{name} has no known metric: {reason}. A proximal step in another metric would solve another problem. "
        f"Known are {', '.join(known_optimizers())}; for an optimiser of your own see register_step_metric."
    )


# ---------------------------------------------------------------- the parts


def _momentum(group: State) -> float:
    return float(group.get("momentum", 0.0) or 0.0)


def _limit(group: State) -> float:
    return (1.0 - group.get("dampening", 0.0)) / (1.0 - _momentum(group))


def _plain(value: Any) -> Any:
    """A number, or a number that lives on a device in double precision: asking for it would wait for the device."""
    if isinstance(value, Tensor):
        return value.item() if value.device.type == "cpu" else value.double()
    return value


def _count(state: State) -> Any:
    return _plain(state["step"])


def _rest(beta: Any, t: Any) -> Any:
    """What an average of t terms has taken in: 1 - beta^t."""
    return 1.0 - _plain(beta) ** t


def _root(square: Tensor, rest: Any, eps: float) -> Tensor:
    return (wide(square).sqrt() / rest**0.5).add_(eps)
