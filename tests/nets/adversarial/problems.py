"""Nets and rows that the tests of attacks share."""

import torch
from torch import nn


def images(n=64, side=4, classes=3, seed=0):
    """Rows in [0, 1], many of them at the bounds, and their classes."""
    generator = torch.Generator().manual_seed(seed)
    X = (1.6 * torch.rand(n, side * side, generator=generator) - 0.3).clamp(0, 1)
    y = (X @ torch.randn(side * side, classes, generator=generator)).argmax(1)
    return X, y


def net(inputs=16, outputs=3, width=12, seed=0, batch_norm=False, dropout=0.0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        middle = [nn.BatchNorm1d(width)] if batch_norm else []
        drop = [nn.Dropout(dropout)] if dropout else []
        return nn.Sequential(nn.Linear(inputs, width), *middle, nn.ReLU(), *drop, nn.Linear(width, outputs))


def linear(weight, bias=None):
    weight = torch.as_tensor(weight, dtype=torch.float32)
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(torch.as_tensor(bias, dtype=torch.float32))
    return layer


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def buffers(model):
    return {name: value.clone() for name, value in model.named_buffers()}
