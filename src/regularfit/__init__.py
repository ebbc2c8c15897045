"""Choose how and how strongly to regularise: all folds in lockstep, with a proof and an honest score.

>>> import regularfit as rf
>>> rf.L1()
L1(strength=1.0)

Names are loaded when they are first used, so that ``import regularfit`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .errors import (
        ConvergenceWarning,
        FewerFoldsWarning,
        FitError,
        GridEdgeWarning,
        InputError,
        ModelFileError,
        RegularfitError,
        TableError,
        UnsupportedError,
    )
    from .linear import (
        PenalizedClassifier,
        PenalizedCox,
        PenalizedRegressor,
        debiased_lasso,
        fit_path,
        knockoffs,
        stability_selection,
    )
    from .lockstep import LinearConstraints
    from .losses import (
        Cox,
        Gamma,
        Huber,
        Logistic,
        Multinomial,
        NegativeBinomial,
        Poisson,
        Quantile,
        Squared,
        SquaredHinge,
        Tweedie,
        survival,
    )
    from .penalties import (
        L0,
        L1,
        L2,
        MCP,
        SCAD,
        SLOPE,
        Adaptive,
        ElasticNet,
        Fused,
        Group,
        GroupMCP,
        GroupSCAD,
        Penalty,
        SparseGroup,
    )
    from .selection import honest_score
    from .storage import load

__all__ = [
    "L0",
    "L1",
    "L2",
    "MCP",
    "SCAD",
    "SLOPE",
    "Adaptive",
    "ConvergenceWarning",
    "Cox",
    "ElasticNet",
    "FewerFoldsWarning",
    "FitError",
    "Fused",
    "Gamma",
    "GridEdgeWarning",
    "Group",
    "GroupMCP",
    "GroupSCAD",
    "Huber",
    "InputError",
    "LinearConstraints",
    "Logistic",
    "ModelFileError",
    "Multinomial",
    "NegativeBinomial",
    "PenalizedClassifier",
    "PenalizedCox",
    "PenalizedRegressor",
    "Penalty",
    "Poisson",
    "Quantile",
    "RegularfitError",
    "SparseGroup",
    "Squared",
    "SquaredHinge",
    "TableError",
    "Tweedie",
    "UnsupportedError",
    "__version__",
    "debiased_lasso",
    "fit_path",
    "honest_score",
    "knockoffs",
    "load",
    "stability_selection",
    "survival",
]

_HOMES = {
    "errors": "ConvergenceWarning FewerFoldsWarning FitError GridEdgeWarning InputError ModelFileError "
    "RegularfitError TableError UnsupportedError",
    "linear": "PenalizedClassifier PenalizedCox PenalizedRegressor debiased_lasso fit_path knockoffs "
    "stability_selection",
    "lockstep": "LinearConstraints",
    "losses": "Cox Gamma Huber Logistic Multinomial NegativeBinomial Poisson Quantile Squared SquaredHinge "
    "Tweedie survival",
    "penalties": "Adaptive ElasticNet Fused Group GroupMCP GroupSCAD L0 L1 L2 MCP Penalty SCAD SLOPE SparseGroup",
    "selection": "honest_score",
    "storage": "load",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a public name from its room, once."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(
            f"module 'regularfit' has no attribute {name!r}; it offers {', '.join(__all__)}."
        )
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
