"""Numbers by counter: independent of order and company, and as random as they claim."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from scipy import stats  # noqa: E402

from regularfit.nets.batches import BatchRows  # noqa: E402
from regularfit.nets.randomness import Stream, mix_words  # noqa: E402


def splitmix64(key: int, count: int) -> list[int]:
    """The generator as its paper states it, in Python's whole numbers."""
    out, mask = [], 2**64 - 1
    for i in range(1, count + 1):
        z = (key + i * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        out.append(z ^ (z >> 31))
    return out


def test_the_words_are_those_of_splitmix64():
    stream = Stream.of(3, "anything")
    ours = [int(w) % 2**64 for w in stream.words(200)]
    assert ours == splitmix64(int(stream.keys), 200)


def test_other_devices_make_the_same_words():
    """What a GPU does, on tensors of signed numbers."""
    stream = Stream.of([3, 2**40], "anything")
    counters = torch.arange(1, 201).unsqueeze(0) * (0x9E3779B97F4A7C15 - 2**64)
    made = mix_words(counters + torch.as_tensor(stream.keys.view(np.int64)).unsqueeze(1))
    assert torch.equal(made, stream.words(200))


def test_a_known_value_of_splitmix64():
    assert splitmix64(0, 1) == [0xE220A8397B1DCDAF]  # published with the generator


@pytest.mark.parametrize("draw", ["uniform", "normal", "permutation", "octets", "words"])
def test_a_lane_gets_what_it_gets_alone(draw):
    seeds = [0, 5, 2**31, 5]
    together = getattr(Stream.of(seeds, "mixup", 1).at(9), draw)(37)
    for k, seed in enumerate(seeds):
        assert torch.equal(together[k], getattr(Stream.of(seed, "mixup", 1).at(9), draw)(37))
    assert not torch.equal(together[0], together[1])


def test_purposes_steps_and_seeds_differ():
    drawn = {
        tuple(Stream.of(seed, *purpose).at(step).words(2).tolist())
        for seed in range(5)
        for purpose in [("a",), ("b",), ("a", 0), ("a", 1), (1, "a")]
        for step in range(20)
    }
    assert len(drawn) == 500


def test_numbers_follow_their_distributions():
    # Kolmogorov-Smirnov on numbers that never change: no chance of failing another time
    stream = Stream.of(11, "test")
    assert stats.kstest(stream.at(0).uniform(50_000).numpy(), "uniform").pvalue > 0.01
    assert stats.kstest(stream.at(1).normal(50_000).numpy(), "norm").pvalue > 0.01
    for alpha in (0.2, 1.0, 4.0):
        drawn = stream.at(2).beta(alpha, 50_000).double().numpy()
        low = drawn[drawn < 0.5]  # the upper half is its mirror image, but float32 rounds many of it to 1
        assert stats.binomtest(len(low), 50_000).pvalue > 0.01
        assert stats.kstest(low, lambda x, a=alpha: 2 * stats.beta(a, a).cdf(x)).pvalue > 0.01
    counts = np.bincount(stream.at(3).octets(256_000).numpy(), minlength=256)
    assert stats.chisquare(counts).pvalue > 0.01


def test_neighbouring_steps_are_uncorrelated():
    drawn = np.stack([Stream.of(0, "dropout").at(step).uniform(20_000).numpy() for step in range(8)])
    off = np.corrcoef(drawn)[~np.eye(8, dtype=bool)]
    assert np.abs(off).max() < 5 / np.sqrt(20_000)


@pytest.mark.parametrize(("n", "size"), [(10, 3), (7, 7), (5, 64), (1, 1), (100, 32)])
def test_every_epoch_takes_every_row_once(n, size):
    rows = BatchRows(4, n, size)
    seen = torch.cat([rows.at(step) for step in range(3 * n)])
    assert len(rows.at(0)) == min(n, size)
    for epoch in seen[: len(seen) // n * n].view(-1, n):
        assert sorted(epoch.tolist()) == list(range(n))


def test_rows_of_a_step_do_not_depend_on_the_steps_before():
    walked = BatchRows(4, 100, 32)
    for step in range(9):
        walked.at(step)
    assert torch.equal(walked.at(9), BatchRows(4, 100, 32).at(9))


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**64 - 1, -3])
def test_keys_in_whole_numbers_are_those_of_arrays(seed):
    wide = np.array([seed % 2**64], dtype=np.uint64)
    for purpose in [(), ("a",), ("dropout", 3), (-1, "b")]:
        one, many = Stream.of(seed, *purpose), Stream.of(wide, *purpose)
        assert int(one.keys) == int(many.keys[0])
        assert int(one.at(17).keys) == int(many.at(17).keys[0])
        assert torch.equal(one.words(5), many.words(5)[0])


def test_a_row_gets_the_same_whatever_the_batch():
    stream = Stream.of(5, "augment").at(3)
    whole = stream.each(torch.arange(40)).uniform(7)
    assert torch.equal(stream.each(torch.tensor([8, 3])).uniform(7), whole[[8, 3]])
    lanes = Stream.of([5, 6], "augment").at(3).each(torch.tensor([[8, 3], [1, 2]]))
    assert torch.equal(lanes.uniform(7)[0], whole[[8, 3]])
    assert len(whole.unique()) > 270  # rows differ
