"""Early stopping is sensitive to noisy validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Matrix
from ..data import digits
from ..drawing import BLACK, COLOURS, GREY, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _POOL, _WRONG, _BATCH = 200, 400, 0.2, 32
_SIZES = (10, 20, 50, 100, 200, 400)
_PATIENCES = (1, 5, 20, float("inf"))


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Stop the same nets by validation sets of six sizes under four patiences, all as lanes."""
    draws, epochs, sizes = (3, 30, _SIZES[::5]) if quick else (20, 80, _SIZES)
    patiences = _PATIENCES[1:3] if quick else _PATIENCES
    X, y = digits()
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(len(y)) < _WRONG, rng.integers(0, 10, len(y)), y)
    orders = [rng.permutation(len(y)) for _ in range(draws)]
    never = _without_stopping(X, labels, orders, epochs, seed)  # (draws, epochs) test losses
    found = _stopped(X, labels, orders, (sizes, patiences), epochs, seed)
    shape = (len(patiences), draws, len(sizes))
    losses, steps = (found[key].reshape(shape) for key in ("loss", "step"))
    best = (never.argmin(axis=1) + 1) * -(-_ROWS // _BATCH)
    off = np.abs(np.log2(steps / best[:, None]))
    worse = losses[:, :, 0] - losses[:, :, -1]
    return {
        "sizes": sizes,
        "patiences": [
            p if np.isfinite(p) else 0 for p in patiences
        ],  # 0: never stops, the best epoch is kept
        **dict(zip(("loss", "loss_se"), mean_se(losses, axis=1), strict=True)),
        **dict(zip(("off", "off_se"), mean_se(off, axis=1), strict=True)),
        "worse": [mean_se(one) for one in worse],
        "never": mean_se(never[:, -1]),
        "oracle": mean_se(never.min(axis=1)),
        "saves": [mean_se(never[:, -1] - one) for one in losses[:, :, 0]],
        "fits": losses.size + draws,
    }


def _base(epochs: int, seed: int) -> Any:
    from ... import nets

    return nets.NetSettings((64,), lr=3e-3, schedule="constant", batch_size=_BATCH, epochs=epochs, seed=seed)


def _without_stopping(
    X: Matrix, labels: np.ndarray, orders: list[np.ndarray], epochs: int, seed: int
) -> Matrix:
    """Return the test loss after every epoch, (draws, epochs)."""
    from ... import nets

    folds = [(order[:_ROWS], order[_ROWS + _POOL :]) for order in orders]
    found = nets.lockstep(_base(epochs, seed), [{}], X, labels, cv=folds, scaling="none", threads=1)
    return found.curves().pivot(index="fold", columns="step", values="score").to_numpy()


def _stopped(
    X: Matrix, labels: np.ndarray, orders: list[np.ndarray], grid: Any, epochs: int, seed: int
) -> dict[str, np.ndarray]:
    """Return test losses and steps of the weights that early stopping kept, (patiences, draws x sizes)."""
    import torch

    from ... import nets

    sizes, patiences = grid
    folds = [(order[:_ROWS], order[_ROWS : _ROWS + size]) for order in orders for size in sizes]
    found = nets.lockstep(
        _base(epochs, seed), {"EarlyStopping.patience": patiences}, X, labels, cv=folds, scaling="none",
        validation="test", scoring="log_loss", threads=1,
    )  # fmt: skip
    rows, classes = torch.tensor(X, dtype=torch.float32), torch.tensor(labels)
    losses = np.zeros(found.scores.shape)
    with torch.inference_mode():
        for setting, fold in np.ndindex(*losses.shape):
            test = torch.from_numpy(orders[fold // len(sizes)][_ROWS + _POOL :])
            outputs = found.lane(setting, fold).module()(rows[test])
            losses[setting, fold] = float(torch.nn.functional.cross_entropy(outputs, classes[test]))
    return {"loss": losses, "step": found.steps}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    sensitive = [mean > 2 * se for mean, se in facts["worse"]]
    words = [
        f"{plus_minus(*worse)} ({_name(patience)})"
        for worse, patience in zip(facts["worse"], facts["patiences"], strict=True)
    ]
    saved = min(mean for mean, _ in facts["saves"])
    numbers = (
        f"Stopping by {facts['sizes'][0]} rows in place of {facts['sizes'][-1]} costs log-loss on new rows: "
        f"{', '.join(words)}. Training to the end costs {number(saved)} more than the worst of these"
        if saved > 0
        else f"Stopping by {facts['sizes'][0]} rows in place of {facts['sizes'][-1]} costs {', '.join(words)}, and "
        f"loses {number(-saved)} against training to the end"
    )
    if all(sensitive):
        return Verdict("holds", f"{numbers}.")
    if any(sensitive):
        which = [_name(p) for p, one in zip(facts["patiences"], sensitive, strict=True) if one]
        return Verdict(
            "holds when", f"{numbers}. It is more than two standard errors for {', '.join(which)}."
        )
    return Verdict("does not hold", f"{numbers}.")


def _name(patience: float) -> str:
    return f"patience {patience:g}" if patience else "best of all epochs"


def table(facts: Facts) -> Table:
    """One row a patience: losses over the sizes, and the error of the time with the fewest rows."""
    rows = [
        [_name(patience), *map(plus_minus, mean, se), plus_minus(off[0], off_se[0])]
        for patience, mean, se, off, off_se in zip(
            facts["patiences"], facts["loss"], facts["loss_se"], facts["off"], facts["off_se"], strict=True
        )
    ]
    blank = [""] * (len(facts["sizes"]) - 1)
    return Table(
        [
            "log-loss of",
            *(f"{size} rows" for size in facts["sizes"]),
            f"time off, {facts['sizes'][0]} rows (log2)",
        ],
        [
            *rows,
            ["the best epoch for new rows", plus_minus(*facts["oracle"]), *blank, ""],
            ["no stopping", plus_minus(*facts["never"]), *blank, ""],
        ],
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the loss over the size of the validation set, and how far the time is off."""
    left, right = axes(figure, ["What stopping costs", "When it stops"])
    for order, patience in enumerate(facts["patiences"]):
        for on, key in ((left, "loss"), (right, "off")):
            curve(
                on, facts["sizes"], facts[key][order], facts[f"{key}_se"][order], label=_name(patience),
                order=order, colour=COLOURS[order], dashed=order % 2 == 1,
            )  # fmt: skip
    left.axhline(facts["never"][0], color=GREY, linestyle=":", label="no stopping")
    left.axhline(facts["oracle"][0], color=BLACK, linestyle=":", label="best epoch for new rows")
    left.set(xscale="log", xlabel="validation rows", ylabel="log-loss on new rows (nats)")
    right.set(xscale="log", xlabel="validation rows", ylabel="doublings away from the best time")
    for on in (left, right):
        on.set_xticks(facts["sizes"], [str(size) for size in facts["sizes"]])
        on.minorticks_off()
    right.set_ylim(bottom=0)
    low, high = left.get_ylim()
    left.set_ylim(low, high + 0.45 * (high - low))
    legend(left, loc="upper center", ncols=2, fontsize=8.5)


EXPERIMENT = Experiment(
    name="noisy-validation",
    part="nets",
    claim="Early stopping is sensitive to noisy validation: few rows stop at the wrong time and cost accuracy.",
    why="""
    The validation loss of m rows is off by about its spread over rows divided by the root of m, and the
    epoch with the smallest loss is chosen by that noise, too; a curve with many local minima makes
    patience matter (Prechelt, 1998). All epochs are judged by the same rows, though, so that much of
    the noise is common to them and cancels.
    """,
    how=f"""
    Nets of 64 units on {_ROWS} digits, a fifth of all labels drawn anew: {len(_SIZES)} sizes of the
    validation set x {len(_PATIENCES)} patiences x 20 draws as lanes of one batched model, looked at
    after every epoch, 80 epochs at most; patience without end keeps the best epoch of all. The weights
    kept are tested on about 1,200 other rows; training rows and initial weights of a draw are the same
    for all sizes.
    """,
    rule=f"""
    Holds if under every patience {_SIZES[0]} validation rows lead to a larger log-loss on new rows than
    {_SIZES[-1]}, by more than two standard errors (paired by draw); 'holds when' under some of them;
    else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
