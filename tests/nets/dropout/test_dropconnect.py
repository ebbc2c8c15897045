"""DropConnect: masked weights during the forward pass, parameters untouched."""

import pytest
import torch
from torch import nn

from regularfit.errors import UnsupportedError
from regularfit.nets.dropout.dropconnect import DropConnect
from regularfit.nets.dropout.dropout import Dropout
from regularfit.nets.dropout.masks import drop
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Run

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def started(p: float = 0.5, **settings):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    return model, DropConnect(p, **settings).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1)))


def test_the_weights_of_later_layers_are_masked():
    model, active = started()
    with active.forward():
        out = model(X)
        out.sum().backward()
    weight = drop(model[2].weight, Stream.of(0, "dropconnect", 1).at(0), 0.5)
    hidden = model[0](X).relu()
    torch.testing.assert_close(out, nn.functional.linear(hidden, weight, model[2].bias))
    factors = (weight / model[2].weight).detach()
    torch.testing.assert_close(model[2].weight.grad, factors * hidden.detach().sum(0).expand(3, 8))


def test_the_first_layer_on_request():
    model, active = started(0.0, input_p=0.5)
    with active.forward():
        out = model(X)
    weight = drop(model[0].weight, Stream.of(0, "dropconnect", 0).at(0), 0.5)
    torch.testing.assert_close(out, model[2](nn.functional.linear(X, weight, model[0].bias).relu()))


def test_parameters_are_where_they_were():
    model, active = started()
    names = [name for name, _ in model.named_parameters()]
    weight = model[2].weight
    with active.forward():
        model(X)
        assert [name for name, _ in model.named_parameters()] == names
        assert model[2].weight is weight
    with pytest.raises(RuntimeError), active.forward():
        model(torch.zeros(5, 3))
    assert model[2].weight is weight
    assert list(model.state_dict()) == names
    plain = model(X)
    assert torch.equal(plain, model.eval()(X))
    with active.forward():
        assert torch.equal(plain, model(X))


def test_the_mean_of_the_weight_stays():
    n, rate = 200_000, 0.25
    weight = DropConnect(rate).change(torch.ones(n), Stream.of(0), rate, nn.Linear(1, 1)).double()
    assert abs(weight.mean() - 1) < 4 * (rate / (1 - rate) / n) ** 0.5


def test_parametrised_weights_are_refused():
    model = nn.Sequential(nn.Linear(4, 4), nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)))
    with pytest.raises(UnsupportedError, match="layer '1' is parametrised"):
        DropConnect().start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1)))


def test_it_goes_with_dropout_on_inputs():
    assert DropConnect().conflict(Dropout()) is None
    assert DropConnect(0.1).conflict(DropConnect(0.2))
