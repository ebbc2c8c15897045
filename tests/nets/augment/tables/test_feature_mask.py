"""Masked columns and cut-out rows."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.augment.tables.feature_mask import FeatureMask, RowCutout
from regularfit.nets.dropout.masks import true_rate
from regularfit.nets.regulariser import Batch, Block, Run

BLOCKS = (Block("a", 0, 3, "category"), Block("b", 3, 4), Block("c", 4, 6, "category"))


def start(regulariser, **settings):
    model = nn.Linear(2, 2)
    return regulariser.start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


def batch_of(n: int, d: int) -> Batch:
    return Batch(torch.rand(n, d) + 1, torch.arange(n), torch.arange(n))


def test_the_rate_of_masked_columns():
    n, m, rate = 2000, 50, true_rate(0.2)
    batch = batch_of(n, m)
    out = start(FeatureMask(0.2)).batch(batch).X
    hidden = (out == 0).double()
    assert abs(hidden.mean() - rate) < 4 * (rate * (1 - rate) / (n * m)) ** 0.5
    assert torch.equal(out[hidden == 0], batch.X[hidden == 0])  # nothing is scaled


@pytest.mark.parametrize("regulariser", [FeatureMask(0.5), RowCutout(1.0, 0.4)])
def test_categories_are_hidden_whole(regulariser):
    out = start(regulariser, blocks=BLOCKS).batch(batch_of(300, 6)).X
    hidden = out == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    assert torch.equal(hidden[:, 0], hidden[:, 2])
    assert torch.equal(hidden[:, 4], hidden[:, 5])
    assert not torch.equal(hidden[:, 0], hidden[:, 3])


def test_cutout_hides_a_fixed_number_of_columns_in_a_share_of_rows():
    out = start(RowCutout(0.3, 0.4)).batch(batch_of(10_000, 10)).X
    count = (out == 0).sum(1)
    assert set(count.tolist()) == {0, 4}
    assert abs((count == 4).double().mean() - 0.3) < 4 * (0.21 / 10_000) ** 0.5
    by_column = (out[count == 4] == 0).double().mean(0)
    assert ((by_column - 0.4).abs() < 5 * (0.24 / 2900) ** 0.5).all()


@pytest.mark.parametrize("regulariser", [FeatureMask(0.5, "mean"), RowCutout(1.0, 0.5, "mean")])
def test_means_of_the_training_rows(regulariser):
    active, batch = start(regulariser), batch_of(50, 4)
    with pytest.raises(UnsupportedError, match="needs the training rows"):
        active.batch(batch)
    X, y = torch.randn(100, 4), torch.zeros(100)
    assert active.data(X, y)[0] is X
    out = active.batch(batch).X
    hit = out != batch.X
    torch.testing.assert_close(out[hit], X.mean(0).expand(50, 4)[hit])
    again = start(regulariser)
    again.load_state_dict(active.state_dict())
    assert torch.equal(again.batch(batch).X, out)


def test_auto_pytorch_cutout_mutating_the_loader():
    # research note, sections 2 and 3: cut-out wrote into the loader's tensor and took one set of columns per batch
    batch = batch_of(100, 20)
    before = batch.X.clone()
    out = start(RowCutout(1.0, 0.3)).batch(batch).X
    assert torch.equal(batch.X, before)
    assert len({tuple(row.tolist()) for row in out == 0}) > 50


def test_images_and_wrong_settings_are_refused():
    rows = torch.arange(2)
    for regulariser in (FeatureMask(), RowCutout()):
        with pytest.raises(UnsupportedError, match="Erase or Cutout"):
            start(regulariser).batch(Batch(torch.zeros(2, 1, 3, 3), rows, rows))
    for wrong in (lambda: FeatureMask(1.0), lambda: FeatureMask(0.1, "median"), lambda: RowCutout(2.0)):
        with pytest.raises(InputError):
            wrong()
