"""CutMix: boxes where they should be, labels by area to the pixel."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.augment.tables.row_cutmix import RowCutMix
from regularfit.nets.mixing.cutmix import CutMix, boxes
from regularfit.nets.mixing.mixup import Mixup
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Batch, Run


def start(p: float = 1.0, alpha: float = 1.0, **settings):
    model = nn.Linear(2, 2)
    return CutMix(p, alpha).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


def images(n: int, h: int = 9, w: int = 7) -> Batch:
    X = torch.arange(float(n))[:, None, None, None].expand(n, 2, h, w).clone()  # a pixel says whose it is
    return Batch(X, torch.arange(n), torch.arange(n), weight=torch.arange(n) + 1.0)


@pytest.mark.parametrize("n", [1, 2, 5, 64])
def test_the_label_is_shared_by_pixels_exactly_whatever_the_batch(n):
    batch = images(n)
    mixed = start().batch(batch)
    own = (mixed.X == batch.X).float()
    other = mixed.partner != batch.y
    torch.testing.assert_close(mixed.share[other], own[other].mean((1, 2, 3)))
    assert torch.equal(own[:, 0], own[:, 1])  # all channels
    foreign = mixed.X[own == 0]
    assert torch.equal(foreign, mixed.partner.float()[:, None, None, None].expand_as(mixed.X)[own == 0])
    torch.testing.assert_close(
        mixed.weight, mixed.share * batch.weight + (1 - mixed.share) * batch.weight[mixed.partner]
    )


def test_what_is_pasted_is_a_box():
    inside = boxes(torch.rand(200), torch.rand(200, 2), (9, 7))
    for box in inside:
        assert torch.equal(box, box.any(1)[:, None] & box.any(0)[None, :])
        for edge in (box.any(1), box.any(0)):
            assert (edge.int().diff() != 0).sum() <= 2 - edge[0].int() - edge[
                -1
            ].int() + 0  # one run of pixels


def test_area_of_a_box_in_the_middle():
    inside = boxes(torch.tensor([0.25]), torch.tensor([[0.5, 0.5]]), (40, 80))
    assert inside.sum() == 0.25 * 40 * 80


def test_the_share_of_rows_with_a_box():
    hit = torch.cat([(start(0.3, step=t).batch(images(500)).share < 1).double() for t in range(20)])
    assert hit.mean() < 0.3 + 4 * (0.21 / 10_000) ** 0.5
    assert hit.mean() > 0.2  # some boxes are smaller than a pixel
    assert start(0.0).batch(images(5)).partner is None


def test_everything_else_is_refused_by_name():
    rows = torch.arange(3)
    with pytest.raises(UnsupportedError, match="FeatureSwap or RowCutMix"):
        start().batch(Batch(torch.zeros(3, 4), rows, rows))
    for settings in ((-0.1, 1.0), (1.1, 1.0), (0.5, 0.0)):
        with pytest.raises(InputError, match="CutMix"):
            CutMix(*settings)
    assert CutMix().conflict(Mixup())
    assert Mixup().conflict(RowCutMix())


def test_the_same_step_mixes_the_same_and_the_next_one_does_not():
    batch = images(20)
    assert torch.equal(start(seed=2, step=3).batch(batch).X, start(seed=2, step=3).batch(batch).X)
    assert not torch.equal(start(seed=2, step=3).batch(batch).X, start(seed=2, step=4).batch(batch).X)
    assert Stream.of(2, "cutmix").at(3).permutation(20).shape == (20,)
