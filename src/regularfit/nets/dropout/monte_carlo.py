"""Monte Carlo dropout: predictions with dropout on, for their spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import InputError, UnsupportedError
from ..evaluation.modes import evaluating
from ..regulariser import Run
from ..torch_numbers import seeded
from .at_layers import AtLayers
from .dropout import Dropping
from .layers import DropConnectLinear, OwnStream

__all__ = ["MonteCarlo", "monte_carlo"]

_TORCH = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
_OURS = (OwnStream, DropConnectLinear)


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """What the passes said.

    Parameters
    ----------
    mean : of the outputs over the passes, (n, ...).
    spread : their standard deviation over the passes (of the sample, passes - 1), (n, ...).
    passes : how many.
    """

    mean: Tensor
    spread: Tensor
    passes: int


@torch.no_grad()
def monte_carlo(
    model: nn.Module,
    X: Tensor,
    passes: int = 30,
    *,
    dropout: Dropping | None = None,
    of: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
    batch_size: int = 1024,
) -> MonteCarlo:
    """Return mean and spread of a net's outputs with its dropout on and all else, batch norm too, as in prediction.

    The mode of every module is what it was afterwards, torch's random generators too.

    Parameters
    ----------
    model : the net.
    X : its inputs.
    passes : how often it is asked, >= 2; the spread is good to about ``1 / sqrt(2 passes)`` of itself.
    dropout : the regulariser it was trained with, such as ``Dropout(0.2)``; by default the dropout layers of the
        model (torch's or ours).
    of : of the raw outputs of a pass, such as ``lambda z: z.softmax(-1)``.
    seed : of all masks.
    batch_size : rows a forward pass.

    Raises
    ------
    InputError
        If there are fewer than two passes.
    UnsupportedError
        If the model has no dropout layers and no regulariser is given.

    Examples
    --------
    >>> from regularfit.nets.dropout.layers import Dropout as Layer
    >>> model = nn.Sequential(Layer(0.5, seed=1), nn.Linear(4, 1))
    >>> said = monte_carlo(model, torch.ones(3, 4), passes=50)
    >>> said.mean.shape, bool((said.spread > 0).all())
    (torch.Size([3, 1]), True)

    References
    ----------
    Gal, Y. and Ghahramani, Z. (2016). Dropout as a Bayesian approximation. ICML.
    """
    if isinstance(passes, bool) or not isinstance(passes, int) or passes < 2:
        raise InputError(f"monte_carlo(passes) must be a whole number >= 2; {passes!r} was given.")
    with ExitStack() as stack:
        stack.enter_context(_dropout_on(model, needed=dropout is None))
        stack.enter_context(seeded(seed, X.device))
        hooks = None if dropout is None else _hooks(model, dropout, seed)

        def said(i: int) -> Tensor:
            out = _one_pass(model, X, i, hooks, batch_size)
            return (out if of is None else of(out)).to(torch.float64)

        first = said(0)  # sums around the first pass lose no digits
        total, squares = torch.zeros_like(first), torch.zeros_like(first)
        for i in range(1, passes):
            off = said(i) - first
            total += off
            squares += off**2
    variance = (squares - total**2 / passes).clamp(min=0) / (passes - 1)
    mean = first + total / passes
    return MonteCarlo(mean.to(torch.float32), variance.sqrt().to(torch.float32), passes)


def _one_pass(model: nn.Module, X: Tensor, i: int, hooks: AtLayers | None, batch_size: int) -> Tensor:
    """Return the outputs of one pass over all rows, each batch with masks of its own."""
    parts = []
    batches = range(0, len(X), batch_size)
    for j, begin in enumerate(batches):
        rows = X[begin : begin + batch_size]
        if hooks is None:
            parts.append(model(rows))
            continue
        hooks.run.step = i * len(batches) + j
        with hooks.forward():
            parts.append(model(rows))
    return torch.cat(parts)


def _hooks(model: nn.Module, dropout: Dropping, seed: int) -> AtLayers:
    """Return the regulariser at work in eval mode, at its rates of the beginning."""
    return dropout.start(Run(model, _NoSteps(), seed=seed, steps=2**62), in_eval=True)


class _NoSteps(torch.optim.Optimizer):
    """Stands where a run has its optimiser; torch's own load its compiler when the first one is made, four seconds."""

    def __init__(self) -> None:
        """Have a group, of no parameters."""
        self.param_groups, self.defaults = [{"params": [], "lr": 0.0}], {}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take parameters, which are never stepped."""
        self.param_groups.append(param_group)


@contextmanager
def _dropout_on(model: nn.Module, *, needed: bool) -> Iterator[None]:
    """Open a context in which all modules are in eval mode but those that drop; restore modes and counts."""
    counts = [(module, module.draws) for module in model.modules() if isinstance(module, OwnStream)]
    droppers = [module for module in model.modules() if isinstance(module, (*_TORCH, *_OURS))]
    if needed and not droppers:
        raise UnsupportedError(
            "The model has no dropout layers; give the regulariser it was trained with, such as dropout=Dropout(0.2)."
        )
    try:
        with evaluating(model):
            for module in droppers:
                module.training = needed
            yield
    finally:
        for module, count in counts:
            module.draws = count
