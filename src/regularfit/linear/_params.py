"""The parameter ``penalty``: one or several, and scikit-learn's ``penalty__name`` access to frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .._checks import did_you_mean
from ..errors import InputError
from ..penalties import Penalty

__all__ = ["candidates", "nested_params", "replace_nested"]


def candidates(penalty: Any) -> tuple[Penalty, ...]:
    """Return the candidate penalties that the parameter names: one, or those of a list.

    >>> from regularfit import L1, L2
    >>> candidates([L1(), L2()])
    (L1(strength=1.0), L2(strength=1.0))
    """
    found = tuple(penalty) if isinstance(penalty, (list, tuple)) else (penalty,)
    if not found:
        raise InputError(
            "penalty is an empty list; give at least one penalty such as L1(), L2() or ElasticNet(0.5)."
        )
    for one in found:
        if not isinstance(one, Penalty):
            call = f" Did you mean {one.__name__}()?" if isinstance(one, type) else ""
            raise InputError(
                f"penalty={one!r} is not a penalty.{call} Give L1(), L2(), ElasticNet(l1_ratio), their "
                "algebra, or a list of candidates; how strong it is goes into strength."
            )
    return found


def nested_params(value: Any, prefix: str) -> dict[str, Any]:
    """Return ``{prefix__field: value}`` of a frozen dataclass, and of the penalties inside it."""
    if not _is_value(value):
        return {}
    out: dict[str, Any] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        out[f"{prefix}__{field.name}"] = inner
        if isinstance(inner, Penalty):
            out.update(nested_params(inner, f"{prefix}__{field.name}"))
    return out


def replace_nested(value: Any, changes: Mapping[str, Any], prefix: str) -> Any:
    """Return a copy of a frozen value with ``{field: new}`` or ``{field__inner: new}`` changed."""
    direct, deeper = {}, {}
    for key, new in changes.items():
        name, _, rest = key.partition("__")
        known = [f.name for f in fields(value)] if _is_value(value) else []
        if name not in known:
            raise InputError(
                f"{prefix}__{name} is not a parameter: {prefix} is {value!r}. {did_you_mean(name, known)}"
            )
        if rest:
            deeper.setdefault(name, {})[rest] = new
        else:
            direct[name] = new
    for name, inner in deeper.items():
        direct[name] = replace_nested(direct.get(name, getattr(value, name)), inner, f"{prefix}__{name}")
    return replace(value, **direct)


def _is_value(value: Any) -> bool:
    return isinstance(value, Penalty) and is_dataclass(value) and not isinstance(value, type)
