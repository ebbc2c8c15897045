"""Mixup: any batch, a share for every row, categories whole, targets that still count."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.mixing.mixup import Mixup
from regularfit.nets.mixing.pairs import mix_rows, mixed_accuracy
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Batch, Block, Run


def start(alpha: float = 0.2, **settings):
    model = nn.Linear(2, 2)
    return Mixup(alpha).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


def batch_of(n: int, d: int = 6, weight: bool = False) -> Batch:
    g = torch.Generator().manual_seed(n)
    X, y = torch.randn(n, d, generator=g), torch.randint(0, 3, (n,), generator=g)
    return Batch(X, y, torch.arange(n), torch.rand(n, generator=g) if weight else None)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 32])
def test_odd_batches_and_a_batch_of_one_timm_1304(n):
    # research note, section 3: timm #1304, "Batch size should be even"
    batch = batch_of(n, weight=True)
    mixed = start(1.0, seed=5, step=3).batch(batch)
    order = Stream.of(5, "mixup").at(3).permutation(n)
    share = Stream.of(5, "mixup", "share").at(3).beta(1.0, n)
    torch.testing.assert_close(mixed.X, share[:, None] * batch.X + (1 - share[:, None]) * batch.X[order])
    torch.testing.assert_close(mixed.weight, share * batch.weight + (1 - share) * batch.weight[order])
    assert torch.equal(mixed.partner, batch.y[order])
    assert torch.equal(mixed.share, share)
    assert torch.equal(mixed.y, batch.y)
    if n == 1:
        torch.testing.assert_close(mixed.X, batch.X)


def test_every_row_has_its_own_share():
    assert len(start().batch(batch_of(64)).share.unique()) > 50


def test_shares_follow_their_distribution():
    shares = torch.cat([start(0.4, step=t).batch(batch_of(1000)).share.double() for t in range(50)])
    # Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)); the spread of the estimate of a variance is at most 1/4
    assert abs(shares.mean() - 0.5) < 4 * (1 / (4 * 1.8) / 50_000) ** 0.5
    assert abs(shares.var() - 1 / (4 * 1.8)) < 4 * 0.25 / 50_000**0.5


def test_categories_are_swapped_whole_and_never_averaged():
    blocks = (Block("size", 0, 1), Block("colour", 1, 4, "category"), Block("shape", 4, 6, "category"))
    hot = torch.eye(3)[torch.arange(900) % 3]
    other = torch.eye(2)[torch.arange(900) % 2]
    batch = Batch(torch.cat([torch.randn(900, 1), hot, other], 1), torch.zeros(900).long(), torch.arange(900))
    mixed = start(1.0, blocks=blocks).batch(batch)
    for block in blocks[1:]:
        part = mixed.X[:, block.start : block.stop]
        assert torch.equal(part.sum(1), torch.ones(900))
        assert set(part.unique().tolist()) == {0.0, 1.0}
    # a category comes from the row itself as often as its share says
    order = Stream.of(0, "mixup").at(0).permutation(900)
    told = ~(hot == hot[order]).all(1)  # rows whose partner has another colour
    own = (mixed.X[:, 1:4] == hot).all(1)[told].double()
    expected = mixed.share[told].double()
    slack = 4 * (expected * (1 - expected)).sum() ** 0.5 / len(expected)
    assert abs(own.mean() - expected.mean()) < slack


def test_lanes_equal_solo_runs():
    seeds, blocks = [3, 8], (Block("colour", 0, 3, "category"),)
    X = torch.randn(2, 9, 6)
    order, share = Stream.of(seeds, "mixup").permutation(9), Stream.of(seeds, "s").beta(0.5, 9)
    together = mix_rows(X, order, share, blocks, Stream.of(seeds, "c"))
    for k, seed in enumerate(seeds):
        alone = mix_rows(X[k], order[k], share[k], blocks, Stream.of(seed, "c"))
        assert torch.equal(together[k], alone)


def test_train_accuracy_stays_meaningful_cutmix_18():
    # research note, section 3: metrics of mixed batches fluctuate; a hit counts as much as its label's share
    batch = batch_of(50)
    mixed = start(1.0).batch(batch)
    perfect = torch.zeros(50, 3).scatter_(1, batch.y[:, None], 1.0)
    assert mixed_accuracy(perfect, batch) == 1
    expected = torch.where(mixed.partner == batch.y, 1.0, mixed.share).mean()
    assert mixed_accuracy(perfect, mixed) == pytest.approx(float(expected), abs=1e-6)
    best = torch.where(mixed.share >= 0.5, batch.y, mixed.partner)
    guess = torch.zeros(50, 3).scatter_(1, best[:, None], 1.0)
    assert mixed_accuracy(guess, mixed) >= mixed_accuracy(perfect, mixed)


def test_regression_targets_have_partners_too():
    batch = Batch(torch.randn(5, 2), torch.randn(5, 3), torch.arange(5))
    mixed = start().batch(batch)
    assert mixed.partner.shape == (5, 3)


def test_tokens_and_double_mixing_are_refused():
    active = start()
    with pytest.raises(UnsupportedError, match="ManifoldMixup"):
        active.batch(Batch(torch.zeros(4, 3).long(), torch.zeros(4).long(), torch.arange(4)))
    with pytest.raises(UnsupportedError, match="mixed already"):
        active.batch(active.batch(batch_of(4)))
    assert Mixup(0.1).conflict(Mixup(0.2))


@pytest.mark.parametrize("alpha", [-1, float("inf"), "a"])
def test_distributions_that_do_not_exist_are_refused(alpha):
    with pytest.raises(InputError, match="Mixup"):
        Mixup(alpha)
