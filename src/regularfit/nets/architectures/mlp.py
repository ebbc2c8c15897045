"""Multilayer perceptrons."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from torch import nn

from ..._checks import check_choice

__all__ = ["ACTIVATIONS", "NORMS", "mlp"]

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
NORMS: dict[str, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


def mlp(
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    *,
    norm: str | None = None,
    activation: str = "relu",
) -> nn.Sequential:
    """Return a multilayer perceptron; hidden layers are linear, norm (if any), activation.

    Dropout has no place in it: the regulariser :class:`~regularfit.nets.Dropout` works on the inputs of its
    weight layers.

    Parameters
    ----------
    inputs, outputs : widths of the two ends, >= 1.
    hidden : widths of the hidden layers, first to last; none gives a linear model.
    norm : None, "batch" or "layer".
    activation : "relu", "gelu", "silu" or "tanh".

    Examples
    --------
    >>> mlp(4, [8], 3)
    Sequential(
      (linear0): Linear(in_features=4, out_features=8, bias=True)
      (active0): ReLU()
      (output): Linear(in_features=8, out_features=3, bias=True)
    )
    """
    check_choice(activation, list(ACTIVATIONS), "mlp(activation)")
    if norm is not None:
        check_choice(norm, list(NORMS), "mlp(norm)")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    width = inputs
    for i, wider in enumerate(hidden):
        layers[f"linear{i}"] = nn.Linear(
            width, wider, bias=norm != "batch"
        )  # batch norm takes it away and has its own
        if norm is not None:
            layers[f"norm{i}"] = NORMS[norm](wider)
        layers[f"active{i}"] = ACTIVATIONS[activation]()
        width = wider
    layers["output"] = nn.Linear(width, outputs)
    return nn.Sequential(layers)
