"""The rows that are trained on and those that are looked at: checked once, kept where the model is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from ..._checks import check_weights
from ...errors import InputError, UnsupportedError
from ..regulariser import Batch

__all__ = ["Rows", "device_of", "inputs_of", "rows_of", "targets_of"]

_TOKENS = (nn.Embedding, nn.EmbeddingBag)
_SHARE_OF_DEVICE = 0.5  # of its free memory, for the training rows


@dataclass(frozen=True)
class Rows:
    """Inputs, targets and weights of some rows, checked.

    Parameters
    ----------
    X : inputs, first axis the rows.
    y : (n,) int64 classes, or (n,) or (n, k) floats.
    weight : (n,) floats >= 0, or None for equal ones.
    """

    X: Tensor
    y: Tensor
    weight: Tensor | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.y)

    def batch(self, rows: Tensor, device: torch.device) -> Batch:
        """Return the rows of one step, on the device of the model."""
        here = rows.to(self.X.device)
        X, y = self.X.index_select(0, here), self.y.index_select(0, here)
        weight = None if self.weight is None else self.weight.index_select(0, here)
        if X.device != device:
            X, y = X.to(device, non_blocking=True), y.to(device, non_blocking=True)
            weight = None if weight is None else weight.to(device, non_blocking=True)
        return Batch(X, y, here.to(device), weight)

    def chunks(self, size: int, device: torch.device) -> Iterator[Batch]:
        """Return all rows in order, ``size`` at a time."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            rows = torch.arange(start, min(start + size, len(self)), device=device)
            weight = None if self.weight is None else self.weight[part].to(device)
            yield Batch(self.X[part].to(device), self.y[part].to(device), rows, weight)

    def to(self, device: torch.device) -> Rows:
        """Return the rows on a device, or as they are where they would fill it."""
        if device.type != "cuda" or self.X.device == device:
            return self
        if self.X.numel() * self.X.element_size() > _SHARE_OF_DEVICE * torch.cuda.mem_get_info(device)[0]:
            return self
        weight = None if self.weight is None else self.weight.to(device)
        return Rows(self.X.to(device), self.y.to(device), weight)

    def fingerprint(self) -> list[Any]:
        """Return what tells these rows from others: shapes, and checksums of all targets and some inputs."""
        some = torch.linspace(0, len(self) - 1, min(64, len(self))).long()
        parts = (self.X[some], self.y) if self.weight is None else (self.X[some], self.y, self.weight)
        sums = [
            crc32(part.detach().to("cpu").contiguous().view(torch.uint8).numpy().tobytes()) for part in parts
        ]
        return [list(self.X.shape), str(self.X.dtype), list(self.y.shape), *sums]


def rows_of(X: Any, y: Any, weight: Any, model: nn.Module, task: str | None = None, what: str = "") -> Rows:
    """Return checked rows.

    Parameters
    ----------
    X, y, weight : as the user gave them.
    model : its type of numbers is taken; whether it embeds tokens decides what whole numbers in X are.
    task : what y must be fit for; None leaves its type as it is.
    what : " of validation" or nothing, for messages.
    """
    inputs = inputs_of(X, model, f"X{what}")
    targets = targets_of(y, inputs, _floats(model), task, f"y{what}")
    if len(targets) != len(inputs):
        raise InputError(
            f"X{what} has {len(inputs)} rows, but y{what} {len(targets)}; give one target for every row."
        )
    return Rows(inputs, targets, _weights(weight, targets, inputs, f"sample_weight{what}", _floats(model)))


def inputs_of(X: Any, model: nn.Module, name: str = "X") -> Tensor:
    """Return inputs as a finite tensor: floats of the model's type, or int64 tokens where the model embeds tokens.

    Raises
    ------
    InputError, UnsupportedError
        If there are no rows, something is not a finite number, or there is more than one tensor.
    """
    if isinstance(X, (tuple, dict)):
        raise UnsupportedError(
            f"{name} is a {type(X).__name__}; the Trainer takes one tensor of inputs. Put them side by side in one "
            "and take it apart in the model's forward."
        )
    if hasattr(X, "tocsr"):
        raise UnsupportedError(f"{name} is a sparse matrix; nets take dense inputs: give {name}.toarray().")
    tensor = _tensor(X, name)
    if tensor.ndim < 2:
        raise InputError(
            f"{name} must have rows and columns at least; its shape is {tuple(tensor.shape)}. A single column is "
            f"{name}.reshape(-1, 1)."
        )
    if tensor.numel() == 0:
        raise InputError(f"{name} is empty (shape {tuple(tensor.shape)}); give some rows.")
    if _are_tokens(tensor, model):
        return tensor.long()
    tensor = tensor.to(_floats(model))
    check_finite(tensor, name)
    return tensor


def targets_of(y: Any, X: Tensor, floats: torch.dtype, task: str | None, name: str = "y") -> Tensor:
    """Return targets: int64 classes, or floats, (n,) or (n, k).

    Raises
    ------
    InputError
        If they do not fit the task.
    """
    tensor = _tensor(y, name)
    if tensor.ndim == 0 or tensor.numel() == 0:
        raise InputError(f"{name} is empty; give one target for every row.")
    if tensor.ndim > 2:
        raise InputError(f"{name} must be (n,) or (n, k); its shape is {tuple(tensor.shape)}.")
    if task == "regression" or (task is None and tensor.is_floating_point()):
        tensor = tensor.to(floats)
        check_finite(tensor, name)
        return tensor.to(X.device)
    if tensor.ndim == 2 and tensor.shape[1] == 1:
        tensor = tensor.squeeze(1)
    if tensor.is_floating_point() and not bool((tensor == tensor.round()).all()):
        raise InputError(
            f"{name} must hold classes, whole numbers from 0 on; it holds "
            f"{float(tensor[tensor != tensor.round()][0]):g}. For a regression give loss='squared'."
        )
    if tensor.ndim != 1:
        raise InputError(
            f"{name} must hold one class a row, (n,); its shape is {tuple(tensor.shape)}. Of one-hot rows take "
            f"{name}.argmax(1)."
        )
    return tensor.to(X.device, torch.int64)


def check_classes(y: Tensor, n_classes: int, name: str = "y") -> None:
    """Refuse classes outside 0 to n_classes - 1."""
    low, high = int(y.min()), int(y.max())
    if low < 0 or high >= n_classes:
        wrong = low if low < 0 else high
        row = int((y == wrong).nonzero()[0])
        raise InputError(
            f"{name} holds class {wrong} (row {row}), but the model has {n_classes} outputs, for classes 0 to "
            f"{n_classes - 1}. Number the classes from 0 on, or give the model an output for each."
        )


def check_finite(tensor: Tensor, name: str) -> None:
    """Refuse NaN and infinity, and say where they are."""
    if not tensor.is_floating_point() or bool(torch.isfinite(tensor.sum())):
        return
    places = (~torch.isfinite(tensor)).nonzero()
    if len(places) == 0:
        return
    first = places[0].tolist()
    where = f"row {first[0]}"
    if len(first) > 1:
        where += f", column {first[1]}" if len(first) == 2 else f", place {first[1:]}"
    kind = "NaN" if bool(torch.isnan(tensor[tuple(first)])) else "infinity"
    raise InputError(
        f"{name} contains NaN or infinity in {len(places)} places (first: {kind} in {where}, counted from 0); "
        "only finite numbers can be trained on. Impute or drop them."
    )


def device_of(model: nn.Module, device: Any) -> torch.device:
    """Return where to train: as asked, or where the model is."""
    if device is None:
        return next((p.device for p in model.parameters()), torch.device("cpu"))
    return torch.device(device)


def _floats(model: nn.Module) -> torch.dtype:
    """The type of the model's numbers."""
    return next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)


def _are_tokens(tensor: Tensor, model: nn.Module) -> bool:
    whole = not tensor.is_floating_point() and tensor.dtype not in (torch.bool, torch.uint8)
    return whole and any(isinstance(module, _TOKENS) for module in model.modules())


def _tensor(values: Any, name: str) -> Tensor:
    if isinstance(values, Tensor):
        tensor = values.detach()
    else:
        array = _array(values, name)
        with warnings.catch_warnings():  # of arrays that may not be written to: nothing here writes
            warnings.filterwarnings("ignore", message=".*not writable.*", category=UserWarning)
            tensor = torch.as_tensor(array)
    if tensor.is_complex():
        raise InputError(f"{name} is complex; take its real part or its modulus.")
    return tensor


def _array(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} cannot be read as an array ({error}); give rows of equal length.") from None
    if array.dtype.kind not in "fiubc":
        raise InputError(
            f"{name} has dtype {array.dtype}, but nets take numbers: encode categories first, or let NetClassifier or "
            "NetRegressor do it."
        )
    if array.dtype.kind in "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    return np.ascontiguousarray(array) if any(stride < 0 for stride in array.strides) else array


def _weights(weight: Any, y: Tensor, X: Tensor, name: str, floats: torch.dtype) -> Tensor | None:
    if weight is None:
        return None
    values: Any = weight.detach().to("cpu").numpy() if isinstance(weight, Tensor) else weight
    return torch.as_tensor(check_weights(values, len(y), name)).to(X.device, floats)


def validation_of(given: Any, model: nn.Module, task: str, like: Tensor) -> Rows | None:
    """Return the rows that evaluations look at, or None where none were given.

    Raises
    ------
    InputError
        If it is not (X, y) or (X, y, weight), is empty, or is of another shape than the training rows.
    """
    if given is None:
        return None
    if not isinstance(given, Sequence) or len(given) not in (2, 3):
        raise InputError(
            "validation must be (X, y) or (X, y, weight), rows that are not trained on, or None."
        )
    X, y = given[0], given[1]
    weight = given[2] if len(given) == 3 else None
    if hasattr(X, "__len__") and len(X) == 0:
        raise InputError(
            "validation is empty: it has no rows. Give some, or validation=None to train without looking."
        )
    rows = rows_of(X, y, weight, model, task, " of validation")
    if rows.X.shape[1:] != like.shape[1:] and rows.X.is_floating_point():
        raise InputError(
            f"X of validation has rows of shape {tuple(rows.X.shape[1:])}, but X of {tuple(like.shape[1:])}; "
            "encode both in the same way."
        )
    return rows
