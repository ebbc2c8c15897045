"""What a model file holds of an estimator of trees: JSON, plain arrays and the engines' own texts; no pickle.

An estimator takes part by saying what it is made of:

- ``_STORED``: names of attributes that are values (numbers, arrays, labels, frozen values of regularfit, and lists,
  tuples and dicts of them). Those that are missing on a model are left out.
- ``_stored_parts(self, parts)`` and ``_restore_parts(self, parts)``: everything else. ``parts`` is :class:`Parts`: it
  holds arrays, members (bytes) and facts (JSON values) by name, and whole models of an engine or of regularfit.
- ``_STORED_VALUES``: frozen dataclasses beside the usual ones that may stand among the values.

The class must be a public name of ``regularfit.trees`` and stand in ``regularfit.storage.models``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError
from ..storage import Archive, Codec, take_params, write_archive
from .columns import TreeColumns
from .engines import Task, TreeModel, get_engine
from .knob_cv import KnobCV
from .regularisation import Regularisation

__all__ = ["Parts", "extra_of", "rebuild", "save"]

_VALUES: tuple[type, ...] = (Regularisation, TreeColumns, KnobCV, Task)
_OF_ALL = ("columns_", "n_features_in_", "feature_names_in_", "classes_")


@dataclass(eq=False)
class Parts:
    """What a model is made of, by name.

    Parameters
    ----------
    arrays, members, facts : plain arrays, bytes and JSON values; their names are free but for those that begin with
        "a" and a number, which values take.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    members: dict[str, bytes] = field(default_factory=dict[str, bytes])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    def put_engine(self, name: str, model: TreeModel, engine: str) -> None:
        """Keep a model of an engine."""
        arrays, members, facts = model.dump()
        self.arrays |= {f"{name}/{key}": array for key, array in arrays.items()}
        self.members |= {f"{name}/{key}": text for key, text in members.items()}
        sums = {key: sha256(text).hexdigest() for key, text in members.items()}
        self.facts[name] = {"engine": engine, "facts": facts, "sums": sums}

    def engine_model(self, name: str, task: Task) -> TreeModel:
        """Return what :meth:`put_engine` kept."""
        kept = self.facts[name]
        arrays, members = _under(self.arrays, name), _under(self.members, name)
        # Engines end the whole process over a text that is not theirs; so they are never shown one.
        if {key: sha256(text).hexdigest() for key, text in members.items()} != kept["sums"]:
            raise InputError(f"the text of {kept['engine']} is not the one that was saved")
        return get_engine(kept["engine"]).load(arrays, members, kept["facts"], task)

    def put_model(self, name: str, model: Any) -> None:
        """Keep a fitted estimator of ``regularfit.trees`` inside this one."""
        inner = Parts()
        self.facts[name] = _described(model, inner)
        self.arrays |= {f"{name}/{key}": array for key, array in inner.arrays.items()}
        self.members |= {f"{name}/{key}": text for key, text in inner.members.items()}

    def model(self, name: str) -> Any:
        """Return what :meth:`put_model` kept."""
        return _rebuilt(self.facts[name], Parts(_under(self.arrays, name), _under(self.members, name)))


def save(model: Any, path: Any, *, overwrite: bool = False, extra: Mapping[str, Any] | None = None) -> None:
    """Write a fitted estimator to ``path``; see its method ``save``.

    Parameters that a file cannot hold (a scoring function) are left out, and :func:`regularfit.load` says so;
    predictions never depend on them.

    Raises
    ------
    ModelFileError
        When the file exists already and ``overwrite`` is not True, or cannot be written.
    """
    check_is_fitted(model)
    parts = Parts()
    head = _described(model, parts)
    head["extra"] = Codec().encode(dict(extra or {}), parts.arrays)
    write_archive(path, Archive(head, parts.arrays, parts.members), overwrite=overwrite)


def extra_of(archive: Archive) -> dict[str, Any]:
    """Return the further facts that were saved beside the model."""
    return dict(Codec().decode(archive.head["extra"], archive.arrays))


def rebuild(archive: Archive) -> Any:
    """Return the fitted estimator that an archive holds."""
    return _rebuilt(archive.head, Parts(dict(archive.arrays), dict(archive.members)))


def _described(model: Any, parts: Parts) -> dict[str, Any]:
    """Return the JSON of a fitted estimator; arrays and members go into ``parts``."""
    codec = _codec(type(model))
    names = [*_OF_ALL, *getattr(model, "_STORED", ())]
    state = {name: getattr(model, name) for name in dict.fromkeys(names) if hasattr(model, name)}
    if hasattr(model, "_stored_parts"):
        model._stored_parts(parts)
    return {
        "estimator": type(model).__name__,
        "params": {k: codec.encode(v, parts.arrays) for k, v in model.get_params(deep=False).items()},
        "state": {name: codec.encode(value, parts.arrays) for name, value in state.items()},
        "parts": parts.facts,
    }


def _rebuilt(head: Mapping[str, Any], parts: Parts) -> Any:
    cls = _class(head["estimator"])
    codec = _codec(cls)
    params = {name: codec.decode(value, parts.arrays) for name, value in head["params"].items()}
    model = cls(**take_params(params))
    allowed = {*_OF_ALL, *getattr(cls, "_STORED", ())}
    for name, value in head["state"].items():
        if name not in allowed:
            raise InputError(f"{name} is nothing that {cls.__name__} keeps")
        setattr(model, name, codec.decode(value, parts.arrays))
    parts.facts = dict(head["parts"])
    if hasattr(model, "_restore_parts"):
        model._restore_parts(parts)
    check_is_fitted(model)
    return model


def _class(name: str) -> Any:
    """Return an estimator class of this room by name; a file can name no other."""
    from regularfit import trees

    from ._estimator import TreeEstimator

    cls = getattr(trees, name) if name in trees.__all__ else None
    if not (isinstance(cls, type) and issubclass(cls, TreeEstimator)):
        raise InputError(f"{name!r} is no estimator of regularfit.trees")
    return cls


def _codec(cls: Any) -> Codec:
    return Codec({value.__name__: value for value in (*_VALUES, *getattr(cls, "_STORED_VALUES", ()))})


def _under(things: Mapping[str, Any], name: str) -> dict[str, Any]:
    start = f"{name}/"
    return {key.removeprefix(start): thing for key, thing in things.items() if key.startswith(start)}
