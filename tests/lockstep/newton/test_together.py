"""Many rows: batches of all lanes on shared readings and shared Hessians."""

import numpy as np
import pytest

from regularfit.lockstep import Lane, strength_grid
from regularfit.lockstep.columns import DenseColumns
from regularfit.lockstep.newton import fit_newton, together
from regularfit.lockstep.newton.rounds import NewtonRounds
from regularfit.lockstep.newton.steps import Steps, grow
from regularfit.lockstep.newton.together import Together, neighbours
from regularfit.lockstep.work import Work
from regularfit.penalties import L1
from tests.lockstep.truth import drive, make_data


@pytest.fixture(autouse=True)
def _many_rows(monkeypatch):
    monkeypatch.setattr(DenseColumns, "compact", False)


def folds(n, k=4):
    parts = np.array_split(np.random.default_rng(0).permutation(n), k)
    return [Lane(np.setdiff1d(np.arange(n), part), (part,), keep=True) for part in parts]


def test_hessians_that_folds_share_change_nothing(monkeypatch):
    data = make_data(120, 5, loss="logistic")
    grid, lanes, calls = strength_grid(data.problem(), L1(), 6, 0.01), folds(120), []
    shared = Together._shared_hessians
    monkeypatch.setattr(Together, "_shared_hessians", lambda self, w: (calls.append(1), shared(self, w))[1])
    sharing = drive(fit_newton, data.problem(), L1(), grid, lanes, tol=1e-9)
    assert calls
    for lane, fit in zip(lanes, sharing, strict=True):
        [alone] = drive(fit_newton, data.problem(), L1(), grid, [lane], tol=1e-9)
        np.testing.assert_allclose(fit.path.coefs, alone.path.coefs, atol=1e-6)
        np.testing.assert_allclose(fit.scores, alone.scores, rtol=1e-6)


def test_the_hessian_of_a_fold_from_blocks_is_its_own(monkeypatch):
    data = make_data(200, 4, loss="logistic")
    lanes = folds(200)
    rounds = NewtonRounds(
        Work(data.problem(), [L1()], [np.array([0.1])], lanes, 1e-7, _Team(), lambda count: None)
    )
    for front in rounds.all:
        front.pending = [0, 1, 2, 3]
        rounds._admit(front)
    got, direct, eta = [], [], data.offset
    batches = rounds._open(rounds.all)
    for batch in batches:
        grow(batch)
    steps = [Steps(batch) for batch in batches]
    monkeypatch.setattr(Steps, "install", lambda self, H: got.append(np.array(H)))
    rounds.solver._shared_hessians([(step, eta) for step in steps])
    for batch in batches:
        bend = data.problem().loss.curvature(data.y, eta) * batch.front.weights
        direct.append(rounds.columns.gram(bend, batch.positions))
    np.testing.assert_allclose(got, direct, rtol=1e-4, atol=1e-5)


class _Team:
    threads = 1

    def map(self, job, items):
        return map(job, items)


def test_lanes_far_apart_in_strength_do_not_share_a_hessian():
    data = make_data(120, 5, loss="logistic")
    lanes = folds(120, 3)
    grid = np.geomspace(0.3, 0.01, 20)
    rounds = NewtonRounds(
        Work(data.problem(), [L1(), L1()], [grid, grid], lanes, 1e-7, _Team(), lambda count: None)
    )
    rounds.fronts[0][1].position = 8  # a lane that is far ahead
    for front in rounds.all:
        rounds._admit(front)
    batches = rounds._open(rounds.all)
    for batch in batches:
        grow(batch)
    groups = neighbours([(Steps(batch), data.offset) for batch in batches])
    places = [[(step.batch.front.candidate, step.batch.front.lane) for step, _ in group] for group in groups]
    assert places == [[(0, 0), (0, 2)], [(0, 1)], [(1, 0), (1, 1), (1, 2)]]


def hessians_of(data, strengths, monkeypatch):
    """A path, and what its lane's Hessians say of how they turn: (strength, turn) of every one that was made."""
    seen, bend = [], Steps._bend
    monkeypatch.setattr(
        Steps, "_bend", lambda self, H: (bend(self, H), seen.append((self.at, H, self.turn)))[0]
    )
    [fit] = drive(fit_newton, data.problem(), L1(), strengths, tol=1e-9)
    return fit, seen


def test_a_hessian_turns_as_the_one_before_it_tells(monkeypatch):
    data = make_data(300, 4, loss="logistic")
    top = strength_grid(data.problem(), L1(), 2, 0.5)[0]
    fit, seen = hessians_of(data, top * np.geomspace(1, 0.01, 40), monkeypatch)
    assert fit.converged.all()
    assert sum(turn is not None for _, _, turn in seen) > 2
    old_s, old, _ = seen[0]
    for s, H, turn in seen[1:]:
        if turn is not None:
            size = len(old)
            np.testing.assert_allclose(H[:size, :size] + (old_s - s) * turn[:size, :size], old, atol=1e-12)
            assert not turn[size:].any()
        if turn is not None or s == old_s:  # a better one for the same strength takes its place
            old_s, old = s, H


def test_turning_the_hessian_saves_looks_and_changes_no_answer(monkeypatch):
    data = make_data(2000, 8, loss="logistic")
    grid, looks, sweep = strength_grid(data.problem(), L1(), 60, 1e-3), [], Together._sweep
    monkeypatch.setattr(
        Together,
        "_sweep",
        lambda self, live, *rest: (looks.append(sum(len(w) for _, w in live)), sweep(self, live, *rest))[1],
    )
    [turning] = drive(fit_newton, data.problem(), L1(), grid, tol=1e-10)
    with_turns = sum(looks)
    looks.clear()
    monkeypatch.setattr(Steps, "_bend", lambda self, H: None)
    [stale] = drive(fit_newton, data.problem(), L1(), grid, tol=1e-10)
    assert with_turns < 0.95 * sum(looks)
    np.testing.assert_allclose(turning.path.coefs, stale.path.coefs, atol=1e-8)


@pytest.fixture
def looks(monkeypatch):
    """How many strengths every sweep looked at."""
    found, sweep = [], Together._sweep

    def counted(self, live, *rest):
        found.append(sum(len(which) for _, which in live))
        return sweep(self, live, *rest)

    monkeypatch.setattr(Together, "_sweep", counted)
    return found


def test_folds_that_repair_what_they_borrow_look_less_and_find_the_same(monkeypatch, looks):
    data = make_data(3000, 30, loss="logistic")
    grid, lanes = (
        strength_grid(data.problem(), L1(), 100, 1e-3)[:70],
        [Lane(np.arange(3000), keep=True), *folds(3000)],
    )
    repaired = drive(fit_newton, data.problem(), L1(), grid, lanes, tol=1e-9)
    with_repair = sum(looks)
    looks.clear()
    monkeypatch.setattr(together, "repaired", lambda H, V, T: H)
    as_borrowed = drive(fit_newton, data.problem(), L1(), grid, lanes, tol=1e-9)
    assert with_repair < 0.9 * sum(looks)
    for ours, theirs in zip(repaired, as_borrowed, strict=True):
        assert ours.converged.all()
        assert (ours.gaps <= 1e-9).all()
        np.testing.assert_allclose(ours.path.coefs, theirs.path.coefs, atol=1e-7)


def test_both_ends_of_a_turn_are_made_where_the_solutions_are(monkeypatch, looks):
    data = make_data(2000, 12, loss="poisson")
    grid = strength_grid(data.problem(), L1(), 100, 1e-3)
    [both] = drive(fit_newton, data.problem(), L1(), grid, tol=1e-9)
    with_both = sum(looks)
    looks.clear()
    monkeypatch.setattr(Steps, "turns", lambda self, near, far: False)
    [far_only] = drive(fit_newton, data.problem(), L1(), grid, tol=1e-9)
    assert with_both < sum(looks)
    np.testing.assert_allclose(both.path.coefs, far_only.path.coefs, atol=1e-7)
