"""Gaussian dropout: mean 1, variance p / (1 - p), at any rate."""

import pytest
import torch

from regularfit.errors import InputError
from regularfit.nets.dropout.gaussian import GaussianDropout, multiply_by_noise
from regularfit.nets.randomness import Stream


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.8])
def test_mean_and_variance(p):
    n, variance = 300_000, p / (1 - p)
    layer = torch.nn.Linear(1, 1)
    noise = GaussianDropout(p).change(torch.ones(n), Stream.of(2), p, layer).double()
    assert abs(noise.mean() - 1) < 4 * (variance / n) ** 0.5
    assert (
        abs(noise.var() - variance) < 4 * variance * (2 / n) ** 0.5
    )  # the variance of a normal sample's variance


def test_a_variance_a_unit():
    noise = multiply_by_noise(torch.ones(100_000, 2), Stream.of(0), torch.tensor([0.0, 0.25])).double()
    assert torch.equal(noise[:, 0], torch.ones(100_000).double())
    assert abs(noise[:, 1].var() - 0.25) < 4 * 0.25 * (2 / 100_000) ** 0.5


def test_rates_out_of_range_are_refused():
    with pytest.raises(InputError, match=r"GaussianDropout\(p\)"):
        GaussianDropout(1.0)
