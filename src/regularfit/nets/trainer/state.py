"""The state of a run as one nested dict: taken at a moment, checked and put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..evaluation.kept import tensors_of
from .history import History
from .training import Training

if TYPE_CHECKING:
    from .driving import Outcome

__all__ = ["FORMAT_VERSION", "copied", "ended", "identity_of", "put_back", "taken"]

FORMAT_VERSION = 1


def taken(training: Training) -> dict[str, Any]:
    """Return everything that an unfinished run needs to go on, copied."""
    training.ledger.settle()
    training.complete_best()
    return copied(
        {
            "version": FORMAT_VERSION,
            "stopped_by": None,
            "identity": identity_of(training),
            "step": training.run.step,
            "evaluated_at": training.evaluated_at,
            "model": tensors_of(training.model),
            "optimizer": training.optimizer.state_dict(),
            "regularisers": [active.state_dict() for active in training.hooks.actives],
            "precision": training.precision.state_dict(),
            "losses": training.ledger.state_dict(),
            "history": training.history.state_dict(),
            "best": training.best.state_dict(),
            "best_score": training.best_score,
            "best_step": training.best_step,
            "seconds": training.seconds,
            "clock": list(training.hooks.clock.seconds),
            "random": _random_state(training.device),
        }
    )


def ended(model: nn.Module, outcome: Outcome) -> dict[str, Any]:
    """Return the state of a run that has ended: its result."""
    return {
        "version": FORMAT_VERSION,
        "stopped_by": outcome.stopped_by,
        "identity": outcome.identity,
        "model": tensors_of(model),
        "history": outcome.history.state_dict(),
        "best_score": outcome.best_score,
        "best_step": outcome.best_step,
        "members": [member.state_dict() for member in outcome.members],
        "task": outcome.task,
    }


def put_back(training: Training, state: Mapping[str, Any]) -> None:
    """Bring a run that has just been made to where the state was taken.

    Raises
    ------
    InputError
        If the state is of another run: other data, settings, regularisers or model.
    """
    _check_identity(identity_of(training), state["identity"])
    training.run.step = state["step"]
    with torch.no_grad():
        for name, value in tensors_of(training.model).items():
            value.copy_(state["model"][name])
    training.optimizer.load_state_dict(copied(state["optimizer"]))
    for active, its in zip(training.hooks.actives, state["regularisers"], strict=True):
        active.load_state_dict(copied(its))
    training.precision.load_state_dict(state["precision"])
    training.ledger.load_state_dict(state["losses"])
    training.history = History.of_state(state["history"])
    training.best.load_state_dict(state["best"])
    training.best_score, training.best_step = state["best_score"], state["best_step"]
    training.evaluated_at, training.seconds_before = state["evaluated_at"], state["seconds"]
    training.hooks.clock.seconds = list(state["clock"])
    _set_random_state(state["random"], training.device)


def identity_of(training: Training) -> dict[str, Any]:
    """Return what must be the same in the run that goes on."""
    settings, run = training.settings, training.run
    validation = training.validation
    return {
        "model": {name: list(value.shape) for name, value in tensors_of(training.model).items()},
        "regularisers": [_said(regulariser) for regulariser in training.hooks.regularisers],
        "training rows": training.rows.fingerprint(),
        "validation rows": None if validation is None else validation.fingerprint(),
        "loss": training.loss.name,
        "optimizer": type(training.optimizer).__name__,
        "lr": settings.lr,
        "schedule": _said(settings.schedule),
        "batch_size": run.batch_size,
        "steps": run.steps,
        "evaluate_every": [settings.every.amount, settings.every.unit],
        "metrics": [metric.name for metric in training.metrics],
        "seed": settings.seed,
        "precision": settings.precision,
        "outputs": run.n_classes,
    }


def _check_identity(ours: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    for what, here in ours.items():
        there = stored.get(what)
        if here != there:
            shown = "" if what == "model" else f": {there!r} then, {here!r} now"
            raise InputError(
                f"This state is of another run, for its {what} differ{shown}. Resume with the same model, settings and "
                "data, or begin anew with fit()."
            )


def _said(thing: Any) -> str:
    """The text of a value; of a function only its name, for its address differs from process to process."""
    text = repr(thing)
    return getattr(thing, "__name__", type(thing).__name__) if " at 0x" in text else text


def copied(tree: Any) -> Any:
    """Return nested dicts, lists and tuples with every tensor copied."""
    if isinstance(tree, Tensor):
        return tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: copied(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(copied(value) for value in tree)
    return tree


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _set_random_state(state: Mapping[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"].cpu())
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
