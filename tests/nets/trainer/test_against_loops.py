"""The trainer with regularisers against loops written by hand with torch's own means."""

import copy
import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from regularfit import L1, nets  # noqa: E402
from regularfit.nets.batches import BatchRows  # noqa: E402
from regularfit.nets.randomness import Stream  # noqa: E402
from regularfit.nets.stepping.sharpness import SAMOptimizer  # noqa: E402
from tests.nets.trainer.problems import classes, net, weights  # noqa: E402

STEPS, SIZE, LR = 40, 24, 1e-2


def no_decay(model):
    """AdamW's own decay, on weights alone."""
    groups = [
        {"params": [m.weight for m in model if isinstance(m, nn.Linear)], "weight_decay": 0.3},
        {"params": [m.bias for m in model if isinstance(m, nn.Linear)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=LR, fused=True)


def plain(model):
    return torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.0, fused=True)


def loop(model, make=plain, loss=F.cross_entropy, before_step=None, after_step=None, batch=None):
    X, y = classes()
    optimizer, batches = make(model), BatchRows(0, len(X), SIZE)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = LR * 0.5 * (1 + math.cos(math.pi * step / STEPS))
        rows = batches.at(step)
        xb, yb = X[rows], y[rows]

        def closure(step=step, xb=xb, yb=yb, optimizer=optimizer):
            optimizer.zero_grad()
            value = loss(model(xb), yb) if batch is None else batch(step, model, xb, yb)
            value.backward()
            return value

        if isinstance(optimizer, SAMOptimizer):
            optimizer.step(closure)
        else:
            closure()
            if before_step:
                before_step(model)
            optimizer.step()
        if after_step:
            after_step(step)
    return model


def ours(*regularisers, make_net=net):
    X, y = classes()
    trainer = nets.Trainer(make_net(), regularisers, steps=STEPS, batch_size=SIZE, lr=LR)
    return trainer.fit(X, y).model_


def test_weight_decay_is_adamws_on_weights_alone():
    # AdamW shrinks before its step, so that its step is not shrunk: by hand after the step
    model = net()

    def shrink(step):
        lr = LR * 0.5 * (1 + math.cos(math.pi * step / STEPS))
        with torch.no_grad():
            for module in model:
                if isinstance(module, nn.Linear):
                    module.weight.mul_(1 - lr * 0.3)

    hand = loop(model, after_step=shrink)
    assert torch.equal(weights(ours(nets.WeightDecay(0.3))), weights(hand))
    near = loop(net(), make=no_decay)  # a difference of lr * rate * step, 0.003 of a step of the optimiser
    torch.testing.assert_close(weights(hand), weights(near), rtol=0, atol=STEPS * LR * LR * 0.3)


def test_l1_is_proximal():
    hand = loop(net(), make=lambda model: nets.Proximal(plain(model), L1(0.02), model))
    made = ours(L1(0.02))
    assert torch.equal(weights(made), weights(hand))
    assert (weights(made) == 0).sum() > 3


def test_clipping_is_torchs():
    hand = loop(net(), before_step=lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1))
    made = ours(nets.GradClip(0.1))
    # torch divides by the norm plus 1e-6
    torch.testing.assert_close(weights(made), weights(hand), rtol=0, atol=1e-5)
    assert not torch.equal(weights(made), weights(loop(net())))


def test_label_smoothing_is_torchs():
    hand = loop(net(), loss=lambda f, y: F.cross_entropy(f, y, label_smoothing=0.2))
    torch.testing.assert_close(weights(ours(nets.LabelSmoothing(0.2))), weights(hand), rtol=0, atol=1e-5)


def test_sam_is_its_wrapped_optimiser():
    hand = loop(net(), make=lambda model: nets.SAM(0.1).wrap(plain(model), model))
    assert torch.equal(weights(ours(nets.SAM(0.1))), weights(hand))


def test_ema_is_a_running_mean_and_left_in_the_model():
    model, mean = net(), []

    def follow(step):
        now = weights(model).clone()
        decay = min(0.9, (1 + step) / (10 + step)) if mean else 0.0
        mean.append(now if not mean else decay * mean[-1] + (1 - decay) * now)

    loop(model, after_step=follow)
    torch.testing.assert_close(weights(ours(nets.EMA(0.9))), mean[-1], rtol=0, atol=1e-6)


def test_mixup_is_soft_targets_of_the_same_rows():
    def mixed(step, model, X, y):
        stream = Stream.of(0, "mixup").at(step)
        order = stream.permutation(len(X))
        share = Stream.of(0, "mixup", "share").at(step).beta(0.5, len(X))[:, None]
        soft = share * F.one_hot(y, 3) + (1 - share) * F.one_hot(y[order], 3)
        return F.cross_entropy(model(share * X + (1 - share) * X[order]), soft)

    hand = loop(net(), batch=mixed)
    torch.testing.assert_close(weights(ours(nets.Mixup(0.5))), weights(hand), rtol=0, atol=1e-5)


def test_several_at_once():
    model = net()
    average = nets.EMA(0.9).follow(model)
    hand = loop(
        model,
        make=lambda model: nets.Proximal(plain(model), L1(0.01), model),
        loss=lambda f, y: F.cross_entropy(f, y, label_smoothing=0.1),
        before_step=lambda model: nets.GradClip(0.2)(model.parameters()),
        after_step=lambda step: average.update(),
    )
    average.finish()
    made = ours(nets.EMA(0.9), nets.LabelSmoothing(0.1), L1(0.01), nets.GradClip(0.2))
    torch.testing.assert_close(weights(made), weights(hand), rtol=0, atol=1e-5)


def test_where_it_starts_does_not_change():
    start = net()
    before = copy.deepcopy(start.state_dict())
    loop(copy.deepcopy(start))
    assert all(torch.equal(before[name], value) for name, value in start.state_dict().items())
