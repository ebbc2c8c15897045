"""Spatial dropout: channels of convolutions, whole."""

import pytest
import torch
from torch import nn

from regularfit.errors import UnsupportedError
from regularfit.nets.dropout.masks import keep_factors, true_rate
from regularfit.nets.dropout.spatial import SpatialDropout, drop_channels
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Run


def test_whole_channels_go_at_the_rate_of_the_bytes():
    x = torch.rand(500, 40, 2, 3) + 0.5
    out = drop_channels(x, Stream.of(0), 0.3)
    gone = (out == 0).flatten(2)
    assert torch.equal(gone.all(2), gone.any(2))
    rate = true_rate(0.3)
    share = gone.all(2).double().mean()
    assert abs(share - rate) < 4 * (rate * (1 - rate) / 20_000) ** 0.5
    kept = ~gone.all(2)
    torch.testing.assert_close(out[kept], x[kept] / (1 - rate))


def test_lanes_equal_solo_runs():
    x, seeds = torch.rand(2, 5, 4, 3), [3, 4]
    together = drop_channels(x, Stream.of(seeds), [0.5, 0.2])
    for k in range(2):
        assert torch.equal(together[k], drop_channels(x[k], Stream.of(seeds[k]), [0.5, 0.2][k]))


def test_linear_layers_are_left_alone():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(16, 2))
    images = torch.randn(3, 1, 6, 6)
    active = SpatialDropout(0.5).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1)))
    with active.forward():
        out = model(images)
    factors = keep_factors(Stream.of(0, "dropout", 1).at(0), (3, 4), 0.5)
    mid = model[1](model[0](images) * factors[..., None, None])
    assert torch.equal(out, model[3](mid.flatten(1)))


def test_models_without_convolutions_are_refused():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with pytest.raises(UnsupportedError, match="none; use Dropout"):
        SpatialDropout().start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1)))
    one = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 2))
    run = Run(one, torch.optim.SGD(one.parameters(), lr=0.1))
    with pytest.raises(UnsupportedError, match="after the first layer"):
        SpatialDropout().start(run)
    SpatialDropout(0.1, input_p=0.1).start(run)
