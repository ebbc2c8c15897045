"""L2 makes decision boundaries smoother and lessens the influence of outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import legendre

from ... import L2, Huber, fit_path
from ..._typing import Matrix, Vector
from ..data import simulate
from ..drawing import BLACK, BLUE, COLOURS, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DEGREE, _GRID, _SHOWN = 6, np.geomspace(0.1, 1e-5, 13), (1e-5, 1e-3, 0.1)
_STRENGTHS, _OUTLIERS, _ROWS = np.geomspace(1.0, 1e-4, 17), (0.0, 3.0, 10.0, 30.0, 100.0), 60
_STRAIGHT = 0.01  # a curvature below this is a straight line, and so is no boundary at all
_LOSSES: dict[str, Any] = {"squared": "squared", "Huber": Huber(1.35)}


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Measure how boundaries bend along the strength, and how far one wild target moves a fit."""
    tables = 3 if quick else 60
    bent = [_bending(np.random.default_rng([seed, 0, k])) for k in range(tables)]
    moved = np.array([_moved(np.random.default_rng([seed, 1, k])) for k in range(tables)])
    facts: dict[str, Any] = {"strengths": _GRID, "losses": list(_LOSSES), "outliers": _OUTLIERS}
    facts["bending"], facts["bending_se"] = mean_se(np.log([one for one, _ in bent]))
    facts["lower"], facts["lower_se"] = mean_se(np.log([one[-1] / one[0] for one, _ in bent]))
    facts["heights"] = {number(at): bent[0][1][_place(at)] for at in _SHOWN}
    _add_influence(facts, moved)
    facts["fits"] = tables * (len(_GRID) + len(_LOSSES) * len(_OUTLIERS) * len(_STRENGTHS))
    return facts


def _place(strength: float) -> int:
    return int(np.argmin(np.abs(np.log(_GRID / strength))))


# --- boundaries ----------------------------------------------------------------------------------


def _columns(at: Matrix) -> Matrix:
    """Products of Legendre polynomials of both coordinates, up to the degree in all."""
    first, second = (legendre.legvander(at[:, k], _DEGREE) for k in (0, 1))
    pairs = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i) if i + j > 0]
    return np.column_stack([first[:, i] * second[:, j] for i, j in pairs])


def _bending(rng: np.random.Generator) -> tuple[Vector, np.ndarray]:
    """Mean angle by which the boundary turns from cell to cell, along the strengths; and the heights on a lattice."""
    X = rng.uniform(-1, 1, (150, 2))
    chance = 1 / (1 + np.exp(-4 * (X[:, 1] - 0.4 * np.sin(3 * X[:, 0]))))
    y = (rng.uniform(size=len(X)) < chance).astype(float)
    path = fit_path(_columns(X), y, L2(), loss="logistic", strengths=_GRID, standardize=False)
    line = np.linspace(-1, 1, 81)
    lattice = np.column_stack([part.ravel() for part in np.meshgrid(line, line)])
    heights = (path.coefs @ _columns(lattice).T + path.intercepts[:, None]).reshape(-1, 81, 81)
    return np.array([_curvature(h, line[1] - line[0]) for h in heights]), heights[:, ::2, ::2]


def _curvature(h: Matrix, step: float) -> float:
    """Mean absolute curvature of the level set of zero: |div(grad h / |grad h|)| over the cells that it crosses."""
    down, across = np.gradient(h, step)
    size = np.hypot(down, across)
    bend = np.abs(np.gradient(down / size, step, axis=0) + np.gradient(across / size, step, axis=1))
    crossed = np.zeros(h.shape, dtype=bool)
    crossed[:, :-1] |= h[:, :-1] * h[:, 1:] < 0
    crossed[:-1] |= h[:-1] * h[1:] < 0
    return max(float(bend[crossed].mean()), _STRAIGHT) if crossed.any() else _STRAIGHT


# --- outliers ------------------------------------------------------------------------------------


def _moved(rng: np.random.Generator) -> Matrix:
    """How far one wild target moves the predictions, (losses, outliers, L): root mean square, noise = 1."""
    one = simulate(_ROWS, 10, rng, snr=2.0)
    found = []
    for loss in _LOSSES.values():
        fits = []
        for size in _OUTLIERS:
            y = one.y.copy()
            y[0] += size
            path = fit_path(one.X, y, L2(), loss=loss, strengths=_STRENGTHS)
            fits.append(path.coefs @ one.X.T + path.intercepts[:, None])
        found.append([np.sqrt(np.mean((fit - fits[0]) ** 2, axis=1)) for fit in fits])
    return np.array(found)


def _add_influence(facts: dict[str, Any], moved: np.ndarray) -> None:
    """Summaries at a strength of 0.1, and how the influence grows from the second largest outlier to the largest."""
    at = int(np.argmin(np.abs(_STRENGTHS - 0.1)))
    shown = {"squared, L2 next to none": moved[:, 0, :, -1], "squared, L2 of 0.1": moved[:, 0, :, at]}
    shown |= {"Huber, L2 next to none": moved[:, 1, :, -1], "Huber, L2 of 0.1": moved[:, 1, :, at]}
    facts["moved"] = []
    for name, values in shown.items():
        mean, error = mean_se(values)
        growth = float(
            values[:, -1].sum() / values[:, -2].sum()
        )  # of the means: a row far off already moves nothing
        growth_se = mean_se(values[:, -1] - growth * values[:, -2])[1] / values[:, -2].mean()
        facts["moved"].append(
            {"name": name, "mean": mean, "se": error, "growth": growth, "growth_se": growth_se}
        )
    facts["by_l2"], facts["by_l2_se"] = mean_se(
        1 - shown["squared, L2 of 0.1"][:, -1] / shown["squared, L2 next to none"][:, -1]
    )
    facts["by_huber"], facts["by_huber_se"] = mean_se(
        1 - shown["Huber, L2 next to none"][:, -1] / shown["squared, L2 next to none"][:, -1]
    )


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    smoother = facts["lower"] > 2 * facts["lower_se"]
    resists = facts["by_l2"] - 2 * facts["by_l2_se"] > 0.5
    bound = facts["moved"][1]["growth"] + 2 * facts["moved"][1]["growth_se"] < 2
    _, held, huber, _ = facts["moved"]
    large, before = facts["outliers"][-1], facts["outliers"][-2]
    weak, strong = number(facts["strengths"][-1]), number(facts["strengths"][0])
    numbers = (
        f"The boundary bends {number(float(np.exp(facts['lower'])))} times as much at a strength of {weak} as at "
        f"{strong}. "
        f"One target wrong by {large:g} moves the fit of squared loss less by "
        f"{plus_minus(100 * facts['by_l2'], 100 * facts['by_l2_se'])} % with L2 of 0.1 and by "
        f"{plus_minus(100 * facts['by_huber'], 100 * facts['by_huber_se'])} % with Huber's loss; an outlier "
        f"{large / before:.1f} times as large moves it {number(held['growth'])} times as far under L2 and "
        f"{number(huber['growth'])} times under Huber's."
    )
    if smoother and resists and bound:
        return Verdict("holds", numbers)
    if smoother:
        return Verdict("holds when", f"{numbers} So it holds for boundaries, not for outliers.")
    return Verdict("does not hold", numbers)


def table(facts: Facts) -> Table:
    """One row a fit with its influence, one a strength with its curvature."""
    rows = [
        [one["name"], *(plus_minus(m, s) for m, s in list(zip(one["mean"], one["se"], strict=True))[1:])]
        for one in facts["moved"]
    ]
    for k in range(0, len(facts["strengths"]), 4):
        bend = plus_minus(facts["bending"][k], facts["bending_se"][k])
        rows.append(
            [f"boundary at strength {number(facts['strengths'][k], 2)}", f"log curvature {bend}", "", "", ""]
        )
    return Table(
        ["predictions moved by a target wrong by", *(f"{size:g}" for size in facts["outliers"][1:])], rows
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw boundaries, their curvature and the influence of a wild target."""
    left, middle, right = axes(figure, ["Boundaries of one table", "How much they bend", "One wild target"])
    line = np.linspace(-1, 1, len(next(iter(facts["heights"].values()))))
    for order, (name, heights) in enumerate(facts["heights"].items()):
        left.contour(
            line, line, np.array(heights), [0.0], colors=[COLOURS[order]], linestyles=["-", "--", ":"][order]
        )
        left.plot([], [], color=COLOURS[order], linestyle=["-", "--", ":"][order], label=name)
    left.plot(line, 0.4 * np.sin(3 * line), color=BLACK, linewidth=1, label="truth")
    left.set(xlabel="first column", ylabel="second column", ylim=(-1, 2.1), yticks=(-1, 0, 1))
    legend(left, loc="upper center", ncols=2, title="strength of L2", handlelength=1.2, columnspacing=0.8)
    means: Any = np.exp(facts["bending"])
    errors = np.array(facts["bending_se"])
    curve(middle, facts["strengths"], means, means * errors, points=False)
    middle.set(
        xscale="log", yscale="log", xlabel="strength of L2", ylabel="curvature, 1 / unit of the columns"
    )
    sizes = facts["outliers"][1:]
    for order, one in enumerate(facts["moved"]):
        colour = (BLUE, ORANGE)[order // 2]
        curve(
            right,
            sizes,
            one["mean"][1:],
            one["se"][1:],
            label=one["name"],
            order=order,
            colour=colour,
            dashed=order % 2 == 1,
        )
    right.set(
        xscale="log",
        yscale="log",
        xlabel="error of the target, noise = 1",
        ylabel="predictions moved (r.m.s.)",
    )
    right.set_ylim(top=500)
    legend(right, loc="upper left", fontsize=8.5)


EXPERIMENT = Experiment(
    name="smooth-boundaries",
    part="linear models",
    claim="L2 makes decision boundaries smoother and lessens the influence of outliers.",
    why="""
    Small weights of polynomials mean small derivatives, so the boundary cannot turn quickly (Tikhonov,
    1963). A wild target, however, acts through the derivative of the loss, which grows without bound
    for squares and is capped by Huber's loss (Huber, 1964); L2 shrinks the row's leverage, not that
    derivative.
    """,
    how=f"""
    Logistic fits on polynomials of degree {_DEGREE} of two columns, 60 tables of 150 rows with a wavy
    truth: mean absolute curvature of the boundary along 13 strengths, all of which leave a boundary in
    view. Then 60 linear tables of {_ROWS} rows and 10 columns, one target of which is moved by up to
    100 standard deviations of the noise: how far all predictions move under squared and Huber's loss,
    next to no L2 and L2 of 0.1. Strengths end where every table still has a boundary to measure.
    """,
    rule="""
    Holds if the weakest strength bends the boundary more than the strongest (two standard errors of the
    log ratio), L2 of 0.1 takes away more than half of the largest outlier's influence (two standard
    errors), and the influence less than doubles from the second largest outlier to the largest; 'holds
    when' if the boundaries are smoother only; does not hold otherwise.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
