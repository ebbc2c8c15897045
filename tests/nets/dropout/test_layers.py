"""Dropout layers for a model of one's own."""

import copy

import pytest
import torch
from torch import nn

from regularfit.errors import InputError
from regularfit.nets import layers
from regularfit.nets.dropout.masks import true_rate

RATED = [
    layers.Dropout,
    layers.SpatialDropout,
    layers.GaussianDropout,
    layers.AlphaDropout,
    layers.StochasticDepth,
]
X = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", RATED)
def test_identity_in_eval_mode_and_at_rate_zero(kind):
    assert kind(0.5).eval()(X) is X
    assert kind(0.0)(X) is X
    assert not torch.equal(kind(0.5, seed=1)(X), X)


@pytest.mark.parametrize("kind", RATED)
def test_torchs_seed_decides_and_its_generator_is_not_moved_by_draws(kind):
    torch.manual_seed(3)
    one, other = kind(0.5), kind(0.5)
    state = torch.get_rng_state()
    drawn, again = one(X), one(X)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(drawn, again)
    assert not torch.equal(drawn, other(X))
    torch.manual_seed(3)
    assert torch.equal(kind(0.5)(X), drawn)


@pytest.mark.parametrize("kind", RATED)
def test_the_state_dict_goes_on_where_it_was(kind):
    layer = nn.Sequential(kind(0.5))
    layer(X)
    fresh = nn.Sequential(kind(0.5))
    fresh.load_state_dict(copy.deepcopy(layer.state_dict()))
    assert torch.equal(fresh(X), layer(X))


def test_weights_of_a_net_with_torchs_dropout_load():
    theirs = nn.Sequential(nn.Linear(5, 5), nn.Dropout(0.2))
    ours = nn.Sequential(nn.Linear(5, 5), layers.Dropout(0.2))
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(ours[0].weight, theirs[0].weight)


def test_rate_of_the_layer():
    n, rate = 100_000, true_rate(0.3)
    dropped = (layers.Dropout(0.3, seed=0)(torch.ones(n)) == 0).double().mean()
    assert abs(dropped - rate) < 4 * (rate * (1 - rate) / n) ** 0.5


def test_dropconnect_linear():
    layer = layers.DropConnectLinear(5, 3, p=0.5, seed=2)
    assert not torch.equal(layer(X), layer(X))
    layer.eval()
    assert torch.equal(layer(X), nn.functional.linear(X, layer.weight, layer.bias))
    layer.train()
    mean = torch.stack([layer(X) for _ in range(4000)]).double()
    error = mean.std(0) / 4000**0.5
    assert ((mean.mean(0) - layer.eval()(X)).abs() < 5 * error).all()


def test_variational_layer_learns():
    layer = layers.VariationalDropout(5, p=0.1, seed=0)
    assert layer.kl().item() > 0
    layer.kl().backward()
    assert (layer.log_alpha.grad < 0).all()  # the divergence asks for more noise
    assert torch.equal(layer.eval()(X), X)
    assert not torch.equal(layer.train()(X), X)
    for p in (0.0, 0.6):
        with pytest.raises(InputError):
            layers.VariationalDropout(5, p=p)


@pytest.mark.parametrize("kind", RATED)
def test_rates_out_of_range_are_refused(kind):
    with pytest.raises(InputError, match=kind.__name__):
        kind(1.0)
