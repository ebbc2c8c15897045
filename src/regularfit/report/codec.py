"""Frozen dataclasses to plain JSON values and back, by their type hints.

JSON has no NaN and no infinity, so a float that is not finite travels as the text "nan", "inf" or "-inf".

A field marked ``LATER`` came after facts had been written without it: while it has its default it is left out, so that
facts that do not need it are the same as ever, and those without it can be read.
"""

from __future__ import annotations

import math
import types
from dataclasses import Field, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from regularfit.errors import InputError

__all__ = ["LATER", "decode", "encode"]

T = TypeVar("T")

#: Metadata of a field that older facts lack.
LATER = {"later": True}


def encode(value: Any) -> Any:
    """Turn a dataclass, or a value inside one, into what ``json.dumps(..., allow_nan=False)`` accepts."""
    if is_dataclass(value):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value) if not _idle(f, value)}
    if isinstance(value, (tuple, list)):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def decode(hint: type[T], value: Any, where: str = "report") -> T:
    """Build the value that ``hint`` describes from plain JSON values.

    Raises
    ------
    InputError
        Where a field is missing, unknown or of another type; the message names it.

    Examples
    --------
    >>> decode(tuple[float, ...], [1, "nan"])
    (1.0, nan)
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = next(a for a in args if a is not type(None))
        return None if value is None else decode(inner, value, where)  # type: ignore[return-value]
    if origin is tuple:
        _check(isinstance(value, list), where, "a list", value)
        return tuple(decode(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))  # type: ignore[return-value]
    if origin is dict:
        _check(isinstance(value, dict), where, "an object", value)
        return {k: decode(args[1], v, f"{where}.{k}") for k, v in value.items()}  # type: ignore[return-value]
    if is_dataclass(hint):
        return _decode_dataclass(hint, value, where)
    return _decode_scalar(hint, value, where)


def _idle(field: Field[Any], value: Any) -> bool:
    return bool(field.metadata.get("later")) and getattr(value, field.name) == field.default


def _decode_dataclass(cls: Any, value: Any, where: str) -> Any:
    _check(isinstance(value, dict), where, "an object", value)
    hints = get_type_hints(cls)
    optional = {f.name for f in fields(cls) if f.metadata.get("later")}
    differing = sorted((set(hints) ^ set(value)) - (optional - set(value)))
    if differing:
        raise InputError(
            f"The facts of this report are damaged: {where} should have exactly the fields {', '.join(hints)}, "
            f"but {', '.join(differing)} is missing or unknown. Write the report again from its run."
        )
    return cls(
        **{
            name: decode(hint, value[name], f"{where}.{name}")
            for name, hint in hints.items()
            if name in value
        }
    )


def _decode_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float:
        text = value in ("nan", "inf", "-inf")
        _check(
            text or (isinstance(value, (int, float)) and not isinstance(value, bool)),
            where,
            "a number",
            value,
        )
        return float(value)
    if hint is int:
        _check(isinstance(value, int) and not isinstance(value, bool), where, "a whole number", value)
    else:
        _check(isinstance(value, hint), where, f"a {hint.__name__}", value)
    return value


def _check(ok: bool, where: str, wanted: str, value: Any) -> None:
    if not ok:
        raise InputError(
            f"The facts of this report are damaged: {where} should be {wanted}, but is {value!r:.60}. "
            "Write the report again from its run."
        )
