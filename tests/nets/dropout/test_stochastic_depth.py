"""Stochastic depth: rows without a branch."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.dropout.masks import keep_factors, true_rate
from regularfit.nets.dropout.stochastic_depth import StochasticDepth, drop_rows
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Run


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


def started(p: float = 0.5, **settings):
    torch.manual_seed(0)
    model = nn.Sequential(Block(), Block())
    return model, StochasticDepth(p, **settings).start(
        Run(model, torch.optim.SGD(model.parameters(), lr=0.1))
    )


def test_branches_are_left_out_at_rates_that_grow_with_depth():
    model, active = started()
    x = torch.randn(7, 4)
    with active.forward():
        out = model(x)
    for i, (block, rate) in enumerate(zip(model, (0.25, 0.5), strict=True)):
        x = x + block.branch(x) * keep_factors(Stream.of(0, "stochastic depth", i).at(0), (7,), rate)[:, None]
    torch.testing.assert_close(out, x)
    assert active.effect().acted
    assert active.effect().strength == 0.5


def test_mean_and_rate():
    n, rate = 100_000, true_rate(0.3)
    out = drop_rows(torch.ones(n, 2), Stream.of(4), 0.3).double()
    assert torch.equal(out[:, 0], out[:, 1])
    assert abs(out[:, 0].mean() - 1) < 4 * (rate / (1 - rate) / n) ** 0.5


def test_off_in_eval_and_outside_a_step():
    model, active = started()
    x = torch.randn(7, 4)
    plain = model(x)
    with active.forward():
        assert torch.equal(model.eval()(x), plain)
    assert torch.equal(model.train()(x), plain)


def test_patterns_functions_and_refusals():
    started(branches="*.branch")
    started(branches=lambda name, module: isinstance(module, nn.Linear))
    with pytest.raises(UnsupportedError, match="no residual branch called 'side'"):
        started(branches="side")
    with pytest.raises(InputError, match=r"StochasticDepth\(p\)"):
        StochasticDepth(1.0)
