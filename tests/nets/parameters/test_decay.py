"""The three meanings of weight decay, against torch's own where it has them."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn, optim  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay, decay_groups  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402
from regularfit.nets.regulariser import Run  # noqa: E402


def small():
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2)).double()


def walk(net, optimizer, steps=20, schedule=None):
    for t in range(steps):
        X = torch.randn(16, 6, generator=torch.Generator().manual_seed(t), dtype=torch.float64)
        optimizer.zero_grad()
        net(X).pow(2).mean().backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()


def same(a, b, **tolerance):
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(p, q, **tolerance)


def test_decoupled_is_adamw_with_decay_groups_but_for_the_order_within_a_step():
    """torch shrinks before its step, and we after it: the same but for the last shrinkage of the last move."""
    ours, theirs = small(), small()
    walk(ours, Proximal(optim.AdamW(ours.parameters(), lr=1e-3, weight_decay=0), WeightDecay(0.1), ours))
    walk(theirs, optim.AdamW(decay_groups(theirs, 0.1), lr=1e-3))
    same(ours, theirs, rtol=0, atol=20 * 1e-3 * 1e-4)  # steps * lr * (lr * rate), the moves being lr at most
    plain = small()
    walk(plain, optim.AdamW(plain.parameters(), lr=1e-3, weight_decay=0))
    assert (plain[0].weight - ours[0].weight).abs().max() > 1e-4


def test_coupled_is_the_decay_of_sgd_and_adam():
    for kind, settings in [(optim.SGD, {"momentum": 0.9}), (optim.Adam, {})]:
        ours, theirs = small(), small()
        walk(
            ours, Proximal(kind(ours.parameters(), lr=0.01, **settings), WeightDecay(0.1, coupled=True), ours)
        )
        walk(theirs, kind(decay_groups(theirs, 0.1), lr=0.01, **settings))
        same(ours, theirs, rtol=1e-12, atol=1e-14)


def test_independent_follows_the_schedule_and_not_the_base_rate():
    """Without gradients only decay moves the weights, so they tell what it multiplied them by."""
    for lr in (1e-1, 1e-4):
        net = small()
        optimizer = Proximal(optim.SGD(net.parameters(), lr=lr), WeightDecay(0.1, independent=True), net)
        schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1.0 / (1 + t))
        before, factor = net[0].weight.detach().clone(), 1.0
        for t in range(5):
            optimizer.zero_grad(set_to_none=False)
            for p in net.parameters():
                p.grad = torch.zeros_like(p)
            optimizer.step()
            schedule.step()
            factor *= 1 - 0.1 / (1 + t)
        torch.testing.assert_close(net[0].weight, before * factor)


def test_independent_under_one_cycle_is_at_most_its_rate():
    net = small()
    optimizer = Proximal(optim.SGD(net.parameters(), lr=1.0), WeightDecay(0.1, independent=True), net)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=20, cycle_momentum=False)
    rates = []
    for _ in range(20):
        rates.append(optimizer.effects()[0][1].strength)
        for p in net.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
        schedule.step()
    # the scheduler was made after the optimiser was wrapped, so the rate at the start, 1.0, is the base
    assert max(rates) == pytest.approx(0.1 * 0.5, rel=0.05)
    again = Proximal(optimizer.optimizer, WeightDecay(0.1, independent=True), net)
    again.param_groups[0]["lr"] = 0.5
    assert again.effects()[0][1].strength == pytest.approx(0.1)


def test_only_weights_decay():
    net = small()
    before = copy.deepcopy(net)
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    WeightDecay(0.5).start(Run(net, optim.SGD(net.parameters(), lr=1.0))).prox()
    for (name, p), q in zip(net.named_parameters(), before.parameters(), strict=True):
        assert torch.equal(p, 0.5 * q if name in ("0.weight", "3.weight") else q)


def test_a_rate_beyond_one_ends_at_zero_and_does_not_turn_signs():
    net = small()
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    WeightDecay(50.0).start(Run(net, optim.SGD(net.parameters(), lr=1.0))).prox()
    assert not net[0].weight.any()


@pytest.mark.parametrize(
    ("dtype", "rate", "bites"),
    [
        (torch.float32, 1e-6, False),
        (torch.float32, 1e-2, True),
        (torch.bfloat16, 1e-1, False),
        (torch.float64, 1e-6, True),
    ],
)
def test_decay_below_the_last_digit_says_that_it_does_nothing(dtype, rate, bites):
    net = small().to(dtype)
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    before = net[0].weight.detach().clone()
    active = WeightDecay(rate).start(Run(net, optim.SGD(net.parameters(), lr=1e-2)))
    active.prox()
    assert torch.equal(net[0].weight, before) is not bites
    assert active.effect().acted is bites


def test_the_groups_hold_every_parameter_once():
    net = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5))
    net[1].weight = net[0].weight  # tied: an embedding, so not decayed
    net.add_module("more", nn.Linear(5, 2))
    groups = decay_groups(net, 0.1)
    assert [len(group["params"]) for group in groups] == [1, 3]
    assert groups[0]["params"][0] is net.more.weight
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]


def test_groups_of_parameters_that_nobody_has_told_about():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.head = nn.Parameter(torch.zeros(3)), nn.Linear(3, 1)

    net = Own()
    with pytest.raises(
        InputError, match=r'nobody has told what token is for.*assign_role\(model, "token", "norm"\)'
    ):
        decay_groups(net)
    Own.regularfit_roles = {"token": "embedding"}
    assert len(decay_groups(net)[1]["params"]) == 2


def test_bad_settings():
    for rate in (-1.0, float("nan"), float("inf"), "much", None, True):
        with pytest.raises(InputError, match=r"WeightDecay\(rate\)"):
            WeightDecay(rate)
    with pytest.raises(InputError, match="choose one"):
        WeightDecay(independent=True, coupled=True)
    net = small()
    with pytest.raises(InputError, match="decayed twice"):
        WeightDecay().start(Run(net, optim.AdamW(net.parameters())))
