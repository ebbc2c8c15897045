"""Sub-nets: all of them against a sample and against closed forms."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from regularfit.experiments.sub_nets import asked  # noqa: E402
from regularfit.nets.architectures import initialise, mlp  # noqa: E402

X = torch.rand(6, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("hidden", [(5,), (3, 4)])
def test_a_sample_tends_to_all_of_them(hidden):
    net = initialise(mlp(3, hidden, 4), seed=1)
    with torch.no_grad():
        net[-1].weight *= 5  # so that sub-nets disagree
    every, some = asked(net, X, 0.5), asked(net, X, 0.5, 1000)
    spread = (every.squares - every.mean**2).clamp_min(0).sqrt()
    assert spread.max() > 0.05
    assert ((some.mean - every.mean).abs() <= 5 * spread / 1000**0.5 + 1e-6).all()
    shares = (every.votes * (1 - every.votes)).clamp_min(1 / 1000).sqrt()
    assert ((some.votes - every.votes).abs() <= 5 * shares / 1000**0.5).all()


def test_with_one_hidden_layer_the_geometric_mean_is_the_net():
    net = initialise(mlp(3, (6,), 4), seed=2)
    with torch.no_grad():
        assert torch.allclose(asked(net, X, 0.5).logs.softmax(-1), net(X).softmax(-1), atol=1e-6)


def test_one_unit_by_hand():
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 2))
    with torch.no_grad():
        for value, parameter in zip(
            ([[1.0]], [0.0], [[1.0], [0.0]], [0.0, 0.0]), net.parameters(), strict=True
        ):
            parameter.copy_(torch.tensor(value))
    said = asked(net, torch.ones(1, 1), 0.5)
    on = 1 / (1 + torch.exp(torch.tensor(-2.0)))  # the unit is there, twice as large, or it is not
    assert said.mean[0, 0] == pytest.approx(float((on + 0.5) / 2), abs=1e-6)


def test_other_rates_need_a_sample():
    with pytest.raises(ValueError, match="same chance"):
        asked(mlp(3, (5,), 4), X, 0.2)
