"""Monte Carlo dropout: the right mean and spread, and everything as it was afterwards."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets import layers
from regularfit.nets.dropout.dropconnect import DropConnect
from regularfit.nets.dropout.dropout import Dropout
from regularfit.nets.dropout.masks import true_rate
from regularfit.nets.dropout.monte_carlo import monte_carlo
from regularfit.nets.dropout.variational import VariationalDropout

X = torch.rand(5, 4, generator=torch.Generator().manual_seed(0)) + 0.5


def closed_form(weight: torch.Tensor, x: torch.Tensor, rate: float) -> torch.Tensor:
    """The standard deviation of sum_j w_j x_j m_j / (1 - p): sqrt(p / (1 - p)) times the norm of w x."""
    return ((rate / (1 - rate)) * ((weight * x) ** 2).sum(1)).sqrt()


@pytest.mark.parametrize("kind", ["torch", "layer", "regulariser"])
def test_mean_and_spread_of_a_linear_net(kind):
    passes, rate = 4000, true_rate(0.25)
    torch.manual_seed(0)
    linear = nn.Linear(4, 1, bias=False)
    first = {"torch": nn.Dropout(rate), "layer": layers.Dropout(rate, seed=1), "regulariser": nn.Identity()}[
        kind
    ]
    model = nn.Sequential(first, linear)
    dropout = Dropout(0.0, input_p=rate) if kind == "regulariser" else None
    said = monte_carlo(model, X, passes, dropout=dropout)
    spread = closed_form(linear.weight.detach(), X, rate)
    plain = linear(X).detach()[:, 0]
    assert ((said.mean[:, 0] - plain).abs() < 5 * spread / passes**0.5).all()
    # the standard error of a standard deviation: at most spread * sqrt((kurtosis - 1) / (4 passes)), kurtosis < 5 here
    assert ((said.spread[:, 0] - spread).abs() < 5 * spread / passes**0.5).all()


def test_modes_statistics_and_generators_are_as_before():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), layers.Dropout(0.5), nn.Linear(6, 2)
    )
    model[2].eval()
    modes = [module.training for module in model.modules()]
    state = {k: v.clone() for k, v in model.state_dict().items()}
    rng = torch.get_rng_state()
    first, second = monte_carlo(model, X, 5), monte_carlo(model, X, 5)
    assert torch.equal(first.mean, second.mean)
    assert torch.equal(first.spread, second.spread)
    assert not torch.equal(first.mean, monte_carlo(model, X, 5, seed=1).mean)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), rng)
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_batches_have_masks_of_their_own():
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    same = X[:1].expand(8, 4)
    said = monte_carlo(model, same, 6, dropout=Dropout(0.5), batch_size=4)
    assert not torch.equal(said.mean[:4], said.mean[4:])
    assert not torch.equal(monte_carlo(model, same, 6, dropout=DropConnect(0.5)).spread, torch.zeros(8, 2))


def test_of_probabilities():
    model = nn.Sequential(layers.Dropout(0.5, seed=0), nn.Linear(4, 3))
    said = monte_carlo(model, X, 20, of=lambda z: z.softmax(-1))
    torch.testing.assert_close(said.mean.sum(1), torch.ones(5))
    assert (said.spread <= 0.52).all()  # of numbers in [0, 1]: half, times sqrt(20 / 19)


def test_modes_are_restored_when_the_net_raises():
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 3)).train()
    with pytest.raises(RuntimeError):
        monte_carlo(model, X[:, :2])
    assert all(module.training for module in model.modules())


def test_nothing_to_drop_and_too_few_passes_are_refused():
    with pytest.raises(UnsupportedError, match="no dropout layers"):
        monte_carlo(nn.Linear(4, 1), X)
    with pytest.raises(InputError, match="passes"):
        monte_carlo(nn.Dropout(0.5), X, 1)


@pytest.mark.parametrize("dropout", [Dropout(0.3), VariationalDropout(0.3)])
def test_no_optimiser_is_made(dropout, monkeypatch):
    """The first one of a process makes torch load its compiler, which takes seconds."""

    def refuse(*_, **__):
        raise AssertionError("an optimiser was made")

    monkeypatch.setattr(torch.optim.Optimizer, "__init__", refuse)
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    assert (monte_carlo(net, X, 3, dropout=dropout).spread > 0).all()
