"""Deeper trees overfit; minimum leaf sizes and pruning cure it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import trees
from ..._typing import Matrix, Vector
from ..drawing import BLUE, GREY, ORANGE, axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..halves import halves, relative_error
from ..lanes import Draw
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = ("diabetes", "concrete", "airfoil", "wine", "bike_days")
_DEPTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30)
_LEAVES = (1, 2, 3, 5, 8, 12, 20, 35, 60)
_CURES = ("best depth", "rows of a leaf", "pruning", "shrinkage")
_FOLDS = 5


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Grow trees of every depth on half of each set, and cure the deepest; errors in shares of the variance."""
    splits, most = (2, 300) if quick else (20, 1500)
    sets = _SETS[:2] if quick else _SETS
    facts: dict[str, Any] = {"depths": _DEPTHS, "cures": _CURES, "sets": [], "fits": 0}
    for order, name in enumerate(sets):
        curves, cures = [], []
        for half in halves(name, splits, [seed, order], most):
            curves.append([_errors(_grown(half, max_depth=depth), half) for depth in _DEPTHS])
            cures.append(_cured(half))
        facts["sets"].append({"name": name, **_summary(np.array(curves), np.array(cures))})
        facts["fits"] += splits * (len(_DEPTHS) + 2 * _FOLDS * len(_LEAVES) + 2 * (_FOLDS + 1) + 2)
    return facts


def _grown(half: Draw, **limits: Any) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(random_state=0, **limits).fit(half.X, half.y)


def _errors(model: Any, half: Draw) -> tuple[float, float]:
    sides = ((half.X, half.y), (half.X_test, half.y_test))
    return tuple(float(relative_error(y, model.predict(X))) for X, y in sides)  # type: ignore[return-value]


def _cured(half: Draw) -> list[float]:
    """Test errors of the deepest tree and of each cure, whose strength five folds of the training rows choose."""
    from sklearn.tree import DecisionTreeRegressor

    X, y = half.X, half.y
    models = [
        _grown(half),
        _grown(half, max_depth=_chosen(X, y, "max_depth", _DEPTHS)),
        _grown(half, min_samples_leaf=_chosen(X, y, "min_samples_leaf", _LEAVES)),
        trees.PrunedTreeRegressor(cv=_FOLDS, random_state=0).fit(X, y),
        trees.Shrunk(DecisionTreeRegressor(random_state=0), cv=_FOLDS).fit(X, y),
    ]
    return [_errors(model, half)[1] for model in models]


def _chosen(X: Matrix, y: Vector, knob: str, values: tuple[int, ...]) -> int:
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeRegressor

    search = GridSearchCV(
        DecisionTreeRegressor(random_state=0),
        {knob: values},
        cv=_FOLDS,
        scoring="neg_mean_squared_error",
        refit=False,
    )
    return int(search.fit(X, y).best_params_[knob])


def _summary(curves: np.ndarray, cures: np.ndarray) -> dict[str, Any]:
    train, train_se = mean_se(curves[..., 0])
    test, test_se = mean_se(curves[..., 1])
    rise, rise_se = mean_se(curves[:, -1, 1] - curves[:, int(test.argmin()), 1])
    gain, gain_se = mean_se(cures[:, 1:] - cures[:, :1])
    error, error_se = mean_se(cures)
    return {
        "train": train, "train_se": train_se, "test": test, "test_se": test_se, "rise": rise, "rise_se": rise_se,
        "gain": gain, "gain_se": gain_se, "error": error, "error_se": error_se,
    }  # fmt: skip


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    sets = facts["sets"]
    overfit = [one for one in sets if one["rise"] > 2 * one["rise_se"]]
    cured = [
        one for one in overfit if all(g < -2 * se for g, se in zip(one["gain"], one["gain_se"], strict=True))
    ]
    rises = ", ".join(f"{one['name']} {plus_minus(100 * one['rise'], 100 * one['rise_se'])}" for one in sets)
    said = (
        f"The deepest tree is worse than the best depth on {len(overfit)} of {len(sets)} sets (in % of the variance: "
        f"{rises}); {', '.join(facts['cures'])} all mend it on {len(cured)} of these."
    )
    if not overfit or not cured:
        return Verdict("does not hold", said)
    return Verdict("holds" if len(cured) == len(sets) else "holds when", said)


def table(facts: Facts) -> Table:
    """One row a set."""
    rows = [
        [
            one["name"],
            *(plus_minus(100 * e, 100 * se) for e, se in zip(one["error"], one["error_se"], strict=True)),
        ]
        for one in facts["sets"]
    ]
    return Table(["test error, % of the variance", "full depth", *facts["cures"]], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw both errors over the depth on one set, and what each cure brings on all."""
    left, right = axes(figure, ["Depth, diabetes", "Test error against full depth"])
    found = facts["sets"][0]
    for key, label, colour in (("train", "training rows", BLUE), ("test", "new rows", ORANGE)):
        low, error = 100 * np.asarray(found[key]), 100 * np.asarray(found[f"{key}_se"])
        curve(left, facts["depths"], low, error, label=label, colour=colour, order=key == "test")
    left.axhline(100, color=GREY, linestyle=":", label="the mean alone")
    left.set(xlabel="greatest depth", ylabel="squared error, % of the variance")
    left.set_ylim(bottom=0)
    legend(left)
    series = {
        cure: (
            [100 * one["gain"][at] for one in facts["sets"]],
            [100 * one["gain_se"][at] for one in facts["sets"]],
        )
        for at, cure in enumerate(facts["cures"])
    }
    dots(right, [one["name"] for one in facts["sets"]], series)
    legend(right, loc="center left", bbox_to_anchor=(0.0, 0.6), fontsize=8.5)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel("change of the error, % of the variance")


EXPERIMENT = Experiment(
    name="deep-trees",
    part="trees",
    claim="Deeper trees overfit; minimum leaf sizes and pruning cure it.",
    why="""
    Each split halves the rows that a leaf's mean rests on, so that variance doubles while less and less
    bias is left to remove (Breiman et al., 1984). Limits stop before that, pruning takes back splits
    that earned too little, and shrinkage pulls leaves towards the means above them (Agarwal et al.,
    2022).
    """,
    how="""
    Trees of depth 1 to 30 on half of five shipped sets (at most 1,500 rows), 20 random halves; then the
    depth, the rows of a leaf, cost-complexity pruning and hierarchical shrinkage, each chosen by five
    folds of the training half.
    """,
    rule="""
    Holds if on every set the deepest tree is worse than the best depth, and every cure better than the
    deepest tree, by more than two paired standard errors; 'holds when' if on some sets; does not hold
    if on none.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
