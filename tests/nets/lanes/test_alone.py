"""A lane is the net trained alone: against a plain PyTorch loop, and against a pack of that lane only."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.evaluation.metrics import metric  # noqa: E402
from regularfit.nets.lanes.data import LaneData, indices  # noqa: E402
from regularfit.nets.lanes.pack import Pack  # noqa: E402
from regularfit.nets.lanes.plan import LanePlan  # noqa: E402
from regularfit.nets.lanes.state import PackState  # noqa: E402
from regularfit.nets.lanes.values import LaneValues  # noqa: E402
from regularfit.nets.lanes.weights import NetShape  # noqa: E402
from regularfit.nets.schedules import schedule  # noqa: E402

from .plain import fit  # noqa: E402

CPU = torch.device("cpu")
STEPS, SIZE, EVERY = 120, 32, 12


def table(n=300, d=6, classes=3, seed=0, regression=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    signal = X @ rng.normal(size=(d, classes)) + np.sin(2 * X[:, :1])
    y = signal[:, :1] / 2 if regression else (signal + rng.gumbel(size=(n, classes))).argmax(1)
    y = torch.tensor(y, dtype=torch.float32 if regression else torch.int64)
    return torch.tensor(X, dtype=torch.float32), y


def lane_data(X, y, folds=3, weight=None, outputs=3):
    part = np.arange(len(X)) % folds
    train = [indices(np.flatnonzero(part != f), CPU) for f in range(folds)]
    test = [indices(np.flatnonzero(part == f), CPU) for f in range(folds)]
    return LaneData(X, y, weight, train, test, test, outputs)


def plan_of(data, hidden=(16, 12), batch_norm=False, steps=STEPS, **changes):
    shape = NetShape(data.X.shape[1], hidden, data.outputs, batch_norm)
    settings = {
        "schedule": schedule("cosine"),
        "metric": metric("log_loss" if data.classification else "mse"),
    }
    return LanePlan(
        shape, data.size(SIZE), steps, tuple(range(EVERY, steps + 1, EVERY)), **(settings | changes)
    )


def trained(data, plan, rows, ids=None):
    """Return a trained pack and the lanes that left it, as (weights, row, why) by id."""
    values = LaneValues.of(rows)
    pack = Pack(data, plan, PackState.start(plan, np.arange(len(rows)) if ids is None else ids, values, CPU))
    pack.train(plan.steps)
    return pack, {int(k): (left, i) for left in pack.left for i, k in enumerate(left.ids)}


def state_of(left, i):
    """Return a lane's parameters in the order in which the modules of a net have them."""
    return [view[i] for view in left.weights.views]


LANES = [
    {"lr": 3e-3, "rates": [0, 0, 0]},
    {"lr": 1e-3, "rates": [0, 0.2, 0.2], "decay": 0.1},
    {"lr": 3e-3, "rates": [0.1, 0.3, 0.1], "mixup": 0.2, "smoothing": 0.1, "l1": 3e-3},
    {"lr": 2e-3, "rates": [0, 0.5, 0.25], "mixup": 1.0, "decay": 0.3, "ema": 0.95},
    {"lr": 2e-3, "rates": [0, 0.1, 0.1], "noise": 0.2, "l1": 1e-2, "swa": 0.6, "smoothing": 0.2, "swap": 0.2},
    {"lr": 1e-2, "rates": [0, 0.25, 0], "patience": 2, "keep_best": 1, "ema": 0.9, "mixup": 0.4, "seed": 5},
    {"lr": 2e-2, "rates": [0, 0, 0.5], "patience": 1, "keep_best": 1, "decay": 0.01, "independent": 1},
]


def rows_of(lanes, folds=3):
    return [{"seed": 3, **lane, "fold": f} for f in range(folds) for lane in lanes]


def alone(data, plan, row, batch_norm=False):
    """The same lane in plain PyTorch."""
    fold, patience = row["fold"], row.get("patience", math.inf)
    own = {
        name: row[name]
        for name in ("decay", "l1", "smoothing", "mixup", "noise", "ema", "swa", "swap")
        if name in row
    }
    rows, held = data.train[fold], data.watch[fold]
    return fit(
        data.X[rows], data.y[rows], hidden=plan.shape.hidden, outputs=data.outputs, seed=row["seed"], size=plan.size,
        steps=plan.steps, lr=row["lr"], rates=row["rates"], factor=plan.schedule,
        independent=bool(row.get("independent")),
        patience=patience if math.isfinite(patience) else None, every=EVERY,
        watch=(data.X[held], data.y[held], None if data.weight is None else data.weight[held]),
        weight=None if data.weight is None else data.weight[rows], batch_norm=batch_norm, **own,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["classes", "weighted", "regression", "one hidden", "linear"])
def test_a_lane_is_the_net_of_a_plain_loop(kind):
    X, y = table(regression=kind == "regression")
    weight = torch.linspace(0.2, 2.0, len(X)) if kind == "weighted" else None
    data = lane_data(X, y, weight=weight, outputs=y.shape[1] if kind == "regression" else 3)
    steps = STEPS if kind in ("classes", "regression") else STEPS // 2  # a plain loop takes seconds
    plan = plan_of(data, hidden={"one hidden": (16,), "linear": ()}.get(kind, (16, 12)), steps=steps)
    layers = len(plan.shape.sizes)
    lanes = [{**lane, "rates": lane["rates"][:layers]} for lane in LANES]
    if kind == "regression":
        lanes = [{k: v for k, v in lane.items() if k != "smoothing"} for lane in lanes]
    rows = rows_of(lanes)
    _, left = trained(data, plan, rows)
    assert set(left) == set(range(len(rows)))
    for k, row in enumerate(rows):
        if row["fold"] > (kind == "classes"):
            continue
        net, _ = alone(data, plan, row)
        for ours, theirs in zip(state_of(*left[k]), net.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs.detach(), rtol=0, atol=1e-5, msg=f"{row}")


def test_batch_norm_is_that_of_torch():
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data, batch_norm=True)
    rows = rows_of([lane for lane in LANES if "ema" not in lane and "swa" not in lane])
    _, left = trained(data, plan, rows)
    for k, row in enumerate(rows[:4]):
        net, _ = alone(data, plan, row, batch_norm=True)
        for ours, theirs in zip(state_of(*left[k]), net.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs.detach(), rtol=0, atol=1e-5, msg=f"{row}")
        lane, i = left[k]
        norms = [m for m in net if isinstance(m, torch.nn.BatchNorm1d)]
        for layer, norm in enumerate(norms):
            torch.testing.assert_close(lane.norms.mean[layer][i], norm.running_mean, rtol=0, atol=1e-5)
            torch.testing.assert_close(lane.norms.var[layer][i], norm.running_var, rtol=0, atol=1e-5)


def test_a_lane_is_what_it_is_alone_in_a_pack():
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data, steps=STEPS // 2)
    rows = rows_of(LANES)
    _, together = trained(data, plan, rows)
    assert {left.why for left, _ in together.values()} == {"steps", "early stopping"}
    for k, row in enumerate(rows):
        _, solo = trained(data, plan, [row])
        assert solo[0][0].why == together[k][0].why
        assert solo[0][0].stopped[0] == together[k][0].stopped[together[k][1]]
        for a, b in zip(state_of(*together[k]), state_of(*solo[0]), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-6, msg=f"{row}")


def test_the_order_of_lanes_changes_no_bit():
    X, y = table()
    data = lane_data(X, y)
    plan = plan_of(data, steps=60)
    rows = rows_of(LANES)
    shuffled = np.random.default_rng(0).permutation(len(rows))
    _, straight = trained(data, plan, rows)
    _, mixed = trained(data, plan, [rows[k] for k in shuffled], ids=shuffled)
    for k in range(len(rows)):
        for a, b in zip(state_of(*straight[k]), state_of(*mixed[k]), strict=True):
            assert torch.equal(a, b)
