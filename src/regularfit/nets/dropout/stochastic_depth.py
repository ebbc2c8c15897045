"""Stochastic depth: residual branches left out, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from ...errors import UnsupportedError
from ..randomness import Stream
from ..regulariser import Active, Effect, Regulariser, Run
from ..schedules import schedule
from .at_layers import refuse_compiled
from .masks import check_rate, keep_factors, threshold

__all__ = ["StochasticDepth", "drop_rows"]


def drop_rows(x: Tensor, stream: Stream, p: float | Sequence[float] | np.ndarray) -> Tensor:
    """Return x, (b, ...), with whole rows set to zero at random and the others scaled so that the mean stays.

    >>> import torch
    >>> drop_rows(torch.ones(9, 2), Stream.of(1, "stochastic depth", 0), 0.5).mean(1).unique()
    tensor([0., 2.])
    """
    if np.ndim(p) == 0 and threshold(float(p)) == 0:  # pyright: ignore[reportArgumentType]
        return x
    lanes = stream.keys.ndim
    factors = keep_factors(stream, x.shape[lanes : lanes + 1], p, x.dtype, x.device)
    return x * factors.reshape(*factors.shape, *[1] * (x.ndim - factors.ndim))


@dataclass(frozen=True)
class StochasticDepth(Regulariser):
    r"""Leave out the branch of a residual block, row by row, with a rate that grows with depth.

    .. math:: x_{l+1} = x_l + \frac{m_l}{1 - p_l} f_l(x_l), \qquad p_l = p \, l / L, \quad l = 1, \dots, L

    So a deep net trains as a shallow one and predicts as an ensemble of depths. Prefer it in residual nets of
    four blocks or more; a net without skip connections is refused, since nothing would be left of its rows.

    Parameters
    ----------
    p : the rate of the last block, 0 to 0.998; 0.1 to 0.5 is usual. Rounded to a multiple of 1/256.
    branches : which modules' outputs are added to a skip connection: a pattern of their names such as
        "blocks.*.branch" (the default takes every module called "branch"), or a function of (name, module).
    schedule : how the rate changes in the course of training.

    Raises
    ------
    InputError
        If the rate is not in its range.
    UnsupportedError
        At the start, if no module of the model is called that.

    Examples
    --------
    >>> StochasticDepth(0.4).rates(4)
    (0.1, 0.2, 0.30000000000000004, 0.4)

    References
    ----------
    Huang, G., Sun, Y., Liu, Z., Sedra, D. and Weinberger, K. (2016). Deep networks with stochastic depth. ECCV.
    """

    phases: ClassVar[tuple[str, ...]] = ("forward",)

    p: float = 0.2
    branches: str | Callable[[str, nn.Module], bool] = "branch"
    schedule: str | Callable[[float], float] = "constant"

    def __post_init__(self) -> None:
        """Check rate and schedule."""
        check_rate(self.p, "StochasticDepth(p)")
        schedule(self.schedule)

    def rates(self, blocks: int, progress: float = 0.0) -> tuple[float, ...]:
        """Return the rate of every branch, first to last, at a share of training."""
        factor = schedule(self.schedule)(progress)
        return tuple(min(self.p * factor * (i + 1) / blocks, 0.998) for i in range(blocks))

    def start(self, run: Run) -> Active:
        """Return what acts during one run; a model without branches is refused."""
        refuse_compiled(run.model)
        found = [
            (name, module) for name, module in run.model.named_modules() if self._is_branch(name, module)
        ]
        if not found:
            raise UnsupportedError(
                f"StochasticDepth found no residual branch called {self.branches!r} in the model; give branches= a "
                "pattern of the names of the modules whose output is added to a skip connection."
            )
        return _Depth(run, self, found)

    def _is_branch(self, name: str, module: nn.Module) -> bool:
        if callable(self.branches):
            return bool(self.branches(name, module))
        return fnmatch(name, self.branches) or fnmatch(name, f"*.{self.branches}")

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and a hard one."""
        return [cls(), cls(0.0), cls(0.9, schedule="linear")]


class _Depth(Active):
    """Leaves branches out while :meth:`forward` is open."""

    def __init__(self, run: Run, settings: StochasticDepth, branches: list[tuple[str, nn.Module]]) -> None:
        """Remember the branches."""
        super().__init__(run)
        self.settings, self.branches, self.acted = settings, branches, False

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Act while this is open."""
        rates = self.settings.rates(len(self.branches), self.run.progress)
        hooks = [
            module.register_forward_hook(self._left_out(i, rates[i]))
            for i, (_, module) in enumerate(self.branches)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _left_out(self, i: int, rate: float) -> Callable[[nn.Module, Any, Tensor], Tensor | None]:
        """Return the hook of the i-th branch."""

        def hook(module: nn.Module, args: Any, out: Tensor) -> Tensor | None:
            if not module.training or threshold(rate) == 0:
                return None
            self.acted = True
            return drop_rows(out, self.run.stream("stochastic depth", i), rate)

        return hook

    def effect(self) -> Effect:
        """Return the rate of the last branch."""
        strength = self.settings.rates(len(self.branches), self.run.progress)[-1]
        return Effect(strength=strength, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return whether it acted."""
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up whether it acted."""
        self.acted = bool(state["acted"])
