"""The columns of X that are at work, on the common scale: products with the predictors of all lanes side by side."""

from __future__ import annotations

import numpy as np

from ...designs import Dense
from .frame import Frame

__all__ = ["Block"]

GATHERED = 64e6  # bytes of columns that are copied, centred and scaled, rather than read where they are
SHARE = 0.4  # the same as a share of X


class Block:
    """Some columns ``cols`` of X on the common scale; grows as columns come to matter.

    Predictors and residuals are (m, n), one row a lane and output, so that each is contiguous.
    """

    def __init__(self, frame: Frame, cols: np.ndarray) -> None:
        self.frame, self.design = frame, frame.problem.design
        self.cols = np.empty(0, np.int64)
        self.place = np.full(frame.problem.p, -1)
        self._copy: np.ndarray | None = np.empty((frame.problem.n, 0), order="F")
        self.take(cols)

    def __len__(self) -> int:
        return len(self.cols)

    def take(self, fresh: np.ndarray) -> None:
        """Append columns that are not there yet."""
        fresh = np.asarray(fresh, np.int64)
        fresh = fresh[self.place[fresh] < 0]
        self.place[fresh] = len(self.cols) + np.arange(len(fresh))
        self.cols = np.concatenate([self.cols, fresh])
        most = max(GATHERED, SHARE * self.design.nbytes)
        if not isinstance(self.design, Dense) or 8.0 * self.design.n * len(self.cols) > most:
            self._copy = None
        elif self._copy is not None and len(fresh):
            grown = np.empty((self.design.n, len(self.cols)), order="F")
            grown[:, : -len(fresh)] = self._copy
            grown[:, -len(fresh) :] = self._gather(self.design, np.arange(self.design.n), fresh)
            self._copy = grown

    def _gather(self, design: Dense, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        return design.gather(rows, cols, self.frame.centre[cols], self.frame.unit[cols])

    def rows(self, span: slice) -> np.ndarray:
        """Return some rows, dense."""
        if self._copy is not None:
            return self._copy[span]
        every = np.arange(self.design.n)[span]
        if isinstance(self.design, Dense):
            return self._gather(self.design, every, self.cols)
        part = self.design.X[every][:, self.cols].toarray()  # type: ignore[attr-defined]
        return (part.astype(np.float64) - self.frame.centre[self.cols]) * self.frame.unit[self.cols]

    def forward(self, B: np.ndarray) -> np.ndarray:
        """Return ``B X~'``, (m, n), for B (m, columns)."""
        if self._copy is not None:
            return B @ self._copy.T
        scaled = B * self.frame.unit[self.cols]
        out = self.design.matmat(self.cols, np.ascontiguousarray(scaled.T)).T
        return np.ascontiguousarray(out) - (scaled @ self.frame.centre[self.cols])[:, None]

    def backward(self, R: np.ndarray) -> np.ndarray:
        """Return ``R X~``, (m, columns), for R (m, n)."""
        if self._copy is not None:
            return R @ self._copy
        if len(self.cols) == self.design.p:
            return self.everywhere(R)[:, self.cols]
        if isinstance(self.design, Dense):
            return np.concatenate(
                [
                    R @ self._gather(self.design, np.arange(self.design.n), part)
                    for part in np.array_split(self.cols, -(-len(self.cols) // 256))
                ],
                axis=1,
            )
        out = np.empty((len(self.cols), len(R)))
        self.design.core.rmatmat_on(self.cols, np.ascontiguousarray(R.T), out)  # type: ignore[attr-defined]
        return (out.T - np.outer(R.sum(axis=1), self.frame.centre[self.cols])) * self.frame.unit[self.cols]

    def everywhere(self, R: np.ndarray) -> np.ndarray:
        """Return the same for every column of X, (m, p)."""
        design, by_row = self.design, np.ascontiguousarray(R.T)
        out = np.empty((len(R), design.p))
        for first in range(0, design.p, design.block):
            last = min(first + design.block, design.p)
            out[:, first:last] = design.rmatmat_near(first, last, by_row)
        away = self.frame.centre if design.far is None else self.frame.centre - design.far
        out -= np.outer(R.sum(axis=1), away)
        out *= self.frame.unit
        return out
