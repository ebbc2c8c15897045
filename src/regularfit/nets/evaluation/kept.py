"""A copy of a model's weights in buffers that are made once: taken, put back, and stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import InputError

__all__ = ["Kept", "tensors_of"]


def tensors_of(model: nn.Module) -> dict[str, Tensor]:
    """Return every parameter and buffer (norm statistics too, kept in files or not) by name, tied ones once."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


class Kept:
    """Weights and buffers of a model as they were at one moment.

    The buffers are made at the first :meth:`take` and written to afterwards, so keeping the best weights again and
    again costs a copy and no memory.

    Examples
    --------
    >>> model = nn.Linear(2, 1)
    >>> before = model.weight.clone()
    >>> kept = Kept(model)
    >>> kept.take()
    >>> _ = nn.init.zeros_(model.weight)
    >>> kept.put()
    >>> bool((model.weight == before).all())
    True
    """

    def __init__(self, model: nn.Module) -> None:
        """Remember the model; nothing is copied yet."""
        self.model = model
        self.copies: dict[str, Tensor] = {}

    def __bool__(self) -> bool:
        """Whether anything has been taken."""
        return bool(self.copies)

    @torch.no_grad()
    def take(self) -> None:
        """Copy the model's weights and buffers as they are now."""
        if not self.copies:
            self.copies = {name: value.detach().clone() for name, value in tensors_of(self.model).items()}
            return
        for value, copy in self._pairs():
            copy.copy_(value)

    @torch.no_grad()
    def put(self) -> None:
        """Write the copy into the model; nothing happens where nothing was taken."""
        if self.copies:
            for value, copy in self._pairs():
                value.copy_(copy)

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        values = tensors_of(self.model)
        if values.keys() != self.copies.keys():
            changed = sorted(values.keys() ^ self.copies.keys())
            raise InputError(
                f"The model's parameters have changed since its weights were kept ({', '.join(changed[:5])}); "
                "start anew with the changed model."
            )
        return ((values[name], copy) for name, copy in self.copies.items())

    def state_dict(self) -> dict[str, Any]:
        """Return the copies by name."""
        return {name: copy.clone() for name, copy in self.copies.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up stored copies, on the device of the model."""
        values = tensors_of(self.model)
        if state and values.keys() != state.keys():
            raise InputError(
                "The stored weights belong to another model: their names differ, "
                f"for example in {sorted(values.keys() ^ set(state))[0]!r}."
            )
        self.copies = {
            name: copy.to(values[name].device, values[name].dtype).clone() for name, copy in state.items()
        }
