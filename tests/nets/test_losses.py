"""Losses a row and their weighted means, mixed targets too."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.losses import Huber, Squared  # noqa: E402
from regularfit.nets.losses import HUBER_DELTA, net_loss  # noqa: E402
from regularfit.nets.regulariser import Batch  # noqa: E402

GENERATOR = torch.Generator().manual_seed(0)


def batch(y, **more):
    return Batch(torch.zeros(len(y), 1), y, torch.arange(len(y)), **more)


def test_numbers_as_on_the_linear_side():
    y, f = torch.randn(40, generator=GENERATOR), 3 * torch.randn(40, generator=GENERATOR)
    for name, loss in {"squared": Squared(), "huber": Huber(HUBER_DELTA)}.items():
        ours = net_loss(name, y).each(f, batch(y)).double()
        torch.testing.assert_close(
            ours, torch.as_tensor(loss.value(y.double().numpy(), f.double().numpy())), rtol=1e-6, atol=1e-6
        )


def test_several_outputs_are_summed():
    y, f = torch.randn(6, 3, generator=GENERATOR), torch.randn(6, 3, generator=GENERATOR)
    for name in ("squared", "absolute", "huber"):
        loss = net_loss(name, y)
        one_by_one = sum(loss.each(f[:, k], batch(y[:, k])) for k in range(3))
        torch.testing.assert_close(loss.each(f, batch(y)), one_by_one)


@pytest.mark.parametrize("weighted", [False, True])
def test_mixed_classes_are_soft_targets(weighted):
    f = torch.randn(50, 4, generator=GENERATOR)
    y, partner = (torch.randint(0, 4, (50,), generator=GENERATOR) for _ in range(2))
    share, weight = torch.rand(50, generator=GENERATOR), torch.rand(50, generator=GENERATOR)
    soft = share[:, None] * F.one_hot(y, 4) + (1 - share[:, None]) * F.one_hot(partner, 4)
    rows = F.cross_entropy(f, soft, reduction="none")
    expected = (weight * rows).sum() / weight.sum() if weighted else rows.mean()
    mixed = batch(y, partner=partner, share=share, weight=weight if weighted else None)
    torch.testing.assert_close(net_loss("auto", y)(f, mixed), expected)


@pytest.mark.parametrize("outputs", [None, 2])
def test_mixed_numbers_are_numbers_in_between(outputs):
    shape = (20,) if outputs is None else (20, outputs)
    y, partner, f = (torch.randn(*shape, generator=GENERATOR) for _ in range(3))
    share = torch.rand(20, generator=GENERATOR)
    wide = share if outputs is None else share[:, None]
    between = wide * y + (1 - wide) * partner
    for name in ("squared", "absolute", "huber"):
        loss = net_loss(name, y)
        mixed = loss(f, batch(y, partner=partner, share=share))
        torch.testing.assert_close(mixed, loss(f, batch(between)))


def test_a_column_of_outputs_against_a_row_of_targets():
    y, f = torch.randn(5, generator=GENERATOR), torch.randn(5, 1, generator=GENERATOR)
    torch.testing.assert_close(net_loss("squared", y)(f, batch(y)), 0.5 * F.mse_loss(f[:, 0], y))
    with pytest.raises(InputError, match=r"shape \(5, 1\), but the targets have shape \(5, 2\)"):
        net_loss("squared", y)(f, batch(torch.zeros(5, 2)))


def test_half_precision_is_summed_in_single():
    f = torch.randn(3000, 3, generator=GENERATOR).bfloat16()
    y = torch.randint(0, 3, (3000,), generator=GENERATOR)
    loss = net_loss("cross_entropy", y)(f, batch(y))
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, F.cross_entropy(f.float(), y))


def test_the_task_follows_from_loss_and_targets():
    whole, real = torch.tensor([0, 1]), torch.tensor([0.0, 1.0])
    assert net_loss("auto", whole).task == "classification"
    assert net_loss("auto", real).name == "squared"
    assert net_loss("squared", real).task == "regression"
    assert net_loss(lambda f, y: y, whole).task == "classification"
    with pytest.raises(InputError, match="Did you mean 'huber'"):
        net_loss("hubr", real)
