"""Always use some regularisation."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2, ElasticNet
from ..._typing import Matrix, Vector
from ...losses import Logistic, Loss, Squared
from ..data import CLASSES, NUMBERS, numeric, simulate
from ..drawing import GREY, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus, share
from ..tables import Tables, tuned

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NONE = 1e-8  # a strength of unit columns at which nothing is held back that has a solution
_PENALTIES = (L1(), ElasticNet(0.5), L2())
_ROWS, _COLUMNS, _SNRS = (60, 200, 1000), (5, 40), (0.2, 2.0)
_RARE, _CHANCE = 0.1, 0.05


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Compare the fit without a penalty with one whose penalty and strength were chosen inside each fold."""
    repeats, strengths, folds = (2, 8, 4) if quick else (12, 25, 10)
    shipped = ("diabetes", "bike_days", "credit_approval") if quick else (*NUMBERS, *CLASSES)
    facts: dict[str, Any] = {"sets": [], "fits": 0}
    for at, name in enumerate(shipped):
        rng = np.random.default_rng([seed, 0, at])
        X, y, loss = _shipped(name)
        (gain,), fits = _gains([(X, y)], loss, rng, strengths, folds)
        facts["sets"].append(
            {"kind": "shipped", "name": name, "rows": len(y), "columns": X.shape[1], "gain": gain}
        )
        facts["fits"] += fits
    for at, (rows, columns, few, snr) in enumerate(product(_ROWS, _COLUMNS, (True, False), _SNRS)):
        rng = np.random.default_rng([seed, 1, at])
        tables = [_simulated(rng, rows, columns, few, snr) for _ in range(repeats)]
        gains, fits = _gains(tables, Squared(), rng, strengths, folds)
        cell = {"kind": "simulated", "rows": rows, "columns": columns, "few": few, "snr": snr}
        facts["sets"] += [{**cell, "gain": gain} for gain in gains]
        facts["fits"] += fits
    return facts


def _shipped(name: str) -> tuple[Matrix, Vector, Loss]:
    X, y = numeric(name)
    X = X[:, X.std(axis=0) > 0]
    if name in CLASSES:
        return X, np.unique(y, return_inverse=True)[1].astype(float), Logistic()
    return X, y.astype(float), Squared()


def _simulated(
    rng: np.random.Generator, rows: int, columns: int, few: bool, snr: float
) -> tuple[Matrix, Vector]:
    coef = rng.standard_normal(columns)
    if few:
        coef[rng.permutation(columns)[max(2, columns // 10) :]] = 0.0
    one = simulate(rows, columns, rng, correlation=0.5, snr=snr, coef=coef)
    return one.X, one.y


def _gains(
    tables: list[tuple[Matrix, Vector]], loss: Loss, rng: np.random.Generator, strengths: int, folds: int
) -> tuple[list[tuple[float, float]], int]:
    """Loss without a penalty less loss with it, in shares of the latter: mean and standard error over folds."""
    X, y = (np.concatenate([one[k] for one in tables]) for k in (0, 1))
    pairs, start = [], 0
    for _, target in tables:
        rows = start + rng.permutation(len(target))
        pairs += [(np.setdiff1d(rows, test), test) for test in np.array_split(rows, folds)]
        start += len(target)
    both = Tables(X, y, pairs)
    (plain,) = tuned(both, [L2()], rng, [_NONE], loss=loss)
    found = tuned(both, _PENALTIES, rng, strengths, loss=loss)
    winner = np.argmin([one.inside for one in found], axis=0)
    best = np.stack([one.test for one in found])[winner, np.arange(len(pairs))].reshape(-1, folds)
    difference = (plain.test.reshape(-1, folds) - best) / best.mean(axis=1, keepdims=True)
    mean, error = mean_se(difference, axis=1)
    fits = plain.fits + sum(one.fits for one in found)
    return [(float(a), float(b)) for a, b in zip(mean, error, strict=True)], fits


def _needless(one: dict[str, Any]) -> bool:
    """Whether no penalty is within one standard error of the better of both."""
    return one["gain"][0] <= one["gain"][1]


def _shares(facts: Facts, kind: str) -> dict[str, float]:
    sets = [one for one in facts["sets"] if one["kind"] == kind]
    mean, error = np.array([one["gain"] for one in sets]).T
    marks = {"needless": mean <= error, "harmed": mean < -2 * error, "helped": mean > 2 * error}
    return {name: float(mark.mean()) for name, mark in marks.items()} | {"count": len(sets)}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    found = {kind: _shares(facts, kind) for kind in ("shipped", "simulated")}
    numbers = "; ".join(
        f"of {one['count']:.0f} {kind} sets, no penalty is within one standard error of a tuned one in "
        f"{share(one['needless'])}, clearly worse in {share(one['helped'])}, clearly better in {share(one['harmed'])}"
        for kind, one in found.items()
    )
    start = f"{numbers[0].upper()}{numbers[1:]}."
    if any(one["harmed"] > _CHANCE for one in found.values()):
        return Verdict("does not hold", f"{start} That is more often than chance explains.")
    if all(one["needless"] < _RARE for one in found.values()):
        return Verdict("holds", start)
    worst = max(facts["sets"], key=lambda one: -one["gain"][0])
    return Verdict(
        "holds when",
        f"{start} It pays when rows are few for the columns, and where it is needless it costs little: "
        f"in no set more than {number(-100 * worst['gain'][0], 2)} % of the error.",
    )


def _simulated_sets(facts: Facts) -> list[dict[str, Any]]:
    return [one for one in facts["sets"] if one["kind"] == "simulated"]


def table(facts: Facts) -> Table:
    """One row a shipped set, and one a number of simulated rows."""
    rows = [
        [one["name"], f"{one['columns']:,} x {one['rows']:,}", plus_minus(*(100 * part for part in one["gain"])),
         "yes" if _needless(one) else "no"]
        for one in facts["sets"] if one["kind"] == "shipped"
    ]  # fmt: skip
    for count, columns in product(_ROWS, _COLUMNS):
        cell = [one for one in _simulated_sets(facts) if (one["rows"], one["columns"]) == (count, columns)]
        mean, error = mean_se([100 * one["gain"][0] for one in cell])
        needless = share(float(np.mean([_needless(one) for one in cell])))
        rows.append(
            [f"simulated, {len(cell)} tables", f"{columns} x {count:,}", plus_minus(mean, error), needless]
        )
    return Table(
        ["set", "columns x rows", "no penalty costs, % of the error", "within one standard error"], rows
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw what no penalty costs on the shipped sets, and how often it is as good on simulated ones."""
    left, right = axes(figure, ["Real sets", "Simulated: no penalty is as good"])
    shipped = [one for one in facts["sets"] if one["kind"] == "shipped"]
    shipped.sort(key=lambda one: one["gain"][0])
    for at, one in enumerate(shipped):
        mean, error = (100 * part for part in one["gain"])
        left.errorbar(mean, at, xerr=error, fmt="o", color=GREY if _needless(one) else ORANGE, capsize=3)
    left.axvline(0, color="black", linewidth=0.8)
    left.set_xscale("symlog", linthresh=1)
    left.set_xticks([-10, 0, 10, 100, 1000], ["-10", "0", "10", "100", "1,000"])
    left.minorticks_off()
    left.set_yticks(range(len(shipped)), [one["name"].replace("_", " ") for one in shipped])
    left.set(xlabel="no penalty costs, % of the error")
    for order, (columns, snr) in enumerate(product(_COLUMNS, _SNRS)):
        cells = [one for one in _simulated_sets(facts) if (one["columns"], one["snr"]) == (columns, snr)]
        yes = [[_needless(one) for one in cells if one["rows"] == rows] for rows in _ROWS]
        share_of = [100 * sum(found) / len(found) for found in yes]
        label = f"{columns} columns, {'weak' if snr < 1 else 'strong'} signal"
        curve(right, _ROWS, share_of, label=label, order=order, dashed=snr < 1)
    right.set(xscale="log", xlabel="rows", ylabel="sets within one standard error, %", ylim=(-3, 103))
    right.set_xticks(_ROWS, [f"{rows:,}" for rows in _ROWS])
    right.minorticks_off()
    legend(right, loc="center left", bbox_to_anchor=(0.0, 0.66))


EXPERIMENT = Experiment(
    name="always-regularise",
    part="choosing and combining",
    claim="Always use some regularisation.",
    why="""
    There always is a strength above zero at which L2 has a smaller error than least squares (Hoerl and
    Kennard, 1970), but it is not known, and choosing it costs variance. With many rows a column both
    the gain and the cost vanish.
    """,
    how=f"""
    The numeric columns of all ten shipped tables, and 288 simulated ones ({", ".join(map(str, _ROWS))}
    rows, 5 or 40 columns of which few or all matter, signal a fifth of or twice the noise). Ten folds;
    inside each, five more choose among L1, elastic net and L2 and 25 strengths of each; the fit without
    a penalty has the same rows. Squared errors, or log-losses of classes, paired by fold; all folds as
    lanes.
    """,
    rule=f"""
    A fit without a penalty is good enough if its error is at most one standard error (of the paired
    difference over folds) above the tuned one's. Holds if that is so in fewer than {share(_RARE)} of
    the shipped and of the simulated sets; 'holds when' if in more; does not hold if the tuned fit is
    worse by more than two standard errors in more than {share(_CHANCE)} of either.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
