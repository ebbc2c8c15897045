"""Batch norm regularises a little, through the noise of the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import digits
from ..drawing import axes, curve, legend
from ..draws import Pairs, pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _TEST = 256, 700
_SIZES = (8, 16, 32, 64, 256)  # of batches, and of ghost batches within the whole
_USUAL, _SMALL = 32, 8  # where the rule looks


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets without norm, with it, and with ghost batches; the draws are nets side by side."""
    draws, steps, sizes = (4, 60, (8, 32, 256)) if quick else (10, 500, _SIZES)
    chosen = pairs(digits()[1], _ROWS, _TEST, draws, np.random.default_rng(seed))
    kinds: dict[str, Any] = {}
    for kind in ("none", "batch", "ghost"):
        found = [_trained(chosen, kind, size, steps, seed) for size in sizes]
        kinds[kind] = {what: np.array([one[what] for one in found]) for what in ("test", "gap", "test_error")}
    at, small = sizes.index(_USUAL), sizes.index(_SMALL)
    return {
        "sizes": sizes,
        "kinds": {
            kind: {what: np.transpose(mean_se(values, axis=1)) for what, values in table.items()}
            for kind, table in kinds.items()
        },
        "norm": {
            what: mean_se(kinds["batch"][what][at] - kinds["none"][what][at]) for what in kinds["batch"]
        },
        "noise": {
            what: mean_se(kinds["ghost"][what][small] - kinds["ghost"][what][-1]) for what in kinds["ghost"]
        },
        "fits": 3 * len(sizes) * draws,
    }


def _trained(chosen: Pairs, kind: str, size: int, steps: int, seed: int) -> dict[str, np.ndarray]:
    """Return loss, gap and error of nets, (draws,) each."""
    from ...nets.architectures import initialise, mlp
    from ..side_by_side import SideBySide, judged, train

    X, y = digits()
    norm = None if kind == "none" else "batch"
    nets = [initialise(mlp(64, (64, 64), 10, norm=norm), 1000 * seed + k) for k in range(len(chosen))]
    whole = kind == "ghost" and size < _ROWS
    together = SideBySide(nets, ghost=size if whole else None)
    batch = _ROWS if kind == "ghost" else size
    train(together, X, y, chosen, batch_size=batch, steps=steps, lr=3e-3, seed=seed)
    found = judged(together, X, y, chosen)
    return {"test": found["test"], "gap": found["test"] - found["train"], "test_error": found["test_error"]}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    norm, noise = _restrains(facts["norm"]), _restrains(facts["noise"])
    told = [
        f"the gap by {plus_minus(*facts[key]['gap'])} and the test log-loss by {plus_minus(*facts[key]['test'])}"
        for key in ("norm", "noise")
    ]
    text = (
        f"In batches of {_USUAL} batch norm changes {told[0]}; ghost batches of {_SMALL} in the place of the whole "
        f"batch change {told[1]}"
    )
    if norm and noise:
        return Verdict("holds", f"{text}.")
    if noise:
        return Verdict("holds when", f"{text}: its noise regularises, but the norm as a whole does not.")
    if norm:
        return Verdict(
            "holds when", f"{text}: the norm regularises, but not through the noise of its batches."
        )
    return Verdict("does not hold", f"{text}.")


def _restrains(change: Facts) -> bool:
    (gap, gap_se), (test, test_se) = change["gap"], change["test"]
    return bool(gap < -2 * gap_se and test <= 2 * test_se)


_NAMES = {"none": "no norm", "batch": "batch norm", "ghost": "ghost batches in one of 256"}


def table(facts: Facts) -> Table:
    """One row a kind and size."""
    rows = [
        [
            f"{_NAMES[kind]}, {size}", plus_minus(*one["gap"][k]), plus_minus(*one["test"][k]),
            plus_minus(*(100 * x for x in one["test_error"][k])),
        ]
        for kind, one in facts["kinds"].items()
        for k, size in enumerate(facts["sizes"])
    ]  # fmt: skip
    return Table(["norm, size of batch", "gap of log-losses", "test log-loss", "test error, %"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw gap and error over the size of the batch."""
    left, right = axes(figure, ["Test minus training log-loss", "Test error"])
    for order, (kind, one) in enumerate(facts["kinds"].items()):
        for on, what, scale in ((left, "gap", 1), (right, "test_error", 100)):
            mean, se = scale * np.transpose(one[what])
            curve(on, facts["sizes"], mean, se, label=_NAMES[kind], order=order)
    for on, label in ((left, "gap of log-losses"), (right, "error, %")):
        on.set(xscale="log", xlabel="rows of a batch, or of a ghost batch", ylabel=label)
        on.set_xticks(facts["sizes"], [str(size) for size in facts["sizes"]])
        on.minorticks_off()
    legend(left)


EXPERIMENT = Experiment(
    name="batch-norm-noise",
    part="nets",
    claim="Batch normalisation regularises a little, through the noise of the batch.",
    why="""
    A row's activations are shifted and scaled by the other rows that happen to be in its batch, which
    is noise of a size of one over the root of the batch (Ioffe and Szegedy, 2015). Ghost batches, which
    normalise parts of a large batch on their own (Hoffer et al., 2017), change that noise and nothing
    else.
    """,
    how=f"""
    Nets of 64 + 64 units trained on {_ROWS} digits for 500 steps of Adam, 10 draws each side by side,
    tested on {_TEST} others: without norm and with it in batches of 8 to {_ROWS} rows, and with ghost
    batches of these sizes within the one batch of all rows. The gap is test minus training log-loss,
    without the noise.
    """,
    rule=f"""
    A change regularises if the gap falls by more than two standard errors (paired by draw) and the test
    log-loss does not rise by more than two. Holds if batch norm does, against none, in batches of
    {_USUAL}, and ghost batches of {_SMALL} do, against the norm of the whole batch; 'holds when' if one
    of the two does; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
