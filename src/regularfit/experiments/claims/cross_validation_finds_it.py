"""Cross-validation finds a strength close to the best one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np

from ... import L1, L2, PenalizedRegressor
from ..._typing import Vector
from ...errors import GridEdgeWarning
from ..data import simulate
from ..drawing import GREY, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZES = (30, 60, 120, 240, 480)
_COLUMNS, _FOLDS, _STRENGTHS, _CLOSE = 20, 10, 50, 0.05
_CASES = {"few matter, L1": (4, L1()), "all matter, L2": (20, L2())}
_WAYS = {"min": "minimum", "one_se": "one-SE rule", "fixed": "one strength for all tables"}


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Compare the errors of chosen strengths with that of the best, which is known, table by table."""
    tables, sizes = (6, _SIZES[:4]) if quick else (150, _SIZES)
    facts: dict[str, Any] = {"sizes": sizes, "cases": [], "fits": 0}
    for order, (name, (relevant, penalty)) in enumerate(_CASES.items()):
        for n in sizes:
            errors, places = [], []
            for k in range(tables):
                found, chosen = _one(n, relevant, penalty, np.random.default_rng([seed, order, n, k]))
                errors.append(found)
                places.append(chosen)
            facts["cases"].append({"name": name, "n": n, **_regrets(np.array(errors), np.array(places))})
            facts["fits"] += tables * _STRENGTHS * (_FOLDS + 1)
    return facts


def _one(n: int, relevant: int, penalty: L1 | L2, rng: np.random.Generator) -> tuple[Vector, tuple[int, int]]:
    """The expected squared errors along the strengths, noise included, and the two places chosen."""
    one = simulate(n, _COLUMNS, rng, relevant=relevant, snr=1.0)
    with catch_warnings():  # an end of the grid is a choice like another
        simplefilter("ignore", GridEdgeWarning)
        how: dict[str, Any] = {
            "cv": _FOLDS,
            "strengths": np.geomspace(10, 1e-3, _STRENGTHS),
            "random_state": 0,
        }
        model = PenalizedRegressor(penalty, standardize=False, **how).fit(one.X, one.y)
    missed = np.sum((model.path_.coefs - one.coef) ** 2, axis=1) + np.asarray(model.path_.intercepts) ** 2
    return 1.0 + missed, (int(model.cv_.index_min), int(model.cv_.index_1se))


def _regrets(errors: np.ndarray, places: np.ndarray) -> dict[str, Any]:
    """Errors above that of each table's best strength, as shares of it; ``errors`` are (tables, L)."""
    rows = np.arange(len(errors))
    best = errors.min(axis=1)
    # what knowing the design, but not the table, would choose
    found = {
        "min": errors[rows, places[:, 0]],
        "one_se": errors[rows, places[:, 1]],
        "fixed": errors[:, errors.mean(axis=0).argmin()],
    }
    facts: dict[str, Any] = {}
    for way, values in found.items():
        facts[way], facts[f"{way}_se"] = mean_se(values / best - 1)
    facts["paired"], facts["paired_se"] = mean_se((found["one_se"] - found["min"]) / best)
    facts["gain"], facts["gain_se"] = mean_se(errors.max(axis=1) / best - 1)
    return facts


def _close(one: Facts) -> bool:
    return one["min"] + 2 * one["min_se"] < _CLOSE


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    cases = facts["cases"]
    near = [one for one in cases if _close(one)]
    far = [one for one in cases if not _close(one)]
    worst = max(cases, key=lambda one: one["min"])
    rule = sum(one["paired"] > 2 * one["paired_se"] for one in cases)
    told = f"The minimum costs {_told(worst)} more than the best strength at worst"
    one_se = f"The one-SE rule predicts worse than the minimum in {rule} of {len(cases)} cases."
    if not far:
        return Verdict("holds", f"{told}. {one_se}")
    if not near:
        return Verdict(
            "does not hold", f"{told}, and at least {_told(min(cases, key=lambda one: one['min']))}. {one_se}"
        )
    names = dict.fromkeys(one["name"] for one in near)
    sizes = {name: ", ".join(str(one["n"]) for one in near if one["name"] == name) for name in names}
    where = "; ".join(f"{text} ({name})" for name, text in sizes.items())
    return Verdict(
        "holds when", f"{told}; it is clearly within {100 * _CLOSE:.0f} % at rows {where}. {one_se}"
    )


def _told(one: Facts) -> str:
    return f"{plus_minus(100 * one['min'], 100 * one['min_se'])} % ({one['name']}, {one['n']} rows)"


def table(facts: Facts) -> Table:
    """One row a design and number of rows."""
    rows = [
        [
            f"{one['name']}, {one['n']} rows",
            *(plus_minus(100 * one[way], 100 * one[f"{way}_se"]) for way in (*_WAYS, "gain")),
        ]
        for one in facts["cases"]
    ]
    return Table(["error over the best strength's, %", *_WAYS.values(), "worst strength"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the regrets over the rows."""
    for on, name in zip(axes(figure, list(_CASES), share_y=True), _CASES, strict=True):
        cases = [one for one in facts["cases"] if one["name"] == name]
        for order, (way, label) in enumerate(_WAYS.items()):
            means, errors = ([100 * one[key] for one in cases] for key in (way, f"{way}_se"))
            curve(on, facts["sizes"], means, errors, order=order, label=label, dashed=way == "fixed")
        on.axhline(100 * _CLOSE, color=GREY, linestyle=":", label=f"{100 * _CLOSE:.0f} %: close")
        on.set(xscale="log", xlabel="rows to learn from")
        on.set_xticks(facts["sizes"], [str(n) for n in facts["sizes"]])
        on.minorticks_off()
    figure.axes[0].set_ylabel("error over the best strength's, %")
    figure.axes[0].set_ylim(bottom=0)
    legend(figure.axes[1], loc="upper right")


EXPERIMENT = Experiment(
    name="cross-validation-finds-it",
    part="linear models",
    claim="Cross-validation finds a strength close to the best one.",
    why="""
    The held-out error of each strength is nearly unbiased, and its noise is mostly common to
    neighbouring strengths, so the minimum is found better than any single error is known (Stone, 1974;
    Arlot and Celisse, 2010). The one-SE rule prefers the simplest model that is not clearly worse and
    gives away some error for it (Breiman et al., 1984).
    """,
    how=f"""
    150 simulated tables each for 30 to 480 rows of {_COLUMNS} columns, half of the variance noise: four
    columns that matter under L1, and all under L2. {_STRENGTHS} strengths by {_FOLDS} folds, all as
    lanes. The expected error on new rows is known exactly, so each choice is compared with the best
    strength for the very same table; also with the one strength that is best on average over the
    tables.
    """,
    rule=f"""
    Cross-validation is close if its error (at the minimum) exceeds that of the table's best strength by
    less than {100 * _CLOSE:.0f} % beyond doubt, two standard errors added. Holds if so at every number
    of rows in both designs; 'holds when' at some; does not hold at none.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
