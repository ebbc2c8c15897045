"""The net for an encoding: a perceptron for tables, convolutions for images, an encoder for texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import InputError
from ..architectures import TextNet, conv_net, initialise, mlp
from ..encoding import Encoding, ImageEncoding, TextEncoding

__all__ = ["HIDDEN", "build", "check_hidden"]

WORD_WIDTH = 64
HIDDEN = (128, 128)  # of a perceptron, where nothing is asked for


def build(
    encoding: Encoding,
    outputs: int,
    *,
    hidden: Sequence[int] | None,
    norm: str | None,
    activation: str,
    module: Callable[..., nn.Module] | None,
    seed: int,
    example: Tensor,
) -> nn.Module:
    """Return the net with its initial weights.

    Parameters
    ----------
    encoding : of the inputs; it decides the kind of net.
    outputs : numbers a row that come out.
    hidden, norm, activation : of the perceptron; for images ``hidden`` are the channels of the stages. None leaves
        the widths to us.
    module : a function of (inputs, outputs) that makes the net in place of ours; inputs is the shape of one encoded
        row. Its initial weights are set from the seed too, layer by layer.
    seed : of the initial weights.
    example : one encoded row, (1, ...), on which a net of the user is tried.
    """
    if module is not None:
        return _tried(initialise(module(tuple(example.shape[1:]), outputs), seed), example, outputs)
    widths = HIDDEN if hidden is None else hidden
    if isinstance(encoding, TextEncoding):
        net: nn.Module = TextNet(encoding.size, WORD_WIDTH, widths, outputs, norm=norm)
    elif isinstance(encoding, ImageEncoding):
        channels, height, width = encoding.shape
        net = conv_net(channels, (height, width), outputs, widths=hidden)
    else:
        net = mlp(encoding.width, widths, outputs, norm=norm, activation=activation)
    return initialise(net, seed)


def check_hidden(hidden: Any) -> tuple[int, ...] | None:
    """Return the widths of the hidden layers as whole numbers >= 1, or None for "auto"."""
    if isinstance(hidden, str) and hidden == "auto":
        return None
    widths = tuple(hidden) if isinstance(hidden, (tuple, list)) else (hidden,)
    if not all(isinstance(w, (int, np.integer)) and not isinstance(w, bool) and w >= 1 for w in widths):
        raise InputError(
            f"hidden must be whole numbers >= 1, one a hidden layer, such as (128, 128), or 'auto'; {hidden!r} was "
            "given."
        )
    return tuple(int(w) for w in widths)


def _tried(net: Any, example: Tensor, outputs: int) -> nn.Module:
    if not isinstance(net, nn.Module):
        raise InputError(
            f"module(inputs, outputs) must return a torch.nn.Module; it returned {type(net).__name__}."
        )
    mode = net.training
    net.eval()
    with torch.no_grad():
        shape = tuple(net(example).shape)
    net.train(mode)
    if shape != (1, outputs):
        raise InputError(
            f"module(inputs, outputs) made a net that gives {shape} for one row, and (1, {outputs}) is needed."
        )
    return net
