"""Regularisation trades a little bias for less variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import legendre

from ... import L1, L2, PenalizedRegressor
from ..._typing import Matrix, Vector
from ...diagnostics import bias_variance
from ..data import simulate
from ..drawing import BLACK, BLUE, GREY, ORANGE, axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GRID = np.geomspace(30, 1e-5, 30)
_SHOWN = "correlated"
_PENALTIES = {"L2": L2(), "L1": L1()}


@dataclass(frozen=True)
class _Design:
    """Training sets (X, y) of one kind, and the truth at new rows; the noise has variance 1."""

    name: str
    rows: int
    draw: Callable[[int, np.random.Generator], Matrix]
    truth: Callable[[Matrix], Vector]

    def __call__(self, rng: np.random.Generator) -> tuple[Matrix, Vector]:
        X = self.draw(self.rows, rng)
        return X, self.truth(X) + rng.standard_normal(self.rows)


def _linear(name: str, rows: int, p: int, snr: float, relevant: int, correlation: float = 0.0) -> _Design:
    def shape(n: int, rng: np.random.Generator) -> Any:
        return simulate(n, p, rng, relevant=relevant, correlation=correlation, snr=snr)

    coef = shape(2, np.random.default_rng(0)).coef
    return _Design(name, rows, lambda n, rng: shape(n, rng).X, lambda X: X @ coef)


def _wave(rows: int, degree: int) -> _Design:
    def columns(n: int, rng: np.random.Generator) -> Matrix:
        return legendre.legvander(rng.uniform(-1, 1, n), degree)[:, 1:]

    return _Design("wave", rows, columns, lambda X: 2 * np.sin(np.pi * X[:, 0]))


_DESIGNS = (
    _linear("few rows", 40, 20, 2.0, 20),
    _linear("correlated", 60, 20, 2.0, 10, correlation=0.9),
    _linear("columns > rows", 40, 80, 4.0, 5),
    _wave(60, 10),
    _linear("plenty of rows", 500, 10, 10.0, 10),
)


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Take the error apart along strengths, in batches of training sets; half of them choose, half measure."""
    batches, replicates, points = (4, 8, 100) if quick else (16, 25, 200)
    facts: dict[str, Any] = {"strengths": _GRID, "cells": [], "fits": 0}
    for order, design in enumerate(_DESIGNS):
        for kind, penalty in _PENALTIES.items():
            parts = [
                _parts(design, penalty, replicates, points, [seed, order, batch]) for batch in range(batches)
            ]
            facts["cells"].append({"design": design.name, "penalty": kind, **_traded(np.array(parts))})
            facts["fits"] += batches * replicates * len(_GRID)
    return facts


def _parts(design: _Design, penalty: L1 | L2, replicates: int, points: int, seed: list[int]) -> Matrix:
    """Bias squared and variance along the strengths, (2, L), at test points of their own."""
    rng = np.random.default_rng(seed)
    X_test = design.draw(points, rng)
    found = bias_variance(
        PenalizedRegressor(penalty, strengths=_GRID),
        simulate=design,
        X_test=X_test,
        truth=design.truth(X_test),
        noise=1.0,
        replicates=replicates,
        random_state=rng,
    )
    return np.array([found.bias2, found.variance])


def _traded(parts: np.ndarray) -> dict[str, Any]:
    """What the best strength gains over the weakest; ``parts`` are (batches, 2, L)."""
    choosing, measuring = parts[0::2], parts[1::2]
    best = int(choosing.sum(axis=1).mean(axis=0).argmin())
    bias = measuring[:, 0, best] - measuring[:, 0, -1]
    variance = measuring[:, 1, -1] - measuring[:, 1, best]
    facts: dict[str, Any] = {"best": float(_GRID[best])}
    for name, values in (("bias", bias), ("variance", variance), ("gain", variance - bias)):
        facts[name], facts[f"{name}_se"] = mean_se(values)
    facts["little"], facts["little_se"] = mean_se(variance / 2 - bias)
    for name, values in (("bias2", parts[:, 0]), ("scatter", parts[:, 1]), ("error", parts.sum(axis=1) + 1)):
        facts[f"{name}_along"], facts[f"{name}_along_se"] = mean_se(values)
    return facts


def _trades(cell: Facts) -> bool:
    return cell["gain"] > 2 * cell["gain_se"] and cell["little"] > 2 * cell["little_se"]


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    cells = facts["cells"]
    good = [cell for cell in cells if _trades(cell)]
    others = [cell for cell in cells if not _trades(cell)]
    if not good:
        return Verdict("does not hold", f"None of {len(cells)} cases trades: {_told(others[0])}.")
    most = max(good, key=lambda cell: cell["variance"])
    told = f"{len(good)} of {len(cells)} cases trade, most of all {_told(most)}"
    if not others:
        return Verdict("holds", f"{told}.")
    return Verdict("holds when", f"{told}; but not {'; nor '.join(map(_told, others))}.")


def _told(cell: Facts) -> str:
    return (
        f"{cell['penalty']} on '{cell['design']}' (variance less by "
        f"{plus_minus(cell['variance'], cell['variance_se'])}, bias squared more by "
        f"{plus_minus(cell['bias'], cell['bias_se'])})"
    )


def table(facts: Facts) -> Table:
    """One row a design and penalty."""
    rows = [
        [
            f"{cell['design']}, {cell['penalty']}",
            number(cell["best"], 2),
            *(plus_minus(cell[name], cell[f"{name}_se"]) for name in ("variance", "bias", "gain")),
            "yes" if _trades(cell) else "no",
        ]
        for cell in facts["cells"]
    ]
    head = [
        "design and penalty",
        "best strength",
        "variance less",
        "bias squared more",
        "error less",
        "trades",
    ]
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the parts along the strength in one design, and the trade in all."""
    left, right = axes(figure, [f"L2 on '{_SHOWN}'", "What the best strength trades"])
    shown = next(cell for cell in facts["cells"] if cell["design"] == _SHOWN and cell["penalty"] == "L2")
    x = facts["strengths"]
    for name, label, colour in (
        ("bias2", "bias squared", BLUE),
        ("scatter", "variance", ORANGE),
        ("error", "error (both + noise)", BLACK),
    ):
        curve(
            left, x, shown[f"{name}_along"], shown[f"{name}_along_se"], label=label, colour=colour,
            order=("bias2", "scatter", "error").index(name), points=False, dashed=name == "bias2",
        )  # fmt: skip
    left.axhline(1.0, color=GREY, linestyle=":", label="noise")
    left.set(xscale="log", xlabel="strength of L2", ylabel="squared error (noise = 1)")
    left.set_ylim(0, 4.2)
    legend(left, loc="upper center")
    names = [f"{cell['design']}, {cell['penalty']}" for cell in facts["cells"]]
    series = {
        label: ([cell[key] for cell in facts["cells"]], [cell[f"{key}_se"] for cell in facts["cells"]])
        for key, label in (("bias", "bias squared gained"), ("variance", "variance lost"))
    }
    dots(right, names, series)
    right.axvline(0, color=GREY, linewidth=0.8)
    right.set_xscale("symlog", linthresh=0.1)
    right.set_xlabel("squared error (noise = 1)")
    legend(right, loc="lower right")


EXPERIMENT = Experiment(
    name="bias-for-variance",
    part="linear models",
    claim="Regularisation trades a little bias for less variance.",
    why="""
    Some ridge strength above zero always has a smaller expected error than least squares, because near
    zero the variance falls in proportion to the strength and the squared bias grows only with its
    square (Hoerl and Kennard, 1970; Geman, Bienenstock and Doursat, 1992, for learners in general). How
    much there is to gain depends on how large the variance was: columns over rows, noise, correlation.
    """,
    how="""
    Five simulated designs (four linear; a sine wave by a polynomial of degree 10) with noise of
    variance 1, L2 and L1 along 30 strengths; bias squared and variance by diagnostics.bias_variance in
    16 batches of 25 training sets, all of a batch as lanes. Eight batches choose the strength with the
    least error, the other eight compare it with the weakest strength, batch by batch.
    """,
    rule="""
    A case (design and penalty) trades if the best strength has less error than the weakest, and adds
    less than half as much squared bias as it removes variance, both by more than two standard errors
    over batches. Holds if every case trades; 'holds when' if some do; does not hold if none does.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
