import numpy as np
import pytest

from regularfit.cli.folds import forward_folds, make_cv, why_no_honest_score
from regularfit.errors import TableError


@pytest.mark.parametrize("seed", range(20))
def test_folds_go_forward_in_time_and_keep_equal_times_together(seed):
    rng = np.random.default_rng(seed)
    times = int(rng.integers(5, 40))
    k = int(rng.integers(1, times))
    ranks = rng.permutation(np.concatenate([np.arange(times), rng.integers(0, times, 60)]))
    folds = forward_folds(ranks, k)
    assert len(folds) == k
    for past, ahead in folds:
        assert past.size
        assert ahead.size
        assert ranks[past].max() < ranks[ahead].min()
    ahead = np.concatenate([ahead for _, ahead in folds])
    assert np.unique(ahead).size == ahead.size
    assert ranks[ahead].max() == times - 1


def test_too_few_times():
    with pytest.raises(TableError, match="3 different times; 3 folds forward"):
        forward_folds(np.array([0, 1, 2]), 3)


def test_when_there_is_no_honest_score():
    assert why_no_honest_score(10, False) is None
    assert "at least 4 folds" in why_no_honest_score(3, False)
    assert "forward in time" in why_no_honest_score(10, True)
    assert make_cv(5, None) == 5
