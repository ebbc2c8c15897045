"""Alpha dropout keeps mean 0 and variance 1, and agrees with torch's formula."""

import pytest
import torch
from torch import nn

from regularfit.nets.dropout.alpha import FLOOR, AlphaDropout, drop_to_floor
from regularfit.nets.dropout.masks import threshold, true_rate
from regularfit.nets.randomness import Stream


@pytest.mark.parametrize("p", [0.05, 0.2, 0.5])
def test_mean_and_variance_of_normalised_units_stay(p):
    n = 400_000
    x = Stream.of(1).normal(n)
    x = (x - x.mean()) / x.std()
    out = drop_to_floor(x, Stream.of(2), p).double()
    # the fourth moment of the mixture is below 10, so the standard error of the variance is below 3 / sqrt(n)
    assert abs(out.mean()) < 4 / n**0.5
    assert abs(out.var() - 1) < 4 * 3 / n**0.5


def test_it_is_torchs_formula():
    x, rate, p = torch.randn(10_000), true_rate(0.2), 0.2
    ours = drop_to_floor(x, Stream.of(3), p)
    kept = Stream.of(3).octets(10_000) >= threshold(p)
    a = ((1 - rate) * (1 + rate * FLOOR**2)) ** -0.5
    torch.testing.assert_close(ours[kept], a * (x[kept] - rate * FLOOR))
    torch.testing.assert_close(ours[~kept], torch.full_like(x[~kept], a * (FLOOR - rate * FLOOR)))
    # torch's own, at its own rate: two values of x tell its line
    torch.manual_seed(0)
    theirs = nn.functional.alpha_dropout(torch.zeros(4000), rate, training=True)
    b = torch.tensor(sorted({round(float(v), 5) for v in theirs}))
    torch.testing.assert_close(
        b, torch.tensor([a * (FLOOR - rate * FLOOR), -a * rate * FLOOR]), atol=2e-5, rtol=0
    )


def test_a_selu_net_stays_normalised():
    torch.manual_seed(0)
    x = torch.randn(4000, 64)
    layer = nn.Linear(64, 64, bias=False)
    nn.init.normal_(layer.weight, std=64**-0.5)
    weight = layer.weight.detach()
    for i in range(6):
        x = AlphaDropout(0.1).change(torch.selu(x @ weight), Stream.of(0, "dropout", i), 0.1, layer)
    assert abs(float(x.mean())) < 0.15
    assert 0.8 < float(x.var()) < 1.25
