"""A front: which columns are taken in ahead, how the batch grows and shrinks, how violators come back."""

import numpy as np

from regularfit.lockstep.front import FIRST_BATCH, LARGEST_BATCH, Front
from regularfit.lockstep.standard import lane_terms
from regularfit.penalties import L1


def front(p=6, count=40, penalty=None):
    terms = lane_terms((penalty or L1()).coordinates(p), np.ones(p))
    return Front(np.full(3, 1 / 3), np.zeros(p), np.ones(p), terms, np.geomspace(1, 0.01, count), 0, 0)


def test_the_columns_near_the_boundary_are_wanted():
    one = front()
    one.start(np.array([1.0, 0.2, -0.99, 0.0, 0.5, 0.1]), 1.0)
    assert {0, 2} <= set(one.wanted().tolist())
    assert not {1, 3, 5} & set(one.wanted().tolist())
    one.pending = [3]
    assert 3 in one.wanted()
    one.admit(np.array([0, 2]), np.asfortranarray(np.eye(2)))
    assert not {0, 2} & set(one.wanted().tolist())
    assert one.columns.tolist() == [0, 2]
    assert len(one.core) == 2


def test_a_column_heading_for_the_boundary_is_wanted():
    one = front()
    one.start(np.zeros(6), 1.0)
    one.advance(2, 4, np.array([[0, 0, 0.2, 0, 0, 0], [0, 0, 0.5, 0, 0, 0]] * 2, np.float32))
    assert one.wanted().tolist() == [2]


def test_excluded_and_one_sided_columns_are_not_wanted():
    one = front(penalty=L1().weighted([np.inf, 1, 1, 1, 1, 1]).nonnegative())
    one.start(np.array([1.0, -1.0, 1.0, 0, 0, 0]), 1.0)
    wanted = one.wanted().tolist()
    assert 2 in wanted
    assert 0 not in wanted


def test_the_batch_doubles_on_success_and_halves_on_failure():
    one = front(count=4 + 1 + 4 + 8 + 16 + 16 + 16)
    one.start(np.zeros(6), 1.0)
    assert len(one.upcoming) == FIRST_BATCH
    one.advance(4, 4, np.zeros((4, 6), np.float32))
    assert (one.position, one.batch) == (4, 8)
    one.advance(1, 8, np.zeros((8, 6), np.float32))
    assert (one.position, one.batch) == (5, 4)
    for _ in range(4):
        one.advance(one.batch, one.batch, np.zeros((one.batch, 6), np.float32))
    assert one.batch == LARGEST_BATCH
    assert one.live
    one.advance(len(one.upcoming), 16, np.zeros((16, 6), np.float32))
    assert not one.live


def test_only_the_worst_of_many_violators_come_in():
    one = front(p=500)
    gradient = np.linspace(0, 5, 500).astype(np.float32)
    one.take_violators(list(range(500)), gradient)
    assert sorted(one.pending) == list(range(400, 500))


def test_a_wider_margin_and_growth_take_in_more():
    one = front(p=60)
    one.start(np.linspace(1.0, 0.5, 60), 1.0)
    few = one.wanted().tolist()
    assert set(few) < set(one.wanted(0.3).tolist())
    one = front(p=300)
    one.start(np.linspace(1.0, 0.5, 300), 1.0)
    one.columns = np.arange(100)  # as many as that are there already
    assert len(one.wanted(0.5, 0.5)) == 64
    assert len(one.wanted(0.5, 2.0)) == 200


def test_idle_columns_are_let_go_and_free_ones_are_not():
    one = front(penalty=L1().weighted([1, 1, 0, 1, 1, 1]))
    one.columns, one.inside[:5] = np.array([4, 0, 2, 1]), 1
    one.base, one.earlier = np.array([9.0, 0.0, 0.5, 0.0, -1.0]), np.array([8.0, 0.7, 0.4, 0.0, 0.0])
    one.leave_idle(1)
    assert one.columns.tolist() == [0, 2, 1]
    assert one.inside.tolist() == [1, 1, 1, 1, 0, 0]
    assert one.base.tolist() == [9.0, 0.5, 0.0, -1.0]
    assert one.earlier.tolist() == [8.0, 0.4, 0.0, 0.0]
