"""CutMix of rows: whole columns, labels by their number."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.augment.tables.row_cutmix import RowCutMix
from regularfit.nets.regulariser import Batch, Block, Run


def start(p: float = 1.0, **settings):
    model = nn.Linear(2, 2)
    return RowCutMix(p).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


def batch_of(n: int, d: int) -> Batch:
    return Batch(torch.arange(float(n))[:, None].expand(n, d).clone(), torch.arange(n), torch.arange(n))


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_the_label_is_shared_by_columns_exactly(n):
    blocks = (Block("a", 0, 3, "category"), Block("b", 3, 4), Block("c", 4, 6, "category"))
    mixed = start(blocks=blocks).batch(batch_of(n, 6))
    heads = mixed.X[:, [0, 3, 4]]
    own = (heads == torch.arange(float(n))[:, None]).float().mean(1)
    other = mixed.partner != mixed.y
    torch.testing.assert_close(mixed.share[other], own[other])
    for block in blocks:
        part = mixed.X[:, block.start : block.stop]
        assert (part == part[:, :1]).all()
    assert ((mixed.y[:, None] == mixed.X) | (mixed.partner[:, None] == mixed.X)).all()


def test_every_row_takes_its_own_columns_auto_pytorch_481():
    batch = batch_of(200, 12)
    before = batch.X.clone()
    mixed = start().batch(batch)
    assert len({tuple(row.tolist()) for row in mixed.X == batch.X}) > 100
    assert len(mixed.share.unique()) == 13
    assert torch.equal(batch.X, before)


def test_the_share_of_rows():
    share = start(0.25).batch(batch_of(20_000, 40)).share
    hit = float((share < 1).double().mean())
    assert 0.25 * (1 - 2 / 40) - 4 * (0.19 / 20_000) ** 0.5 < hit < 0.25 + 4 * (0.19 / 20_000) ** 0.5
    assert start(0.0).batch(batch_of(3, 4)).partner is None


def test_images_and_wrong_settings_are_refused():
    rows = torch.arange(2)
    with pytest.raises(UnsupportedError, match="For images use CutMix"):
        start().batch(Batch(torch.zeros(2, 1, 3, 3), rows, rows))
    for settings in ((1.5, 1.0), (0.5, -1.0)):
        with pytest.raises(InputError, match="RowCutMix"):
            RowCutMix(*settings)
