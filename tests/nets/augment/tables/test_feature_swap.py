"""Feature swap: whole columns, real values of other rows, at the rate asked for."""

import numpy as np
import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.augment.tables.columns import columns_of
from regularfit.nets.augment.tables.feature_swap import FeatureSwap, donors, row_masks, swap
from regularfit.nets.dropout.masks import true_rate
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Batch, Block, Run


def start(p: float = 0.1, **settings):
    model = nn.Linear(2, 2)
    return FeatureSwap(p).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


def batch_of(n: int, d: int) -> Batch:
    # a value says which row and column it comes from
    X = torch.arange(n)[:, None] + torch.arange(d) / 100
    return Batch(X, torch.arange(n), torch.arange(n))


def test_a_swapped_value_comes_from_the_same_column_of_another_row():
    batch = batch_of(200, 7)
    out = start(0.3).batch(batch).X
    changed = out != batch.X
    column = ((out - out.floor()) * 100).round()
    assert torch.equal(column, torch.arange(7.0).expand(200, 7))
    assert changed.any()


def test_the_rate_is_exact_in_expectation_and_donors_are_even():
    n, m = 2000, 50
    batch = batch_of(n, m)
    rate = true_rate(0.2)
    changed = (start(0.2).batch(batch).X != batch.X).double()
    # a donor is another row, and no two rows share a value, so every hit shows
    assert abs(changed.mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / (n * m))
    givers = donors(Stream.of(1), torch.arange(9), 20_000)
    for i in range(9):
        counts = torch.bincount(givers[i], minlength=9)
        assert counts[i] == 0
        assert (counts[torch.arange(9) != i] - 2500).abs().max() < 5 * np.sqrt(2500)


def test_columns_of_a_category_move_together():
    blocks = (Block("a", 0, 3, "category"), Block("b", 3, 4), Block("c", 4, 6, "category"))
    batch = batch_of(300, 6)
    out = start(0.5, blocks=blocks).batch(batch).X.floor()
    for block in blocks:
        assert (out[:, block.start : block.stop] == out[:, block.start : block.start + 1]).all()
    assert not (out[:, 0] == out[:, 3]).all()
    columns, m = columns_of(blocks, 6)
    assert columns.tolist() == [0, 0, 0, 1, 2, 2]
    assert m == 3


def test_what_a_row_gets_does_not_depend_on_the_order_of_the_batch():
    batch = batch_of(40, 5)
    out = start(0.5, step=4).batch(batch).X
    order = torch.randperm(40)
    shuffled = Batch(batch.X[order], batch.y[order], batch.rows[order])
    assert torch.equal(start(0.5, step=4).batch(shuffled).X, out[order])


def test_lanes_equal_solo_runs():
    seeds, rates = [2, 6, 7], [0.0, 0.1, 0.7]
    X, rows = torch.randn(3, 20, 4), torch.stack([torch.randperm(50)[:20] for _ in range(3)])
    mask = row_masks(Stream.of(seeds, "m"), rows, 4, rates)
    givers = donors(Stream.of(seeds, "d"), rows, 4)
    out = swap(X, mask, givers)
    for k in range(3):
        alone = row_masks(Stream.of(seeds[k], "m"), rows[k], 4, rates[k])
        assert torch.equal(mask[k], alone)
        assert torch.equal(out[k], swap(X[k], alone, donors(Stream.of(seeds[k], "d"), rows[k], 4)))
    assert torch.equal(out[0], X[0])


def test_the_loaders_tensor_is_never_written_to():
    # research note, section 2: Auto-PyTorch's cut-out wrote into the loader's tensor, so it grew epoch by epoch
    batch = batch_of(30, 4)
    before = batch.X.clone()
    start(0.9).batch(batch)
    assert torch.equal(batch.X, before)


def test_every_row_has_its_own_columns_auto_pytorch_481():
    batch = batch_of(100, 10)
    changed = start(0.3).batch(batch).X != batch.X
    assert len({tuple(row.tolist()) for row in changed}) > 50


def test_labels_and_small_batches_stay():
    batch = batch_of(30, 4)
    assert start(0.9).batch(batch).y is batch.y
    one = batch_of(1, 4)
    assert start(0.9).batch(one) is one
    two = start(0.9).batch(batch_of(2, 400)).X
    assert (two.floor() != torch.tensor([[0.0], [1.0]])).double().mean() > 0.8


def test_images_and_tokens_are_refused_by_name():
    rows = torch.arange(3)
    for X in (torch.zeros(3, 1, 4, 4), torch.zeros(3, 5).long()):
        with pytest.raises(UnsupportedError, match="FeatureSwap works on encoded tables"):
            start().batch(Batch(X, rows, rows))


@pytest.mark.parametrize("p", [-0.1, 1.0, 0.001, None])
def test_rates_out_of_range_are_refused(p):
    with pytest.raises(InputError, match="FeatureSwap"):
        FeatureSwap(p)
