"""Regularisation matters most when there are more weights than rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L2
from ..data import numeric, simulate, split
from ..drawing import BLUE, GREY, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Draw
from ..summing import mean_se, plus_minus
from ..tables import stacked, tuned

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _TEST, _SNR = 100, 200, 3.0
_RATIOS = (0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0)  # weights per row
_FEW = 0.2
_NONE = 1e-10  # of unit columns: least squares, of the smallest norm where many fit
_DATA = ("simulated", "concrete")


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Fit without a penalty and with a tuned one, from few weights a row to four a row."""
    tables, strengths = (3, 10) if quick else (40, 30)
    facts: dict[str, Any] = {"cells": [], "fits": 0}
    for at, data in enumerate(_DATA):
        for ratio in _RATIOS:
            rng = np.random.default_rng([seed, at, int(100 * ratio)])
            weights = round(ratio * _ROWS)
            both = stacked([_simulated(rng, weights) if data == "simulated" else _concrete(rng, weights)
                            for _ in range(tables)])  # fmt: skip
            (plain,) = tuned(both, [L2()], rng, [_NONE])
            (ridge,) = tuned(both, [L2()], rng, strengths)
            log = np.log(plain.test), np.log(ridge.test)
            facts["cells"].append({
                "data": data, "ratio": ratio, "plain": _geometric(log[0]), "ridge": _geometric(log[1]),
                "gain": mean_se(log[0] - log[1]),
            })  # fmt: skip
            facts["fits"] += plain.fits + ridge.fits
    return facts


def _geometric(log: np.ndarray) -> tuple[float, float]:
    mean, error = mean_se(log)
    return float(np.exp(mean)), float(np.exp(mean) * error)


def _simulated(rng: np.random.Generator, weights: int) -> Draw:
    """All columns matter a little, and the model has them all."""
    one = simulate(_ROWS + _TEST, weights, rng, snr=_SNR, coef=rng.standard_normal(weights))
    return Draw(one.X[:_ROWS], one.y[:_ROWS], one.X[_ROWS:], one.y[_ROWS:])


def _concrete(rng: np.random.Generator, weights: int) -> Draw:
    """Random bent features of a real set: a net whose first layer is drawn and not trained."""
    X, y = numeric("concrete")
    rest, test = split(len(y), _TEST, rng)
    train = rest[:_ROWS]
    unit = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
    directions = rng.standard_normal((X.shape[1], weights)) / np.sqrt(X.shape[1])
    bent = np.maximum(unit @ directions + rng.uniform(-1, 1, weights), 0.0)
    target = (y - y[train].mean()) / y[train].std()
    return Draw(bent[train], target[train], bent[test], target[test])


def _clear(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the gain is larger by two standard errors; the tables of two cells are independent."""
    (mean, se), (less, less_se) = one["gain"], other["gain"]
    return mean - less > 2 * float(np.hypot(se, less_se))


def _sides(
    facts: Facts, data: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Cells with few weights, all with fewer weights than rows, and with more."""
    cells = [one for one in facts["cells"] if one["data"] == data]
    few = [one for one in cells if one["ratio"] <= _FEW]
    return few, [one for one in cells if one["ratio"] < 1], [one for one in cells if one["ratio"] > 1]


def _more_than_few(facts: Facts, data: str) -> bool:
    few, _, above = _sides(facts, data)
    return all(_clear(one, other) for one in above for other in few)


def _most(facts: Facts, data: str) -> bool:
    """Beyond every smaller model, and not falling where there are ever more weights."""
    _, below, above = _sides(facts, data)
    all_smaller = all(_clear(one, other) for one in above for other in below)
    return all_smaller and not any(_clear(one, above[-1]) for one in facts["cells"] if one["data"] == data)


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    numbers = ". ".join(_told(facts, data) for data in _DATA)
    if all(_most(facts, data) for data in _DATA):
        return Verdict("holds", f"{numbers}.")
    if all(_more_than_few(facts, data) for data in _DATA):
        return Verdict(
            "holds when",
            f"{numbers}. So it matters more with many weights than with few, but most where there are as many as rows.",
        )
    lacking = " and ".join(f"{data} data" for data in _DATA if not _more_than_few(facts, data))
    return Verdict(
        "does not hold",
        f"{numbers}. On {lacking} it is not always clearly more beyond the rows than with few weights.",
    )


def _told(facts: Facts, data: str) -> str:
    few, _, above = _sides(facts, data)
    peak = max((one for one in facts["cells"] if one["data"] == data), key=lambda one: one["gain"][0])
    return (
        f"On {data} data a tuned L2 divides the error by {_times(few[0])} with {few[0]['ratio']:g} weights a row, by "
        f"{_times(peak)} with {peak['ratio']:g} and by {_times(above[-1])} with {above[-1]['ratio']:g}"
    )


def _times(one: dict[str, Any]) -> str:
    factor = float(np.exp(one["gain"][0]))
    return plus_minus(factor, factor * one["gain"][1])


def table(facts: Facts) -> Table:
    """One row a number of weights."""
    rows = []
    for ratio in (one["ratio"] for one in facts["cells"] if one["data"] == _DATA[0]):
        cells = [one for one in facts["cells"] if one["ratio"] == ratio]
        found = [(plus_minus(*one["plain"]), plus_minus(*one["ridge"]), _times(one)) for one in cells]
        rows.append([f"{ratio:g}", *(cell for cells in found for cell in cells)])
    head = [f"{what}, {data}" for data in _DATA for what in ("error without", "with L2", "ratio")]
    return Table(["weights per row", *head], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw both errors over the number of weights."""
    panels = axes(figure, ["Simulated, all columns matter", "Concrete, random features"])
    for on, data in zip(panels, _DATA, strict=True):
        cells = [one for one in facts["cells"] if one["data"] == data]
        x = [one["ratio"] for one in cells]
        for order, (key, label, colour) in enumerate(
            (("plain", "no penalty", ORANGE), ("ridge", "tuned L2", BLUE))
        ):
            mean, se = zip(*(one[key] for one in cells), strict=True)
            curve(on, x, mean, se, label=label, colour=colour, order=order)
        on.axvline(1, color=GREY, linestyle=":")
        on.set(xscale="log", yscale="log", xlabel="weights / rows")
        at = (0.05, 0.2, 1, 4)
        on.set_xticks(at, [f"{ratio:g}" for ratio in at])
        on.minorticks_off()
    panels[0].set_ylabel("squared error on new rows")
    legend(panels[0], loc="upper left")


EXPERIMENT = Experiment(
    name="overparameterised",
    part="linear models",
    claim="Regularisation matters most when the model is overparameterised.",
    why="""
    The variance of least squares grows as p / (n - p - 1) up to as many weights as rows, and falls
    beyond: among the many solutions that fit, the one of smallest norm gets smaller with more columns,
    which is a penalty in itself (Belkin, Hsu, Ma and Mandal, 2019; Hastie, Montanari, Rosset and
    Tibshirani, 2022).
    """,
    how=f"""
    {_ROWS} rows and 5 to {4 * _ROWS} weights: simulated columns which all matter a little (signal
    {_SNR:g} times the noise), and random bent features of the concrete set. Least squares, of the
    smallest norm where many fit, against L2 of a strength that five folds inside the rows choose among
    30; 40 tables a cell, tables and folds as lanes; errors on {_TEST} other rows, log ratios paired by
    table. A first run had 60 tables; there are 40 for its time.
    """,
    rule=f"""
    The gain is the log ratio of both errors; differences count beyond two standard errors. Holds if, on
    both data, it is larger with more weights than rows than with fewer, in all pairs, and nowhere
    larger than with the most weights; 'holds when' if it is at least larger than with {_FEW:g} weights
    a row or fewer, in all pairs; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
