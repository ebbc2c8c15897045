"""Max-norm holds, and ends where the constrained problem is solved, under SGD and under Adam."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from scipy.optimize import minimize  # noqa: E402
from torch import nn, optim  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.max_norm import MaxNorm  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402


@pytest.mark.parametrize(("kind", "lr"), [(optim.SGD, 0.02), (optim.Adam, 0.1)])
def test_a_linear_net_is_least_squares_within_the_ball(kind, lr):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 6)) * np.array([0.3, 1, 1, 2, 3, 5])
    y = X @ rng.normal(size=6) + rng.normal(size=100)
    truth = minimize(
        lambda b: 0.5 * np.mean((y - X @ b) ** 2),
        np.zeros(6),
        constraints={"type": "ineq", "fun": lambda b: 0.49 - b @ b},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    ).x
    net = nn.Linear(6, 1, bias=False).double()
    optimizer = Proximal(kind(net.parameters(), lr=lr), MaxNorm(0.7), net)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 10 ** (-3 * t / 2000))
    gram, moments = torch.as_tensor(X.T @ X / 100), torch.as_tensor(X.T @ y / 100)
    for _ in range(2000):
        net.weight.grad = (
            net.weight.detach() @ gram - moments
        )  # what backward() gives, in a tenth of the time
        optimizer.step()
        schedule.step()
    assert np.linalg.norm(truth) == pytest.approx(0.7, rel=1e-6)  # the limit is reached
    np.testing.assert_allclose(net.weight.detach().numpy()[0], truth, atol=1e-5)


@pytest.mark.parametrize(("by", "axis"), [("neurons", 0), ("inputs", 1)])
def test_every_row_is_held_and_small_ones_are_left_alone(by, axis):
    net = nn.Conv2d(4, 5, 3)
    with torch.no_grad():
        net.weight.movedim(axis, 0)[0].fill_(1e-3)
    before = net.weight.detach().clone()
    optimizer = Proximal(optim.Adam(net.parameters(), lr=1e-9), MaxNorm(0.5, by=by), net)
    net(torch.randn(2, 4, 5, 5)).pow(2).mean().backward()
    optimizer.step()
    rows = net.weight.detach().movedim(axis, 0).flatten(1)
    assert rows.norm(dim=1).max() <= 0.5 * (1 + 1e-6)
    torch.testing.assert_close(rows[0], before.movedim(axis, 0)[0].flatten(), atol=1e-8, rtol=0)


def test_zeros_stay_zeros():
    net = nn.Linear(4, 3)
    with torch.no_grad():
        net.weight[:, 1] = 0
    optimizer = Proximal(optim.SGD(net.parameters(), lr=0.1), MaxNorm(0.1), net)
    net.weight.grad = torch.zeros_like(net.weight)
    optimizer.step()
    assert not net.weight[:, 1].any()


def test_bad_settings():
    with pytest.raises(InputError, match=r"MaxNorm\(limit\)"):
        MaxNorm(0)
    with pytest.raises(InputError, match=r"MaxNorm\(by\)='rows' is not known"):
        MaxNorm(by="rows")
    net = nn.Linear(2, 2)
    with pytest.raises(InputError, match="bias is a vector"):
        Proximal(optim.Adam(net.parameters()), MaxNorm(on="bias"), net)
