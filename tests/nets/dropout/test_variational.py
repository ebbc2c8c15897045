"""Variational dropout: its divergence against the integral, its noise, and that data decide the rate."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate
from torch import nn

from regularfit.errors import InputError
from regularfit.nets.dropout.variational import VariationalDropout, divergence
from regularfit.nets.regulariser import Batch, Run


def exact(alpha: float) -> float:
    """KL of N(1, alpha) noise against the log-uniform prior, up to a constant: -log(alpha) / 2 + E log|xi|."""
    root = math.sqrt(alpha)

    def density(z: float) -> float:
        return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * math.log(abs(1 + root * z))

    below, _ = integrate.quad(density, -12, -1 / root, limit=400)
    above, _ = integrate.quad(density, -1 / root, 12, limit=400)
    return -0.5 * math.log(alpha) + below + above


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3, 0.6, 0.9])
def test_the_divergence_is_the_integral(alpha):
    # the cubic of Kingma, Salimans & Welling is good to about 0.02 nats on (0, 1]
    ours = float(divergence(torch.tensor(alpha, dtype=torch.float64).log()))
    assert ours == pytest.approx(exact(alpha) - exact(1.0), abs=0.03)


def test_less_noise_costs_more():
    nats = divergence(torch.linspace(-8, 0, 50))
    assert (nats.diff() < 0).all()


def train(noise: float, *, by: str = "layers", n: int = 200, strength: float = 1.0):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))
    g = torch.Generator().manual_seed(3)
    X = torch.randn(n, 5, generator=g)
    y = X[:, 0] + 2 * X[:, 1].tanh() + noise * torch.randn(n, generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    run = Run(model, optimizer, task="regression", n=n, steps=400)
    active = VariationalDropout(0.2, by=by, strength=strength).start(run)
    batch = Batch(X, y, torch.arange(n))
    for run.step in range(400):
        optimizer.zero_grad()
        with active.forward():
            out = model(X)
        # Gaussian noise of the data: half the squared error in units of its variance
        loss = ((out[:, 0] - y) ** 2).mean() / (2 * max(noise, 0.1) ** 2)
        active.loss(loss, out, batch).backward()
        optimizer.step()
        active.prox()
    return active


def test_the_rate_is_learned_from_the_data():
    clear, noisy = train(0.1).effect().strength, train(5.0).effect().strength
    assert clear < 0.1  # it began at 0.2
    assert noisy > 0.3
    assert noisy <= 0.5


def test_a_rate_a_unit_and_its_state():
    active = train(5.0, by="units", strength=3.0)
    assert {name: tuple(v.shape) for name, v in active.log_alpha.items()} == {"0": (5,), "2": (16,)}
    other = train(0.1, by="units")
    other.load_state_dict(active.state_dict())
    assert other.effect() == active.effect()
    assert np.isfinite(active.effect().strength)


def test_the_variances_are_with_the_optimiser_and_not_with_the_model():
    active = train(1.0)
    group = active.run.optimizer.param_groups[-1]
    assert group["weight_decay"] == 0
    assert len(group["params"]) == 2
    assert len(list(active.run.model.parameters())) == 4


@pytest.mark.parametrize(
    "settings", [{"p": 0.0}, {"p": 0.6}, {"strength": 0}, {"by": "rows"}, {"input_p": 0.1}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(InputError):
        VariationalDropout(**settings)
