"""Values as JSON with arrays beside it: the language of model files. Nothing read back can run code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["Unstored", "decode", "encode"]

_KIND = "$kind"


class Unstored(str):
    """Stands in for what a file cannot hold (a function, a class of the user); its text says what it was."""


def encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return ``value`` as JSON; arrays go into ``arrays`` under names of their own.

    Floats that JSON does not know (inf, nan), tuples, labels of NumPy types, sparse matrices, regularfit's
    own frozen values and scikit-learn's splitters keep their type. Anything else becomes :class:`Unstored`.

    >>> encode((1, [2.5, None]), {})
    {'$kind': 'tuple', 'items': [1, [2.5, None]]}
    """
    if value is None or (
        isinstance(value, (bool, int, str)) and not isinstance(value, (np.generic, Unstored))
    ):
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if np.isfinite(value) else {_KIND: "float", "text": repr(value)}
    if isinstance(value, np.generic):
        return encode(value.item(), arrays)
    if isinstance(value, (list, tuple)):
        items = [encode(item, arrays) for item in value]
        return items if isinstance(value, list) else {_KIND: "tuple", "items": items}
    if isinstance(value, Mapping):
        return {_KIND: "dict", "items": [[encode(k, arrays), encode(v, arrays)] for k, v in value.items()]}
    if isinstance(value, np.ndarray):
        return _encode_array(value, arrays)
    if sp.issparse(value):
        csr: Any = sp.csr_matrix(value)
        parts = {part: _encode_array(getattr(csr, part), arrays) for part in ("data", "indices", "indptr")}
        return {_KIND: "csr", "shape": [int(k) for k in csr.shape], **parts}
    return _encode_object(value, arrays)


def decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return what :func:`encode` was given.

    Raises
    ------
    KeyError, ValueError, TypeError, AttributeError
        For JSON that :func:`encode` did not write.
    """
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    return _DECODERS[value[_KIND]](value, arrays)


# --- one kind each -------------------------------------------------------------------------------


def _encode_array(array: np.ndarray, arrays: dict[str, np.ndarray]) -> Any:
    if array.dtype.kind in "OT":  # never pickled: labels and names go into the JSON, each with its own type
        return {
            _KIND: "objects",
            "shape": list(array.shape),
            "items": [encode(v, arrays) for v in array.ravel()],
        }
    name = f"a{len(arrays)}"
    arrays[name] = array
    return {_KIND: "array", "name": name}


def _decode_objects(value: Any, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    out = np.empty(len(value["items"]), dtype=object)
    out[:] = [decode(item, arrays) for item in value["items"]]
    return out.reshape(value["shape"])


def _encode_object(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if is_dataclass(value) and _ours().get(type(value).__name__) is type(value):
        names = [f.name for f in fields(value) if f.init and not f.name.startswith("_")]
        parts = {name: encode(getattr(value, name), arrays) for name in names}
        return {_KIND: "value", "class": type(value).__name__, "fields": parts}
    if _splitters().get(type(value).__name__) is type(value):
        held = getattr(value, "cvargs", {}) | vars(value)  # repeated splitters keep some arguments apart
        parts = {name: encode(held.get(name), arrays) for name in _init_names(type(value))}
        return {_KIND: "splitter", "class": type(value).__name__, "fields": parts}
    return {_KIND: "unstored", "text": repr(value)[:200]}


def _decode_value(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    parts = {name: decode(part, arrays) for name, part in value["fields"].items()}
    return _ours()[value["class"]](**parts)


def _decode_splitter(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    cls = _splitters()[value["class"]]
    parts = {name: decode(value["fields"][name], arrays) for name in _init_names(cls)}
    return cls(**parts)


def _decode_csr(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    parts = tuple(decode(value[part], arrays) for part in ("data", "indices", "indptr"))
    matrix = sp.csr_matrix(parts, shape=tuple(value["shape"]))
    matrix.check_format(full_check=True)
    return matrix


_DECODERS: dict[str, Callable[[Any, Mapping[str, np.ndarray]], Any]] = {
    "float": lambda value, arrays: float(value["text"]),
    "tuple": lambda value, arrays: tuple(decode(item, arrays) for item in value["items"]),
    "dict": lambda value, arrays: {decode(k, arrays): decode(v, arrays) for k, v in value["items"]},
    "array": lambda value, arrays: arrays[value["name"]],
    "objects": _decode_objects,
    "csr": _decode_csr,
    "value": _decode_value,
    "splitter": _decode_splitter,
    "unstored": lambda value, arrays: Unstored(value["text"]),
}


# --- the classes that a file may name ------------------------------------------------------------


@cache
def _ours() -> dict[str, type]:
    """Frozen values of regularfit, by name; a file can name no other class."""
    from .. import lockstep, losses, penalties, selection

    found: dict[str, type] = {}
    for room in (penalties, losses, lockstep, selection):
        for name in room.__all__:
            thing = getattr(room, name)
            if isinstance(thing, type) and is_dataclass(thing):
                found[name] = thing
    return found


@cache
def _splitters() -> dict[str, type]:
    from sklearn import model_selection

    # Not through getattr: a few promised names are experimental and raise when they are read.
    things = vars(model_selection)
    return {
        name: c
        for name, c in things.items()
        if isinstance(c, type) and hasattr(c, "get_n_splits") and not name.startswith("_")
    }


def _init_names(cls: type) -> list[str]:
    """Parameters of a splitter's constructor that it keeps under the same name."""
    parameters = inspect.signature(cls).parameters.values()
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
