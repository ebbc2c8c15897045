"""Lanes among others: one dies, some stop, all are halved, somebody presses Ctrl-C - and the others do not notice."""

import _thread
import signal
import threading
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.lanes import pack as pack_module  # noqa: E402
from regularfit.nets.lanes.halving import Halving  # noqa: E402
from regularfit.nets.lanes.run import train_lanes  # noqa: E402
from regularfit.nets.lanes.state import PackState  # noqa: E402
from regularfit.nets.lanes.values import LaneValues  # noqa: E402

from .test_alone import EVERY, LANES, lane_data, plan_of, rows_of, state_of, table, trained  # noqa: E402


def by_setting(lanes, folds=3):
    return LaneValues.of([{"seed": 3, **lane, "fold": f} for lane in lanes for f in range(folds)])


def close(a, b, tolerance=0.0):
    for mine, theirs in zip(a.views, b.views, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=tolerance)


def test_a_lane_that_explodes_dies_alone_and_says_when():
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data, steps=60)
    rows = rows_of(LANES)
    _, healthy = trained(data, plan, rows)
    rows[4] = rows[4] | {"lr": 1e30}
    _, sick = trained(data, plan, rows)
    dead, i = sick[4]
    assert dead.why == "nan"
    assert 0 < dead.stopped[i] < 20  # the step, though it is noticed at an evaluation only
    for k in set(range(len(rows))) - {4}:
        for a, b in zip(state_of(*healthy[k]), state_of(*sick[k]), strict=True):
            assert torch.equal(a, b)


def test_the_step_of_a_broken_loss_is_right():
    X, y = table()
    X = X.clone()
    data = lane_data(X, y, folds=3)
    plan = plan_of(data, steps=40)
    row = {"seed": 3, "fold": 0, "lr": 1e-3, "rates": [0, 0, 0]}
    from regularfit.nets.batches import BatchRows

    rows = BatchRows(3, len(data.train[0]), plan.size)
    victim = rows.at(5)[0]  # one row that is infinite breaks the first step that has it
    first = next(t for t in range(40) if victim in rows.at(t))
    X[data.train[0][victim]] = torch.inf
    _, left = trained(data, plan, [row])
    assert left[0][0].why == "nan"
    assert left[0][0].stopped[0] == first


def test_moving_together_changes_nothing(monkeypatch):
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data)
    stoppers = [{"lr": 3e-2, "rates": [0, 0, 0], "patience": 1, "keep_best": 1}] * 5
    rows = rows_of([*LANES, *stoppers])
    pack, moved = trained(data, plan, rows)
    assert len(pack.state.ids) < len(rows)  # some have left
    monkeypatch.setattr(pack_module, "_COMPACT", 2.0)
    pack, stayed = trained(data, plan, rows)
    assert len(pack.state.ids) == len(rows)
    for k in range(len(rows)):
        assert moved[k][0].why == stayed[k][0].why
        for a, b in zip(state_of(*moved[k]), state_of(*stayed[k]), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("threads", "pack_lanes"), [(1, 3), (2, 6), (2, None)])
def test_how_lanes_are_packed_changes_nothing(threads, pack_lanes):
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data, steps=8 * EVERY)  # a run ends with an evaluation
    values = by_setting(LANES)
    one = train_lanes(data, plan, values, 3, pack_lanes=1000)
    many = train_lanes(data, plan, values, 3, threads=threads, pack_lanes=pack_lanes)
    assert one.why == many.why
    assert (one.step == many.step).all()
    close(one.weights, many.weights, 1e-6)


def test_halving_keeps_the_best_and_trains_them_as_without():
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data)
    lanes = [{"lr": lr, "rates": [0, p, p]} for lr in (1e-5, 1e-4, 1e-3, 3e-3) for p in (0.0, 0.2)]
    full = train_lanes(data, plan, by_setting(lanes), 3)
    half = train_lanes(data, plan, by_setting(lanes), 3, halving=Halving((0.1, 0.5)), pack_lanes=6, threads=2)
    why = np.array(half.why).reshape(8, 3)
    assert [(why == "halved").all(axis=1).sum(), (why == "steps").all(axis=1).sum()] == [6, 2]
    for evaluation in half.evaluations:  # at both moments the best half by mean score stayed
        assert len(evaluation.ids) <= 24
    at = {e.step: {} for e in full.evaluations}
    for e in full.evaluations:
        at[e.step] |= dict(zip(e.ids.tolist(), e.scores.tolist(), strict=True))
    mean = np.array([np.mean([at[EVERY][3 * s + f] for f in range(3)]) for s in range(8)])
    assert set(np.flatnonzero(half.stopped.reshape(8, 3)[:, 0] > EVERY)) == set(np.argsort(mean)[:4])
    kept = torch.tensor(np.flatnonzero((why == "steps").ravel()))
    close(full.weights.take(kept), half.weights.take(kept), 1e-6)


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_packs_of_different_kinds_are_joined(turn, monkeypatch):
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data, batch_norm=True)
    plain, bad = {"lr": 3e-3, "rates": [0, 0.1, 0]}, {"lr": 1e-5, "rates": [0, 0, 0]}
    good = [plain, plain | {"ema": 0.9, "refresh": 1}, plain | {"patience": 3, "keep_best": 1}]
    lanes = [lane for one in good[turn:] + good[:turn] for lane in (bad, one)]
    joined, join = [], PackState.join
    monkeypatch.setattr(PackState, "join", lambda parts: joined.append(len(parts)) or join(parts))
    full = train_lanes(data, plan, by_setting(lanes), 3)
    half = train_lanes(data, plan, by_setting(lanes), 3, halving=Halving((0.2,)), pack_lanes=6)
    assert joined == [2]
    why = np.array(half.why).reshape(6, 3)
    assert (why[::2] == "halved").all()
    kept = torch.tensor([3 * s + f for s in (1, 3, 5) for f in range(3)])
    assert [half.why[k] for k in kept] == [full.why[k] for k in kept]
    close(full.weights.take(kept), half.weights.take(kept), 1e-6)
    for a, b in zip(full.norms.take(kept).views, half.norms.take(kept).views, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_ctrl_c_keeps_what_is_done():
    X, y = table(n=2000)
    data = lane_data(X, y)
    plan = plan_of(data, steps=10**5)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        threading.Timer(1.0, _thread.interrupt_main).start()
        begun = time.monotonic()
        found = train_lanes(data, plan, by_setting(LANES), 3, threads=2, deadline=begun + 60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert set(found.why) <= {"interrupted", "early stopping"}
    assert "interrupted" in found.why
    assert all(view.isfinite().all() for view in found.weights.views)
    assert found.evaluations
    assert found.stopped.max() < 10**6


def test_a_time_limit_ends_training():
    X, y = table()
    data = lane_data(X, y)
    found = train_lanes(
        data, plan_of(data, steps=10**5), by_setting(LANES[:2]), 3, deadline=time.monotonic() + 0.5
    )
    assert set(found.why) == {"time limit"}


def test_an_error_in_a_thread_is_raised():
    X, y = table()
    data = lane_data(X, y)

    def broken(progress):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train_lanes(data, plan_of(data, schedule=broken), by_setting(LANES[:2]), 3, threads=2, pack_lanes=3)
