"""Dropout on the inputs of a net's weight layers, with no dropout layers in the net."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from ..._checks import check_choice
from ...errors import InputError, UnsupportedError
from ..randomness import Stream
from ..regulariser import Regulariser, Run
from ..schedules import Constant, schedule
from .at_layers import AtInputs, AtLayers, Change, Rate, weight_layers
from .masks import MOST, Ahead, check_rate, drop, threshold
from .shapes import SHAPES, profile

__all__ = ["Dropout", "Dropping"]


@dataclass(frozen=True)
class Dropping(Regulariser):
    """What dropout and its relatives on layer inputs share: rates by depth and time; :meth:`change` does it."""

    phases: ClassVar[tuple[str, ...]] = ("forward",)
    place: ClassVar[str] = "inputs"  # of a layer; two kinds of noise in one place conflict

    p: float = 0.2
    input_p: float = 0.0
    shape: str = "flat"
    schedule: str | Callable[[float], float] = "constant"

    def __post_init__(self) -> None:
        """Check rates, shape and schedule."""
        name = type(self).__name__
        check_rate(self.p, f"{name}(p)")
        check_rate(self.input_p, f"{name}(input_p)")
        check_choice(self.shape, list(SHAPES), f"{name}(shape)")
        schedule(self.schedule)

    def rates(self, layers: int, progress: float = 0.0) -> tuple[float, ...]:
        """Return the rate on the input of each of a net's weight layers, first to last, at a share of training."""
        factor = schedule(self.schedule)(progress)
        return (
            self.input_p * factor,
            *(self.p * share * factor for share in profile(self.shape, layers - 1)),
        )

    def change(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the changed input of a layer."""
        raise NotImplementedError

    def start(self, run: Run, *, in_eval: bool = False) -> AtLayers:
        """Return what acts during one run; a model without a place to act is refused."""
        layers = weight_layers(run.model)
        if not layers or (len(layers) == 1 and self.p > 0 and self.input_p == 0):
            raise UnsupportedError(
                f"{type(self).__name__}(p={self.p:g}) acts on the inputs of linear layers and convolutions after the "
                f"first; this model has {len(layers)} of them. Set input_p to act on the inputs of the model."
            )
        at = schedule(self.schedule)
        if max(self.p, self.input_p) * max(at(j / 100) for j in range(101)) > MOST:
            raise InputError(f"The schedule of {self} raises its rate to 1, which drops everything.")
        if isinstance(at, Constant):
            always = self.rates(len(layers))
            return self.active(run, lambda place, n: always[min(place, n - 1)], in_eval)
        memory: dict[float, tuple[float, ...]] = {}

        def rate(place: int, n: int) -> float:
            if run.progress not in memory:
                memory.clear()
                memory[run.progress] = self.rates(n, run.progress)
            return memory[run.progress][min(place, n - 1)]

        return self.active(run, rate, in_eval)

    def active(self, run: Run, rate: Rate, in_eval: bool) -> AtLayers:
        """Return the hooks."""
        return AtInputs(run, self.change, rate, in_eval=in_eval)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second kind of noise in the same place."""
        if isinstance(other, Dropping) and other is not self and other.place == self.place:
            kinds = f"{type(self).__name__} and {type(other).__name__}"
            return f"{kinds} act on the same {self.place} of layers; keep one of them."
        return None


@dataclass(frozen=True)
class Dropout(Dropping):
    r"""Set each input of a layer to zero with probability p while training, so that no unit can rely on another.

    .. math:: x' = \frac{m}{1 - p} x, \qquad m \sim \mathrm{Bernoulli}(1 - p)

    It acts on the inputs of all linear layers and convolutions but the first, in training mode only, and there while
    a step is taken: validation and predictions never see it. The net needs no dropout layers. Prefer it as the
    first regulariser of a wide net on a table; prefer :class:`SpatialDropout` between convolutions, whose neighbouring
    values tell the same story, and less of either where batch norm is used.

    Parameters
    ----------
    p : the largest rate on hidden units, 0 to 0.99; 0.1 to 0.5 is usual. Rounded to a multiple of 1/256.
    input_p : the rate on the inputs of the model, 0 to 0.99; 0 to 0.2 is usual. Categories of a table are hit
        in parts; :class:`FeatureMask` takes whole columns.
    shape : how the rate changes with depth: "flat", "brick", "funnel", "long_funnel", "diamond", "hexagon",
        "triangle" or "stairs", see :func:`~regularfit.nets.dropout.shapes.profile`.
    schedule : how the rates change in the course of training: a name or a function of progress, see
        :func:`~regularfit.nets.schedule`.

    Raises
    ------
    InputError
        If a rate is not in its range (between 0 and 1/512 included), or a name is unknown.
    UnsupportedError
        At the start, if the model has no layer to act on.

    Examples
    --------
    >>> Dropout(0.4, input_p=0.1, shape="funnel").rates(5)
    (0.1, 0.4, 0.30000000000000004, 0.2, 0.1)

    References
    ----------
    Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. and Salakhutdinov, R. (2014). Dropout: a simple way to
    prevent neural networks from overfitting. JMLR 15.
    """

    def change(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the input with units dropped."""
        return drop(x, stream, rate)

    def active(self, run: Run, rate: Rate, in_eval: bool) -> AtLayers:
        """Return the hooks, which make masks for some steps at once."""
        return _Dropout(run, self.change, rate, in_eval=in_eval)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, one with everything, and hard ones."""
        return [cls(), cls(0.5, 0.1, "funnel", "cosine"), cls(0.0, 0.25), cls(0.9, shape="diamond")]


class _Dropout(AtInputs):
    """Multiplies by factors made ahead; a layer that is used again in a pass, or in a further one, by its own."""

    def __init__(self, run: Run, change: Change, rate: Rate, *, in_eval: bool = False) -> None:
        """Nothing made yet."""
        super().__init__(run, change, rate, in_eval=in_eval)
        self._ahead: dict[int, Ahead] = {}

    def at_layer(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Change the first input of a layer: the short way, which most layers take in all steps but the first."""
        place, run = self.order.get(layer), self.run
        usual = args and not run.draw and layer not in self._uses and (layer.training or self.in_eval)
        if place is None or not usual:
            return super().at_layer(layer, args, kwargs)
        self._uses[layer] = 0
        rate = self.rate(place, len(self.layers))
        if rate == 0:
            return None
        self.acted, x = True, args[0]
        if threshold(rate) == 0:
            return None
        if place not in self._ahead:
            self._ahead[place] = Ahead(partial(self._streams, place))
        return (x * self._ahead[place].factors(run.step, x, rate), *args[1:]), kwargs

    def _streams(self, place: int, step: int, steps: int) -> Stream:
        return Stream.of(self.run.seed, self.purpose, place).at(np.arange(step, step + steps))
