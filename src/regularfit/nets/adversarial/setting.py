"""What adversarial training needs of a run: the domain of its inputs, losses a row, and who else moves them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...errors import InputError
from ..losses import net_loss
from ..regulariser import Batch, Regulariser, Run
from .domain import Domain

__all__ = ["MOVES", "among_moves", "domain_of", "mixes", "redraws", "rows_of"]

# By name, so that neither side imports the other.
MOVES = ("Adversarial", "FreeAdversarial", "FastAdversarial", "Trades")
_MIXERS = frozenset({"Mixer", "Mixup", "CutMix", "RowCutMix", "ManifoldMixup"})
_REDRAW = _MIXERS | {"FeatureSwap", "ImageTransform", "ImageAugmentation"}
_LEAST, _MOST = 0.3, 3.0  # standard deviations that still look z-scored


def domain_of(domain: Domain | None, eps: float | None, X: Tensor, run: Run, who: str) -> Domain:
    """Return the domain of a run's inputs: the declared one, checked against the training rows, or that of its table.

    Undeclared, an encoded table (``run.blocks``) is measured in standard deviations and keeps its categories; other
    inputs must be a table that looks z-scored, as nothing else tells what ``eps`` counts.

    Raises
    ------
    InputError
        If the rows lie outside the domain, ``eps`` is wider than it, or there is no telling its unit.
    """
    if domain is None:
        domain = Domain.of_table(run.blocks, X.cpu()) if run.blocks and X.ndim == 2 else _guessed(X, who)
    domain.check(X, eps, "X")
    return domain


def _guessed(X: Tensor, who: str) -> Domain:
    """Return the domain of a z-scored table, binary columns fixed; refuse everything else."""
    Domain().check(X)
    if X.ndim == 2:
        domain, table = Domain.learn(X.cpu()), X.double()
        movable = torch.tensor(domain.mask, device=X.device)
        spread, centre = table.std(0, correction=0)[movable], table.mean(0)[movable]
        if len(spread) and bool(
            ((spread > _LEAST) & (spread < _MOST) & (centre.abs() < spread / 2)).double().mean() > 0.5
        ):
            return domain
    raise InputError(
        f"{who}: what does eps count? X, {tuple(X.shape)}, does not look z-scored (values from {float(X.min()):.3g} to "
        f"{float(X.max()):.3g}, mean {float(X.mean()):.3g}) and no domain was given. Give domain=Domain.images() (eps "
        "in shares of the pixel range), Domain.learn(X) (in standard deviations) or Domain.standardised()."
    )


def rows_of(run: Run, batch: Batch) -> Callable[[Tensor], Tensor]:
    """Return the loss of every row as a function of the outputs; mixed targets count as they are mixed."""
    loss = run.loss or net_loss("auto", batch.y)
    each = getattr(loss, "each", None)
    if each is not None:
        return lambda outputs: each(outputs, batch)
    return lambda outputs: loss(outputs, batch).expand(
        len(batch.y)
    )  # a mean only: its gradient tells rows apart


def mixes(other: Regulariser) -> bool:
    """Tell whether a regulariser mixes rows and their targets."""
    return not _MIXERS.isdisjoint(_family(other))


def redraws(other: Regulariser) -> bool:
    """Tell whether a regulariser makes rows at which a perturbation that is remembered for a row means nothing."""
    return not _REDRAW.isdisjoint(_family(other))


def _family(other: Regulariser) -> set[str]:
    return {kind.__name__ for kind in type(other).__mro__}


def among_moves(me: Regulariser, other: Regulariser) -> str | None:
    """Return why a second regulariser that trains on adversarial examples is one too many, or None."""
    name = type(other).__name__
    if name in MOVES and other is not me:
        return "each of them moves the inputs to where the loss is large; keep one"
    return None
