"""Why a model errs and what its restraint does: findings as facts, drawn only where asked.

>>> from regularfit import diagnostics

Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# module -> its public names; no module is called like one of them, or importing it would hide the name
_HOMES: dict[str, str] = {
    "bayes": "posterior",
    "bias_and_variance": "bias_variance",
    "bridge": "Bridge",
    "constraint_geometry": "Geometry geometry",
    "decomposition": "BiasVariance",
    "evidence": "EvidencePath evidence_path",
    "gaussian_posterior": "GaussianPosterior Prediction",
    "geometry_plot": "GeometryDisplay",
    "laplace_posterior": "LaplacePosterior",
    "lasso_posterior": "LassoPosterior",
    "learning": "learning_curve",
    "learning_result": "LearningCurve",
    "overfitting": "overfitting_gap",
    "overfitting_result": "OverfittingGap",
    "plots": "BiasVarianceDisplay GapDisplay LearningCurveDisplay",
    "posterior_plot": "EvidenceDisplay PosteriorDisplay",
    "zero_share": "AxisShare axis_share",
}

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Load a public name from its module, once."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(
            f"module 'regularfit.diagnostics' has no attribute {name!r}; it offers {', '.join(__all__)}."
        )
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
