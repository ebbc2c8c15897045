"""L1 wins when few columns matter, L2 when all matter a little, the elastic net in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2, ElasticNet
from ..data import simulate
from ..drawing import BLUE, GREY, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Draw
from ..summing import mean_se, plus_minus
from ..tables import stacked, tuned

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _COLUMNS, _TEST, _SNR = 100, 80, 500, 2.0
_RELEVANT, _CORRELATIONS = (2, 5, 10, 20, 40, 80), (0.0, 0.5, 0.9)
_FEW, _ALL = (2, 5), (80,)
_PENALTIES = {"L1": L1(), "elastic net": ElasticNet(0.5), "L2": L2()}
_COLOURS = {"L1": ORANGE, "elastic net": GREY, "L2": BLUE}


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Choose each penalty's strength on many tables a cell, as lanes, and test on new rows."""
    tables, strengths = (4, 12) if quick else (60, 25)
    facts: dict[str, Any] = {"cells": [], "fits": 0}
    for correlation in _CORRELATIONS:
        for relevant in _RELEVANT:
            rng = np.random.default_rng([seed, int(100 * correlation), relevant])
            draws = [_draw(rng, relevant, correlation) for _ in range(tables)]
            found = tuned(stacked(draws), list(_PENALTIES.values()), rng, strengths)
            errors = {name: one.test for name, one in zip(_PENALTIES, found, strict=True)}
            facts["cells"].append({"relevant": relevant, "correlation": correlation, **_summary(errors)})
            facts["fits"] += sum(one.fits for one in found)
    return facts


def _draw(rng: np.random.Generator, relevant: int, correlation: float) -> Draw:
    """A table whose weights have random signs and sizes on columns that are picked at random."""
    coef = np.zeros(_COLUMNS)
    coef[rng.permutation(_COLUMNS)[:relevant]] = rng.standard_normal(relevant)
    one = simulate(_ROWS + _TEST, _COLUMNS, rng, correlation=correlation, snr=_SNR, coef=coef)
    return Draw(one.X[:_ROWS], one.y[:_ROWS], one.X[_ROWS:], one.y[_ROWS:])


def _summary(errors: dict[str, np.ndarray]) -> dict[str, Any]:
    """Errors beyond the noise, and log ratios of whole errors, paired by table."""
    log = {name: np.log(values) for name, values in errors.items()}
    facts: dict[str, Any] = {name: mean_se(values) for name, values in errors.items()}
    facts["l1_over_l2"] = mean_se(log["L1"] - log["L2"])
    better = min(("L1", "L2"), key=lambda name: log[name].mean())
    facts["net_over_better"] = mean_se(log["elastic net"] - log[better])
    facts["net_over_worse"] = mean_se(log["elastic net"] - log["L2" if better == "L1" else "L1"])
    return facts


def _clear(effect: tuple[float, float], sign: int) -> bool:
    return sign * effect[0] > 2 * effect[1]


def _as_claimed(one: dict[str, Any]) -> bool:
    """Whether the winner is the one the claim names; None of its business in the middle."""
    return _clear(one["l1_over_l2"], -1 if one["relevant"] in _FEW else 1)


def _per_cent(effect: tuple[float, float]) -> str:
    return plus_minus(100 * effect[0], 100 * effect[1])


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    cells = facts["cells"]
    few = [one for one in cells if one["relevant"] in _FEW]
    dense = [one for one in cells if one["relevant"] in _ALL]
    between = [one for one in cells if one["relevant"] not in _FEW + _ALL]
    lost = [one for one in cells if _clear(one["net_over_worse"], 1)]
    won = sum(_clear(one["net_over_better"], -1) for one in between)
    ratios = [100 * one["l1_over_l2"][0] for one in (*few, *dense)]
    numbers = (
        f"L1 has the smaller error in {sum(map(_as_claimed, few))} of {len(few)} cells where few columns matter "
        f"(up to {-min(ratios):.0f} % of log error), L2 in {sum(map(_as_claimed, dense))} of {len(dense)} where all do "
        f"(up to {max(ratios):.0f} %). "
        f"In between the elastic net beats both in {won} of {len(between)} cells, and it is worse than both in "
        f"{len(lost)} of {len(cells)}."
    )
    plain = [one for one in (*few, *dense) if one["correlation"] == 0]
    if not all(map(_as_claimed, plain)):
        return Verdict("does not hold", numbers)
    if all(map(_as_claimed, (*few, *dense))) and not lost and won > len(between) / 2:
        return Verdict("holds", numbers)
    return Verdict("holds when", f"{numbers} {_condition(few, dense)}")


def _condition(few: list[dict[str, Any]], dense: list[dict[str, Any]]) -> str:
    wrong = [f"{one['relevant']} matter at a correlation of {one['correlation']:g}" for one in (*few, *dense)
             if not _as_claimed(one)]  # fmt: skip
    if wrong:
        return f"There is no such winner where {', or where '.join(wrong)}."
    return "So its halves about L1 and L2 hold; the elastic net is rarely better than both."


def table(facts: Facts) -> Table:
    """One row a cell that decides, and one of each in between."""
    rows = [
        [
            f"{one['relevant']}, {one['correlation']:g}", *(plus_minus(*one[name]) for name in _PENALTIES),
            *(_per_cent(one[key]) for key in ("l1_over_l2", "net_over_better")),
        ]
        for one in facts["cells"]
        if one["relevant"] in (2, 5, 20, 80)
    ]  # fmt: skip
    head = ["columns that matter, correlation", *(f"error of {name}" for name in _PENALTIES)]
    return Table([*head, "L1 against L2, % (log)", "elastic net against the better, % (log)"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the errors over the number of columns that matter, one panel a correlation."""
    panels = axes(figure, [f"Correlation {rho:g}" for rho in _CORRELATIONS], share_y=True)
    for on, rho in zip(panels, _CORRELATIONS, strict=True):
        cells = [one for one in facts["cells"] if one["correlation"] == rho]
        x = [one["relevant"] for one in cells]
        for order, name in enumerate(_PENALTIES):
            mean, se = zip(*(one[name] for one in cells), strict=True)
            curve(
                on, x, mean, se, label=name, order=order, colour=_COLOURS[name], dashed=name == "elastic net"
            )
        on.set(xscale="log", xlabel=f"columns that matter, of {_COLUMNS}")
        on.set_xticks(_RELEVANT, [str(count) for count in _RELEVANT])
        on.minorticks_off()
    panels[0].set_ylabel("mean squared error on new rows")
    legend(panels[0], loc="lower right")


EXPERIMENT = Experiment(
    name="sparse-or-dense",
    part="linear models",
    claim="L1 wins when few columns matter, L2 when all matter a little, and the elastic net in between.",
    why="""
    L1 pays for every column it keeps and little for those it drops, L2 the same small price for all; so
    each suits the truth that its ball resembles (Tibshirani, 1996). The elastic net was made to join
    the two (Zou and Hastie, 2005).
    """,
    how=f"""
    Tables of {_ROWS} rows and {_COLUMNS} columns of which 2 to {_COLUMNS} matter, with random weights
    on random columns, signal twice the noise (variance 1), three correlations of neighbours, 60 tables
    a cell. Strengths (25 of each penalty) are chosen by five folds inside the table, tables and folds
    as lanes of one call; errors on {_TEST} new rows, ratios paired by table.
    """,
    rule="""
    Effects are log ratios of errors beyond two standard errors. Holds if L1 beats L2 in every cell
    where 2 or 5 columns matter and L2 beats L1 in every cell where all do, the elastic net is nowhere
    worse than both, and better than both in most cells in between; 'holds when' if L1 and L2 win so at
    least where columns are uncorrelated; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
