"""The gradient-noise scale against closed forms, and noise given back of the size that is promised."""

import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from regularfit.nets.stepping.implicit import NoiseScale, SGDNoise, noise_scale  # noqa: E402


def linear(w):
    model = nn.Linear(len(w), 1, bias=False, dtype=torch.float64)
    with torch.no_grad():
        model.weight.copy_(torch.as_tensor(w))
    return model


def squared(model):
    return lambda batch: (model(batch[0])[:, 0] - batch[1]).square().mean() / 2


def data(n, d, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    truth = np.linspace(-1, 1, d)
    return torch.tensor(X), torch.tensor(X @ truth + noise * rng.normal(size=n)), truth


def test_of_single_rows_it_is_the_covariance_of_the_rows_gradients():
    X, y, _ = data(40, 3)
    model = linear(np.array([0.5, 0.0, -0.5]))
    found = noise_scale(model, squared(model), list(zip(X.split(1), y.split(1), strict=True)))
    each = (X * (X @ model.weight[0] - y)[:, None]).detach().numpy()
    trace = each.var(axis=0, ddof=1).sum()
    assert found.trace == pytest.approx(trace, rel=1e-10)
    assert found.signal == pytest.approx((each.mean(axis=0) ** 2).sum() - trace / 40, rel=1e-10)
    assert found.rows == 40


@pytest.mark.parametrize("size", [10, 32])
def test_a_linear_model_with_gaussian_rows_has_a_closed_form(size):
    # with delta = w - w*, |G|^2 = |delta|^2 and tr(Sigma) = (d + 1) |delta|^2 + d sigma^2
    d, sigma, n = 5, 1.5, 40_000
    X, y, truth = data(n, d, sigma)
    delta = np.array([0.5, -0.3, 0.2, 0.1, -0.6])
    model = linear(truth + delta)
    found = noise_scale(model, squared(model), zip(X.split(size), y.split(size), strict=True))
    square = (delta**2).sum()
    trace = (d + 1) * square + d * sigma**2
    # standard errors: of the mean of n / size squared norms, and of |G| among n rows; four of them
    of_trace, of_signal = 4 * (2 * size / n) ** 0.5, 4 * 2 * (trace / n / square) ** 0.5
    assert found.trace == pytest.approx(trace, rel=of_trace)
    assert found.signal == pytest.approx(square, rel=of_signal)
    assert found.scale == pytest.approx(trace / square, rel=of_trace + of_signal)


def test_the_estimates_are_unbiased_for_batches_of_unequal_size():
    d, sigma = 3, 1.0
    delta = np.array([0.4, 0.0, -0.4])
    square = (delta**2).sum()
    traces, signals = [], []
    for seed in range(500):
        X, y, truth = data(14, d, sigma, seed)
        model = linear(truth + delta)
        sizes = [2, 5, 7]
        found = noise_scale(model, squared(model), zip(X.split(sizes), y.split(sizes), strict=True))
        traces.append(found.trace)
        signals.append(found.signal)
    for values, truth in ((traces, (d + 1) * square + d * sigma**2), (signals, square)):
        assert abs(np.mean(values) - truth) < 4 * np.std(values) / np.sqrt(len(values))
    assert min(signals) < 0  # unbiased, so sometimes negative


def test_nothing_of_the_model_is_touched():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    x = torch.randn(16, 3)
    model(x).sum().backward()
    before, numbers = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    gradients = [p.grad.clone() for p in model.parameters()]
    with torch.no_grad():
        noise_scale(model, lambda b: model(b).square().mean(), x.split(4))
    assert model.training
    assert torch.equal(torch.get_rng_state(), numbers)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))


def test_parameters_without_a_share_in_the_loss_count_as_zero():
    model = linear(np.array([1.0, 2.0]))
    X, y, _ = data(20, 2)
    alone = noise_scale(model, squared(model), list(zip(X.split(5), y.split(5), strict=True)))
    both = nn.ModuleList([model, nn.Linear(3, 3)])
    found = noise_scale(both, squared(model), list(zip(X.split(5), y.split(5), strict=True)))
    assert found.trace == pytest.approx(alone.trace, rel=1e-9)


def test_one_batch_is_refused_and_drowned_gradients_are_infinite():
    model = linear(np.array([1.0]))
    with pytest.raises(InputError, match="at least two; 1 were given"):
        noise_scale(model, squared(model), [(torch.ones(4, 1, dtype=torch.float64), torch.zeros(4))])
    assert NoiseScale(1.0, -0.1, 100).scale == math.inf
    assert NoiseScale(1.0, -0.1, 100).suggested == 64
    assert NoiseScale(100.0, 1.0, 10_000).suggested == 128
    assert NoiseScale(0.5, 1.0, 10_000).suggested == 1


# ---------------------------------------------------------------- noise given back


def test_the_covariance_of_the_gradient_grows_as_promised():
    # given a batch, the gradient is mean(g_i) + scale mean(xi_i g_i); its covariance is scale^2 tr(Sigma_batch) / b
    X, y, _ = data(16, 3)
    model = linear(np.array([0.5, 0.0, -0.5]))
    each = (X * (X @ model.weight[0] - y)[:, None]).detach()
    run = Run(model, torch.optim.SGD(model.parameters()), batch_size=16)
    active, gradients = SGDNoise(2.0).start(run), []
    for step in range(1500):
        run.step = step
        weight = active.batch(Batch(X, y, rows=torch.arange(16))).weight
        assert weight.dtype == torch.float64
        assert weight.sum().item() == pytest.approx(16)
        gradients.append((weight[:, None] * each).sum(0) / weight.sum())
    gradients = torch.stack(gradients)
    wanted = 2.0**2 * each.var(0, correction=1).sum() / 16
    assert gradients.var(0).sum().item() == pytest.approx(wanted.item(), rel=0.12)
    gap = (gradients.mean(0) - each.mean(0)).norm() / (wanted / 1500).sqrt()
    assert gap < 4  # unbiased


def test_sample_weights_are_kept_in_the_mean():
    model = linear(np.array([1.0]))
    run = Run(model, torch.optim.SGD(model.parameters()), batch_size=4)
    weight = torch.tensor([1.0, 0.0, 5.0, 2.0])
    batch = Batch(torch.zeros(4, 1), torch.zeros(4), torch.arange(4), weight=weight)
    noisy = SGDNoise(1.0).start(run).batch(batch).weight
    assert noisy[1] == 0  # a row that is left out stays out
    assert noisy.sum().item() == pytest.approx(8.0, rel=1e-5)
    assert not torch.equal(noisy, weight)


def test_a_batch_of_one_row_is_left_alone():
    model = linear(np.array([1.0]))
    active = SGDNoise(1.0).start(Run(model, torch.optim.SGD(model.parameters())))
    batch = Batch(torch.zeros(1, 1), torch.zeros(1), torch.arange(1))
    assert active.batch(batch) is batch
    assert active.effect().acted is False
    for bad in (-1, "1", float("nan")):
        with pytest.raises(InputError, match="SGDNoise"):
            SGDNoise(bad)
