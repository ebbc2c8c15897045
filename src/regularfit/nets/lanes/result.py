"""What training a grid in lockstep found: a table of settings and folds, choices, curves, nets, an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ...errors import FitError, InputError
from ...selection import fold_mean, fold_se, index_one_se
from ..evaluation.metrics import Metric
from .data import LaneData
from .ensemble import LaneEnsemble, greedy
from .face import Face
from .family import Family, net_of
from .predict import outputs
from .prepare import Prepared
from .settings import NetSettings

__all__ = ["LockstepResult", "TrainedLane"]


@dataclass(frozen=True, eq=False)
class TrainedLane:
    """One net of the grid.

    Parameters
    ----------
    setting, fold : which.
    settings : how it was trained.
    why : why it ended: "steps", "early stopping", "nan", "halved", "interrupted" or "time limit".
    step, stopped : of the weights it has, and of the end of its training.
    """

    setting: int
    fold: int
    settings: NetSettings
    why: str
    step: int
    stopped: int
    _family: Family
    _place: int

    def module(self) -> nn.Sequential:
        """Return the net as a plain torch module; it takes rows on the scale of its fold's training rows.

        Without the bins of numbers, where its settings say ``bins=False``.
        """
        lane = self._family.trained
        folds = len(lane.why) // len(self._family.members)
        return net_of(lane.weights, lane.norms, self._place * folds + self.fold)


@dataclass(frozen=True, eq=False, repr=False)
class LockstepResult:
    """Scores of every setting on every fold, and the nets that have them.

    Parameters
    ----------
    points : the grid, a dict a setting.
    settings : the same with everything that was not varied.
    metric : what ``scores`` are, with its direction.
    scores : (S, F) on the held-out rows of each fold.
    train_scores : (S, F) on the training rows, without dropout, mixing and noise.
    why : (S, F) why each lane ended.
    steps : (S, F) steps of the weights that each lane has.
    prepared : the data as lanes saw them, the folds, and the encodings of rows.
    families : the trained lanes, by architecture.
    """

    points: list[dict[str, Any]]
    settings: list[NetSettings]
    metric: Metric
    scores: np.ndarray
    train_scores: np.ndarray
    why: np.ndarray
    steps: np.ndarray
    prepared: Prepared
    families: list[Family]
    face: Face

    def __repr__(self) -> str:
        """Say what was tried and what was best; ``to_frame()`` has all of it."""
        settings, folds = self.scores.shape
        shown = (
            ", ".join(f"{name}={value!r}" for name, value in self.points[self.best].items()) or "the only one"
        )
        spread = f" ± {self.se[self.best]:.3g}" if folds > 1 else ""
        return (
            f"<LockstepResult: {settings} setting(s) x {folds} fold(s); best by {self.metric.name}: {shown} "
            f"({self.mean[self.best]:.4g}{spread})>"
        )

    @property
    def data(self) -> LaneData:
        """The data as lanes saw them."""
        return self.prepared.data

    @property
    def classes(self) -> np.ndarray | None:
        """The labels in the order of the outputs, or None for a regression."""
        return self.prepared.classes

    @classmethod
    def join(cls, parts: Sequence[LockstepResult]) -> LockstepResult:
        """Return several results on the same data as one, settings behind each other."""
        families: list[Family] = []
        before = 0
        for part in parts:
            families += [replace(f, members=f.members + before) for f in part.families]
            before += len(part.settings)
        tables = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("scores", "train_scores", "why", "steps")
        }
        return replace(
            parts[0],
            points=[point for part in parts for point in part.points],
            settings=[one for part in parts for one in part.settings],
            families=families,
            **tables,
        )

    # ------------------------------------------------------------ numbers

    @property
    def fold_weights(self) -> np.ndarray:
        """Held-out rows of every fold, (F,)."""
        return np.array([len(rows) for rows in self.data.test], dtype=np.float64)

    @property
    def complete(self) -> np.ndarray:
        """Which settings were trained to their end on every fold, and have finite scores, (S,)."""
        ended = np.isin(self.why, ("steps", "early stopping")).all(axis=1)
        return np.logical_and(ended, np.isfinite(self.scores).all(axis=1))

    @property
    def mean(self) -> np.ndarray:
        """Mean score of every setting, (S,)."""
        return fold_mean(self.scores, self.fold_weights)

    @property
    def se(self) -> np.ndarray:
        """Standard error of the mean, (S,); folds differ, so compare settings by ``se_difference``."""
        return fold_se(self.scores, self.fold_weights)

    @property
    def difference(self) -> np.ndarray:
        """How much worse each setting is than the best, (S,), >= 0 among complete settings."""
        return fold_mean(self._losses - self._losses[self.best], self.fold_weights)

    @property
    def se_difference(self) -> np.ndarray:
        """Paired standard error of the difference, (S,): what is common to a fold cancels."""
        return fold_se(self._losses - self._losses[self.best], self.fold_weights)

    @property
    def measured(self) -> np.ndarray:
        """Mean score of every setting, turned so that lower is better, (S,)."""
        return fold_mean(self._losses, self.fold_weights)

    @property
    def _losses(self) -> np.ndarray:
        return self.metric.sign * self.scores

    @cached_property
    def best(self) -> int:
        """The setting with the best mean score among the complete ones.

        Raises
        ------
        FitError
            If no setting was trained to its end.
        """
        if not self.complete.any():
            raise FitError(
                f"No setting was trained to its end on every fold ({', '.join(sorted(set(self.why.ravel())))}); "
                "the scores so far are in `scores`."
            )
        mean = np.where(self.complete, fold_mean(self._losses, self.fold_weights), np.inf)
        return int(np.argmin(mean))

    @cached_property
    def one_se(self) -> int:
        """The most restrained setting that the data cannot tell from the best one.

        Of the complete settings whose mean is within one paired standard error of the best, the one whose nets fit
        their own training rows least: a restraint that is common to all kinds of regularisers.
        """
        which = np.flatnonzero(self.complete)
        if not len(which):
            return self.best  # which says why there is none
        fit = self.metric.sign * fold_mean(self.train_scores[which], None)
        order = which[np.argsort(-fit, kind="stable")]
        return int(order[index_one_se(self._losses[order], self.fold_weights)])

    def to_frame(self) -> pd.DataFrame:
        """Return a table, a row a setting, best first: the grid, scores, paired differences and why lanes ended."""
        frame = pd.DataFrame(self.points)
        frame["mean"], frame["se"], frame["train"] = self.mean, self.se, fold_mean(self.train_scores)
        if self.complete.any():
            frame["difference"], frame["se_difference"] = self.difference, self.se_difference
        for fold in range(self.scores.shape[1]):
            frame[f"fold_{fold}"] = self.scores[:, fold]
        frame["ended"] = [", ".join(sorted(set(row))) for row in self.why]
        frame["steps"] = self.steps.mean(axis=1)
        order = np.lexsort((np.nan_to_num(self.metric.sign * self.mean, nan=np.inf), ~self.complete))
        return frame.iloc[order]

    def curves(self) -> pd.DataFrame:
        """Return the learning curves, a row an evaluation of a lane: setting, fold, step, score, loss.

        ``score`` is that of the rows that are watched, by the metric of early stopping; ``loss`` the mean loss of the
        steps since the last evaluation, with dropout, mixing and noise on.
        """
        parts: list[pd.DataFrame] = []
        folds = self.scores.shape[1]
        for family in self.families:
            for e in family.trained.evaluations:
                setting = family.members[e.ids // folds]
                columns = {
                    "setting": setting,
                    "fold": e.ids % folds,
                    "step": e.step,
                    "score": e.scores,
                    "loss": e.losses,
                }
                parts.append(pd.DataFrame(columns))
        if not parts:
            return pd.DataFrame(columns=["setting", "fold", "step", "score", "loss"])
        return pd.concat(parts).sort_values(["setting", "fold", "step"], ignore_index=True)

    # ------------------------------------------------------------ nets

    def lane(self, setting: int, fold: int = 0) -> TrainedLane:
        """Return one net."""
        family, place = self._find(setting)
        if not 0 <= fold < self.scores.shape[1]:
            raise InputError(f"fold={fold} is not one of 0 to {self.scores.shape[1] - 1}.")
        lane = place * self.scores.shape[1] + fold
        trained = family.trained
        return TrainedLane(
            setting, fold, self.settings[setting], trained.why[lane], int(trained.step[lane]),
            int(trained.stopped[lane]), family, place,
        )  # fmt: skip

    def averaged(self, setting: int, X: Any) -> Tensor:
        """Return the mean over the folds' nets of their probabilities (or values) for new rows, (n, C)."""
        return self.averages([setting], X)[0]

    def averages(self, settings: Sequence[int], X: Any) -> list[Tensor]:
        """Return :meth:`averaged` of several settings; X is read once, and encoded once a fold."""
        raw = self.prepared.encodings.read(X)
        found = [self._find(setting) for setting in settings]
        parts: list[list[Tensor]] = [[] for _ in found]
        for fold in range(self.scores.shape[1]):
            every = self.prepared.encodings.encode(raw, fold).to(self.data.device)
            seen = {True: every, False: every if self.data.bins is None else every[:, ~self.data.bins]}
            for own, (family, place) in zip(parts, found, strict=True):
                weights, norms = family.nets(self.data, [place], fold)
                raw_outputs = outputs(weights, norms, slice(None), seen[family.bins])
                own.append(self._shown(self.data.judged(raw_outputs, fold)[0]))
        return [torch.stack(own).mean(0) for own in parts]

    def estimator(self, setting: int | None = None) -> Any:
        """Return the estimator with the settings of a point of the grid (None: the best), not fitted."""
        if self.face.make is None:
            raise InputError(
                "The grid was of NetSettings; give lockstep a NetClassifier or NetRegressor to get one back."
            )
        return self.face.make(self.settings[self.best if setting is None else setting])

    def held_out(self, settings: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Return held-out probabilities (or values) of settings, (S, n, C), fold after fold, and the rows, (n,)."""
        chosen = list(range(len(self.settings)) if settings is None else settings)
        parts: list[list[Tensor]] = [[] for _ in chosen]
        for family in self.families:
            inside = [
                (j, int(np.flatnonzero(family.members == s)[0]))
                for j, s in enumerate(chosen)
                if s in family.members
            ]
            if not inside:
                continue
            for fold, rows in enumerate(self.data.test):
                found = self._shown(family.outputs(self.data, [place for _, place in inside], fold, rows))
                for (j, _), one in zip(inside, found, strict=True):
                    parts[j].append(one)
        return torch.stack([torch.cat(part) for part in parts]), torch.cat(self.data.test)

    def ensemble(self, m: int = 32, metric: Metric | None = None) -> LaneEnsemble:
        """Return the ensemble of m picks among all complete settings, chosen greedily on held-out predictions.

        Parameters
        ----------
        m : picks, with replacement.
        metric : what is to become best; None is that of the table.
        """
        which = np.flatnonzero(self.complete)
        if not len(which):
            _ = self.best  # raises
        held, rows = self.held_out(which.tolist())
        weight = None if self.data.score_weight is None else self.data.score_weight[rows]
        picked, history = greedy(held, self.data.y[rows], weight, metric or self.metric, m)
        counts = np.zeros(len(self.settings), dtype=int)
        counts[which] = picked
        return LaneEnsemble(counts, float(history[-1]), history, self)

    def _shown(self, raw: Tensor) -> Tensor:
        return raw.softmax(-1) if self.data.classification else raw

    def _find(self, setting: int) -> tuple[Family, int]:
        for family in self.families:
            place = np.flatnonzero(family.members == setting)
            if len(place):
                return family, int(place[0])
        raise InputError(f"setting={setting} is not one of 0 to {len(self.settings) - 1}.")
