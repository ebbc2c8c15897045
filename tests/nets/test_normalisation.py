"""Ghost batch norm against torch's batch norm, part by part."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError
from regularfit.nets.evaluation.batch_stats import freeze_batch_stats, refresh_batch_stats
from regularfit.nets.normalisation import GhostBatchNorm


@pytest.mark.parametrize("shape", [(13, 4), (13, 4, 5), (12, 4, 3, 2)])
def test_each_part_is_normalised_alone(shape):
    torch.manual_seed(0)
    x = torch.randn(shape) * 3 + 1
    layer = GhostBatchNorm(4, ghost=4)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2)
        layer.bias.normal_()
    out = layer(x)
    kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
    means, variances, parts = [], [], []
    for part in x.tensor_split(shape[0] // 4):
        norm = kind(4)
        norm.load_state_dict(layer.state_dict())
        norm.reset_running_stats()
        parts.append(norm(part))
        means.append(norm.running_mean / 0.1)
        variances.append((norm.running_var - 0.9) / 0.1)
    torch.testing.assert_close(out, torch.cat(parts))
    torch.testing.assert_close(layer.running_mean, 0.1 * torch.stack(means).mean(0))
    torch.testing.assert_close(layer.running_var, 0.9 + 0.1 * torch.stack(variances).mean(0))
    assert layer.num_batches_tracked == 1


def test_small_batches_and_eval_mode_are_ordinary_batch_norm():
    x = torch.randn(7, 3)
    ours, theirs = GhostBatchNorm(3, ghost=4), nn.BatchNorm1d(3)
    for _ in range(3):
        torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    assert isinstance(ours, nn.modules.batchnorm._BatchNorm)


def test_running_statistics_estimate_the_population():
    torch.manual_seed(1)
    layer = GhostBatchNorm(2, ghost=8, momentum=None)
    for _ in range(400):
        layer(torch.randn(64, 2) * torch.tensor([1.0, 3.0]) + torch.tensor([0.0, 5.0]))
    n = 400 * 64
    spread = torch.tensor([1.0, 3.0])
    assert ((layer.running_mean - torch.tensor([0.0, 5.0])).abs() < 5 * spread / n**0.5).all()
    # the unbiased variances of parts of 8 rows: spread^2 sqrt(2 / 7) each, 3200 of them
    assert ((layer.running_var - spread**2).abs() < 5 * spread**2 * (2 / 7 / 3200) ** 0.5).all()


def test_frozen_statistics_stay():
    layer = GhostBatchNorm(3, ghost=4)
    with freeze_batch_stats(layer):
        layer(torch.randn(16, 3) + 5)
    assert torch.equal(layer.running_mean, torch.zeros(3))
    assert torch.equal(layer.running_var, torch.ones(3))
    assert layer.num_batches_tracked == 0


def test_gradients_flow_through_every_part():
    x = torch.randn(16, 3, requires_grad=True)
    (GhostBatchNorm(3, ghost=4)(x) ** 3).sum().backward()
    assert (x.grad.abs().sum(1) > 0).all()


def test_settings_and_shapes_are_refused():
    for ghost in (1, 0, 2.5, True):
        with pytest.raises(InputError, match="ghost"):
            GhostBatchNorm(3, ghost)
    with pytest.raises(InputError, match="takes"):
        GhostBatchNorm(3, 4)(torch.randn(16, 4))


def test_statistics_are_refreshed_as_those_of_batch_norm():
    torch.manual_seed(2)
    ours, theirs = GhostBatchNorm(2, ghost=8), nn.BatchNorm1d(2)
    ours(torch.randn(16, 2) * 100)  # statistics of other weights
    rows = torch.randn(640, 2) * 3 + 1
    for norm in (ours, theirs):
        refresh_batch_stats(norm, rows.split(64))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.running_mean, rows.mean(0))
