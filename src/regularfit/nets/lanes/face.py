"""What lockstep is given: an estimator, or plain settings; read into one form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from sklearn.base import clone
from sklearn.utils import check_random_state

from ...errors import UnsupportedError
from ..estimators.build import HIDDEN, check_hidden
from ..estimators.recipe import recipe
from .settings import NetSettings

__all__ = ["Face"]

_ALONE = "train this net alone (fit or cross_validate)"
# what lanes can do of the estimators' parameters
_ALLOWED: dict[str, tuple[Any, ...]] = {
    "norm": (None, "batch"),
    "activation": ("relu",),
    "module": (None,),
    "kind": ("auto", "table"),
    "loss": ("cross_entropy", "squared", "auto"),
    "optimizer": ("adamw", "adam"),
    "precision": ("float32",),
    "calibrate": (False,),
}


@dataclass(frozen=True, eq=False)
class Face:
    """The base of a grid and how its data are prepared.

    Parameters
    ----------
    settings : what is not varied.
    estimator : NetClassifier or NetRegressor, or None.
    scaling : of numbers, see the estimators.
    validation : share of training rows that early stopping watches.
    class_weight, metric, time_limit, device : as in the estimators.
    """

    settings: NetSettings
    estimator: Any = None
    scaling: str = "standard"
    validation: Any = 0.2
    class_weight: Any = None
    metric: Any = None
    time_limit: float | None = None
    device: Any = None

    @classmethod
    def of(cls, given: Any) -> Face:
        """Read an estimator, or settings.

        Raises
        ------
        UnsupportedError
            For anything else, and for parameters of an estimator that lanes cannot do.
        """
        if isinstance(given, NetSettings):
            return cls(given)
        if not hasattr(given, "regularisers") or not hasattr(given, "hidden"):
            raise UnsupportedError(
                "lockstep trains perceptrons on tables: give NetClassifier, NetRegressor or NetSettings, not "
                f"{type(given).__name__}."
            )
        for name, allowed in _ALLOWED.items():
            value = getattr(given, name, allowed[0])
            if value not in allowed:
                can = ", ".join(map(repr, allowed))
                raise UnsupportedError(f"Lanes can do {name} = {can} only; {value!r} was given: {_ALONE}.")
        own = {
            name: getattr(given, name, None) for name in ("metric", "time_limit", "device", "class_weight")
        }
        return cls(_settings(given), given, given.scaling, given.validation, **own)

    def resolved(self, settings: NetSettings, n: int) -> NetSettings:
        """Return settings whose batch size is a number, for n training rows."""
        if settings.batch_size != "auto":
            return settings
        size = self.estimator if self.estimator is not None else _Auto
        return replace(settings, batch_size=int(size._batch_size(n)))

    @property
    def make(self) -> Callable[[NetSettings], Any] | None:
        """Return what makes an estimator, not fitted, of settings; None where there was none."""
        return None if self.estimator is None else self._make

    def _make(self, settings: NetSettings) -> Any:
        params = {f.name: getattr(settings, f.name) for f in fields(NetSettings)}
        params["norm"] = "batch" if params.pop("batch_norm") else None
        params["regularisers"] = list(params["regularisers"])
        params.pop("seed")
        if not params.pop("bins") and self.scaling == "piecewise":
            params["scaling"] = "robust"  # which is the same without bins
        copy: Any = clone(self.estimator)
        return copy.set_params(**params)


def _settings(given: Any) -> NetSettings:
    chosen = given.regularisers
    if isinstance(chosen, str):
        chosen = recipe(given.metric)
    hidden = check_hidden(given.hidden)
    return NetSettings(
        hidden=HIDDEN if hidden is None else hidden,
        regularisers=tuple(chosen or ()),
        lr=given.lr,
        schedule=given.schedule,
        batch_size=given.batch_size,
        epochs=given.epochs,
        steps=given.steps,
        batch_norm=given.norm == "batch",
        seed=int(check_random_state(given.random_state).randint(2**31)),
    )


class _Auto:
    """The estimators' batch size for settings without an estimator."""

    @staticmethod
    def _batch_size(n: int) -> int:
        from ..estimators import NetClassifier

        return NetClassifier()._batch_size(n)
