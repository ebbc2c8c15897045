"""Gradient descent on least squares in closed form, and which ridge fits match it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._typing import Matrix, Vector
from .lanes import Draw

__all__ = ["Descent", "matched"]


@dataclass(frozen=True, eq=False)
class Descent:
    r"""Gradient descent from zero on the squared error / 2n of a centred table.

    .. math:: w_t = \sum_j v_j \, \frac{1 - (1 - a s_j)^t}{s_j} \, v_j' X'y / n

    with eigenvalues s and eigenvectors v of X'X / n. Ridge has 1 / (s + strength) in the place of that fraction.

    Parameters
    ----------
    table : with means of 0 over its training rows.
    step : a, below 2 / s for the largest s.

    Examples
    --------
    >>> X, y = np.array([[1.0], [-1.0]]), np.array([2.0, -2.0])
    >>> Descent(Draw(X, y, X, y), step=0.5).coefs(np.array([0.5, 1.0])).ravel()
    array([1. , 1.5])
    """

    table: Draw
    step: float

    @cached_property
    def _parts(self) -> tuple[Vector, Matrix, Vector]:
        X, y = self.table.X, self.table.y
        values, vectors = np.linalg.eigh(X.T @ X / len(y))
        return values, vectors, vectors.T @ (X.T @ y / len(y))

    def coefs(self, times: Vector) -> Matrix:
        """Return the iterates at times, step x iterations, (T, p)."""
        values, vectors, moment = self._parts
        left = np.power(1 - self.step * values, times[:, None] / self.step)
        return ((1 - left) / values * moment) @ vectors.T

    def trained(self, steps: int) -> float:
        """Return how far the trainer's weights are from the closed form, relative to their size; needs torch."""
        import torch

        from .. import nets

        X, y = (torch.tensor(part, dtype=torch.float32) for part in (self.table.X, self.table.y))
        line = torch.nn.Linear(X.shape[1], 1, bias=False)
        torch.nn.init.zeros_(line.weight)
        nets.Trainer(
            line, optimizer=lambda groups, lr: torch.optim.SGD(groups, lr=lr), lr=self.step, schedule="constant",
            steps=steps, batch_size=len(y), verbose=None,
        ).fit(X, y)  # fmt: skip
        truth = self.coefs(np.array([steps * self.step]))[0]
        return float(np.abs(line.weight.detach().numpy()[0] - truth).max() / np.abs(truth).max())


def matched(table: Draw, coefs: Matrix, ridge: Matrix, strengths: Vector) -> tuple[Vector, Vector]:
    """Return for every row of ``coefs`` the ridge strengths with the same norm, and with the same training error.

    Parameters
    ----------
    coefs : (T, p).
    ridge : (L, p), of decreasing ``strengths``; between them logarithms are interpolated.
    """
    logs = np.log(strengths)
    by_norm = np.interp(_norms(coefs), _norms(ridge), logs)
    by_error = np.interp(_errors(table, coefs), _errors(table, ridge)[::-1], logs[::-1])
    return np.exp(by_norm), np.exp(by_error)


def _norms(coefs: Matrix) -> Vector:
    return np.linalg.norm(coefs, axis=1)


def _errors(table: Draw, coefs: Matrix) -> Vector:
    return ((table.y[:, None] - table.X @ coefs.T) ** 2).mean(axis=0)
