"""Trees, forests and boosting: one vocabulary over the engines people use, and paths where they have none.

>>> from regularfit import trees

scikit-learn's engines are always there; LightGBM and XGBoost come with the extra: ``pip install 'regularfit[trees]'``.
Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# module -> its public names; several modules may be packages
_HOMES: dict[str, str] = {
    "boosting": "BoostingClassifier BoostingRegressor",
    "pruning": "PrunedTreeClassifier PrunedTreeRegressor PruningPath",
    "regularisation": "Regularisation",
    "rules": "RuleFitClassifier RuleFitRegressor",
    "shrinkage": "ShrinkagePath Shrunk shrink",
    "sparse_forest": "SparseForestClassifier SparseForestRegressor",
    "structure": "TreeNodes read_trees",
    "translation": "translation_table",
}

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Load a public name from its module, once."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(
            f"module 'regularfit.trees' has no attribute {name!r}; it offers {', '.join(__all__)}."
        )
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
