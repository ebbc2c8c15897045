"""The batch-size probe sees the scale, suggests a batch, and changes nothing."""

import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from regularfit.nets.stepping.probe import BatchSizeProbe  # noqa: E402


def mean_squared(logits, batch):
    weight = torch.ones_like(batch.y) if batch.weight is None else batch.weight
    return (weight * (logits[:, 0] - batch.y).square()).sum() / weight.sum() / 2


def started(settings, model, n=10_000, size=64):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = Run(model, optimizer, n=n, batch_size=size, steps=100, loss=mean_squared)
    return settings.start(run), run


def batches(d, delta, sigma, count, size=64):
    generator = torch.Generator().manual_seed(0)
    for _ in range(count):
        X = torch.randn(size, d, generator=generator)
        y = X @ -delta + sigma * torch.randn(size, generator=generator)
        yield Batch(X, y, rows=torch.arange(size))


def test_it_finds_the_closed_form_of_a_linear_model():
    d, sigma, delta = 4, 1.0, torch.tensor([0.5, -0.5, 0.3, 0.1])
    model = nn.Linear(d, 1, bias=False)
    nn.init.zeros_(model.weight)
    probe, run = started(BatchSizeProbe(every=1, memory=0.99), model)
    for batch in batches(d, delta, sigma, 500):
        assert probe.inputs(batch) is batch
        run.step += 1
    square = float((delta**2).sum())
    wanted = ((d + 1) * square + d * sigma**2) / square
    assert probe.scale == pytest.approx(wanted, rel=0.25)
    assert probe.suggested == 2 ** round(np.log2(probe.scale))
    assert probe.log[-1]["lr_per_row"] == pytest.approx(0.1 / 64)
    assert "suggested batch 16" in probe.effect().note


def test_it_changes_nothing_of_training():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 1))
    probe, _ = started(BatchSizeProbe(every=1), model)
    before, numbers = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    model[0].weight.grad = torch.ones(6, 4)
    for batch in batches(4, torch.ones(4), 1.0, 3):
        probe.inputs(batch)
    assert len(probe.log) == 3
    assert torch.equal(torch.get_rng_state(), numbers)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(model[0].weight.grad, torch.ones(6, 4))


def test_it_looks_every_so_many_steps_and_says_what_that_costs():
    probe, _ = started(BatchSizeProbe(every=3), nn.Linear(2, 1))
    for batch in batches(2, torch.ones(2), 1.0, 7, size=8):
        probe.inputs(batch)
    assert len(probe.log) == 3
    assert BatchSizeProbe(every=4).passes == 1.25
    fresh, _ = started(BatchSizeProbe(), nn.Linear(2, 1), size=32)
    assert math.isnan(fresh.scale)
    assert fresh.suggested == 32


def test_small_batches_mixed_rows_and_a_missing_loss():
    probe, run = started(BatchSizeProbe(every=1), nn.Linear(2, 1))
    for size in (1, 3):
        probe.inputs(Batch(torch.ones(size, 2), torch.ones(size), torch.arange(size)))
    assert probe.log == []  # too few rows to compare parts
    mixed = Batch(
        torch.randn(9, 2), torch.randn(9), torch.arange(9), torch.rand(9), torch.randn(9), torch.rand(9)
    )
    probe.inputs(mixed)
    assert len(probe.log) == 1
    run.loss = None
    with pytest.raises(InputError, match="loss of the run"):
        probe.inputs(mixed)
    for bad in ({"every": 0}, {"parts": 1}, {"memory": 1.0}, {"every": True}, {"memory": "0"}):
        with pytest.raises(InputError, match="BatchSizeProbe"):
            BatchSizeProbe(**bad)
