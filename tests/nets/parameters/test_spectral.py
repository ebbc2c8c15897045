"""The largest singular value stays within its limit while the net trains."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn, optim  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402
from regularfit.nets.parameters.spectral import Spectral  # noqa: E402


def sizes(net):
    weights = [layer.weight.detach().flatten(1) for layer in net if hasattr(layer, "weight")]
    return [torch.linalg.matrix_norm(weight, ord=2).item() for weight in weights]


@pytest.mark.parametrize("kind", [optim.Adam, optim.Rprop])
def test_it_holds_under_any_optimizer(kind):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 6, 4))
    X, y = torch.randn(32, 3, 8), 50 * torch.randn(32, 4)
    optimizer = Proximal(kind(net.parameters(), lr=0.02), Spectral(1.2), net)

    def closure():
        optimizer.zero_grad()
        loss = (net(X) - y).pow(2).mean()
        loss.backward()
        return loss

    for _ in range(60):
        optimizer.step(closure)
        assert max(sizes(net)) < 1.2 * 1.02  # while weights move the iteration lags a little behind
    assert optimizer.effects()[0][1].acted
    for group in optimizer.param_groups:
        group["lr"], group["step_sizes"] = 1e-7, (1e-9, 1e-7)
    for _ in range(30):
        optimizer.step(closure)
    assert max(sizes(net)) < 1.2 * 1.001


def test_what_is_within_the_limit_is_left_alone_bit_for_bit():
    net = nn.Linear(4, 3)
    before = net.weight.detach().clone()
    optimizer = Proximal(optim.SGD(net.parameters(), lr=0.0), Spectral(100.0), net)
    net.weight.grad = torch.ones_like(net.weight)
    optimizer.step()
    assert torch.equal(net.weight, before)
    assert optimizer.effects()[0][1].acted is False


def test_it_scales_and_keeps_directions_and_zeros():
    net = nn.Linear(4, 3)
    with torch.no_grad():
        net.weight[0, 0] = 0
    before = net.weight.detach().clone()
    optimizer = Proximal(optim.SGD(net.parameters(), lr=0.0), Spectral(0.1), net)
    net.weight.grad = torch.ones_like(net.weight)
    optimizer.step()
    share = 0.1 / torch.linalg.matrix_norm(before, ord=2)
    torch.testing.assert_close(net.weight.detach(), share * before, rtol=1e-4, atol=0)


def test_bad_settings():
    with pytest.raises(InputError, match=r"Spectral\(limit\)"):
        Spectral(-1.0)
    for wrong in (0, 1.5):
        with pytest.raises(InputError, match="whole number"):
            Spectral(iterations=wrong)
    net = nn.Linear(2, 2)
    with pytest.raises(InputError, match="bias is a vector"):
        Proximal(optim.Adam(net.parameters()), Spectral(on="bias"), net)


def test_weights_that_are_not_finite_do_not_end_the_loop():
    net = nn.Linear(4, 3)
    optimizer = Proximal(optim.SGD(net.parameters(), lr=0.1), Spectral(0.1), net)
    net.weight.grad = torch.full_like(net.weight, torch.nan)
    optimizer.step()
    with torch.no_grad():
        net.weight.copy_(torch.eye(3, 4))
    net.weight.grad = torch.zeros_like(net.weight)
    optimizer.step()
    assert sizes([net])[0] == pytest.approx(0.1, rel=1e-4)
