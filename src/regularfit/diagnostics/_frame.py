"""From rows and coefficients on the scale of X to the coordinates in which a posterior is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import check_fraction
from .._typing import Indices, Matrix, Vector
from ..errors import InputError
from ..inputs.table import FittedColumns, read_table
from ..inputs.targets import read_offset
from ._ground import Ground, dense
from ._normal import Normal

__all__ = ["Frame", "check_level", "coefficient_sd", "frame_of", "labels"]


@dataclass(frozen=True, eq=False)
class Frame:
    """The map; ``unit`` (k,) is a penalised coefficient on the scale of X for each unit of theta."""

    centre: Vector
    unit: Vector
    inside: Indices
    free: Indices
    intercept: bool
    names: tuple[str, ...] | None

    @property
    def p(self) -> int:
        """Columns of X."""
        return len(self.centre)

    def rows(self, X: Matrix) -> tuple[Matrix, Matrix]:
        """Rows (m, p) as factors of the unpenalised and of the penalised coefficients."""
        near = X - self.centre
        ones = np.ones((len(X), int(self.intercept)))
        return np.hstack([ones, near[:, self.free]]), near[:, self.inside] * self.unit

    def columns(self, which: Indices | None = None) -> tuple[Matrix, Matrix]:
        """Coefficients of columns, as rows that pick them; columns that are held at zero have rows of zeros."""
        which = np.arange(self.p) if which is None else which
        F = np.zeros((len(which), int(self.intercept) + len(self.free)))
        Z = np.zeros((len(which), len(self.inside)))
        F[:, int(self.intercept) :] = which[:, None] == self.free
        at = which[:, None] == self.inside
        Z[at] = np.broadcast_to(self.unit, at.shape)[at]
        return F, Z

    def raw(self, theta: Matrix, flat: Matrix) -> tuple[Matrix, Vector]:
        """Coefficients (m, p) and intercepts (m,) on the scale of X, of (m, k) and (m, q)."""
        coef = np.zeros((len(theta), self.p))
        coef[:, self.inside] = theta * self.unit
        coef[:, self.free] = flat[:, int(self.intercept) :]
        if not self.intercept:
            return coef, np.zeros(len(theta))
        return coef, flat[:, 0] - coef @ self.centre

    def read(self, X: Any, offset: Any, who: str) -> tuple[Matrix, Vector]:
        """Check new rows: (m, p) and their offset (m,)."""
        table = read_table(X, fitted=FittedColumns(self.names, self.p, who))
        known = read_offset(offset, table.n)
        return dense(table), np.zeros(table.n) if known is None else known


def frame_of(ground: Ground, unit: Vector) -> Frame:
    """The map of a ground whose theta have these units."""
    return Frame(ground.centre, unit, ground.inside, ground.free, ground.intercept, ground.names)


def coefficient_sd(frame: Frame, normal: Normal) -> Vector:
    """Standard deviations of the coefficients on the scale of X, (p,), for a noise variance of one."""
    out = np.zeros(frame.p)
    out[frame.inside] = frame.unit * np.sqrt(normal.each())
    if len(frame.free):
        out[frame.free] = np.sqrt(normal.variance(*frame.columns(frame.free)))
    return out


def labels(names: tuple[str, ...] | None, p: int) -> list[str]:
    """What the columns are called."""
    return [f"x{j}" for j in range(p)] if names is None else list(names)


def check_level(level: Any) -> float:
    """A probability strictly between 0 and 1."""
    share = check_fraction(level, "level", "0.95 is usual.")
    if share in (0, 1):
        raise InputError(f"level must lie strictly between 0 and 1; {level!r} was given. 0.95 is usual.")
    return share
