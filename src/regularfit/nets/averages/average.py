"""What every average of weights is: updated after steps, evaluated in place of the weights, and left in the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import Any, cast

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..evaluation.batch_stats import has_batch_stats, refresh_batch_stats
from ..evaluation.kept import Kept, tensors_of
from ..regulariser import Active, Effect, Regulariser, Run

__all__ = ["STATISTICS", "Average", "run_of", "second_average"]

STATISTICS = ("refresh", "average")
_AT_ONCE = 4  # batches of training that are one batch of a refresh, which keeps no gradients
_NORM_BUFFERS = ("running_mean", "running_var")


def run_of(model: nn.Module, steps: int = 1, epoch_steps: int = 1) -> Run:
    """Return a run for a loop of one's own, for regularisers that only look at the model and count steps."""
    for what, value in (("steps", steps), ("epoch_steps", epoch_steps)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise InputError(f"follow({what}) must be a whole number >= 1; {value!r} was given.")
    optimizer = cast(torch.optim.Optimizer, None)  # nobody who follows a model asks for it
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    return Run(model, optimizer, n=epoch_steps, steps=steps, device=device)


def second_average(one: Regulariser, other: Regulariser) -> str | None:
    """Return why two averages cannot both be on, or None where the other is none."""
    if getattr(other, "averages_weights", False):
        return f"{type(one).__name__} and {type(other).__name__} would each be the fitted model; keep one of them"
    return None


class Average(Active):
    """An average of the weights at work: :meth:`update`, :meth:`evaluate`, :meth:`finish`.

    It exists from its first update on; before that, evaluations see the weights themselves. Statistics of norm layers
    belong to weights, so they are estimated anew for the average from training rows ("refresh"), or averaged like
    weights ("average"), which costs nothing and is less exact. Other buffers stay those of the model. An evaluation
    that looks at nothing (no validation rows: ``run.scored``) only keeps the weights; they have averaged statistics
    then, and :meth:`complete` estimates those of weights that turn out to be needed.
    """

    def __init__(
        self,
        run: Run,
        statistics: str,
        batches: Iterable[Any] | None = None,
        call: Callable[[nn.Module, Any], Any] | None = None,
    ) -> None:
        """Start without an average."""
        super().__init__(run)
        self.count = 0  # updates
        self._statistics, self._batches, self._call = statistics, batches, call
        self._names: list[str] = []
        self._values: list[Tensor] = []
        self._mean: list[Tensor] = []
        self._fresh: dict[str, Tensor] = {}  # norm statistics of the average, and after which update
        self._fresh_at = -1
        self._raw = Kept(run.model)
        self._inside = self._placed = False
        if batches is not None and iter(batches) is batches:
            raise InputError(
                "The batches are needed more than once; give a list or a DataLoader, not an iterator."
            )
        run.averages.append(self)

    # ---------------------------------------------------------------- what subclasses say

    def weight(self) -> float:
        """Return the share of the present weights in the next average."""
        raise NotImplementedError

    def due(self) -> bool:
        """Tell whether the weights after this step enter the average."""
        return True

    # ---------------------------------------------------------------- phases

    @property
    def exists(self) -> bool:
        """Whether there has been an update."""
        return self.count > 0

    def data(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Remember the training rows, for norm statistics; they are not changed."""
        if self._batches is None and self._refreshes:
            self._batches = _Slices(X, _AT_ONCE * self.run.batch_size)
        return X, y

    def update(self) -> None:
        """Take the model's weights into the average; call it after every step of a loop of your own."""
        if self.due():
            self._update()

    average = update

    @torch.no_grad()
    def _update(self) -> None:
        self._placed = False
        if not self._values:
            self._collect()
        if self.count == 0:
            for mean, value in zip(self._mean, self._values, strict=True):
                mean.copy_(value)
        else:
            values = [v.to(m.dtype) for m, v in zip(self._mean, self._values, strict=True)]
            torch._foreach_lerp_(self._mean, values, self.weight())  # pyright: ignore[reportPrivateImportUsage]
        self.count += 1

    @contextmanager
    def evaluate(self) -> Iterator[None]:
        """Hold the average in the model for a while; the weights come back bit by bit."""
        if self._inside or self._placed or not self.exists:
            yield
            return
        self._raw.take()
        self._inside = True
        try:
            self._put()
            if self.run.scored:
                self._refresh()
            yield
        finally:
            self._inside = False
            self._raw.put()

    def finish(self) -> None:
        """Leave the average in the model for good."""
        if self.exists and not self._placed:
            self._put()
            self._refresh()
            self._placed = True

    @property
    def incomplete(self) -> bool:
        """Whether weights that are kept at an evaluation still lack norm statistics of their own."""
        return self.exists and self._refreshes and not self.run.scored

    def complete(self, kept: Kept) -> None:
        """Give weights that were kept without statistics of their own theirs; the model is as before afterwards."""
        raw = Kept(self.run.model)
        raw.take()
        try:
            kept.put()
            self._estimate()
            kept.take()
        finally:
            raw.put()

    def effect(self) -> Effect:
        """Say how many weights were averaged."""
        return Effect(acted=self.count > 1, note=f"average of the weights after {self.count} steps")

    def state_dict(self) -> dict[str, Any]:
        """Return the average and its count."""
        mean = {name: mean.clone() for name, mean in zip(self._names, self._mean, strict=True)}
        fresh = {name: value.clone() for name, value in self._fresh.items()}
        return {"count": self.count, "mean": mean, "fresh": fresh, "fresh_at": self._fresh_at}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where an earlier run was."""
        self.count, self._fresh_at = state["count"], state["fresh_at"]
        self._collect()
        if state["mean"] and set(state["mean"]) != set(self._names):
            differing = sorted(set(state["mean"]) ^ set(self._names))
            raise InputError(f"The stored average belongs to another model; it differs in {differing[0]!r}.")
        with torch.no_grad():
            for name, mean in zip(self._names, self._mean, strict=True):
                if name in state["mean"]:
                    mean.copy_(state["mean"][name])
        self._fresh = {name: value.to(self.run.device).clone() for name, value in state["fresh"].items()}

    # ---------------------------------------------------------------- parts

    @property
    def _refreshes(self) -> bool:
        return self._statistics == "refresh" and has_batch_stats(self.run.model)

    def _collect(self) -> None:
        """Name what is averaged, and make room: half-precision weights are averaged in single precision."""
        parameters = dict(self.run.model.named_parameters())
        chosen = {
            name: value
            for name, value in tensors_of(self.run.model).items()
            if (name in parameters or name.rpartition(".")[2] in _NORM_BUFFERS)
            and value.dtype.is_floating_point
        }
        self._names, self._values = list(chosen), list(chosen.values())
        half = (torch.float16, torch.bfloat16)
        self._mean = [
            torch.empty_like(value, dtype=torch.float32 if value.dtype in half else value.dtype)
            for value in self._values
        ]

    @torch.no_grad()
    def _put(self) -> None:
        for mean, value in zip(self._mean, self._values, strict=True):
            value.copy_(mean)

    @torch.no_grad()
    def _refresh(self) -> None:
        """Give the average in the model norm statistics of its own: estimated once an update, then remembered."""
        if not self._refreshes:
            return
        buffers = {
            name: value
            for name, value in self.run.model.named_buffers()
            if name.rpartition(".")[2] in (*_NORM_BUFFERS, "num_batches_tracked")
        }
        if self._fresh_at == self.count:
            for name, value in buffers.items():
                value.copy_(self._fresh[name])
            return
        self._estimate()
        self._fresh = {name: value.clone() for name, value in buffers.items()}
        self._fresh_at = self.count

    def _estimate(self) -> None:
        """Estimate norm statistics for the weights that the model holds."""
        if self._batches is None:
            raise InputError(
                "The model has norm layers whose statistics must be estimated anew for averaged weights; give follow() "
                'batches= of training inputs, or average them too with statistics="average".'
            )
        refresh_batch_stats(self.run.model, self._batches, call=self._call)


class _Slices:
    """Rows of a tensor in batches, as often as one likes."""

    def __init__(self, X: Tensor, size: int) -> None:
        self.X, self.size = X, max(size, 1)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.X.split(self.size))
