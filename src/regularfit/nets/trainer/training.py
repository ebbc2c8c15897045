"""One training run: the loop, and everything that a resumed run needs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..averages.average import Average
from ..averages.snapshots import Snapshots
from ..batches import BatchRows
from ..evaluation.kept import Kept
from ..evaluation.metrics import metric
from ..evaluation.stopping import EarlyStopping, Stopper
from ..losses import NetLoss
from ..regulariser import Block, Pixels, Regulariser, Run
from .data import Rows
from .evaluation import outputs_of, scores_of
from .history import History, Record, Work
from .hooks import Hooks
from .ledger import Ledger, NotFinite
from .optimizers import make_optimizer
from .plan import planned_steps
from .precision import Precision
from .settings import Settings

__all__ = ["Training"]


class Training:
    """A run on given rows, from its first step to its last; whoever drives it calls :meth:`step` and :meth:`evaluate`.

    Parameters
    ----------
    settings, model, regularisers : of the Trainer.
    rows : checked training rows.
    validation : rows that evaluations look at, or None.
    loss : what is trained.
    n_classes : outputs of the model.
    blocks : the encoded columns of each original one.
    pixels : how images were centred and scaled, or None.
    """

    def __init__(
        self,
        settings: Settings,
        model: nn.Module,
        regularisers: Sequence[Regulariser],
        rows: Rows,
        validation: Rows | None,
        loss: NetLoss,
        n_classes: int,
        blocks: Sequence[Block] = (),
        pixels: Pixels | None = None,
    ) -> None:
        """Make the optimiser, start the regularisers and let them change the rows."""
        self.settings, self.model, self.loss = settings, model, loss
        self.device = next((p.device for p in model.parameters()), torch.device("cpu"))
        self.optimizer = make_optimizer(settings.optimizer, model, settings.lr)
        self.precision = Precision(settings.precision, self.device)
        self.validation = validation
        self.metrics, self.watched = _metrics(settings, regularisers, loss.task, validation)
        self.run = self._run(rows, n_classes, blocks, pixels)
        self.history, self.best = History(), Kept(model)
        self.best_score, self.best_step = self.watched.worst, 0
        self.evaluated_at, self.seconds_before = 0, 0.0
        self.whole = True  # False within a step: the weights are then between two states
        self._incomplete: list[Average] = []  # averages that the kept weights want norm statistics from
        self.ledger = Ledger(self.device)
        self.hooks = Hooks(regularisers, self.run)
        # after the regularisers have started: some give the optimiser parameters of their own
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        try:
            self.rows = self._changed(rows).to(self.device)
            self.batches = BatchRows(settings.seed, len(self.rows), settings.batch_size)
            self.best.take()
        except BaseException:
            self.hooks.finish()
            raise
        self._began = time.perf_counter()

    def step(self) -> None:
        """Do one step.

        Raises
        ------
        NotFinite
            If its loss is NaN or infinite; the weights are then as before the step (on a GPU: some steps on).
        """
        run = self.run
        self.whole = False
        factor = self.settings.schedule(run.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        batch = self.hooks.batch(self.rows.batch(self.batches.at(run.step), self.device))
        if self.hooks.has("inputs"):
            with self.precision.autocast():
                batch = self.hooks.inputs(batch)
        self._batch, self._updated = batch, False
        self.ledger.note(run.step, self._gradients(), self._base)
        if self._finite:
            self.hooks.step(self._gradients, self._update)
        if not self.precision.end_step():
            raise NotFinite(run.step + 1, math.inf, "gradients overflow float16 however they are scaled")
        if self._updated:
            self.hooks.average()
        run.step += 1
        self.whole = True

    def _gradients(self) -> Tensor:
        """Make the gradients of the present batch at the present weights; return the loss with all terms."""
        batch, hooks = self._batch, self.hooks
        for parameter in self.parameters:
            parameter.grad = None
        if batch.X.requires_grad:
            batch.X.grad = None
        with hooks.forward():
            with self.precision.autocast():
                logits = hooks.logits(self.model(batch.X), batch)
                base = self.loss(logits, batch)
                loss = hooks.loss(base, logits, batch)
            leaves = [*self.parameters, batch.X] if batch.X.requires_grad else self.parameters
            self._finite = self.precision.backward(loss, leaves)
        self._base = base.detach()
        return self._base if loss is base else loss.detach()

    def _update(self) -> None:
        """Do what an update of the weights is: gradients changed, the optimiser's step, the proximal step."""
        if not self._finite:  # of float16 only
            return
        self.hooks.gradient()
        self.optimizer.step()
        self.hooks.prox()
        self._updated = True

    def due(self) -> bool:
        """Tell whether an evaluation is due and not yet done."""
        step, run = self.run.step, self.run
        if step == self.evaluated_at:
            return False
        return step >= run.steps or self.settings.every.due(step, run.n, run.batch_size)

    def evaluate(self) -> bool:
        """Look at the weights that count, keep the best of them; return whether to stop.

        Raises
        ------
        NotFinite
            If a loss since the last evaluation was.
        """
        self.ledger.settle()
        train_loss, scores = self.ledger.take_mean(), {}
        with self.hooks.evaluate():
            if self.validation is not None:
                outputs = outputs_of(self.model, self.validation.X, self.precision, self.device)
                scores = scores_of(outputs, self.validation, self.loss, self.metrics, self.device)
            self._keep(scores)
            stop = self.hooks.evaluated(scores)
        self.evaluated_at = self.run.step
        self.history.append(self._record(train_loss, scores))
        return stop

    def _keep(self, scores: dict[str, float]) -> None:
        """Keep the weights where they are the best so far; without validation rows the latest."""
        score = scores.get(self.watched.name, math.nan)
        if self.watched.better(score, self.best_score) if scores else self.is_finite():
            self.best_score, self.best_step = score, self.run.step
            self.best.take()
            averages = (average for average in self.run.averages if isinstance(average, Average))
            self._incomplete = [average for average in averages if average.incomplete]

    def complete_best(self) -> None:
        """Finish weights that were kept by an evaluation that nobody looked at: they are wanted now."""
        for average in self._incomplete:
            average.complete(self.best)
        self._incomplete = []

    def is_finite(self) -> bool:
        """Tell whether all weights are finite numbers."""
        return all(bool(p.detach().isfinite().all()) for p in self.parameters)

    @property
    def stopper(self) -> Stopper | None:
        """What stops this run early, or None."""
        found = (getattr(active, "stopper", None) for active in self.hooks.actives)
        return next((stopper for stopper in found if isinstance(stopper, Stopper)), None)

    @property
    def members(self) -> list[Kept]:
        """The weights that predict together: those of a snapshot ensemble, or none."""
        return next((active.members for active in self.hooks.actives if isinstance(active, Snapshots)), [])

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those of earlier parts of a resumed run included."""
        return self.seconds_before + time.perf_counter() - self._began

    def works(self) -> tuple[Work, ...]:
        """Return what every regulariser has done so far."""
        self.hooks.clock.switch(len(self.hooks.names))
        total = max(sum(self.hooks.clock.seconds), 1e-9)
        works = []
        for name, active, seconds in zip(
            self.hooks.names, self.hooks.actives, self.hooks.clock.seconds, strict=False
        ):
            effect = active.effect()
            works.append(
                Work(name, effect.strength, seconds, seconds / total, effect.zeros, effect.acted, effect.note)
            )
        return tuple(works)

    def leave(self) -> None:
        """However a run ends: hooks off, no gradients kept."""
        self.hooks.finish()
        for parameter in self.parameters:
            parameter.grad = None

    @contextmanager
    def random_numbers(self) -> Iterator[None]:
        """Let torch's own generators (nn.Dropout asks them) follow the seed while this is open, then as before."""
        cuda = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda):
            torch.default_generator.manual_seed(self.settings.seed)
            if cuda:
                with torch.cuda.device(self.device):
                    torch.cuda.manual_seed(self.settings.seed)
            yield

    def _record(self, train_loss: float, scores: dict[str, float]) -> Record:
        run = self.run
        return Record(
            step=run.step,
            epoch=run.epoch,
            lr=float(self.optimizer.param_groups[0]["lr"]),
            seconds=self.seconds,
            train_loss=train_loss,
            scores=scores,
            regularisers=self.works(),
        )

    def _run(self, rows: Rows, n_classes: int, blocks: Sequence[Block], pixels: Pixels | None) -> Run:
        return Run(
            model=self.model,
            optimizer=self.optimizer,
            task=self.loss.task,
            n_classes=n_classes,
            n=len(rows),
            batch_size=min(self.settings.batch_size, len(rows)),
            steps=self._steps(len(rows)),
            seed=self.settings.seed,
            device=self.device,
            loss=self.loss,
            blocks=tuple(blocks),
            pixels=pixels,
            scored=self.validation is not None,
        )

    def _steps(self, n: int) -> int:
        size = min(self.settings.batch_size, n)
        return self.settings.steps or planned_steps(self.settings.epochs, n, size)

    def _changed(self, rows: Rows) -> Rows:
        """Return the rows as the phase "data" leaves them; the plan follows their number."""
        if not self.hooks.has("data"):
            return rows
        X, y = self.hooks.data(rows.X, rows.y)
        if len(X) != len(y) or (len(y) != len(rows) and rows.weight is not None):
            raise InputError(
                f"A regulariser made {len(X)} inputs and {len(y)} targets of {len(rows)} rows; their numbers must be "
                "equal, and the same as before where there are sample weights."
            )
        run = self.run
        run.n, run.batch_size, run.steps = (
            len(y),
            min(self.settings.batch_size, len(y)),
            self._steps(len(y)),
        )
        return replace(rows, X=X, y=y)


def _metrics(
    settings: Settings, regularisers: Sequence[Regulariser], task: str, validation: Rows | None
) -> tuple[Any, Any]:
    """Return the metrics of evaluations, and the one by which weights are the best."""
    metrics = [metric(m, task) for m in settings.metrics]
    watched = [metric(r.watched, task) for r in regularisers if isinstance(r, EarlyStopping)]
    if validation is None and (metrics or watched):
        who = "EarlyStopping watches" if watched else "metrics ask for"
        raise InputError(
            f"{who} {(watched or metrics)[0].name!r} of validation rows, but there are none; give "
            "fit(X, y, validation=(X_val, y_val)), rows that are not trained on, or leave it out."
        )
    by_name = {m.name: m for m in [*metrics, *watched]}
    return tuple(by_name.values()), (watched or metrics or [metric("loss")])[0]
