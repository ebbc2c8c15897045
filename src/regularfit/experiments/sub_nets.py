"""What the sub-nets of a net with dropout say: all of them where they are few, else a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..nets import Dropout, monte_carlo

__all__ = ["SubNets", "asked", "judged"]


@dataclass(frozen=True, eq=False)
class SubNets:
    """Means over the sub-nets, (n, C) each.

    Parameters
    ----------
    mean : of probabilities.
    squares : of their squares.
    logs : of their logarithms.
    votes : of ones where a class is the most likely, else zeros.
    """

    mean: Tensor
    squares: Tensor
    logs: Tensor
    votes: Tensor


def asked(net: nn.Sequential, X: Tensor, rate: float, passes: int | None = None, seed: int = 0) -> SubNets:
    """Ask the sub-nets of a perceptron for the classes of rows.

    Parameters
    ----------
    net : linear layers with activations between them, without dropout; its gradients are not followed.
    X : (n, d).
    rate : of dropout on hidden units; one half where all are asked, as they then have the same chance.
    passes : sub-nets asked for each row, or None for all 2^k, which few units allow.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))
    >>> asked(net, torch.ones(5, 2), 0.5).mean.sum(1)
    tensor([1., 1., 1., 1., 1.])
    """
    if passes is None and rate != 0.5:
        raise ValueError("All sub-nets have the same chance at a rate of 0.5 only.")
    with torch.no_grad():
        if passes is None:
            parts = [_opinions(part).sum(0).double() for part in _every(net, X).split(64)]
            means = (torch.stack(parts).sum(0) / 2 ** _units(net)).float()
        else:
            means = monte_carlo(net, X, passes, dropout=Dropout(rate), of=_opinions, seed=seed).mean
    return SubNets(*means.chunk(4, dim=-1))


def judged(said: SubNets, others: Mapping[str, Tensor], target: Tensor) -> dict[str, float]:
    """Return errors and log-losses of one sub-net, of their mean and of others, and how far "scaled" is from the mean.

    Parameters
    ----------
    others : probabilities, (n, C), of "scaled", the net with all its units, and of whatever else is to be judged.
    target : (n,) classes.
    """
    hit, scaled = target[:, None], others["scaled"]
    found = {
        "single_error": 1 - float(said.votes.gather(1, hit).mean()),
        "single_loss": -float(said.logs.gather(1, hit).mean()),
        "geometric_gap": float((said.logs.softmax(-1) - scaled).abs().max()),
        "distance": float((scaled - said.mean).square().mean().sqrt()),
        "single_distance": float((said.squares - said.mean**2).mean().sqrt()),
    }
    for name, chances in {"mean": said.mean, **others}.items():
        found[f"{name}_error"] = float((chances.argmax(-1) != target).float().mean())
        found[f"{name}_loss"] = -float(chances.gather(1, hit).log().mean())
    return found


def _opinions(outputs: Tensor) -> Tensor:
    votes = nn.functional.one_hot(outputs.argmax(-1), outputs.shape[-1]).to(outputs.dtype)
    chances = outputs.softmax(-1)
    return torch.cat([chances, chances**2, outputs.log_softmax(-1), votes], dim=-1)


def _units(net: nn.Sequential) -> int:
    layers = [layer for layer in net if isinstance(layer, nn.Linear)]
    return sum(layer.in_features for layer in layers[1:])


def _every(net: nn.Sequential, X: Tensor) -> Tensor:
    """Return the outputs of all sub-nets, (2^k, n, C)."""
    values, first = X.unsqueeze(0), True
    for layer in net:
        if isinstance(layer, nn.Linear) and not first:
            units = torch.arange(layer.in_features)
            masks = 2.0 * (
                torch.arange(2**layer.in_features)[:, None] >> units & 1
            )  # 2: at a rate of one half
            values = (values.unsqueeze(0) * masks[:, None, None]).flatten(0, 1)
        first = first and not isinstance(layer, nn.Linear)
        values = layer(values)
    return values
