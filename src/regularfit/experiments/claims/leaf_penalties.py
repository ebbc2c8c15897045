"""L1 and L2 on the scores of leaves help boosting."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import trees
from ...errors import GridEdgeWarning
from ..drawing import axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..halves import halves, relative_error
from ..lanes import Draw
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = ("diabetes", "concrete", "wine")
_L2 = (0.0, 1.0, 4.0, 16.0, 64.0)  # pseudo-rows
_L1 = (0.0, 0.5, 2.0, 8.0, 32.0)  # of a target of unit variance
_UNTUNED = {"learning_rate": 0.3, "leaves": 31, "min_rows": 1}
_CHOICES = tuple(product((0.1, 0.03), (4, 12), (5, 20)))  # rate, leaves, rows
_FOLDS = 3


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Boost with each penalty on leaves, everything else as it comes or chosen by folds before."""
    splits, most, sets = (2, 120, _SETS[:1]) if quick else (8, 600, _SETS)
    facts: dict[str, Any] = {"l2": _L2, "l1": _L1, "sets": [], "fits": 0}
    for order, name in enumerate(sets):
        found = [_compared(_scaled(half)) for half in halves(name, splits, [seed, order], most)]
        for base in ("untuned", "tuned"):
            summary = {kind: _summary([one[base][kind] for one in found]) for kind in ("l2", "l1")}
            facts["sets"].append({"name": name, "base": base, **summary})
        facts["fits"] += splits * (_FOLDS + 1) * (len(_CHOICES) + 2 * (len(_L2) + len(_L1) - 1))
    return facts


def _scaled(half: Draw) -> Draw:
    """The target with unit variance, so that L1, which is in its unit, means the same on every set."""
    middle, spread = half.y.mean(), half.y.std()
    return replace(half, y=(half.y - middle) / spread, y_test=(half.y_test - middle) / spread)


def _compared(half: Draw) -> dict[str, dict[str, tuple[np.ndarray, float]]]:
    """For each base and penalty: log ratios of test errors to no penalty, (strengths,), and the folds' choice."""
    tried: list[dict[str, Any]] = [
        dict(zip(("learning_rate", "leaves", "min_rows"), choice, strict=True)) for choice in _CHOICES
    ]
    tuned = min(tried, key=lambda knobs: _errors(half, knobs)[0])
    return {base: _penalised(half, knobs) for base, knobs in (("untuned", _UNTUNED), ("tuned", tuned))}


def _penalised(half: Draw, knobs: dict[str, Any]) -> dict[str, tuple[np.ndarray, float]]:
    none = _errors(half, knobs)
    found = {}
    for kind, strengths in (("l2", _L2), ("l1", _L1)):
        errors = np.array([none, *(_errors(half, {**knobs, f"leaf_{kind}": s}) for s in strengths[1:])])
        ratios = np.log(errors[:, 1] / none[1])
        found[kind] = (ratios, float(ratios[errors[:, 0].argmin()]))
    return found


def _errors(half: Draw, knobs: dict[str, Any]) -> tuple[float, float]:
    """Error that folds of the training half see at their best number of rounds, and that on the other half."""
    settings = {"leaf_l2": 0.0, "leaf_l1": 0.0, **knobs}
    model = trees.BoostingRegressor(
        trees.Regularisation(**settings),
        engine="lightgbm",
        cv=_FOLDS,
        rounds=600,
        patience=30,
        n_jobs=1,
        random_state=0,
    )
    with warnings.catch_warnings():
        # Slow steps may want more rounds than are allowed: so they do without the penalty they are compared with.
        warnings.simplefilter("ignore", GridEdgeWarning)
        model.fit(half.X, half.y)
    return float(model.cv_.mean.min()), float(relative_error(half.y_test, model.predict(half.X_test)))


def _summary(found: list[tuple[np.ndarray, float]]) -> dict[str, Any]:
    change, change_se = mean_se([ratios for ratios, _ in found])
    chosen, chosen_se = mean_se([choice for _, choice in found])
    return {"change": change, "change_se": change_se, "chosen": chosen, "chosen_se": chosen_se}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    helped = {base: [] for base in ("untuned", "tuned")}
    for one in facts["sets"]:
        if any(one[kind]["chosen"] < -2 * one[kind]["chosen_se"] for kind in ("l2", "l1")):
            helped[one["base"]].append(one["name"])
    count = len(facts["sets"]) // 2
    told = "; ".join(
        f"{one['name']}, {one['base']}: L2 {_percent(one['l2'])}, L1 {_percent(one['l1'])}"
        for one in facts["sets"]
    )
    said = (
        f"With a strength chosen by folds the test error falls on {len(helped['untuned'])} of {count} sets where "
        f"everything else is untuned and on {len(helped['tuned'])} where it is tuned (change in %: {told})."
    )
    if not any(helped.values()):
        return Verdict("does not hold", said)
    return Verdict("holds" if all(len(names) == count for names in helped.values()) else "holds when", said)


def _percent(of: Facts) -> str:
    return plus_minus(100 * of["chosen"], 100 * of["chosen_se"])


def table(facts: Facts) -> Table:
    """One row a set and base."""
    rows = [
        [f"{one['name']}, {one['base']}", *(_percent(one[kind]) for kind in ("l2", "l1")), *_at_ends(one)]
        for one in facts["sets"]
    ]
    head = ["change of the test error, %", "L2 by folds", "L1 by folds"]
    return Table([*head, f"L2 of {facts['l2'][-1]:g}", f"L1 of {facts['l1'][-1]:g}"], rows)


def _at_ends(one: Facts) -> list[str]:
    ends = [(one[kind]["change"][-1], one[kind]["change_se"][-1]) for kind in ("l2", "l1")]
    return [plus_minus(100 * mean, 100 * se) for mean, se in ends]


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the change along L2, and what the folds' choice of each penalty brings."""
    left, right = axes(figure, ["Along L2", "Strength by folds"])
    at = range(len(facts["l2"]))
    for order, one in enumerate(facts["sets"]):
        mean, error = ([100 * value for value in one["l2"][key]] for key in ("change", "change_se"))
        curve(
            left,
            at,
            mean,
            error,
            label=f"{one['name']}, {one['base']}",
            order=order,
            dashed=one["base"] == "tuned",
        )
    left.set_xticks(list(at), [f"{strength:g}" for strength in facts["l2"]])
    left.set(xlabel="L2 on leaves, pseudo-rows", ylabel="change of the test error, %")
    left.axhline(0, color="black", linewidth=0.8)
    legend(left, fontsize=8)
    series = {
        kind.upper(): ([100 * one[kind]["chosen"] for one in facts["sets"]],
                       [100 * one[kind]["chosen_se"] for one in facts["sets"]])
        for kind in ("l2", "l1")
    }  # fmt: skip
    dots(right, [f"{one['name']},\n{one['base']}" for one in facts["sets"]], series)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel("change of the test error, %")
    legend(right, loc="lower left")


EXPERIMENT = Experiment(
    name="leaf-penalties",
    part="trees",
    claim="L1 and L2 on the scores of leaves help boosting.",
    why="""
    A leaf's score is the sum of its gradients over its curvature; L2 adds to the curvature as rows
    would, L1 takes a threshold off the sum (Chen and Guestrin, 2016). Both keep leaves of few rows from
    following their noise, which small steps, large leaves and few rounds do as well.
    """,
    how="""
    Boosting (LightGBM) on random halves of three shipped sets (at most 600 rows, 8 halves), rounds by
    three folds everywhere. Untuned: rate 0.3, 31 leaves of one row. Tuned: rate, leaves and rows of a
    leaf chosen by folds of the training half. Then L2 of 0 to 64 pseudo-rows or L1 of 0 to 32 (target
    of unit variance), the strength by the same folds; changes are log ratios of test errors to those
    without a penalty, paired by half.
    """,
    rule="""
    Holds if on every set the folds' L2 or L1 lowers the test error by more than two standard errors,
    tuned and untuned; 'holds when' if in some of these cases; does not hold if in none.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("lightgbm",),
)
