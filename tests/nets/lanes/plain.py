"""A net trained alone by a plain PyTorch loop: modules, autograd and torch's AdamW, with nothing of the lanes.

Only the random numbers come from the library, because both must draw the same ones.
"""

import copy
import math

import torch
from torch import nn

from regularfit.nets.augment.tables.feature_swap import FeatureSwap
from regularfit.nets.batches import BatchRows
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Batch, Run


class Drop(nn.Module):
    """Dropout by bytes, on the input of weight layer number ``layer``."""

    def __init__(self, seed, layer, p):
        super().__init__()
        self.seed, self.layer, self.cut, self.step = seed, layer, math.floor(256 * p + 0.5), 0

    def forward(self, x):
        if not self.training or self.cut == 0:
            return x
        octets = Stream.of(self.seed, "dropout", self.layer).at(self.step).octets(x.numel()).view(x.shape)
        return x * (octets >= self.cut) * (256 / (256 - self.cut))


def build(inputs, hidden, outputs, seed, rates, batch_norm=False):
    modules, widths = [], [inputs, *hidden, outputs]
    for i in range(len(widths) - 1):
        last = i == len(hidden)
        linear = nn.Linear(widths[i], widths[i + 1], bias=last or not batch_norm)
        bound = 1 / math.sqrt(widths[i])
        stream = Stream.of(seed, "init", i)
        with torch.no_grad():
            linear.weight.copy_((2 * stream.at(0).uniform(*linear.weight.shape) - 1) * bound)
            if linear.bias is not None:
                linear.bias.copy_((2 * stream.at(1).uniform(len(linear.bias)) - 1) * bound)
        modules += [Drop(seed, i, rates[i]), linear]
        if not last:
            modules += [*([nn.BatchNorm1d(widths[i + 1])] if batch_norm else []), nn.ReLU()]
    return nn.Sequential(*modules)


def fit(
    X, y, *, hidden, outputs, seed, size, steps, lr, rates, factor=lambda p: 1.0, decay=0.0, independent=False, l1=0.0,
    smoothing=0.0, mixup=0.0, noise=0.0, ema=None, swa=None, swap=0.0, patience=None, every=10**9, watch=None,
    weight=None, batch_norm=False,
):  # fmt: skip
    """Return the net with the weights it ends with, and the scores of its evaluations."""
    net = build(X.shape[1], hidden, outputs, seed, rates, batch_norm)
    matrices = [m.weight for m in net if isinstance(m, nn.Linear)]
    adam = torch.optim.Adam(net.parameters(), lr=lr)
    rows_of, scores, waited = BatchRows(seed, len(X), size), [], 0
    averaged, n_averaged, best, best_score = None, 0, None, math.inf
    classes, taken = not y.is_floating_point(), -1
    for step in range(steps):
        net.train()
        for module in net:
            if isinstance(module, Drop):
                module.step = step
        rows = rows_of.at(step)
        x, target = X[rows], nn.functional.one_hot(y[rows], outputs).float() if classes else y[rows]
        w = torch.ones(len(rows)) if weight is None else weight[rows]
        if swap:
            run = Run(net, adam, n=len(X), batch_size=size, steps=steps, seed=seed, step=step)
            x = FeatureSwap(swap).start(run).batch(Batch(x, y[rows], rows)).X
        if mixup:
            order = Stream.of(seed, "mixup").at(step).permutation(len(rows))
            share = Stream.of(seed, "mixup", "share").at(step).beta(mixup, len(rows))
            x = share[:, None] * x + (1 - share)[:, None] * x[order]
            target = share[:, None] * target + (1 - share)[:, None] * target[order]
            w = share * w + (1 - share) * w[order]
        if noise:
            x = x + noise * X.std(0, correction=0) * Stream.of(seed, "input noise").at(step).normal(*x.shape)
        if classes:
            target = (1 - smoothing) * target + smoothing / outputs
            losses = nn.functional.cross_entropy(net(x), target, reduction="none")
        else:
            losses = 0.5 * (net(x) - target).square().sum(1)
        adam.zero_grad()
        ((w * losses).sum() / w.sum()).backward()
        rate = adam.param_groups[0]["lr"] = lr * factor(step / steps)
        adam.step()
        with torch.no_grad():
            for m in matrices:
                m.mul_(1 - (factor(step / steps) if independent else rate) * decay)
                if l1:
                    second = adam.state[m]["exp_avg_sq"] / (1 - 0.999 ** (step + 1))
                    m.copy_(nn.functional.relu(m.abs() - rate * l1 / (second.sqrt() + 1e-8)) * m.sign())
            now = [p.detach().clone() for p in net.parameters()]
            if ema is not None:
                d = min(ema, (1 + step) / (10 + step))
                averaged = (
                    now
                    if averaged is None
                    else [d * a + (1 - d) * p for a, p in zip(averaged, now, strict=True)]
                )
            start = math.inf if swa is None else math.ceil(swa * steps)
            epoch = -1 if step + 1 < start else (step + 1 - start) * size // len(X)
            if epoch > taken:
                taken = epoch
                n_averaged += 1
                averaged = now if averaged is None else [
                    a + (p - a) / n_averaged for a, p in zip(averaged, now, strict=True)
                ]  # fmt: skip
        if watch is not None and ((step + 1) % every == 0 or step + 1 == steps):
            judged = copy.deepcopy(net).eval()
            if averaged is not None:
                for p, a in zip(judged.parameters(), averaged, strict=True):
                    p.data.copy_(a)
            with torch.no_grad():
                out = judged(watch[0])
                each = (
                    nn.functional.cross_entropy(out, watch[1], reduction="none")
                    if classes
                    else (out - watch[1]).square().mean(1)
                )
                score = each.mean() if weight is None else (each * watch[2]).sum() / watch[2].sum()
            scores.append(float(score))
            if patience is not None:
                waited = 0 if score < best_score else waited + 1
                if score < best_score:
                    best, best_score = judged, float(score)
                if waited >= patience:
                    break
    if patience is not None:
        return best, scores
    if averaged is not None:
        for p, a in zip(net.parameters(), averaged, strict=True):
            p.data.copy_(a)
    return net.eval(), scores
