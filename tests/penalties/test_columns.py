import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.penalties import L1, L2, ElasticNet

INF = np.inf


def test_factors_multiply_and_are_not_rescaled():
    form = ElasticNet(0.5).weighted([1.0, 4.0]).coordinates(2)
    assert form.l1.tolist() == [0.5, 2.0]
    assert form.l2.tolist() == [0.5, 2.0]


def test_zero_leaves_unpenalised_and_infinity_excludes():
    form = ElasticNet(0.5).weighted(np.array([0.0, INF])).coordinates(2)
    assert form.l1.tolist() == [0.0, INF]
    assert form.l2.tolist() == [0.0, 0.0]
    assert form.penalised.tolist() == [False, True]


def test_excluded_stays_excluded():
    form = L1().weighted([INF, 1.0]).weighted([0.0, 2.0]).coordinates(2)
    assert form.l1.tolist() == [INF, 2.0]
    assert (0.1 * L1().weighted([INF])).coordinates(1).l1.tolist() == [INF]


def test_an_excluded_ridge_column_is_excluded_by_l1():
    assert L2().weighted([INF]).coordinates(1).l1.tolist() == [INF]


def test_bounds_intersect_and_do_not_scale():
    form = (5 * L1().bounded(-1.0, 2.0).bounded(-3.0, [0.5, 9.0])).coordinates(2)
    assert form.l1.tolist() == [5.0, 5.0]
    assert form.lower.tolist() == [-1.0, -1.0]
    assert form.upper.tolist() == [0.5, 2.0]


def test_penalties_made_from_arrays_compare_and_hash():
    assert L1().weighted(np.array([1.0, 2.0])) == L1().weighted([1, 2])
    assert len({L1().bounded(0, 1), L1().bounded(np.float32(0), 1.0), L1().bounded(0, 2)}) == 2


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: L1().weighted([1.0, -2.0]),
            r"factors must be >= 0; -2 was given. 0 leaves a column unpenalised",
        ),
        (lambda: L1().weighted([np.nan]), "without NaN"),
        (lambda: L1().weighted([]), "one per column"),
        (lambda: L1().weighted(2.0), r"Write 2 \* penalty"),
        (lambda: L1().weighted([[1.0]]), "one per column"),
        (lambda: L1().weighted(["a"]), "must be numbers"),
        (lambda: L1().bounded(0.5, 1.0), "lower must be <= 0 and upper >= 0"),
        (lambda: L1().bounded(-1.0, [-0.5, 1.0]), "lower must be <= 0 and upper >= 0"),
        (lambda: L1().bounded(np.nan), "without NaN"),
        (
            lambda: L1().weighted([1.0, 2.0]).coordinates(3),
            "has 2 entries, but the penalty is used on 3 columns",
        ),
        (
            lambda: L1().bounded([0.0, 0.0]).coordinates(3),
            "has 2 entries, but the penalty is used on 3 columns",
        ),
    ],
)
def test_what_cannot_be_used_is_named(build, message):
    with pytest.raises(InputError, match=message):
        build()
