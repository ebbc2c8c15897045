"""L1 sets weights exactly to zero, more of them as the strength grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1
from ..._typing import Matrix, Vector
from ..data import simulate
from ..drawing import COLOURS, GREY, axes, curve, legend, note
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Along, Draw, along
from ..summing import mean_se, plus_minus, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _COLUMNS, _RELEVANT, _TEST = 100, 50, 10, 200
_CORRELATIONS = (0.0, 0.5, 0.9)


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Fit lasso paths on simulated tables as lanes; compare what is not zero with what matters."""
    tables, strengths = (20, 31) if quick else (400, 61)
    facts: dict[str, Any] = {
        "simulated": [],
        "tables": tables,
        "columns": _COLUMNS,
        "relevant": _RELEVANT,
        "fits": 0,
    }
    grid = np.geomspace(2.0, 2e-4, strengths)  # from where everything is zero to nearly least squares
    for correlation in _CORRELATIONS:
        rng = np.random.default_rng([seed, int(100 * correlation)])
        drawn = [
            simulate(_ROWS + _TEST, _COLUMNS, rng, relevant=_RELEVANT, correlation=correlation, snr=3.0)
            for _ in range(tables)
        ]
        draws = [Draw(one.X[:_ROWS], one.y[:_ROWS], one.X[_ROWS:], one.y[_ROWS:]) for one in drawn]
        found = along(draws, L1(), grid, keep=True)
        facts["simulated"].append({"correlation": correlation, **_summary(found, drawn[0].support)})
        facts["fits"] += found.fits
    facts["strengths"] = grid
    return facts


def _summary(found: Along, support: np.ndarray) -> dict[str, Any]:
    assert found.coefs is not None
    chosen = found.coefs != 0  # (tables, L, p)
    steps = np.diff(chosen.sum(axis=2), axis=1)  # down the strengths: below 0 where a zero is won back
    hits, kept = (chosen & support).sum(axis=2), chosen.sum(axis=2)
    precision, recall = hits / np.maximum(kept, 1), hits / support.sum()
    best, rows = found.test.argmin(axis=1), np.arange(len(chosen))
    exact = (kept == support.sum()) & (hits == support.sum())
    nonzero, error = mean_se(kept)
    grown = _COLUMNS - kept
    return {
        "nonzero": nonzero,
        "nonzero_se": error,
        "zeros_weak": mean_se(grown[:, -1]),
        "zeros_best": mean_se(grown[rows, best]),
        "zeros_grow": mean_se(grown[rows, best] - grown[:, -1]),
        "wrong_steps": mean_se((steps < 0).sum(axis=1) / np.maximum((steps != 0).sum(axis=1), 1)),
        "tables_with_wrong_steps": float((steps < 0).any(axis=1).mean()),
        "precision": _where_any(precision, kept),
        "recall": recall.mean(axis=0),
        "best_at": float(np.exp(np.log(found.strengths[best]).mean())),
        "precision_best": mean_se(precision[rows, best]),
        "recall_best": mean_se(recall[rows, best]),
        "exact_somewhere": mean_se(exact.any(axis=1)),
        "exact_best": mean_se(exact[rows, best]),
    }


def _where_any(precision: Matrix, kept: Matrix) -> Vector:
    """Mean precision over the tables that keep something; one where none does."""
    some = kept > 0
    return np.where(some.any(axis=0), (precision * some).sum(axis=0) / np.maximum(some.sum(axis=0), 1), 1.0)


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    found = facts["simulated"]
    zeros, grow = ([one[key] for one in found] for key in ("zeros_best", "zeros_grow"))
    numbers = (
        f"At the strength that predicts best {zeros[0][0]:.1f} of {facts['columns']} weights are exactly zero without "
        f"correlation and {zeros[-1][0]:.1f} at {found[-1]['correlation']:g} "
        f"({found[0]['zeros_weak'][0]:.1f} and {found[-1]['zeros_weak'][0]:.1f} at the weakest)"
    )
    if not all(mean > 2 * se for mean, se in (*zeros, *grow)):
        return Verdict(
            "does not hold", f"{numbers}; that is not clearly more than none and than at the weakest."
        )
    support = (
        f"The zeros are not a verdict on the columns: of the weights kept {share(found[0]['precision_best'][0])} "
        f"({share(found[-1]['precision_best'][0])}) belong to the {facts['relevant']} that matter"
    )
    if not any(one["tables_with_wrong_steps"] for one in found):
        return Verdict(
            "holds", f"{numbers}, and no path ever has fewer zeros at a larger strength. {support}."
        )
    wrong = found[-1]["wrong_steps"]
    return Verdict(
        "holds when",
        f"{numbers}. More over a longer way, not at every step: {plus_minus(100 * wrong[0], 100 * wrong[1])} % of the "
        f"changes along a path go the other way at {found[-1]['correlation']:g}, and "
        f"{share(found[0]['wrong_steps'][0])} without correlation. {support}.",
    )


def table(facts: Facts) -> Table:
    """One row a correlation."""
    shares = ("wrong_steps", "precision_best", "recall_best", "exact_somewhere", "exact_best")
    rows = [
        [
            f"{one['correlation']:g}",
            plus_minus(*one["zeros_weak"]),
            plus_minus(*one["zeros_best"]),
            *(plus_minus(100 * one[key][0], 100 * one[key][1]) for key in shares),
        ]
        for one in facts["simulated"]
    ]
    return Table(
        [
            "correlation of neighbours",
            "zeros at the weakest strength",
            "zeros where prediction is best",
            "changes towards fewer zeros, %",
            "precision there, %",
            "recall there, %",
            "tables with the right columns somewhere, %",
            "and where prediction is best, %",
        ],
        rows,
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw how many weights are not zero, and the kept ones against those that matter."""
    left, right = axes(figure, ["Weights that are not zero", "Are they the right ones?"])
    for order, one in enumerate(facts["simulated"]):
        how: dict[str, Any] = {"order": order, "points": False, "dashed": order == 1}
        curve(left, facts["strengths"], one["nonzero"], one["nonzero_se"], **how)
        curve(right, one["recall"], one["precision"], label=f"correlation {one['correlation']:g}", **how)
        at = one["recall_best"][0], one["precision_best"][0]
        right.plot(
            *at, marker="*", markersize=14, color=COLOURS[order], markeredgecolor="black", linestyle="none"
        )
    left.axhline(facts["relevant"], color=GREY, linestyle=":")
    note(left, "columns that matter", min(facts["strengths"]), facts["relevant"] + 1)
    left.set(xscale="log", xlabel="strength of L1", ylabel="weights that are not zero (mean)")
    right.set(xlabel="recall: kept, of those that matter", ylabel="precision: matter, of those kept")
    right.set(xlim=(0, 1.03), ylim=(0, 1.03))
    right.plot(
        [],
        [],
        marker="*",
        markersize=12,
        color="white",
        markeredgecolor="black",
        label="predicts best",
        ls="",
    )
    legend(right, loc="lower left")


EXPERIMENT = Experiment(
    name="sets-exact-zeros",
    part="linear models",
    claim="L1 sets weights exactly to zero, more of them the larger the strength.",
    why="""
    A weight stays at zero while its column's score is below the strength, for |b| has a corner there
    (Tibshirani, 1996). Along the path a weight may also return to zero when another column takes over,
    which needs correlated columns (Efron, Hastie, Johnstone and Tibshirani, 2004).
    """,
    how=f"""
    Lasso paths of 61 strengths on 400 simulated tables ({_ROWS} rows, {_COLUMNS} columns of which
    {_RELEVANT} matter, signal three times the noise) for each of three correlations of neighbours, all
    tables as lanes of one call. Counted along each path: exact zeros, changes of their number in the
    wrong direction, precision and recall of the columns kept, there where {_TEST} new rows are
    predicted best.
    """,
    rule="""
    Does not hold unless weights are exactly zero where prediction is best, and more than at the weakest
    strength, both by more than two standard errors at every correlation. Holds if besides no path has
    fewer zeros at a larger strength; 'holds when' if some have.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
