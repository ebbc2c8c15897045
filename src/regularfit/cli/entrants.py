"""Which models of trees compete, unfitted."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

__all__ = ["ROUNDS", "engines", "entrants"]

ROUNDS = 2000  # of boosting, at most; growing ends before where 100 rounds bring nothing
_FEW = 1_000_000  # numbers in a table so small that more threads than one cost more than they save


def engines() -> tuple[str, ...]:
    """Return the packages beside scikit-learn that grow the trees, as they are called in registries."""
    return ("lightgbm",) if find_spec("lightgbm") is not None else ()


def entrants(
    task: str, select: str, seed: int, threads: int | None, size: int, rounds: int = ROUNDS
) -> list[tuple[str, Any]]:
    """Return the competing models by name: boosting, a pruned and a shrunk tree, and a sparse forest.

    The trees of the forest look at a third of the columns for each split of a number, which is faster and on most sets
    better than all of them; for classes their leaves hold 5 rows at least, since the few trees that are kept would
    otherwise say 0 and 1.

    Parameters
    ----------
    task : "regression" or "classification".
    select, seed : as for the linear candidates.
    threads : of boosting and forests; None is one for a small table and all cores for a large one.
    size : rows times columns.
    rounds : of boosting, at most.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    from regularfit import trees

    engine, called = ("lightgbm", "LightGBM") if engines() else ("sklearn", "scikit-learn")
    how: dict[str, Any] = {"select": select, "random_state": seed}
    several = threads or (1 if size < _FEW else None)
    boosted = how | {"engine": engine, "n_jobs": several, "rounds": rounds}
    forest = how | {"n_jobs": several or -1}
    if task == "regression":
        third = trees.Regularisation(column_sampling=1 / 3)
        models = [
            trees.BoostingRegressor(**boosted), trees.PrunedTreeRegressor(**how),
            trees.Shrunk(DecisionTreeRegressor(), **how), trees.SparseForestRegressor(third, **forest),
        ]  # fmt: skip
    else:
        five = trees.Regularisation(min_rows=5)
        models = [
            trees.BoostingClassifier(**boosted), trees.PrunedTreeClassifier(**how, scoring="log-loss"),
            trees.Shrunk(DecisionTreeClassifier(), **how),
            trees.SparseForestClassifier(five, scoring="log-loss", **forest),
        ]  # fmt: skip
    names = (f"Boosting ({called})", "Pruned tree", "Shrunk tree", "Sparse forest")
    return list(zip(names, models, strict=True))
