"""Smaller steps of boosting with more rounds generalise better."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import trees
from ..drawing import axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..halves import halves, relative_error
from ..lanes import Draw
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = ("diabetes", "concrete", "airfoil", "wine")
_RATES = (1.0, 0.3, 0.1, 0.03)
_SIZES = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1500)
_STEPS = 45.0  # learning rate x rounds, at most
_FOLDS = 3


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Follow the test error over the rounds at each learning rate, and where folds stop it."""
    splits, most, sizes = (2, 160, _SIZES[:9]) if quick else (8, 600, _SIZES)
    facts: dict[str, Any] = {"rates": _RATES, "sizes": sizes, "sets": [], "fits": 0}
    for order, name in enumerate(_SETS[:2] if quick else _SETS):
        found = [_followed(half, sizes) for half in halves(name, splits, [seed, order], most)]
        facts["sets"].append({"name": name, **_summary(found, sizes)})
        facts["fits"] += splits * len(_RATES) * (_FOLDS + 2)
    return facts


def _followed(half: Draw, sizes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Errors after so many rounds, (rates, sizes); errors where folds stop, and their rounds, (rates,)."""
    curves, chosen, rounds = [], [], []
    how: dict[str, Any] = {"engine": "lightgbm", "n_jobs": 1, "random_state": 0}
    for rate in _RATES:
        knobs = trees.Regularisation(learning_rate=rate, leaves=8, min_rows=5)
        most = min(sizes[-1], round(_STEPS / rate))
        whole = trees.BoostingRegressor(knobs.with_(rounds=sizes[-1]), select=None, **how).fit(half.X, half.y)
        with warnings.catch_warnings():  # that the best number is the most there may be
            warnings.simplefilter("ignore", UserWarning)
            by_folds = trees.BoostingRegressor(
                knobs, rounds=most, patience=max(10, most // 8), cv=_FOLDS, **how
            )
            by_folds.fit(half.X, half.y)
        at = [*sizes, by_folds.rounds_]
        *errors, stopped = relative_error(half.y_test, whole.path_.predict(half.X_test, at))
        curves.append(errors)
        chosen.append(stopped)
        rounds.append(by_folds.rounds_)
    return {"curve": np.array(curves), "chosen": np.array(chosen), "rounds": np.array(rounds)}


def _summary(found: list[dict[str, np.ndarray]], sizes: tuple[int, ...]) -> dict[str, Any]:
    curves, chosen = (np.array([one[key] for one in found]) for key in ("curve", "chosen"))
    errors = {"curve": curves, "chosen": chosen, "step": chosen[:, :-1] - chosen[:, 1:]}
    errors["all"] = chosen[:, 0] - chosen[:, -1]
    summed = {
        key: value
        for name, values in errors.items()
        for key, value in zip((name, f"{name}_se"), mean_se(values), strict=True)
    }
    best = [_RATES[k] for k in curves.mean(axis=0).argmin(axis=0)]
    return {**summed, "rounds": np.median([one["rounds"] for one in found], axis=0), "best_rate": best}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    sets, rates = facts["sets"], facts["rates"]
    paid = [sum(one["step"][k] > 2 * one["step_se"][k] for one in sets) for k in range(len(rates) - 1)]
    better = [one for one in sets if one["all"] > 2 * one["all_se"]]
    steps = ", ".join(f"from {rates[k]:g} to {rates[k + 1]:g} on {count}" for k, count in enumerate(paid))
    gains = ", ".join(f"{one['name']} {plus_minus(100 * one['all'], 100 * one['all_se'])}" for one in sets)
    few = _few(facts)
    best = ", ".join(f"{one['best_rate'][few]:g}" for one in sets)
    said = (
        f"With rounds by folds, a rate of {rates[-1]:g} beats {rates[0]:g} on {len(better)} of {len(sets)} sets (% of "
        f"the variance: {gains}); single steps down help: {steps}. At equal rounds a small rate is no better as such: "
        f"after {facts['sizes'][few]} rounds the best rates are {best}."
    )
    if all(count == len(sets) for count in paid):
        return Verdict("holds", said)
    return Verdict("holds when" if 2 * len(better) >= len(sets) else "does not hold", said)


def _few(facts: Facts) -> int:
    """The place of some twenty rounds."""
    return int(np.argmin(np.abs(np.asarray(facts["sizes"]) - 20)))


def table(facts: Facts) -> Table:
    """One row a rate, then the best rates after equal rounds."""
    sets, rows = facts["sets"], []
    for k, rate in enumerate(facts["rates"]):
        chosen = (
            f"{plus_minus(100 * one['chosen'][k], 100 * one['chosen_se'][k])} ({one['rounds'][k]:.0f})"
            for one in sets
        )
        rows.append([f"rate {rate:g}, rounds by folds", *chosen])
    for k, rate in enumerate(facts["rates"]):
        best = [int(np.argmin(one["curve"][k])) for one in sets]
        cells = ((one["curve"][k][at], one["curve_se"][k][at]) for one, at in zip(sets, best, strict=True))
        rows.append(
            [f"rate {rate:g}, best rounds", *(plus_minus(100 * mean, 100 * se) for mean, se in cells)]
        )
    for rounds in (5, 20, 80, 300):
        if rounds in facts["sizes"]:
            at = facts["sizes"].index(rounds)
            rows.append([f"best rate at {rounds} rounds", *(f"{one['best_rate'][at]:g}" for one in sets)])
    return Table(["test error, % of the variance", *(one["name"] for one in sets)], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the error over the rounds at each rate on one set, and the errors where folds stop on all."""
    one = facts["sets"][min(1, len(facts["sets"]) - 1)]
    left, right = axes(figure, [f"Rounds, {one['name']}", "Rounds by folds"])
    for k, rate in enumerate(facts["rates"]):
        mean, error = ([100 * value for value in one[key][k]] for key in ("curve", "curve_se"))
        curve(left, facts["sizes"], mean, error, label=f"learning rate {rate:g}", order=k)
    left.set(xscale="log", xlabel="rounds", ylabel="squared error of new rows, % of the variance")
    legend(left)
    errors = {
        f"learning rate {rate:g}": (
            [100 * (found["chosen"][k] - found["chosen"][-1]) for found in facts["sets"]],
            [100 * found["chosen_se"][k] for found in facts["sets"]],
        )
        for k, rate in enumerate(facts["rates"])
    }
    dots(right, [found["name"] for found in facts["sets"]], errors)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel(f"error above rate {facts['rates'][-1]:g}, % of variance")


EXPERIMENT = Experiment(
    name="small-steps",
    part="trees",
    claim="A smaller learning rate with more rounds generalises better in boosting.",
    why="""
    A small step takes only a share of each tree, so that many trees, each seeing what the others left,
    are averaged; Friedman (2001) found rates of 0.1 and below best, with rounds in inverse proportion.
    In the limit of small steps the path of fits no longer changes, so that halving the rate must stop
    paying (Efron et al., 2004).
    """,
    how=f"""
    Boosting (LightGBM, trees of 8 leaves) at learning rates {", ".join(f"{rate:g}" for rate in _RATES)}
    on random halves of four shipped sets (at most 600 rows, 8 halves): the error of the other half
    after 1 to {_SIZES[-1]} rounds, which one fit gives, and at the number of rounds that {_FOLDS} folds
    choose among up to {_STEPS:g} / rate. A first run stopped the smallest rate at its limit of rounds;
    the verdict was the same.
    """,
    rule="""
    With rounds chosen by folds, each step down the ladder of rates lowers the error by more than two
    paired standard errors on every set: holds. Else, the smallest rate beats the largest by more than
    two on at least half of the sets: holds when. Else: does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("lightgbm",),
)
