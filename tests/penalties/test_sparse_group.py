"""SparseGroup: its two ends, its dual norm against bisection, refusals."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.penalties import L1, Group, Penalty, SparseGroup

LABELS = (0, 0, 1, 1, 2)


@pytest.mark.parametrize(("ratio", "same"), [(1.0, L1()), (0.0, Group(LABELS))])
def test_its_ends_are_l1_and_group(ratio, same):
    rng = np.random.default_rng(1)
    own = SparseGroup(LABELS, ratio)
    for _ in range(20):
        v, u = rng.standard_normal((2, 5))
        w = same.prox(v, 0.6)
        np.testing.assert_allclose(own.prox(v, 0.6), w, atol=1e-15)
        np.testing.assert_allclose(own.kkt(w, u), same.kkt(w, u), atol=1e-15)
        assert np.isclose(own.value(v), same.value(v))
        assert np.isclose(own.strength_max(u), same.strength_max(u))


@pytest.mark.parametrize("ratio", [0.05, 0.5, 0.95])
def test_the_largest_strength_is_that_of_bisection(ratio):
    rng = np.random.default_rng(2)
    for scale in (1e-150, 1.0, 1e150):
        u = scale * rng.standard_normal(5)
        own = SparseGroup(LABELS, ratio)
        assert np.isclose(own.strength_max(u), Penalty.strength_max(own, u), rtol=1e-9)


@pytest.mark.parametrize("ratio", [-0.1, 1.1, np.nan, "half"])
def test_a_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(InputError, match=r"SparseGroup\(l1_ratio\)"):
        SparseGroup(LABELS, ratio)
