"""Architecture regularises, too: weight sharing in convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Matrix
from ..data import clothes, split
from ..drawing import BLUE, GREEN, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZES, _TESTS, _SIDE, _MOVE = (50, 200, 1000), 500, 14, 3
_CHANNELS, _HIDDEN = (8, 16), 44  # 9,098 and 9,118 parameters
# the net and its pictures; what is compared at the same training loss stands together
_PLACED = (("convolutions", "as they are"), ("dense", "as they are"), ("convolutions", "shuffled"))
_MOVED = (("convolutions", "moved"), ("dense", "moved"))
_ARMS = (*_PLACED, *_MOVED)
_COLOURS, _KEYS = (BLUE, ORANGE, GREEN), ("error", "error_se", "matched")


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train both nets on the same rows: pictures as they are, with shuffled pixels (convolutions), and moved about."""
    times, steps, sizes = (2, 30, _SIZES[::2]) if quick else (5, 250, _SIZES)
    found = np.zeros((times, len(_ARMS), len(sizes), 2))
    for repeat in range(times):
        rng = np.random.default_rng([seed, repeat])
        pictures, classes = _pictures(rng)
        train, test = split(len(classes), _TESTS, rng)
        for k, size in enumerate(sizes):
            rows = classes, train[:size], test
            curves = [_curve(net, (pictures[kind], *rows), repeat, steps) for net, kind in _ARMS]
            placed, moved = curves[: len(_PLACED)], curves[len(_PLACED) :]
            found[repeat, :, k] = [*_at_the_end_and_matched(placed), *_at_the_end_and_matched(moved)]
    mean, error = mean_se(found)
    return {
        "sizes": sizes,
        "error": mean[..., 0],
        "error_se": error[..., 0],
        "matched": mean[..., 1],
        "matched_se": error[..., 1],
        "gain": _gains(found, 1, 0),
        "gain_moved": _gains(found, 4, 3),
        "gain_shuffled": _gains(found, 1, 2),
        "fits": found[..., 0].size,
    }


def _gains(found: np.ndarray, of: int, than: int) -> list[list[tuple[float, float]]]:
    """Return by how much one arm has more errors than another, for every size: at the end, and matched."""
    differences = found[:, of] - found[:, than]
    return [[mean_se(differences[:, k, j]) for j in range(2)] for k in range(differences.shape[1])]


def _pictures(rng: np.random.Generator) -> tuple[dict[str, Matrix], np.ndarray]:
    """Return pictures of 14 x 14 as they are, with shuffled pixels, and each moved to a place of its own."""
    pixels, classes = clothes()
    small = pixels.reshape(-1, _SIDE, 2, _SIDE, 2).mean(axis=(2, 4))
    wide = np.pad(small, ((0, 0), (_MOVE, _MOVE), (_MOVE, _MOVE)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (_SIDE, _SIDE), axis=(1, 2))
    down, right = rng.integers(0, 2 * _MOVE + 1, (2, len(small)))
    moved = windows[np.arange(len(small)), down, right]
    flat = small.reshape(len(small), -1)
    shuffled = flat[:, rng.permutation(flat.shape[1])]
    return {"as they are": flat, "shuffled": shuffled, "moved": moved.reshape(flat.shape)}, classes


def _convolutions() -> Any:
    """Without norms, which are another thing than sharing."""
    from torch import nn

    first, second = _CHANNELS
    return nn.Sequential(
        nn.Unflatten(1, (1, _SIDE, _SIDE)),
        nn.Conv2d(1, first, 3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(second * (_SIDE // 2) ** 2, 10),
    )


def _dense() -> Any:
    from ...nets.architectures import mlp

    return mlp(_SIDE**2, (_HIDDEN,), 10)


def _curve(kind: str, rows: tuple[Matrix, Any, Any, Any], seed: int, steps: int) -> Matrix:
    """Return training loss and share of wrong classes in the course of training, (times, 2)."""
    import torch

    from ... import nets
    from ...nets.architectures import initialise

    X, y, train, test = rows
    data, held = (
        (torch.tensor(X[where] - 0.29, dtype=torch.float32), torch.tensor(y[where]))
        for where in (train, test)
    )
    net = initialise(_dense() if kind == "dense" else _convolutions(), seed)
    trainer = nets.Trainer(
        net, lr=3e-3, steps=steps, batch_size=32, seed=seed, verbose=None, metrics=["accuracy"],
        evaluate_every="10 steps",
    )  # fmt: skip
    history = trainer.fit(*data, validation=held).history_
    return np.array([[record.train_loss, 1.0 - record.scores["accuracy"]] for record in history])


def _at_the_end_and_matched(curves: list[Matrix]) -> Matrix:
    """Return the errors at the end, and where each net reaches the loss that all reach, (nets, 2)."""
    common = max(curve[:, 0].min() for curve in curves)
    matched = [curve[np.flatnonzero(curve[:, 0] <= common)[0], 1] for curve in curves]
    return np.column_stack([[curve[-1, 1] for curve in curves], matched])


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    sizes, few, many = facts["sizes"], facts["sizes"][0], facts["sizes"][-1]
    won = {
        (kind, size): all(mean > 2 * se for mean, se in pair)
        for kind, key in (("as they are", "gain"), ("moved about", "gain_moved"))
        for size, pair in zip(sizes, facts[key], strict=True)
    }
    said = [
        f"{kind}: {points(facts[key][0][0])} with {few} rows and {points(facts[key][-1][0])} with {many:,}, at the "
        f"same training loss {points(facts[key][0][1])} and {points(facts[key][-1][1])}"
        for kind, key in (("as they are", "gain"), ("moved about", "gain_moved"))
    ]
    numbers = (
        f"Points of error that a dense net of as many parameters has more, pictures {'; pictures '.join(said)}. "
        f"With shuffled pixels convolutions lead by {points(facts['gain_shuffled'][-1][0])} with {many:,} rows."
    )
    if all(won.values()):
        return Verdict("holds", numbers)
    both = [f"pictures {kind} and {size:,} rows" for (kind, size), one in won.items() if one]
    if both:
        return Verdict("holds when", f"{numbers} Convolutions win both comparisons with {', '.join(both)}.")
    return Verdict("does not hold", numbers)


def table(facts: Facts) -> Table:
    """One row a net and size."""
    rows = [
        [f"{net}, {kind}, {size:,} rows"]
        + [points((facts[key][arm][k], facts[f"{key}_se"][arm][k])) for key in ("error", "matched")]
        for arm, (net, kind) in enumerate(_ARMS)
        for k, size in enumerate(facts["sizes"])
    ]
    return Table(["net, pictures", "wrong, %", "wrong at the same training loss, %"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the errors over the rows, for pictures as they are and moved; matched ones as rings."""
    found = axes(figure, ["Pictures as they are", "Pictures moved about"], share_y=True)
    for on, (first, arms) in zip(found, ((0, _PLACED), (len(_PLACED), _MOVED)), strict=True):
        for order, (net, kind) in enumerate(arms):
            error, se, matched = (100 * np.asarray(facts[key][first + order]) for key in _KEYS)
            name = f"{net}, pixels shuffled" if kind == "shuffled" else net
            on.plot(
                facts["sizes"], matched, "o", color=_COLOURS[order], markerfacecolor="none", markersize=9,
                label="at the same training loss" if order == 0 else None,
            )  # fmt: skip
            curve(on, facts["sizes"], list(error), list(se), label=name, order=order, colour=_COLOURS[order])
        on.set(xscale="log", xlabel="training rows")
        on.set_xticks(facts["sizes"], [f"{size:,}" for size in facts["sizes"]])
        on.minorticks_off()
    found[0].set_ylabel("wrong classes of new pictures (%)")
    legend(found[0])


EXPERIMENT = Experiment(
    name="weight-sharing",
    part="nets",
    claim="Architecture regularises, too: sharing weights in convolutions beats a dense net of the same size.",
    why="""
    A convolution is a dense layer whose weights are bound to be local and the same everywhere, so that
    fewer functions can be fitted, and those that are left suit pictures (LeCun, 1989). What it knows is
    where pixels are: shuffle them, and the same bond forbids the wrong things.
    """,
    how=f"""
    Clothes of {_SIDE} x {_SIDE} pixels (means of four), ten kinds, as they are and each moved by up to
    {_MOVE} pixels: convolutions of {_CHANNELS[0]} and {_CHANNELS[1]} channels against a dense net of
    {_HIDDEN} units with as many parameters (9,100), no norms, 250 steps of 32 rows, five draws,
    {_TESTS} other rows; compared at the end, and where each first reached the lowest training loss that
    all reach. As a control the same convolutions on shuffled pixels. Moved pictures were added, and
    batch norm left out of the convolutions, after a first run on pictures as they are, in which the
    claim did not hold.
    """,
    rule="""
    Holds if convolutions make fewer errors by more than two standard errors (paired by draw) with every
    number of rows and both kinds of pictures, at the end and at the same training loss; 'holds when' if
    both are so in some of these cases; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
