"""Byte masks: exact rates, exact means, lanes equal to solo runs."""

import numpy as np
import pytest
import torch

from regularfit.errors import InputError
from regularfit.nets.dropout.masks import Ahead, check_rate, drop, keep_factors, threshold, true_rate
from regularfit.nets.randomness import Stream


@pytest.mark.parametrize("p", [0.002, 0.1, 0.2, 0.25, 0.5, 0.9, 0.998])
def test_the_rate_is_that_of_the_bytes_exactly(p):
    octets = torch.arange(256, dtype=torch.uint8)  # every byte once
    cut = threshold(p)
    assert (octets < cut).sum() == cut == round(256 * true_rate(p))
    assert abs(true_rate(p) - p) <= 1 / 512


@pytest.mark.parametrize("p", [0.002, 0.2, 0.5, 0.9])
def test_mean_and_variance_are_those_of_bernoulli_noise(p):
    n, rate = 400_000, true_rate(p)
    noise = drop(torch.ones(n), Stream.of(1, "dropout", 1).at(5), p).double()
    variance = rate / (1 - rate)  # of m / (1 - p) with m ~ Bernoulli(1 - p)
    # of the mean: variance / n; of the mean of squares: Var(noise^2) / n with noise^2 in {0, (1 - p)^-2}
    assert abs(noise.mean() - 1) < 4 * np.sqrt(variance / n)
    spread = np.sqrt(rate * (1 - rate)) / (1 - rate) ** 2
    assert abs((noise**2).mean() - (1 + variance)) < 4 * spread / np.sqrt(n)
    assert set(noise.unique().tolist()) <= {0.0, float(np.float32(256 / (256 - threshold(p))))}


def test_masks_follow_the_contract_bytes_in_the_order_of_x():
    stream, p = Stream.of(3, "dropout", 2).at(7), 0.3
    x = torch.randn(6, 5)
    octets = stream.octets(30).reshape(6, 5)
    expected = torch.where(octets >= threshold(p), x * (256 / (256 - threshold(p))), 0.0)
    torch.testing.assert_close(drop(x, stream, p), expected)


def test_lanes_with_their_own_rates_equal_solo_runs():
    seeds, rates = [4, 9, 4], [0.0, 0.2, 0.9]
    x = torch.randn(3, 7, 5)
    together = drop(x, Stream.of(seeds, "dropout", 1).at(2), rates)
    for k in range(3):
        assert torch.equal(together[k], drop(x[k], Stream.of(seeds[k], "dropout", 1).at(2), rates[k]))
    assert torch.equal(together[0], x[0])
    same = drop(x, Stream.of(seeds, "dropout", 1).at(2), 0.5)
    assert torch.equal(same[1], drop(x[1], Stream.of(9, "dropout", 1).at(2), 0.5))


def test_rate_zero_is_the_same_tensor():
    x = torch.randn(3)
    assert drop(x, Stream.of(0), 0.0) is x


def test_half_precision_stays_half_precision():
    assert drop(torch.ones(9, dtype=torch.bfloat16), Stream.of(0), 0.5).dtype == torch.bfloat16
    assert keep_factors(Stream.of(0), (3, 2), 0.5, torch.float16).dtype == torch.float16


def test_gradients_pass_where_units_are_kept():
    x = torch.randn(50, requires_grad=True)
    drop(x, Stream.of(0), 0.5).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, keep_factors(Stream.of(0), (50,), 0.5))


@pytest.mark.parametrize("p", [-0.1, 1.0, 0.999, 0.001, 1 / 512 - 1e-9, float("nan"), "half", True])
def test_rates_that_bytes_cannot_express_are_refused(p):
    with pytest.raises(InputError, match="Dropout"):
        check_rate(p, "Dropout(p)")


def test_masks_made_ahead_are_those_made_alone():
    p, asked = 0.3, []

    def streams(step: int, steps: int) -> Stream:
        asked.append((step, steps))
        return Stream.of(7, "dropout", 1).at(np.arange(step, step + steps))

    ahead = Ahead(streams)
    for step in range(40):
        expected = keep_factors(Stream.of(7, "dropout", 1).at(step), (4, 5), p)
        for x in (torch.ones(4, 5), torch.ones(4, 5)):  # a second pass of the step
            assert torch.equal(ahead.factors(step, x, p), expected)
    assert asked == [(0, 1), (0, 16), (16, 16), (32, 16)]
    assert torch.equal(
        ahead.factors(3, torch.ones(4, 5), p), keep_factors(streams(3, 1), (4, 5), p)[0]
    )  # resumed
    other = ahead.factors(40, torch.ones(4, 5), 0.6)  # another rate
    assert torch.equal(other, keep_factors(streams(40, 1), (4, 5), 0.6)[0])


def test_masks_are_not_made_ahead_for_shapes_that_alternate_or_are_big():
    made = []

    def streams(step: int, steps: int) -> Stream:
        made.append(steps)
        return Stream.of(0).at(np.arange(step, step + steps))

    ahead = Ahead(streams)
    for step in range(6):
        ahead.factors(step, torch.ones(2 + step % 2, 5), 0.5)
    for step in range(3):
        ahead.factors(step, torch.ones(1024, 300), 0.5)
    assert set(made) == {1}
