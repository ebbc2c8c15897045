"""Other tensors in the place of parameters, for one forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

__all__ = ["shadowed"]


@contextmanager
def shadowed(model: nn.Module, tensors: Mapping[str, Tensor]) -> Iterator[None]:
    """Let a model compute with other tensors than its parameters; gradients flow to whatever these are made of.

    The parameters themselves are not written to, so ``backward()`` may come after the context, and optimisers,
    ``parameters()`` and ``state_dict()`` see nothing of it.

    Parameters
    ----------
    model : the net.
    tensors : by the names of ``model.named_parameters(remove_duplicate=False)``.

    Examples
    --------
    >>> layer = nn.Linear(1, 1, bias=False)
    >>> with shadowed(layer, {"weight": 3 * layer.weight}):
    ...     out = layer(layer.weight.new_ones(1, 1))
    >>> out.backward()
    >>> layer.weight.grad.item()
    3.0
    """
    places: list[tuple[dict[str, Any], str]] = []
    flat: list[tuple[nn.RNNBase, list[Any]]] = []
    try:
        for name, tensor in tensors.items():
            owner_name, _, attribute = name.rpartition(".")
            owner = model.get_submodule(owner_name)
            # An entry of the instance comes before the lookup of parameters, which keep their place and order.
            owner.__dict__[attribute] = tensor
            places.append((owner.__dict__, attribute))
            if isinstance(owner, nn.RNNBase):  # recurrent layers read a list of their own
                place = owner._flat_weights_names.index(attribute)
                flat.append((owner, owner._flat_weights))
                owner._flat_weights = [
                    tensor if i == place else weight for i, weight in enumerate(owner._flat_weights)
                ]
        yield
    finally:
        for attributes, attribute in places:
            attributes.pop(attribute, None)
        for owner, weights in reversed(flat):
            owner._flat_weights = weights
