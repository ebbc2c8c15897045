"""The worst place nearby is at the promised distance, in the promised direction, and is left bit by bit."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from regularfit.nets.stepping.perturbation import Perturbation  # noqa: E402


def made(seed, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    parameters = [
        torch.randn(shape, generator=generator, dtype=dtype, requires_grad=True) for shape in ((3, 2), (4,))
    ]
    for p in parameters:
        p.grad = torch.randn(p.shape, generator=generator, dtype=dtype)
    return parameters


@settings(deadline=None)
@given(st.integers(0, 100), st.floats(1e-3, 10), st.floats(1e-3, 1e3))
def test_no_place_within_reach_is_worse_to_first_order(seed, rho, scale):
    parameters = made(seed)
    before = [p.detach().clone() for p in parameters]
    for p in parameters:
        p.grad *= scale  # of a gradient scaler: it does not matter
    assert Perturbation(parameters, rho).away()
    moved = torch.cat([(p.detach() - b).flatten() for p, b in zip(parameters, before, strict=True)])
    gradient = torch.cat([p.grad.flatten() for p in parameters])
    assert moved.norm().item() == pytest.approx(rho, rel=1e-6)
    assert (moved @ gradient).item() == pytest.approx(
        rho * gradient.norm().item(), rel=1e-6
    )  # Cauchy and Schwarz


@settings(deadline=None)
@given(st.integers(0, 100), st.floats(1e-3, 1), st.floats(1e-3, 1))
def test_adaptive_distance_is_relative_to_each_weight(seed, rho, eta):
    parameters = made(seed)
    before = torch.cat([p.detach().flatten() for p in parameters])
    Perturbation(parameters, rho, eta).away()
    relative = (torch.cat([p.detach().flatten() for p in parameters]) - before) / (before.abs() + eta)
    assert relative.norm().item() == pytest.approx(rho, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_back_is_back_bit_by_bit(dtype):
    parameters = made(0, dtype)
    before = [p.detach().clone() for p in parameters]
    nearby = Perturbation(parameters, 0.3)
    for _ in range(3):
        assert nearby.away()
        assert not torch.equal(parameters[0], before[0])
        nearby.back()
        assert all(torch.equal(p, b) for p, b in zip(parameters, before, strict=True))


@pytest.mark.parametrize("bad", [0.0, float("nan"), float("inf")])
def test_without_a_direction_nothing_moves(bad):
    parameters = made(0)
    before = parameters[0].detach().clone()
    for p in parameters:
        p.grad.fill_(bad)
    assert not Perturbation(parameters, 0.3).away()
    assert torch.equal(parameters[0], before)
    for p in parameters:
        p.grad = None
    assert not Perturbation(parameters, 0.3).away()
