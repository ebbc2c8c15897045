"""A run's state as a file: when to write it, and how nested tensors become safetensors and JSON."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..._optional import need
from ...errors import InputError, ModelFileError
from ...storage import Archive, read_archive, write_archive
from .state import FORMAT_VERSION

__all__ = ["FORMAT", "Checkpoints", "decode", "encode", "load_state", "save_state"]

FORMAT = "regularfit training run"
_TENSORS = "tensors.safetensors"
_KIND = "$kind"
_SHARE = 20  # a file is written once that costs less than this part of the time since the last one


def save_state(state: Mapping[str, Any], path: str | Path, *, overwrite: bool = False) -> None:
    """Write a state of tensors, numbers, strings, lists, tuples and dicts; the file appears whole or not at all.

    Raises
    ------
    ModelFileError
        If the file is there and may not be replaced, or cannot be written.
    InputError
        If the state holds anything else.
    """
    tensors: dict[str, Tensor] = {}
    head = {"state_version": FORMAT_VERSION, "state": encode(state, tensors)}
    members = {_TENSORS: need("safetensors.torch", "nets").save(tensors)}
    write_archive(path, Archive(head, members=members), overwrite=overwrite, format=FORMAT)


def load_state(path: str | Path) -> dict[str, Any]:
    """Return the state that a file holds, tensors on the CPU. No code of the file is run.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, of another program or kind, or of a newer format.
    """
    archive = read_archive(path, format=FORMAT)
    version = archive.head.get("state_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} holds a training run of format {version}, but this regularfit reads formats up to "
            f"{FORMAT_VERSION}. Install a newer regularfit to go on with it."
        )
    try:
        return decode(
            archive.head["state"], need("safetensors.torch", "nets").load(archive.members[_TENSORS])
        )
    except Exception as error:  # whatever a broken stream provokes, down to safetensors
        raise ModelFileError(
            f"{path} is damaged: its contents do not fit together ({error}). Copy it again from its source, "
            "or train anew."
        ) from error


def encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Return a value as JSON; tensors go into ``tensors`` under names of their own.

    >>> encode({0: (1, float("inf"))}, {})
    {'$kind': 'dict', 'items': [[0, {'$kind': 'tuple', 'items': [1, {'$kind': 'float', 'text': 'inf'}]}]]}
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {_KIND: "float", "text": repr(value)}
    if isinstance(value, Tensor):
        name = f"t{len(tensors)}"
        tensors[name] = value.detach().to("cpu").contiguous().clone()  # with storage of its own
        return {_KIND: "tensor", "name": name}
    if isinstance(value, (list, tuple)):
        items = [encode(item, tensors) for item in value]
        return items if isinstance(value, list) else {_KIND: "tuple", "items": items}
    if isinstance(value, Mapping):
        return {_KIND: "dict", "items": [[encode(k, tensors), encode(v, tensors)] for k, v in value.items()]}
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return encode(value.item(), tensors)  # a number of NumPy
    raise InputError(
        f"{value!r} cannot be written to a file; states hold tensors, numbers, strings, lists and dicts only."
    )


def decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Return what :func:`encode` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        For JSON that :func:`encode` did not write.
    """
    if isinstance(value, list):
        return [decode(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value[_KIND]
    if kind == "tensor":
        return tensors[value["name"]]
    if kind == "float":
        return float(value["text"])
    if kind == "tuple":
        return tuple(decode(item, tensors) for item in value["items"])
    if kind == "dict":
        return {decode(k, tensors): decode(v, tensors) for k, v in value["items"]}
    raise ValueError(f"unknown kind {kind!r}")


class Checkpoints:
    """The file of one run, written anew from time to time: a kill loses at most twenty times what writing takes."""

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self.path = path
        self._cost, self._last = 0.0, time.perf_counter()

    @classmethod
    def at(cls, path: str | Path | None, overwrite: bool) -> Checkpoints | None:
        """Return the file of a run, or None where no path is given.

        Raises
        ------
        ModelFileError
            If there is a file already that may not be replaced.
        """
        if path is None:
            return None
        if Path(path).exists() and not overwrite:
            raise ModelFileError(
                f"{path} exists already and was left as it is. To go on with that run: load() it, then resume(). "
                "Otherwise give another name, or overwrite=True."
            )
        return cls(Path(path))

    def write(self, state: Callable[[], Mapping[str, Any]], at_once: bool = False) -> None:
        """Write the state if that is worth its time, or at once."""
        began = time.perf_counter()
        if not at_once and began - self._last < _SHARE * self._cost:
            return
        save_state(state(), self.path, overwrite=True)
        self._last = time.perf_counter()
        self._cost = self._last - began
