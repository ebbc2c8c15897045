"""L2 shrinks every weight and sets none to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2, fit_path
from ..._typing import Matrix, Vector
from ..data import numeric, simulate
from ..drawing import BLUE, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CORRELATIONS = (0.0, 0.5, 0.9)


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Fit both paths on simulated tables and on diabetes; count zeros and steps at which a weight grows."""
    tables, strengths = (5, 30) if quick else (100, 100)
    facts: dict[str, Any] = {"simulated": [], "fits": 0}
    for correlation in _CORRELATIONS:
        rng = np.random.default_rng([seed, int(100 * correlation)])
        drawn = [simulate(100, 20, rng, relevant=10, correlation=correlation) for _ in range(tables)]
        seen = [_behaviour(one.X, one.y, strengths) for one in drawn]
        facts["simulated"].append({"correlation": correlation, **_summary(seen)})
        facts["fits"] += 2 * tables * strengths
    X, y = numeric("diabetes")
    facts["diabetes"] = _curves(X, y, strengths)
    facts["fits"] += 2 * strengths
    return facts


def _behaviour(X: Matrix, y: Vector, strengths: int) -> dict[str, float]:
    ridge, lasso = (_sizes(X, y, penalty, strengths) for penalty in (L2(), L1()))
    norms = np.linalg.norm(ridge, axis=1)
    grows = (np.diff(ridge, axis=0) > 1e-9 * ridge.max()).any(axis=0)  # with a growing strength
    return {
        "zeros_l2": float((ridge == 0).sum()),
        "zeros_l1": float((lasso == 0).mean()),
        "norm_grows": float((np.diff(norms) > 1e-9 * norms.max()).sum()),
        "weights_that_grow": float(grows.mean()),
    }


def _sizes(X: Matrix, y: Vector, penalty: L1 | L2, strengths: int) -> Matrix:
    """Sizes of the coefficients on the scale of unit columns, (strengths, p), the weakest penalty first."""
    return np.abs(fit_path(X, y, penalty, strengths=strengths).coefs[::-1]) * X.std(axis=0)


def _summary(seen: list[dict[str, float]]) -> dict[str, float]:
    grow, error = mean_se([one["weights_that_grow"] for one in seen])
    return {
        "zeros_l2": sum(one["zeros_l2"] for one in seen),
        "zeros_l1": float(np.mean([one["zeros_l1"] for one in seen])),
        "norm_grows": sum(one["norm_grows"] for one in seen),
        "weights_that_grow": grow,
        "weights_that_grow_se": error,
    }


def _curves(X: Matrix, y: Vector, strengths: int) -> dict[str, Any]:
    path = fit_path(X, y, L2(), strengths=strengths)
    lasso = fit_path(X, y, L1(), strengths=strengths)
    return {
        "strengths": path.strengths,
        "coefs": path.coefs * X.std(axis=0),
        "nonzero": (path.coefs != 0).sum(axis=1),
        "strengths_l1": lasso.strengths,
        "nonzero_l1": (lasso.coefs != 0).sum(axis=1),
    }


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    zeros = sum(one["zeros_l2"] for one in facts["simulated"])
    rises = sum(one["norm_grows"] for one in facts["simulated"])
    if zeros or rises:
        return Verdict(
            "does not hold", f"{zeros:.0f} weights were exactly zero, and the norm grew at {rises:.0f} steps."
        )
    free, bound = facts["simulated"][0], facts["simulated"][-1]
    never = "No weight was ever zero, and the norm of all weights fell at every step"
    if bound["weights_that_grow"] == 0:
        return Verdict("holds", f"{never}; each single weight fell, too.")
    return Verdict(
        "holds when",
        f"{never}, but a single weight shrinks all the way only when columns are uncorrelated: with neighbours "
        f"correlated at {bound['correlation']:g}, {share(bound['weights_that_grow'])} of the weights grow somewhere "
        f"along the path as they take over from others ("
        f"{share(free['weights_that_grow'])} at {free['correlation']:g}).",
    )


def table(facts: Facts) -> Table:
    """One row a correlation."""
    rows = [
        [
            f"{one['correlation']:g}", f"{one['zeros_l2']:.0f}", share(one["zeros_l1"]), f"{one['norm_grows']:.0f}",
            plus_minus(100 * one["weights_that_grow"], 100 * one["weights_that_grow_se"]),
        ]
        for one in facts["simulated"]
    ]  # fmt: skip
    head = [
        "correlation of neighbours",
        "zeros of L2",
        "zeros of L1",
        "steps at which the norm grows",
        "weights that grow somewhere, %",
    ]
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the paths of the weights, and how many are not zero."""
    left, right = axes(figure, ["Weights under L2, diabetes", "How many are not zero"])
    found = facts["diabetes"]
    for weights in np.asarray(found["coefs"]).T:
        left.plot(found["strengths"], weights, color=BLUE, alpha=0.8)
    left.axhline(0, color="black", linewidth=0.8)
    left.set(xscale="log", xlabel="strength of L2", ylabel="weight (unit columns)")
    curve(right, found["strengths"], found["nonzero"], label="L2", colour=BLUE, points=False)
    curve(
        right,
        found["strengths_l1"],
        found["nonzero_l1"],
        label="L1",
        colour=ORANGE,
        dashed=True,
        points=False,
    )
    right.set(xscale="log", xlabel="strength of each penalty", ylabel="weights that are not zero")
    right.set_ylim(bottom=0)
    legend(right)


EXPERIMENT = Experiment(
    name="shrinks-never-zero",
    part="linear models",
    claim="L2 shrinks every weight and sets none to zero.",
    why="""
    The gradient of the squared norm vanishes at zero, so nothing holds a weight there; along the
    eigenvectors of X'X the solution is that of least squares times d / (d + strength), which is never
    zero (Hoerl and Kennard, 1970). That factor belongs to eigenvectors, not to single weights.
    """,
    how="""
    Ridge and lasso paths of 100 strengths on 100 simulated tables (100 rows, 20 columns, 10 of them
    matter) for each of three correlations, and on diabetes. Counted: exact zeros, steps at which the
    norm grows with the strength, and weights that grow somewhere.
    """,
    rule="""
    Holds if no weight is exactly zero and the norm never grows, and no single weight grows either;
    'holds when' if only single weights grow; does not hold otherwise.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
