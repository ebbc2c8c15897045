"""The regularisers of a run at work: in which order they act, and what their work costs.

The order of one training step (:data:`~regularfit.nets.regulariser.PHASES`; "data" comes once, before the first)::

    batch      rows in, rows out: augmentation            X, y of the next are those that this one left
    inputs     what asks the net: adversarial examples    the same
    forward    contexts around forward and backward pass  the first in the list is the outermost
    logits     the net's outputs                          each sees what those before it left
    loss       terms added to the loss                    the same
    [backward pass]
    step       around the optimiser's step                the first in the list is the outermost
      gradient   complete, not scaled, about to be used   clip, then add noise, is not noise, then clip
      [the optimiser's step]
      prox       decay, penalties, constraints             in this order, whatever that of the list
    average    the new weights enter averages
    evaluate   contexts around an evaluation; then each looks at the scores, inside them

Within a phase the order is that of the list. It matters where the table says so: mixing before noise is not noise
before mixing. Only in "prox" the kind decides (:func:`~regularfit.nets.parameters.on_parameters.turn`): a limit on
norms holds only if nothing is changed after it. What acts around the optimiser's step
(SAM: a second pass at other weights) is given ``closure``, which makes the gradients of the same batch anew at the
present weights, and ``update``, which is all that stands inside it above; free adversarial training calls both
several times. ``finish`` comes in the order of the phases, so that early stopping restores after averages were put in
place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from time import perf_counter
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ..._checks import did_you_mean
from ...errors import InputError, UnsupportedError
from ..parameters.on_parameters import check_overlaps, turn
from ..regulariser import PHASES, Active, Batch, Regulariser, Run

__all__ = ["Clock", "Hooks", "check_together", "names_of"]

_METHODS = {phase: (phase,) for phase in PHASES} | {"evaluate": ("evaluate", "evaluated")}


def names_of(regularisers: Sequence[Regulariser]) -> list[str]:
    """Return a name for each: its class, numbered from the second of a class on."""
    seen: dict[str, int] = {}
    names = []
    for regulariser in regularisers:
        plain = type(regulariser).__name__
        seen[plain] = seen.get(plain, 0) + 1
        names.append(plain if seen[plain] == 1 else f"{plain} {seen[plain]}")
    return names


def check_together(regularisers: Sequence[Regulariser]) -> None:
    """Refuse phases that do not exist and regularisers that do not go together, before anything is trained.

    Raises
    ------
    InputError, UnsupportedError
        With the reason of the one that refuses.
    """
    for name, regulariser in zip(names_of(regularisers), regularisers, strict=True):
        for phase in regulariser.phases:
            if phase not in PHASES:
                raise InputError(f"{name} wants to act in phase {phase!r}. {did_you_mean(phase, PHASES)}")
    for i, one in enumerate(regularisers):
        for other in regularisers[i + 1 :]:
            why = one.conflict(other) or other.conflict(one)
            if why:
                raise UnsupportedError(
                    f"{type(one).__name__} and {type(other).__name__} cannot be used together: {why}."
                )


class Clock:
    """Seconds by owner, each counted once: what runs inside another's time is taken off it."""

    def __init__(self, owners: int) -> None:
        """Start; the last owner is the training itself."""
        self.seconds = [0.0] * (owners + 1)
        self.owner = owners
        self._since = perf_counter()

    def switch(self, owner: int) -> int:
        """Let time count for another owner; return whose it was."""
        now, before = perf_counter(), self.owner
        self.seconds[before] += now - self._since
        self._since, self.owner = now, owner
        return before

    def restart(self) -> None:
        """Forget the time since the last switch: the run was not running."""
        self._since = perf_counter()


class Hooks:
    """The active regularisers of one run, called phase by phase.

    Only methods that a class overrides are called, so a regulariser costs nothing in phases that it does not use.
    """

    def __init__(self, regularisers: Sequence[Regulariser], run: Run) -> None:
        """Start every regulariser; where one refuses, those before it are finished again.

        Raises
        ------
        UnsupportedError
            If one acts in a phase that it does not declare.
        """
        check_overlaps(run.model, regularisers)  # two decays on one parameter: only a model tells
        self.regularisers, self.names = list(regularisers), names_of(regularisers)
        self.actives: list[Active] = []
        self.clock = Clock(len(self.names))
        self._modules = list(run.model.modules())
        try:
            for owner, (name, regulariser) in enumerate(zip(self.names, regularisers, strict=True)):
                with self._watching_hooks(owner):
                    self.actives.append(regulariser.start(run))
                _check_declared(name, regulariser, self.actives[-1])
        except BaseException:
            self.finish()
            raise
        self._calls = {method: self._overriding(method) for method in _ALL_METHODS}
        self._calls["prox"].sort(key=lambda call: turn(self.regularisers[call[0]]))

    def has(self, phase: str) -> bool:
        """Tell whether any regulariser acts in a phase."""
        return bool(self._calls[phase])

    def data(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the training rows as all of them leave them."""
        for owner, call in self._calls["data"]:
            X, y = self._timed("data", owner, call, X, y)
        return X, y

    def batch(self, batch: Batch) -> Batch:
        """Return the augmented batch."""
        for owner, call in self._calls["batch"]:
            batch = self._timed("batch", owner, call, batch)
        return batch

    def inputs(self, batch: Batch) -> Batch:
        """Return the batch after those that ask the net."""
        for owner, call in self._calls["inputs"]:
            batch = self._timed("inputs", owner, call, batch)
        return batch

    def forward(self) -> AbstractContextManager[Any]:
        """Return the contexts of a forward and backward pass."""
        return self._together("forward") if self._calls["forward"] else nullcontext()

    def logits(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the outputs that the loss sees."""
        for owner, call in self._calls["logits"]:
            logits = self._timed("logits", owner, call, logits, batch)
        return logits

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Return the loss with all terms added."""
        for owner, call in self._calls["loss"]:
            loss = self._timed("loss", owner, call, loss, logits, batch)
        return loss

    def gradient(self) -> None:
        """Let gradients be changed."""
        for owner, call in self._calls["gradient"]:
            self._timed("gradient", owner, call)

    def step(self, closure: Callable[[], Tensor], update: Callable[[], None]) -> None:
        """Do one step: the first regulariser's around the second's, around ``update``."""
        if self._calls["step"]:
            update = partial(self._as_training, update)
            for owner, call in reversed(self._calls["step"]):
                update = partial(self._timed, "step", owner, call, closure, update)
        update()

    def prox(self) -> None:
        """Let weights be changed after the optimiser's step."""
        for owner, call in self._calls["prox"]:
            self._timed("prox", owner, call)

    def average(self) -> None:
        """Let the new weights enter averages."""
        for owner, call in self._calls["average"]:
            self._timed("average", owner, call)

    def evaluate(self) -> AbstractContextManager[Any]:
        """Return the contexts of an evaluation: the weights that are looked at and kept."""
        return self._together("evaluate") if self._calls["evaluate"] else nullcontext()

    def evaluated(self, scores: Mapping[str, float]) -> bool:
        """Show the scores to all; tell whether any asks to stop."""
        wishes = [self._timed("evaluate", owner, call, scores) for owner, call in self._calls["evaluated"]]
        return any(wishes)

    def finish(self) -> None:
        """Leave the model as it is to be used; all are finished, also where one of them fails."""
        order = sorted(range(len(self.actives)), key=lambda i: _first_phase(self.regularisers[i]))
        with ExitStack() as stack:
            for i in reversed(order):  # the stack turns the order round
                stack.callback(self._timed, "finish", i, self.actives[i].finish)

    def _overriding(self, method: str) -> list[tuple[int, Callable[..., Any]]]:
        return [
            (i, getattr(active, method))
            for i, active in enumerate(self.actives)
            if _overrides(active, method)
        ]

    def _timed(self, phase: str, owner: int, call: Callable[..., Any], *args: Any) -> Any:
        before = self.clock.switch(owner)
        try:
            return call(*args)
        except Exception as error:
            error.add_note(f"raised by {self.names[owner]} in phase {phase!r}")
            raise
        finally:
            self.clock.switch(before)

    def _as_training(self, update: Callable[[], None]) -> None:
        before = self.clock.switch(len(self.names))
        try:
            update()
        finally:
            self.clock.switch(before)

    @contextmanager
    def _together(self, phase: str) -> Iterator[None]:
        with ExitStack() as stack:
            for owner, call in self._calls[phase]:
                context = self._timed(phase, owner, call)
                with self._watching_hooks(owner) if phase == "forward" else nullcontext():
                    self._timed(phase, owner, stack.enter_context, context)
            yield

    @contextmanager
    def _watching_hooks(self, owner: int) -> Iterator[None]:
        """Let the time of hooks that are put on modules meanwhile (dropout's) count for whoever puts them there."""
        first = RemovableHandle.next_id  # numbers of hooks only rise
        yield
        if RemovableHandle.next_id == first:
            return
        for module in self._modules:
            for hooks in _hooks_on(module):
                for key in [key for key in hooks if key >= first]:
                    hooks[key] = partial(self._timed, "forward", owner, hooks[key])


_ALL_METHODS = [method for methods in _METHODS.values() for method in methods]


def _hooks_on(module: nn.Module) -> tuple[dict[int, Any], dict[int, Any]]:
    return module._forward_pre_hooks, module._forward_hooks


def _overrides(active: Active, method: str) -> bool:
    return getattr(type(active), method) is not getattr(Active, method)


def _first_phase(regulariser: Regulariser) -> int:
    return min((PHASES.index(phase) for phase in regulariser.phases), default=len(PHASES))


def _check_declared(name: str, regulariser: Regulariser, active: Active) -> None:
    for phase, methods in _METHODS.items():
        if phase not in regulariser.phases and any(_overrides(active, method) for method in methods):
            raise UnsupportedError(
                f"{name} acts in phase {phase!r} but does not declare it; add {phase!r} to its `phases`, now "
                f"{regulariser.phases!r}."
            )
