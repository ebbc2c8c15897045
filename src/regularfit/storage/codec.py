"""Values as JSON with arrays beside it: the language of model files. Nothing read back can run code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["Codec", "Unstored"]

_KIND = "$kind"


class Unstored(str):
    """Stands in for what a file cannot hold (a function, a class of the user); its text says what it was."""


class Codec:
    """Turns values into JSON and back, for one set of classes that a file may name.

    Floats that JSON does not know (inf, nan), tuples, labels of NumPy types, sparse matrices, regularfit's own
    frozen values and scikit-learn's splitters keep their type. Anything else becomes :class:`Unstored`.

    Parameters
    ----------
    classes : frozen values beside those of regularfit's linear side, by the name that stands in the file.

    Examples
    --------
    >>> Codec().encode((1, [2.5, None]), {})
    {'$kind': 'tuple', 'items': [1, [2.5, None]]}
    """

    def __init__(self, classes: Mapping[str, type] | None = None) -> None:
        """Remember the classes."""
        self._classes = {**_ours(), **(classes or {})}
        self._names = {kind: name for name, kind in self._classes.items()}

    def encode(self, value: Any, arrays: dict[str, np.ndarray]) -> Any:
        """Return ``value`` as JSON; arrays go into ``arrays`` under names of their own."""
        if value is None or (
            isinstance(value, (bool, int, str)) and not isinstance(value, (np.generic, Unstored))
        ):
            return value
        if isinstance(value, float) and not isinstance(value, np.generic):
            return value if np.isfinite(value) else {_KIND: "float", "text": repr(value)}
        if isinstance(value, np.generic):
            return self.encode(value.item(), arrays)
        if isinstance(value, (list, tuple)):
            items = [self.encode(item, arrays) for item in value]
            return items if isinstance(value, list) else {_KIND: "tuple", "items": items}
        if isinstance(value, Mapping):
            pairs = [[self.encode(k, arrays), self.encode(v, arrays)] for k, v in value.items()]
            return {_KIND: "dict", "items": pairs}
        if isinstance(value, np.ndarray):
            return self._encode_array(value, arrays)
        if sp.issparse(value):
            csr: Any = sp.csr_matrix(value)
            parts = {
                part: self._encode_array(getattr(csr, part), arrays) for part in ("data", "indices", "indptr")
            }
            return {_KIND: "csr", "shape": [int(k) for k in csr.shape], **parts}
        return self._encode_object(value, arrays)

    def decode(self, value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
        """Return what :meth:`encode` was given.

        Raises
        ------
        KeyError, ValueError, TypeError, AttributeError
            For JSON that :meth:`encode` did not write.
        """
        if isinstance(value, list):
            return [self.decode(item, arrays) for item in value]
        if not isinstance(value, dict):
            return value
        return _DECODERS[value[_KIND]](self, value, arrays)

    # --- one kind each

    def _encode_array(self, array: np.ndarray, arrays: dict[str, np.ndarray]) -> Any:
        if (
            array.dtype.kind in "OT"
        ):  # never pickled: labels and names go into the JSON, each with its own type
            items = [self.encode(v, arrays) for v in array.ravel()]
            return {_KIND: "objects", "shape": list(array.shape), "items": items}
        name = f"a{len(arrays)}"
        arrays[name] = array
        return {_KIND: "array", "name": name}

    def _decode_objects(self, value: Any, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        out = np.empty(len(value["items"]), dtype=object)
        out[:] = [self.decode(item, arrays) for item in value["items"]]
        return out.reshape(value["shape"])

    def _encode_object(self, value: Any, arrays: dict[str, np.ndarray]) -> Any:
        name = self._names.get(type(value))
        if is_dataclass(value) and name is not None:
            names = [f.name for f in fields(value) if f.init and not f.name.startswith("_")]
            parts = {part: self.encode(getattr(value, part), arrays) for part in names}
            return {_KIND: "value", "class": name, "fields": parts}
        if _splitters().get(type(value).__name__) is type(value):
            held = getattr(value, "cvargs", {}) | vars(value)  # repeated splitters keep some arguments apart
            parts = {part: self.encode(held.get(part), arrays) for part in _init_names(type(value))}
            return {_KIND: "splitter", "class": type(value).__name__, "fields": parts}
        return {_KIND: "unstored", "text": repr(value)[:200]}

    def _decode_value(self, value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
        parts = {name: self.decode(part, arrays) for name, part in value["fields"].items()}
        return self._classes[value["class"]](**parts)

    def _decode_splitter(self, value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
        cls = _splitters()[value["class"]]
        return cls(**{name: self.decode(value["fields"][name], arrays) for name in _init_names(cls)})

    def _decode_csr(self, value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
        parts = tuple(self.decode(value[part], arrays) for part in ("data", "indices", "indptr"))
        matrix = sp.csr_matrix(parts, shape=tuple(value["shape"]))
        matrix.check_format(full_check=True)
        return matrix

    def _decode_items(self, value: Any, arrays: Mapping[str, np.ndarray]) -> tuple[Any, ...]:
        return tuple(self.decode(item, arrays) for item in value["items"])

    def _decode_dict(self, value: Any, arrays: Mapping[str, np.ndarray]) -> dict[Any, Any]:
        return {self.decode(k, arrays): self.decode(v, arrays) for k, v in value["items"]}


_DECODERS: dict[str, Callable[[Codec, Any, Mapping[str, np.ndarray]], Any]] = {
    "float": lambda codec, value, arrays: float(value["text"]),
    "array": lambda codec, value, arrays: arrays[value["name"]],
    "unstored": lambda codec, value, arrays: Unstored(value["text"]),
    "tuple": Codec._decode_items,
    "dict": Codec._decode_dict,
    "objects": Codec._decode_objects,
    "csr": Codec._decode_csr,
    "value": Codec._decode_value,
    "splitter": Codec._decode_splitter,
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
