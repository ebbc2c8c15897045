"""Too many trees overfit."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import trees
from ...errors import GridEdgeWarning
from ..drawing import BLUE, GREEN, ORANGE, axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..halves import halves, relative_error
from ..lanes import Draw
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = ("diabetes", "concrete", "wine", "bike_days")
_SIZES = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500)
_KINDS = ("boosting", "forest")


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Follow the test error of boosting over its rounds and of a forest over its trees."""
    splits, most, sizes = (2, 240, _SIZES[:12]) if quick else (8, 1200, _SIZES)
    facts: dict[str, Any] = {"sizes": sizes, "kinds": _KINDS, "sets": [], "fits": 0}
    for order, name in enumerate(_SETS[:2] if quick else _SETS):
        found = [_followed(half, sizes) for half in halves(name, splits, [seed, order], most)]
        summary = {
            "name": name,
            **_chosen([one["chosen"] for one in found], [one["rounds"] for one in found]),
        }
        for kind in _KINDS:
            summary[kind] = _summary(np.array([one[kind] for one in found]))
        facts["sets"].append(summary)
        facts["fits"] += splits * 8
    return facts


def _followed(half: Draw, sizes: tuple[int, ...]) -> dict[str, Any]:
    from sklearn.ensemble import RandomForestRegressor

    knobs = trees.Regularisation(learning_rate=0.1, min_rows=5)
    how: dict[str, Any] = {"engine": "lightgbm", "n_jobs": 1, "random_state": 0}
    boosted = trees.BoostingRegressor(knobs.with_(rounds=sizes[-1]), select=None, cv=None, **how).fit(
        half.X, half.y
    )
    by_folds = trees.BoostingRegressor(knobs, rounds=sizes[-1], patience=50, cv=5, **how)
    with warnings.catch_warnings():
        # That more rounds might be better still is the question here.
        warnings.simplefilter("ignore", GridEdgeWarning)
        by_folds.fit(half.X, half.y)
    forest = RandomForestRegressor(sizes[-1], random_state=0).fit(half.X, half.y)
    votes = np.cumsum([tree.predict(half.X_test) for tree in forest.estimators_], axis=0)[np.array(sizes) - 1]
    return {
        "boosting": relative_error(half.y_test, boosted.path_.predict(half.X_test, sizes)),
        "forest": relative_error(half.y_test, votes / np.array(sizes)[:, None]),
        "chosen": relative_error(half.y_test, by_folds.predict(half.X_test)),
        "rounds": by_folds.rounds_,
    }


def _summary(errors: np.ndarray) -> dict[str, Any]:
    mean, error = mean_se(errors)
    rise, rise_se = mean_se(errors[:, -1] - errors[:, int(mean.argmin())])
    return {"error": mean, "error_se": error, "best": int(mean.argmin()), "rise": rise, "rise_se": rise_se}


def _chosen(errors: list[float], rounds: list[int]) -> dict[str, Any]:
    mean, error = mean_se(errors)
    return {"chosen": mean, "chosen_se": error, "rounds": float(np.median(rounds))}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    rising = {
        kind: [one["name"] for one in facts["sets"] if one[kind]["rise"] > 2 * one[kind]["rise_se"]]
        for kind in _KINDS
    }
    count, (boosting, forest) = len(facts["sets"]), (len(rising[kind]) for kind in _KINDS)
    worst = max(facts["sets"], key=lambda one: one["boosting"]["rise"])
    said = (
        f"Boosting is worse at {facts['sizes'][-1]:,} rounds than at its best on {boosting} of {count} sets (by up to "
        f"{plus_minus(100 * worst['boosting']['rise'], 100 * worst['boosting']['rise_se'])} % of the variance, "
        f"{worst['name']}), a forest at as many trees on {forest}."
    )
    if not boosting and not forest:
        return Verdict("does not hold", said)
    if boosting == forest == count:
        return Verdict("holds", said)
    return Verdict("holds when", f"{said} Rounds of boosting are a strength; trees of a forest only average.")


def table(facts: Facts) -> Table:
    """One row a set."""
    rows = []
    for one in facts["sets"]:
        b, f = one["boosting"], one["forest"]
        cells = [(b["error"], b["error_se"], b["best"]), (b["error"], b["error_se"], -1)]
        cells += [(f["error"], f["error_se"], f["best"]), (f["error"], f["error_se"], -1)]
        shown = [plus_minus(100 * mean[at], 100 * se[at]) for mean, se, at in cells]
        shown.insert(2, f"{plus_minus(100 * one['chosen'], 100 * one['chosen_se'])} ({one['rounds']:.0f})")
        rows.append([one["name"], *shown])
    last = f"{facts['sizes'][-1]:,}"
    head = [
        "test error, % of the variance",
        "boosting at its best",
        f"boosting, {last} rounds",
        "rounds by folds",
    ]
    return Table([*head, "forest at its best", f"forest, {last} trees"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw both curves on one set, and the rise at the end on all."""
    left, right = axes(figure, [f"Size, {facts['sets'][0]['name']}", "Rise from the best size to the last"])
    found = facts["sets"][0]
    for order, (kind, label, colour) in enumerate(
        (("boosting", "rounds of boosting", BLUE), ("forest", "trees of a forest", ORANGE))
    ):
        mean, error = (100 * np.asarray(found[kind][key]) for key in ("error", "error_se"))
        curve(left, facts["sizes"], mean, error, label=label, colour=colour, order=order)
    left.axhline(100 * found["chosen"], color=GREEN, linestyle=":", label="boosting, rounds by folds")
    left.set(xscale="log", xlabel="number of trees", ylabel="squared error of new rows, % of the variance")
    legend(left)
    series = {
        kind: (
            [100 * one[kind]["rise"] for one in facts["sets"]],
            [100 * one[kind]["rise_se"] for one in facts["sets"]],
        )
        for kind in facts["kinds"]
    }
    dots(right, [one["name"] for one in facts["sets"]], series)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel("rise of the test error, % of the variance")
    legend(right)


EXPERIMENT = Experiment(
    name="too-many-trees",
    part="trees",
    claim="Too many trees overfit.",
    why="""
    Each round of boosting fits what the earlier ones left, in the end the noise, so that rounds are a
    strength (Friedman, 2001). Trees of a forest are drawn alike and averaged: more of them only take
    away the noise of drawing (Breiman, 2001).
    """,
    how="""
    Boosting (LightGBM, learning rate 0.1, five rows a leaf) and a forest of full trees on random halves
    of four shipped sets (at most 1,200 rows, 8 halves), the error of the other half after 1 to 500
    trees; beside it the rounds that five folds of the training half choose.
    """,
    rule="""
    Both kinds are worse at 500 trees than at their best number by more than two paired standard errors
    on every set: holds. Some kind on some sets: holds when. None: does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("lightgbm",),
)
