"""Small batches regularise implicitly."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Vector
from ..data import digits
from ..drawing import axes, curve
from ..draws import Pairs, pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _TEST, _UNITS = 256, 700, 64
_SIZES = (4, 16, 64, 256)
_RATE, _NOISE = 0.2, 0.4 / 256  # learning rate, and learning rate a row of the batch
_TARGET = 0.03  # training log-loss at which nets are compared
_GROWTH = 1.05  # of the steps between two looks
_MEASURES = ("test_error", "test", "sharpness")


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets by plain SGD until their training loss is at the target; the draws are nets side by side."""
    draws, sizes, target = (4, (4, 256), 0.2) if quick else (12, _SIZES, _TARGET)
    chosen = pairs(digits()[1], _ROWS, _TEST, draws, np.random.default_rng(seed))
    arms: dict[str, Any] = {"rate": dict.fromkeys(sizes, _RATE)}
    if not quick:
        arms["noise"] = {size: _NOISE * size for size in sizes}
    found = {
        arm: [_matched(chosen, size, rate, target, seed) for size, rate in rates.items()]
        for arm, rates in arms.items()
    }
    return {
        "sizes": sizes, "target": target,
        "arms": {
            arm: {
                "rates": list(arms[arm].values()),
                **{what: np.array([mean_se(one[what]) for one in rows]) for what in (*_MEASURES, "train", "steps")},
                "change": {what: mean_se(rows[0][what] - rows[-1][what]) for what in _MEASURES},
            }
            for arm, rows in found.items()
        },
        "fits": sum(map(len, found.values())) * draws,
    }  # fmt: skip


def _matched(chosen: Pairs, size: int, rate: float, target: float, seed: int) -> dict[str, Vector]:
    """Return what each net is when its training loss first is at the target, (draws,) each."""
    import torch

    from ...nets.architectures import initialise, mlp
    from ..side_by_side import SideBySide, judged, sharpness, train

    X, y = digits()
    net = SideBySide([initialise(mlp(64, (_UNITS,), 10), 1000 * seed + k) for k in range(len(chosen))])
    kept, steps, done = deepcopy(net), 0, np.zeros(len(chosen), dtype=bool)
    at, rounds = np.zeros(len(chosen)), 0
    while not done.all():
        more = max(5, round(steps * (_GROWTH - 1)))
        train(
            net, X, y, chosen, batch_size=size, steps=more, lr=rate, schedule="constant",
            seed=10_000 * seed + rounds, optimizer=lambda groups, lr: torch.optim.SGD(groups, lr=lr),
        )  # fmt: skip
        steps, rounds = steps + more, rounds + 1
        there = ~done & (judged(net, X, y, chosen)["train"] <= target)
        now = torch.as_tensor(there)
        with torch.no_grad():
            for old, new in zip(kept.parameters(), net.parameters(), strict=True):
                old[now] = new[now]
        at[there], done = steps, done | there
        if steps > 100_000:
            raise RuntimeError(f"Batches of {size} do not reach a training loss of {target:g}.")
    return {**judged(kept, X, y, chosen), "steps": at, "sharpness": sharpness(kept, X, y, chosen)}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    change = facts["arms"]["rate"]["change"]
    small, large = facts["sizes"][0], facts["sizes"][-1]
    text = (
        f"At a training loss of {facts['target']:g} batches of {small} rows, against all {large}, change the test "
        f"error by {_points(change)} points and the sharpness by {plus_minus(*change['sharpness'])}"
    )
    if "noise" in facts["arms"]:
        other = facts["arms"]["noise"]["change"]
        text += f" (with learning rates that grow with the batch by {_points(other)} and "
        text += f"{plus_minus(*other['sharpness'])})"
    better, flatter = (change[what][0] < -2 * change[what][1] for what in ("test_error", "sharpness"))
    if better and flatter:
        return Verdict("holds", f"{text}.")
    if better or flatter:
        fails = "the minimum is not surely flatter" if better else "the test error is not surely smaller"
        return Verdict("holds when", f"{text}: {fails}.")
    return Verdict("does not hold", f"{text}.")


def _points(change: Facts) -> str:
    return plus_minus(*(100 * x for x in change["test_error"]))


_NAMES = {"rate": "same learning rate", "noise": "learning rate in proportion to the batch"}


def table(facts: Facts) -> Table:
    """One row a way to choose the rate and size."""
    rows = [
        [
            f"{_NAMES[arm]}, {size}", f"{one['rates'][k]:.3g}", plus_minus(*one["steps"][k]),
            plus_minus(*(100 * x for x in one["test_error"][k])), plus_minus(*one["test"][k]),
            plus_minus(*one["sharpness"][k]),
        ]
        for arm, one in facts["arms"].items()
        for k, size in enumerate(facts["sizes"])
    ]  # fmt: skip
    head = ["rows of a batch", "learning rate", "steps", "test error, %", "test log-loss", "sharpness"]
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw error and sharpness over the size of the batch."""
    left, right = axes(figure, ["Test error", "Sharpness"])
    for on, what, scale in ((left, "test_error", 100), (right, "sharpness", 1)):
        for order, (arm, one) in enumerate(facts["arms"].items()):
            mean, se = scale * np.transpose(one[what])
            curve(on, facts["sizes"], mean, se, label=_NAMES[arm], order=order)
        on.set(xscale="log", xlabel="rows of a batch")
        on.set_xticks(facts["sizes"], [str(size) for size in facts["sizes"]])
        on.minorticks_off()
    left.set(ylabel="error at the same training loss, %")
    right.set(ylabel="largest eigenvalue of the Hessian")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)


EXPERIMENT = Experiment(
    name="small-batches",
    part="nets",
    claim="Small-batch SGD regularises implicitly: it ends in flatter minima that generalise better.",
    why="""
    The gradient of a batch of b rows has noise of variance 1 / b, and noise is said to drive steps out
    of sharp minima (Keskar et al., 2017). For small steps it is the ratio of learning rate to b that
    matters (Smith and Le, 2018), so a rate in proportion to the batch should undo the difference.
    """,
    how=f"""
    Nets of {_UNITS} units trained by plain SGD on {_ROWS} digits, 12 draws side by side, in batches of
    4 to all {_ROWS} rows, at one learning rate and at rates in proportion to the batch. Each is judged
    when its training log-loss first is {_TARGET:g}: error on {_TEST} others, and sharpness, the largest
    eigenvalue of the Hessian of the training loss.
    """,
    rule="""
    At one learning rate and the same training loss, smallest batch against all rows: holds if test
    error and sharpness are both smaller by more than two standard errors (paired by draw); 'holds when'
    if one of them is; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
