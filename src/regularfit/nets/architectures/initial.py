"""Initial weights by counter, so that a lane begins where the same net alone begins."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..randomness import Stream

__all__ = ["WEIGHT_LAYERS", "initialise"]

WEIGHT_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@torch.no_grad()
def initialise(model: nn.Module, seed: int) -> nn.Module:
    """Set all weights of a net from a seed, whatever torch's own generator does, and return the net.

    Weights and biases of linear and convolution layers are uniform within 1 / sqrt(fan_in), which is torch's own
    default (He et al. 2015 with a = sqrt(5)); embeddings are normal with standard deviation 1 / sqrt(width);
    norms start as the identity. Layers are counted in the order of ``model.modules()``.

    Parameters
    ----------
    model : a net of torch's layers; layers of other kinds keep what they have.
    seed : any whole number.

    Examples
    --------
    >>> one, two = (initialise(nn.Linear(3, 2), seed=5) for _ in range(2))
    >>> bool((one.weight == two.weight).all())
    True
    """
    layers = [m for m in model.modules() if isinstance(m, WEIGHT_LAYERS)]
    for i, layer in enumerate(layers):
        _fill_layer(layer.weight, layer.bias, Stream.of(seed, "init", i))
    for i, table in enumerate(m for m in model.modules() if isinstance(m, (nn.Embedding, nn.EmbeddingBag))):
        _fill_embedding(table, Stream.of(seed, "init embedding", i))
    for module in model.modules():
        if isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)):
            module.reset_parameters()
    return model


def _fill_layer(weight: Tensor, bias: Tensor | None, stream: Stream) -> None:
    bound = weight[0].numel() ** -0.5
    weight.copy_((2.0 * stream.at(0).uniform(*weight.shape) - 1.0) * bound)
    if bias is not None:
        bias.copy_((2.0 * stream.at(1).uniform(*bias.shape) - 1.0) * bound)


def _fill_embedding(table: nn.Embedding | nn.EmbeddingBag, stream: Stream) -> None:
    weight = table.weight
    weight.copy_(stream.normal(*weight.shape) * weight.shape[1] ** -0.5)
    if table.padding_idx is not None:
        weight[table.padding_idx] = 0.0
