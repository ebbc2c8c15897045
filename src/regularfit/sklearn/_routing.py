"""Metadata routing, as scikit-learn's own estimators do it."""

from __future__ import annotations

from typing import Any

import sklearn
from sklearn.utils.metadata_routing import process_routing

__all__ = ["routing_enabled", "score_params", "splitter_params"]


def routing_enabled() -> bool:
    """Return whether the user switched metadata routing on."""
    return bool(sklearn.get_config()["enable_metadata_routing"])


def splitter_params(estimator: Any, sample_weight: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Return what of ``params`` goes to the splitter; without routing there must be none."""
    refuse(estimator, params)
    if not routing_enabled():
        return {}
    return dict(process_routing(estimator, "fit", sample_weight=sample_weight, **params).splitter.split)


def score_params(estimator: Any, sample_weight: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Return what goes to the scorer: sample_weight, or whatever routing says."""
    refuse(estimator, params)
    given = {} if sample_weight is None else {"sample_weight": sample_weight}
    if not routing_enabled():
        return given
    return dict(process_routing(estimator, "fit", **given, **params).scorer.score)


def refuse(estimator: Any, params: dict[str, Any]) -> None:
    """Refuse further keywords where routing is off."""
    if params and not routing_enabled():
        raise ValueError(
            f"{type(estimator).__name__}.fit takes {sorted(params)} only with metadata routing: "
            "sklearn.set_config(enable_metadata_routing=True)."
        )
