"""Along the strength the error on new rows is a U."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2
from ..._typing import Matrix, Vector
from ...losses import Logistic, Loss, Squared
from ..data import CLASSES, numeric
from ..drawing import GREY, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import number, plus_minus
from ..tables import Tables, along_tables, resplit, resplit_se

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...penalties import Penalty

_SETS = ("wine", "diabetes", "sonar", "permeability")
_HELD = 0.25
_PENALTIES: dict[str, tuple[Penalty, float]] = {
    "L2": (L2(), 1e-8),
    "L1": (L1(), 1e-4),
}  # with the grid's reach


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Follow the error along the strength of each penalty on random splits of real sets."""
    splits, strengths = (8, 17) if quick else (100, 41)
    facts: dict[str, Any] = {"curves": [], "splits": splits, "fits": 0}
    for at, name in enumerate(_SETS):
        rng = np.random.default_rng([seed, at])
        X, y, loss = _set(name)
        label = "diabetes with products" if name == "diabetes" else name
        tables = resplit(X, y, splits, _HELD, rng)
        null = _null_error(tables, loss)
        for penalty in _PENALTIES:
            facts["curves"].append(
                {"set": label, "penalty": penalty, **_curve(tables, penalty, strengths, loss, null)}
            )
            facts["fits"] += splits * strengths
    return facts


def _set(name: str) -> tuple[Matrix, Vector, Loss]:
    X, y = numeric(name)
    X = X[:, X.std(axis=0) > 0]
    if name in CLASSES:
        return X, np.unique(y, return_inverse=True)[1].astype(float), Logistic()
    return (_with_products(X) if name == "diabetes" else X), y.astype(float), Squared()


def _with_products(X: Matrix) -> Matrix:
    unit = (X - X.mean(axis=0)) / X.std(axis=0)
    first, second = np.triu_indices(X.shape[1])
    return np.column_stack([unit, unit[:, first] * unit[:, second]])


def _null_error(tables: Tables, loss: Loss) -> float:
    """The error on new rows of the mean alone."""
    errors = []
    for train, test in tables.pairs:
        mean = tables.y[train].mean()
        eta = mean if isinstance(loss, Squared) else np.log(mean / (1 - mean))
        errors.append(loss.score(tables.y[test], np.full(len(test), eta)).mean())
    return float(np.mean(errors))


def _curve(tables: Tables, name: str, strengths: int, loss: Loss, null: float) -> dict[str, Any]:
    penalty, reach = _PENALTIES[name]
    found = along_tables(tables, penalty, strengths, loss=loss, min_ratio=reach)
    test, log = found.test / null, np.log(found.test)
    best = _best_by_others(log)
    rows = np.arange(len(log))
    peak = np.array([at + _others(log, j)[at:].argmax() for j, at in enumerate(best)])
    return {
        "rows": len(tables.pairs[0][0]),
        "columns": tables.X.shape[1],
        "strengths": found.strengths / found.strengths[0],
        "test": test.mean(axis=0),
        "test_se": resplit_se(test, _HELD / (1 - _HELD)),
        "best": _with_se(test[rows, best]),
        "weak": _with_se(log[:, -1] - log[rows, best]),
        "strong": _with_se(log[:, 0] - log[rows, best]),
        "second_fall": _with_se(log[rows, peak] - log[:, -1]),
    }


def _others(test: Matrix, leave: int) -> Vector:
    return np.delete(test, leave, axis=0).mean(axis=0)


def _best_by_others(test: Matrix) -> np.ndarray:
    """The strength that is best on all other splits, (splits,): no split's luck picks what it is compared with."""
    return np.array([_others(test, j).argmin() for j in range(len(test))])


def _with_se(values: Vector) -> tuple[float, float]:
    return float(values.mean()), float(resplit_se(values, _HELD / (1 - _HELD)))


def _clear(effect: tuple[float, float]) -> bool:
    return effect[0] > 2 * effect[1]


def _is_u(one: dict[str, Any]) -> bool:
    return _clear(one["weak"]) and _clear(one["strong"]) and not _clear(one["second_fall"])


def _named(curves: list[dict[str, Any]]) -> str:
    return ", ".join(
        f"{one['set']} with {one['penalty']} "
        f"({_times(one['weak'], 0.001)} at {number(one['columns'] / one['rows'], 2)})"
        for one in curves
    )


def _times(effect: tuple[float, float], least: float = 0.0) -> str:
    """A difference of logarithms as a factor with its standard error, which is written as ``least`` at least."""
    factor = float(np.exp(effect[0]))
    return plus_minus(factor, max(factor * effect[1], least))


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    good = [one for one in facts["curves"] if _is_u(one)]
    bad = [one for one in facts["curves"] if not _is_u(one)]
    least = float(np.exp(min(one["strong"][0] for one in facts["curves"])))
    start = (
        f"The strongest penalty multiplies the best error by {number(least)} or more everywhere; "
        "the weakest, by columns per row:"
    )
    if not bad:
        return Verdict("holds", f"{start} {_named(good)}.")
    if not good:
        return Verdict("does not hold", f"{start} {_named(bad)}, and no curve is a U.")
    return Verdict("holds when", f"{start} {_named(good)}; but it is no U on {_named(bad)}.")


def table(facts: Facts) -> Table:
    """One row a set and penalty."""
    keys = ("weak", "strong", "second_fall")
    rows = [
        [
            f"{one['set']}, {one['penalty']}", f"{one['columns']:,} x {one['rows']:,}", plus_minus(*one["best"]),
            *(_times(one[key]) for key in keys), "yes" if _is_u(one) else "no",
        ]
        for one in facts["curves"]
    ]  # fmt: skip
    head = ["set, penalty", "columns x rows", "best error / error without columns", "weakest end / best"]
    return Table([*head, "strongest end / best", "second fall", "a U"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the error of all sets along each penalty's strength."""
    left, right = axes(figure, [f"Along {name}" for name in _PENALTIES], share_y=True)
    for on, penalty in zip((left, right), _PENALTIES, strict=True):
        ours = [one for one in facts["curves"] if one["penalty"] == penalty]
        for order, one in enumerate(ours):
            curve(on, one["strengths"], one["test"], one["test_se"], label=one["set"], order=order)
        on.axhline(1, color=GREY, linestyle=":")
        on.set(xscale="log", xlabel="strength / largest strength", yscale="log")
    left.set_ylabel("error on new rows / error without columns")
    ticks = [0.5, 1, 2, 5, 10]
    left.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    left.minorticks_off()
    legend(right)


EXPERIMENT = Experiment(
    name="error-is-a-u",
    part="linear models",
    claim="Along the strength the error on new rows is a U: too little overfits, too much underfits.",
    why="""
    A larger strength adds bias and takes variance away, and near zero the variance falls faster than
    the squared bias grows (Hoerl and Kennard, 1970). How much there is to gain on the weak side depends
    on how much variance there is: about noise times columns / rows.
    """,
    how="""
    Four real sets from many rows a column to many columns a row: wine, diabetes with all squares and
    products, sonar (log-loss) and permeability. 100 random splits, a quarter held out, as lanes of one
    call; 41 strengths of L2 and of L1. The best strength that a split is compared with is picked by the
    other splits, and standard errors allow for splits that share rows (Nadeau and Bengio, 2003). After
    a first run differences became log ratios, in the rule as well, since errors on permeability have
    heavy tails; with plain differences its curve was no U.
    """,
    rule="""
    A curve is a U if the error at its weakest and at its strongest end exceeds the best one by more
    than two standard errors each (of the log ratio, paired by split), and it does not fall again on the
    weak side by more than two. Holds if all eight curves are U's, 'holds when' if some are, does not
    hold if none is.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
