"""Weights stay orthogonal, and the way back is to the nearest such matrix."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn, optim  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay  # noqa: E402
from regularfit.nets.parameters.orthogonal import Orthogonal, nearest_orthogonal  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402
from regularfit.nets.parameters.spectral import Spectral  # noqa: E402


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3)])
@pytest.mark.parametrize("off", [1e-3, 0.02, 1.0])
def test_the_nearest_is_that_of_the_singular_value_decomposition(shape, off):
    """Near by the iteration, far off by the decomposition: the same matrix."""
    draw = torch.Generator().manual_seed(1)
    start = torch.linalg.qr(torch.randn(max(shape), max(shape), generator=draw, dtype=torch.float64))[0]
    W = start[: shape[0], : shape[1]] + off * torch.randn(shape, generator=draw, dtype=torch.float64)
    u, _, v = torch.linalg.svd(W, full_matrices=False)
    torch.testing.assert_close(nearest_orthogonal(W), u @ v, rtol=0, atol=1e-13)


@pytest.mark.parametrize("gain", [1.0, 2.0**0.5])
def test_it_holds_while_the_net_trains(gain):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 4))
    X, y = torch.randn(64, 6), torch.randn(64, 4)
    optimizer = Proximal(optim.Adam(net.parameters(), lr=0.01), Orthogonal(gain), net)
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = (net(X) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        for W in (net[0].weight.detach().T, net[2].weight.detach()):
            torch.testing.assert_close(W @ W.T, gain**2 * torch.eye(len(W)), rtol=0, atol=2e-5)
    assert min(losses[-5:]) < losses[1]


def test_what_contradicts_it_is_refused():
    net = nn.Linear(3, 3)
    for other in (rf.L1(), WeightDecay(), Spectral()):
        with pytest.raises(InputError, match="orthogonal weight"):
            Proximal(optim.Adam(net.parameters()), [other, Orthogonal()], net)
    with pytest.raises(InputError, match=r"Orthogonal\(gain\)"):
        Orthogonal(0.0)


def test_weights_that_are_not_finite_are_left_for_the_loop_to_notice():
    assert nearest_orthogonal(torch.full((2, 2), torch.nan)).isnan().all()
