"""Acting on the inputs of a net's weight layers, whatever the net: by hooks that exist only during a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from ..randomness import Stream
from ..regulariser import Active, Effect, Run

__all__ = ["CONVOLUTIONS", "WEIGHT_LAYERS", "AtInputs", "weight_layers"]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WEIGHT_LAYERS = (nn.Linear, *CONVOLUTIONS)

# of (input, stream, rate, layer) to the changed input
Change = Callable[[Tensor, Stream, float, nn.Module], Tensor]


def weight_layers(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the linear layers and convolutions of a model by name, in the order they were registered."""
    return [(name, module) for name, module in model.named_modules() if isinstance(module, WEIGHT_LAYERS)]


class AtInputs(Active):
    """Changes the input of the i-th weight layer at a rate, in training mode, while :meth:`forward` is open.

    Layers are counted in the order in which the first forward pass reaches them. The random numbers are those of
    ``run.stream("dropout", i)``, so a second pass in the same step (SAM) sees the same mask. A layer that is used
    several times in one pass draws anew each time. There is no hook outside :meth:`forward`: predictions, validation
    and copies of the model cannot be reached.

    Parameters
    ----------
    run : the run.
    change : of (input, stream, rate, layer) to the changed input.
    rate : of (place i, number of weight layers) to the present rate; 0 leaves the input alone.
    in_eval : also act in eval mode (Monte Carlo dropout).
    """

    def __init__(
        self, run: Run, change: Change, rate: Callable[[int, int], float], *, in_eval: bool = False
    ) -> None:
        """Find the weight layers."""
        super().__init__(run)
        self.change, self.rate, self.in_eval = change, rate, in_eval
        self.layers = weight_layers(run.model)
        self.order: dict[nn.Module, int] = {}
        self.acted = False
        self._uses: dict[nn.Module, int] = {}

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Act while this is open."""
        self._uses = {}
        hooks = [
            layer.register_forward_pre_hook(self._at_layer, with_kwargs=True) for _, layer in self.layers
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _at_layer(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Change the first input of a layer."""
        place = self.order.setdefault(layer, len(self.order))
        use = self._uses[layer] = self._uses.get(layer, -1) + 1
        rate = self.rate(place, len(self.layers))
        if rate == 0 or not (layer.training or self.in_eval):
            return None
        purpose = ("dropout", place) if use == 0 else ("dropout", place, "again", use)
        stream = self.run.stream(*purpose)
        self.acted = True
        if args:
            return (self.change(args[0], stream, rate, layer), *args[1:]), kwargs
        return args, {**kwargs, "input": self.change(kwargs["input"], stream, rate, layer)}

    def effect(self) -> Effect:
        """Return the mean rate over the hidden places."""
        n = len(self.layers)
        rates = [self.rate(i, n) for i in range(n)]
        return Effect(strength=sum(rates[1:]) / max(n - 1, 1), acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return the order in which layers were reached."""
        names = {layer: name for name, layer in self.layers}
        return {"order": [names[layer] for layer in self.order], "acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the order of layers."""
        names = dict(self.layers)
        self.order = {names[name]: i for i, name in enumerate(state["order"]) if name in names}
        self.acted = bool(state["acted"])
