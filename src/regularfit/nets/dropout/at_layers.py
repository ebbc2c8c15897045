"""Acting at a net's weight layers, whatever the net: by hooks that exist only during a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ...errors import UnsupportedError
from ..randomness import Stream
from ..regulariser import Active, Effect, Run

__all__ = [
    "CONVOLUTIONS",
    "WEIGHT_LAYERS",
    "AtInputs",
    "AtLayers",
    "AtWeights",
    "Change",
    "Rate",
    "refuse_compiled",
    "weight_layers",
]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WEIGHT_LAYERS = (nn.Linear, *CONVOLUTIONS)

# of (input, stream, rate, layer) to the changed input
Change = Callable[[Tensor, Stream, float, nn.Module], Tensor]
Rate = Callable[[int, int], float]  # of (place, number of weight layers) to the present rate


def weight_layers(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the linear layers and convolutions of a model by name, in the order they were registered."""
    return [(name, module) for name, module in model.named_modules() if isinstance(module, WEIGHT_LAYERS)]


def refuse_compiled(model: nn.Module) -> None:
    """Refuse a model that torch.compile has seen: it skips hooks, or fails on them."""
    if hasattr(model, "_orig_mod") or any(m._compiled_call_impl is not None for m in model.modules()):
        raise UnsupportedError(
            "This model was compiled by torch.compile, which does not look at hooks that come later, so nothing would "
            "be dropped or mixed in it. Train the model itself and compile it for predictions."
        )


class AtLayers(Active):
    """Acts at the weight layers of a net at a rate, in training mode, while :meth:`forward` is open.

    Layers are counted in the order in which the first forward pass reaches them. The random numbers at the i-th are
    those of ``run.stream(purpose, i)``, so a second pass in the same step (SAM) sees the same mask. A layer that is
    used several times in one pass draws anew each time. There is no hook outside :meth:`forward`: predictions,
    validation and copies of the model cannot be reached.

    Parameters
    ----------
    run : the run.
    change : of (input, stream, rate, layer) to the changed input.
    rate : of (place i, number of weight layers) to the present rate; 0 leaves the layer alone.
    in_eval : also act in eval mode (Monte Carlo dropout).
    """

    purpose = "dropout"

    def __init__(self, run: Run, change: Change, rate: Rate, *, in_eval: bool = False) -> None:
        """Find the weight layers."""
        super().__init__(run)
        refuse_compiled(run.model)
        self.change, self.rate, self.in_eval = change, rate, in_eval
        self.layers = weight_layers(run.model)
        self.order: dict[nn.Module, int] = {}
        self.acted = False
        self._uses: dict[nn.Module, int] = {}

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Act while this is open."""
        self._uses = {}
        hooks = [hook for _, layer in self.layers if self._may_act(layer) for hook in self.hooks(layer)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _may_act(self, layer: nn.Module) -> bool:
        """Tell whether a layer needs hooks: its place is not known yet, or it has a rate there."""
        place = self.order.get(layer)
        return place is None or self.rate(place, len(self.layers)) > 0

    def hooks(self, layer: nn.Module) -> list[RemovableHandle]:
        """Put the hooks on a layer."""
        return [layer.register_forward_pre_hook(self.at_layer, with_kwargs=True)]

    def at_layer(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Act before a layer; return its new arguments, or None."""
        raise NotImplementedError

    def draw(self, layer: nn.Module) -> tuple[Stream, float] | None:
        """Count a layer and return its numbers and its rate, or None where nothing is to be done."""
        place = self.order.setdefault(layer, len(self.order))
        use = self._uses[layer] = self._uses.get(layer, -1) + 1
        rate = self.rate(place, len(self.layers))
        if rate == 0 or not (layer.training or self.in_eval):
            return None
        self.acted = True
        again = () if use == 0 else ("again", use)
        return self.run.stream(self.purpose, place, *again), rate

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
        layers = dict(self.layers)
        self.order = {layers[name]: i for i, name in enumerate(state["order"]) if name in layers}
        self.acted = bool(state["acted"])


class AtInputs(AtLayers):
    """Changes the inputs of the layers."""

    def at_layer(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Change the first input of a layer."""
        drawn = self.draw(layer)
        if drawn is None:
            return None
        if args:
            return (self.noisy(args[0], *drawn, layer), *args[1:]), kwargs
        return args, {**kwargs, "input": self.noisy(kwargs["input"], *drawn, layer)}

    def noisy(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the changed input of a layer."""
        return self.change(x, stream, rate, layer)


class AtWeights(AtLayers):
    """Changes the weights of the layers: the changed ones hide the parameters during a layer's forward pass."""

    purpose = "dropconnect"

    def hooks(self, layer: nn.Module) -> list[RemovableHandle]:
        """Put a hook before and one behind."""
        return [*super().hooks(layer), layer.register_forward_hook(_uncover, always_call=True)]

    def at_layer(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Hide the weight of a layer behind a changed one."""
        drawn = self.draw(layer)
        if drawn is not None:
            weight = self.change(layer._parameters["weight"], *drawn, layer)  # pyright: ignore[reportArgumentType]
            layer.__dict__["weight"] = weight  # found before the parameter, which stays where it is


def _uncover(layer: nn.Module, args: Any, out: Any) -> None:
    """Let the parameter be seen again."""
    layer.__dict__.pop("weight", None)
