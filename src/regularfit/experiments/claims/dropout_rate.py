"""Rates of 0.2 to 0.5 are best for hidden layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Matrix
from ..choosing import best_of_others
from ..data import digits
from ..drawing import GREY, axes, curve
from ..draws import pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
_LOW, _HIGH = 0.2, 0.5  # of the claim
_WIDTHS = (16, 64, 128)
_STEPS = {100: 400, 300: 600, 1000: 1000}  # by rows; small batches, so that each row is seen 32 times or more
_TEST = 700


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train every rate on every draw, for widths and numbers of rows; the rates and draws are lanes."""
    draws = 4 if quick else 8
    cells = [(n, width) for n in _STEPS for width in _WIDTHS]
    cells = [(100, 16), (100, 64)] if quick else cells
    found = [_cell(n, width, seed, draws, 200 if quick else _STEPS[n]) for n, width in cells]
    return {"rates": _RATES, "cells": found, "fits": len(cells) * draws * len(_RATES)}


def _cell(n: int, width: int, seed: int, draws: int, steps: int) -> dict[str, Any]:
    from ...nets import NetSettings, lockstep

    X, y = digits()
    chosen = pairs(y, n, _TEST, draws, np.random.default_rng([seed, n]))  # the same for all widths
    net = NetSettings((width, width), lr=3e-3, batch_size=32, steps=steps, seed=seed)
    trained = lockstep(
        net, {"Dropout.p": _RATES}, X, y, cv=chosen, scaling="none", scoring="log_loss",
        evaluate_every=f"{steps} steps",
    )  # fmt: skip
    outputs, rows = trained.held_out()
    wrong = (outputs.argmax(-1) != trained.data.y[rows]).numpy().reshape(len(_RATES), draws, _TEST)
    errors = wrong.mean(axis=-1).T
    (error, error_se), (loss, loss_se) = mean_se(errors), mean_se(trained.scores.T)
    return {
        "n": n, "width": width, "error": error, "error_se": error_se, "loss": loss, "loss_se": loss_se,
        **_compared(errors),
    }  # fmt: skip


def _compared(errors: Matrix) -> dict[str, Any]:
    """Compare the best rate within the range to the best outside it and to none, (draws, rates)."""
    rates = np.array(_RATES)
    within = (rates >= _LOW) & (rates <= _HIGH)
    inside, outside = (best_of_others(errors, np.flatnonzero(part)) for part in (within, ~within))
    return {"over_outside": mean_se(outside - inside), "over_none": mean_se(errors[:, 0] - inside)}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    cells = facts["cells"]
    beaten = [one for one in cells if one["over_outside"][0] < -2 * one["over_outside"][1]]
    useless = [one for one in cells if not one["over_none"][0] > 2 * one["over_none"][1]]
    gains = [100 * one["over_none"][0] for one in cells]
    text = (
        f"A rate outside 0.2 to 0.5 is surely better in {len(beaten)} of {len(cells)} cells, and the best within is "
        f"surely better than no dropout in {len(cells) - len(useless)} (by {min(gains):.1f} to {max(gains):.1f} points "
        "of error)"
    )
    if not beaten and not useless:
        return Verdict("holds", f"{text}.")
    bad = [one for one in cells if one in beaten or one in useless]
    where = f"{text}; not with {'; '.join(_name(one) for one in bad)}."
    half = len(cells) / 2
    if len(beaten) > half or len(useless) > half:
        return Verdict("does not hold", where)
    return Verdict("holds when", where)


def _name(one: Facts) -> str:
    return f"{one['width']} + {one['width']} units and {one['n']} rows"


def table(facts: Facts) -> Table:
    """One row a width and number of rows."""
    rates = facts["rates"]
    rows: list[list[str]] = []
    for one in facts["cells"]:
        best = int(np.argmin(one["error"]))
        calm = int(np.argmin(one["loss"]))
        rows.append(
            [
                _name(one), *(plus_minus(100 * one["error"][k], 100 * one["error_se"][k]) for k in (0, best)),
                f"{rates[best]:g}", f"{rates[calm]:g}",
                *(plus_minus(*(100 * x for x in one[key])) for key in ("over_none", "over_outside")),
            ]
        )  # fmt: skip
    head = [
        "hidden units, rows", "error without dropout, %", "error at the best rate, %", "best rate by error",
        "best rate by log-loss", "gain of 0.2 to 0.5 over none, points", "over the best rate outside, points",
    ]  # fmt: skip
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the error over the rate, a panel a number of rows."""
    numbers = sorted({one["n"] for one in facts["cells"]})
    every = axes(figure, [f"{n:,} rows" for n in numbers], share_y=True)
    for on, n in zip(every, numbers, strict=True):
        on.axvspan(_LOW, _HIGH, color=GREY, alpha=0.15, linewidth=0, label="claimed")
        for order, one in enumerate(one for one in facts["cells"] if one["n"] == n):
            mean, se = (list(100 * np.array(one[key])) for key in ("error", "error_se"))
            curve(on, facts["rates"], mean, se, label=f"{one['width']} + {one['width']} units", order=order)
        on.set(xlabel="rate of dropout", yscale="log")
    every[0].set(
        ylabel="test error, % (log scale)",
        yticks=(3, 5, 10, 20, 50),
        yticklabels=("3", "5", "10", "20", "50"),
    )
    every[0].minorticks_off()
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)


EXPERIMENT = Experiment(
    name="dropout-rate",
    part="nets",
    claim="Rates of 0.2 to 0.5 are best for the hidden layers.",
    why="""
    A half is the rate with most sub-nets, and by the usual advice a hidden layer keeps 0.5 to 0.8 of
    its units (Srivastava et al., 2014). Dropout also takes capacity away, n (1 - p) units on average
    are at work, so the best rate has to depend on the width and on how much there is to overfit.
    """,
    how="""
    Nets of two hidden layers of 16, 64 or 128 units trained on 100, 300 or 1,000 digits (400 to 1,000
    steps of 32 rows) with eight rates from 0 to 0.8, 8 draws each, tested on 700 others; all rates and
    draws of a cell are lanes. The best rate within the range, and the best outside, are chosen on one
    half of the draws and judged on the other.
    """,
    rule="""
    In each cell (width and rows): beaten if the best rate outside 0.2 to 0.5 has an error smaller than
    the best within by more than two standard errors, useful if the best within is better than no
    dropout by more than two (paired by draw). Holds if no cell is beaten and all are useful; does not
    hold if more than half are beaten, or fewer than half useful; else 'holds when'.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
