"""L1 costs more to compute than L2."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2, ConvergenceWarning, fit_path
from ..._typing import Matrix, Vector
from ...lockstep import make_problem, strength_grid
from ...losses import Logistic, Loss, Squared
from ..data import simulate
from ..drawing import BLACK, BLUE, GREY, ORANGE, axes, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...penalties import Penalty

_SHAPES = ((500, 20), (5000, 20), (500, 200), (5000, 200), (200, 2000))
_QUICK = ((500, 20), (100, 300))
_LOSSES: dict[str, Loss] = {"squared": Squared(), "logistic": Logistic()}
_PENALTIES: dict[str, Penalty] = {"L1": L1(), "L2": L2()}
_REACH = {"L1": 1e-2, "L2": 1e-6}  # of the largest strength; L2's grid starts a thousand times higher
_ACCURATE = 1e-6


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Time fits of both penalties in turns, and see how far each ends from the optimum."""
    shapes, rounds = (_QUICK, 5) if quick else (_SHAPES, 15)
    facts: dict[str, Any] = {"cells": [], "rounds": rounds, "fits": 0}
    for at, (rows, columns) in enumerate(shapes):
        one = simulate(
            rows, columns, np.random.default_rng([seed, at]), relevant=10, correlation=0.5, snr=2.0
        )
        for loss in _LOSSES:
            y = one.y if loss == "squared" else (one.y > 0).astype(float)
            for strengths in (1, 50):
                facts["cells"].append({
                    "rows": rows, "columns": columns, "loss": loss, "strengths": strengths,
                    **_timed(one.X, y, loss, strengths, rounds),
                })  # fmt: skip
                facts["fits"] += 2 * strengths * (rounds + 2)
    return facts


def _timed(X: Matrix, y: Vector, loss: str, strengths: int, rounds: int) -> dict[str, Any]:
    grids = {name: _grid(X, y, loss, name, strengths) for name in _PENALTIES}
    seconds = np.empty((rounds, 2))
    for turn in range(-1, rounds):  # the first one warms up
        for k, (name, penalty) in enumerate(_PENALTIES.items()):
            begin = time.process_time()
            fit_path(X, y, penalty, loss=loss, strengths=grids[name], n_jobs=1)
            seconds[turn, k] = time.process_time() - begin
    ratio = seconds[:, 0] / seconds[:, 1]
    return {
        "seconds": dict(zip(_PENALTIES, np.median(seconds, axis=0), strict=True)),
        "ratio": np.quantile(ratio, [0.25, 0.5, 0.75]),
        "suboptimal": max(_suboptimal(X, y, loss, name, grids[name]) for name in _PENALTIES),
    }


def _grid(X: Matrix, y: Vector, loss: str, name: str, strengths: int) -> Vector:
    """A grid of the penalty's own, or the strength in its middle."""
    grid = strength_grid(make_problem(X, y, _LOSSES[loss]), _PENALTIES[name], 51, _REACH[name])
    return grid[25:26] if strengths == 1 else grid[1:]


def _suboptimal(X: Matrix, y: Vector, loss: str, name: str, grid: Vector) -> float:
    """The largest excess of the objective over that of a far sharper fit, as a share of it, or the certified gap."""
    how: dict[str, Any] = {"loss": loss, "strengths": grid, "n_jobs": 1}
    usual = fit_path(X, y, _PENALTIES[name], **how)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # digits may run out before 1e-11; the gap is certified
        sharp = fit_path(X, y, _PENALTIES[name], tol=1e-11, **how)
    best = _objectives(X, y, loss, name, sharp)
    excess = (_objectives(X, y, loss, name, usual) - best) / best
    return float(max(excess.max(), usual.gaps.max()))


def _objectives(X: Matrix, y: Vector, loss: str, name: str, path: Any) -> Vector:
    """The objective at every strength, from its definition; L2 and L1 of weights of unit columns."""
    eta = X @ path.coefs.T + path.intercepts
    fit = ((y[:, None] - eta) ** 2 / 2) if loss == "squared" else np.logaddexp(0, eta) - y[:, None] * eta
    weights = path.coefs * X.std(axis=0)
    size = np.abs(weights).sum(axis=1) if name == "L1" else (weights**2).sum(axis=1) / 2
    return fit.mean(axis=0) + path.strengths * size


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    cells = [one for one in facts["cells"] if one["suboptimal"] <= _ACCURATE]
    dear = [one for one in cells if one["ratio"][0] > 1]
    cheap = [one for one in cells if one["ratio"][2] < 1]
    text = (
        f"L1 takes more time in {len(dear)} of {len(cells)} settings of equal accuracy, less in {len(cheap)}"
    )
    if len(cells) < len(facts["cells"]):
        text += f" ({len(facts['cells']) - len(cells)} left out: not accurate enough)"
    if cells:
        most, least = (pick(cells, key=lambda one: one["ratio"][1]) for pick in (max, min))
        text += f"; from {number(least['ratio'][1])} times ({_named(least)}) "
        text += f"to {number(most['ratio'][1])} ({_named(most)})"
    if cells and len(dear) == len(cells):
        return Verdict("holds", f"{text}.")
    if 2 * len(dear) >= len(cells) > 0:
        return Verdict("holds when", f"{text}. It is so for: {'; '.join(map(_named, dear))}.")
    return Verdict("does not hold", f"{text}.")


def _named(one: dict[str, Any]) -> str:
    what = "one strength" if one["strengths"] == 1 else f"{one['strengths']} strengths"
    return f"{one['loss']} loss, {one['rows']:,} x {one['columns']:,}, {what}"


def table(facts: Facts) -> Table:
    """One row a shape and loss."""
    rows = []
    for one, path in zip(facts["cells"][::2], facts["cells"][1::2], strict=True):
        accuracy = max(one["suboptimal"], path["suboptimal"])
        rows.append(
            [
                f"{one['rows']:,} x {one['columns']:,}, {one['loss']}",
                *_cells(one),
                *_cells(path),
                f"{max(accuracy, 0):.0e}",
            ]
        )
    what = ("L1, ms", "L2, ms", "ratio (quartiles)")
    head = [f"{each}, {length}" for length in ("one strength", "50") for each in what]
    return Table(["rows x columns, loss", *head, "excess or gap at most"], rows)


def _cells(one: dict[str, Any]) -> list[str]:
    low, middle, high = map(number, one["ratio"])
    return [*(number(1e3 * one["seconds"][name]) for name in _PENALTIES), f"{middle} ({low} to {high})"]


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the ratio of times for each setting with its quartiles."""
    panels = axes(figure, ["One strength", "A path of 50 strengths"], share_y=True)
    shapes = list(dict.fromkeys((one["rows"], one["columns"]) for one in facts["cells"]))[::-1]
    for on, length in zip(panels, (1, 50), strict=True):
        for shift, (loss, colour, mark) in enumerate((("squared", BLUE, "o"), ("logistic", ORANGE, "s"))):
            cells = [one for one in facts["cells"] if (one["loss"], one["strengths"]) == (loss, length)]
            low, middle, high = np.array([one["ratio"] for one in cells]).T
            at = [shapes.index((one["rows"], one["columns"])) - 0.12 + 0.24 * (1 - shift) for one in cells]
            on.errorbar(
                middle,
                at,
                xerr=[middle - low, high - middle],
                fmt=mark,
                color=colour,
                capsize=3,
                label=f"{loss} loss",
            )
        on.axvline(1, color=BLACK, linewidth=0.8)
        on.set(xscale="log", xlabel="time of L1 / time of L2")
        on.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
        on.minorticks_off()
        on.grid(visible=True, color=GREY, alpha=0.25)
    panels[0].set_yticks(range(len(shapes)), [f"{rows:,} x {columns:,}" for rows, columns in shapes])
    panels[0].set_ylabel("rows x columns")
    legend(panels[1])


EXPERIMENT = Experiment(
    name="price-of-l1",
    part="linear models",
    claim="L1 costs more to compute than L2.",
    why="""
    L2 with the squared loss has a closed form, and one decomposition serves all strengths (Hoerl and
    Kennard, 1970); L1 has none. But L1 works on the few columns that are not zero, and strengths next
    to each other share most of them (Friedman, Hastie and Tibshirani, 2010).
    """,
    how="""
    CPU time of fit_path on one thread, L1 and L2 in turns, 15 rounds after one to warm up; five shapes,
    squared and logistic loss, one strength in the middle of the grid and 50 down to little penalty. The
    objective of every fit is compared with that of one at a tolerance of 1e-11, and its duality gap is
    certified; 10 columns matter, neighbours correlate at 0.5. Both as regularfit solves them: others
    differ.
    """,
    rule="""
    Settings count in which both penalties end within 1e-6 of the best objective. L1 is dearer where the
    lower quartile of the ratios, paired by round, exceeds 1. Holds if it is in every setting; 'holds
    when' if in at least half of them; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    alone=True,
)
