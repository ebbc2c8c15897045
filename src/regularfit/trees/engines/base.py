"""What an engine is asked for: bin the rows once, grow models on some of them round by round, keep one as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from ..._checks import check_choice

__all__ = ["ENGINE_NAMES", "Engine", "Growing", "Prepared", "Task", "TreeData", "TreeModel", "get_engine"]

ENGINE_NAMES = ("lightgbm", "xgboost", "sklearn")
_HOMES = {"lightgbm": "lightgbm", "xgboost": "xgboost", "sklearn": "hist"}


@dataclass(frozen=True, eq=False, slots=True)
class TreeData:
    """Encoded rows.

    Parameters
    ----------
    X : (n, p) float64, missing values NaN, categories as codes 0, 1, ...
    y : (n,) float64 target, or the codes of classes.
    weights : (n,) >= 0, or None for ones.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    def take(self, rows: np.ndarray) -> TreeData:
        """Return some rows."""
        weights = None if self.weights is None else self.weights[rows]
        return TreeData(self.X[rows], self.y[rows], weights)


@dataclass(frozen=True)
class Task:
    """What is fitted, in words that all engines share.

    Parameters
    ----------
    loss : one of :data:`~regularfit.trees.engines.LOSSES`.
    classes : how many of them; 0 for numbers.
    level : which quantile, for ``loss="quantile"``.
    categories : columns that hold codes.
    monotone : for every column -1, 0 or 1; None for no constraint.
    interactions : groups of columns that may share a branch; a column in none stands alone. None: all may.
    seed : of everything the engine draws.
    threads : None for the engine's own choice, all cores.
    """

    loss: str = "squared"
    classes: int = 0
    level: float = 0.5
    categories: tuple[int, ...] = ()
    monotone: tuple[int, ...] | None = None
    interactions: tuple[tuple[int, ...], ...] | None = None
    seed: int = 0
    threads: int | None = None

    @property
    def outputs(self) -> int:
        """Trees a round."""
        return self.classes if self.loss == "classes" else 1

    def groups(self, columns: int) -> list[list[int]] | None:
        """Return the groups of columns that may share a branch, with every other column alone."""
        if self.interactions is None:
            return None
        named = {j for group in self.interactions for j in group}
        return [list(group) for group in self.interactions] + [[j] for j in range(columns) if j not in named]


class TreeModel(Protocol):
    """A grown model."""

    @property
    def native(self) -> Any:
        """What the engine itself calls a model."""
        ...

    @property
    def rounds(self) -> int:
        """How many rounds it has."""
        ...

    @property
    def staged(self) -> bool:
        """Whether its first k rounds are the model after k rounds (not so with tree dropout)."""
        ...

    def margins(self, X: np.ndarray, rounds: int | None = None) -> np.ndarray:
        """Return sums of trees, (n,) or (n, K), of all rounds or of the first ones."""
        ...

    def gains(self, columns: int) -> np.ndarray:
        """Return the summed gain of the splits of every column, (p,)."""
        ...

    def dump(self) -> tuple[dict[str, np.ndarray], dict[str, bytes], dict[str, Any]]:
        """Return all that a file needs: arrays, texts, JSON values."""
        ...


class Growing(Protocol):
    """A model while it grows."""

    def advance(self) -> np.ndarray:
        """Grow one more round and return :func:`~regularfit.trees.engines.mean_of` the watched rows."""
        ...

    def finish(self) -> TreeModel:
        """Return the model; it can grow no further."""
        ...


class Prepared(Protocol):
    """Rows that an engine has binned once, for all folds and for the final model."""

    def grow(self, params: Mapping[str, Any], train: np.ndarray, watched: np.ndarray | None) -> Growing:
        """Return a model of no rounds yet, on the rows ``train``.

        Parameters
        ----------
        params : the engine's own.
        train : increasing row numbers.
        watched : rows whose predictions :meth:`Growing.advance` returns; None means the training rows.
        """
        ...

    def root_gain(self, params: Mapping[str, Any], train: np.ndarray) -> float:
        """Return the gain of the first split of the first round, in the engine's own unit."""
        ...


class Engine(Protocol):
    """One engine."""

    name: str

    def prepare(self, data: TreeData, task: Task) -> Prepared:
        """Bin the rows."""
        ...

    def load(
        self,
        arrays: Mapping[str, np.ndarray],
        members: Mapping[str, bytes],
        facts: Mapping[str, Any],
        task: Task,
    ) -> TreeModel:
        """Return the model of which :meth:`TreeModel.dump` gave the parts."""
        ...


def get_engine(name: str) -> Engine:
    """Return an engine by name, importing it.

    Raises
    ------
    InputError
        For an unknown name.
    ModuleNotFoundError
        Where it is not installed; the message has the pip line.
    """
    check_choice(name, ENGINE_NAMES, "engine")
    return import_module(f".{_HOMES[name]}", __package__).ENGINE
