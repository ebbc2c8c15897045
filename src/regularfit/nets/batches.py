"""Which rows a step trains on: one endless, shuffled stream, so that every batch has the same size."""

from __future__ import annotations

import torch
from torch import Tensor

from .randomness import Stream

__all__ = ["BatchRows"]


class BatchRows:
    """The rows of every step of a run with ``n`` training rows.

    The epochs' shuffled orders follow each other without a seam: step t takes places ``t b`` to ``t b + b - 1``
    of the endless row of epochs, so a batch may end one epoch and begin the next. No batch is smaller than
    the others, which keeps mixing by pairs, batch norm and lanes with different n simple; and the rows of a step
    depend on the seed and the step alone, so a resumed run goes on where it was.

    Parameters
    ----------
    seed : the seed of the run.
    n : how many training rows there are, >= 1.
    size : rows a batch, 1 to n (more is cut to n).

    Examples
    --------
    >>> rows = BatchRows(seed=0, n=5, size=2)
    >>> seen = torch.cat([rows.at(step) for step in range(5)])  # two epochs
    >>> sorted(seen[:5].tolist()), sorted(seen[5:].tolist())
    ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    """

    def __init__(self, seed: int, n: int, size: int) -> None:
        """Remember the sizes; nothing is drawn yet."""
        self.n, self.size = n, min(size, n)
        self._stream = Stream.of(seed, "batches")
        self._orders: dict[int, Tensor] = {}

    def epochs_at(self, step: int) -> float:
        """Return how many epochs have been seen when step ``step`` begins."""
        return step * self.size / self.n

    def at(self, step: int) -> Tensor:
        """Return the rows of a step, int64, (size,)."""
        first, places = divmod(step * self.size, self.n)
        last = (step * self.size + self.size - 1) // self.n
        self._orders = {epoch: order for epoch, order in self._orders.items() if epoch >= first}
        row = torch.cat([self._order(epoch) for epoch in range(first, last + 1)])
        return row[places : places + self.size]

    def span(self, first: int, steps: int) -> Tensor:
        """Return the rows of several steps at once, int64, (steps, size): those of :meth:`at`, one below the other."""
        start, stop = first * self.size, (first + steps) * self.size
        epoch = start // self.n
        self._orders = {known: order for known, order in self._orders.items() if known >= epoch}
        row = torch.cat([self._order(e) for e in range(epoch, (stop - 1) // self.n + 1)])
        return row[start - epoch * self.n : stop - epoch * self.n].view(steps, self.size)

    def _order(self, epoch: int) -> Tensor:
        if epoch not in self._orders:
            self._orders[epoch] = self._stream.at(epoch).permutation(self.n)
        return self._orders[epoch]
