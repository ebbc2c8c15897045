"""One pass over X for all lanes: the Gram matrices of rows that every lane treats alike.

Such rows form an *atom* (a fold, in K-fold cross-validation). One pass adds up the Gram matrix of
``[X - centre, y - offset, 1]`` of every atom; what a lane trains on and is scored on are sums of atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .._typing import Vector
from .problem import Lane, Problem
from .threads import Workers

__all__ = ["Atoms", "Pass", "collect_atoms", "label_rows"]

CHUNK = 4096  # rows in one piece of the pass over X
LOST = 1e-4  # subtraction is safe while every column keeps this share of its sum of squares


@dataclass(frozen=True, eq=False)
class Pass:
    """What one pass over X found.

    Parameters
    ----------
    label : (n,) the atom of every row.
    used : (atoms,) whether its rows were looked at.
    centre : (p + 1,) what was subtracted from the columns and from y.
    grams : (atoms, p + 2, p + 2)
    """

    label: np.ndarray
    used: np.ndarray
    centre: Vector
    grams: np.ndarray

    def serves(self, label: np.ndarray, used: np.ndarray) -> bool:
        """Whether other lanes with these atoms need no pass of their own."""
        same = len(used) == len(self.used) and np.array_equal(label, self.label)
        return same and not (used & ~self.used).any()


@dataclass(frozen=True, eq=False)
class Atoms:
    """Gram matrices of rows that every lane treats alike, and who uses them how often."""

    seen: Pass
    train: np.ndarray  # (lanes, atoms) multiplicities
    tests: list[np.ndarray]  # per lane (groups, atoms) membership
    total: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Add up all rows."""
        object.__setattr__(self, "total", self.grams.sum(axis=0))

    @property
    def centre(self) -> Vector:
        """(p + 1,): what was subtracted from the columns and from y."""
        return self.seen.centre

    @property
    def grams(self) -> np.ndarray:
        """The Gram matrix of every atom, (atoms, p + 2, p + 2)."""
        return self.seen.grams

    def of_train(self, lanes: Sequence[int]) -> np.ndarray:
        """The training Grams of some lanes, (lanes, p + 2, p + 2).

        Total minus what a lane leaves out, or the sum of what it uses, whichever is shorter.
        """
        whole, shares = self.shares(lanes)
        short = whole > 0
        out = self._sums(shares)
        out[short] += self.total
        # The diagonal of a sum needs no care; that of a difference may have lost its digits.
        kept, every = np.diagonal(out, axis1=1, axis2=2), np.diag(self.total)
        unsafe = np.flatnonzero(short & shares.any(axis=1) & ~(kept > LOST * every).all(axis=1))
        if len(unsafe):
            out[unsafe] = self._sums(shares[unsafe] + 1.0)
        return out

    def shares(self, lanes: Sequence[int]) -> tuple[Vector, np.ndarray]:
        """Training Grams as multiples of the total (lanes,) plus multiples of the atoms' (lanes, atoms)."""
        use = self.train[list(lanes)].astype(np.float64)
        left_out = (use == 0).sum(axis=1)
        short = (use <= 1).all(axis=1) & (left_out < use.shape[1] / 2)
        return short.astype(np.float64), np.where(short[:, None], use - 1.0, use)

    def of_test(self, lane: int, group: int) -> np.ndarray:
        """The Gram matrix of the rows that a lane is scored on, (p + 2, p + 2)."""
        return self.grams[self.tests[lane][group]].sum(axis=0)

    def _sums(self, shares: np.ndarray) -> np.ndarray:
        """Sums of atoms with given shares, (len(shares), p + 2, p + 2)."""
        named = np.flatnonzero(shares.any(axis=0))
        width = self.grams.shape[1]
        parts = self.grams if len(named) == len(self.grams) else self.grams[named]
        return (shares[:, named] @ parts.reshape(len(named), width * width)).reshape(-1, width, width)


def collect_atoms(
    problem: Problem, lanes: Sequence[Lane], team: Workers, before: Pass | None = None
) -> Atoms:
    """Group the rows, and add up each group's Gram matrix in one pass.

    ``before`` is a pass over the same problem: where it saw the same atoms it is used again.
    """
    label, first = label_rows(problem.n, lanes)
    train, tests = _uses(problem.n, label, first, lanes)
    used: np.ndarray = np.asarray(train.any(axis=0))
    for groups in tests:
        used = used | groups.any(axis=0)
    seen = before if before is not None and before.serves(label, used) else _pass(problem, label, used, team)
    return Atoms(seen, train, tests)


def _pass(problem: Problem, label: np.ndarray, used: np.ndarray, team: Workers) -> Pass:
    y = problem.y - problem.offset
    w = problem.sample_weight
    centre = problem.design.centre(w) if problem.fit_intercept else np.zeros(problem.p)
    middle = w @ y / w.sum() if problem.fit_intercept else np.zeros(y.shape[1:])
    extra = np.column_stack([y - middle, np.ones(problem.n)])  # several targets have several columns

    def piece(rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
        rows = rows[used[label[rows]]]
        if len(rows) == 0:
            return []
        order = rows[np.argsort(label[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        parts = problem.design.crosses(order, cuts, w[order], extra, centre)
        return list(zip(label[order][np.append(0, cuts)].tolist(), parts, strict=True))

    width = problem.p + extra.shape[1]
    grams = np.zeros((len(used), width, width))
    chunk = max(CHUNK, 64 * len(used))
    pieces = [np.arange(start, min(start + chunk, problem.n)) for start in range(0, problem.n, chunk)]
    for found in team.map(piece, pieces):
        for atom, gram in found:
            grams[atom] += gram
    return Pass(label, used, np.append(centre, middle), grams)


# ---------------------------------------------------------------- who uses which rows


def label_rows(n: int, lanes: Sequence[Lane]) -> tuple[np.ndarray, np.ndarray]:
    """Label rows by how all lanes use them, and name the first row of every label.

    A random 64-bit sum stands for the whole pattern. Labels count up in the order of the rows, so the same atoms
    always get the same labels.
    """
    if len(lanes) == 1 and not lanes[0].tests and lanes[0].without is None and _in_order(lanes[0].train, n):
        return np.zeros(n, np.intp), np.zeros(1, np.intp)
    rng = np.random.default_rng(0)
    key = np.zeros(n, dtype=np.uint64)
    for lane in lanes:
        if lane.without is None:
            key += np.bincount(lane.train, minlength=n).astype(np.uint64) * _number(rng)
    for rows in _groups(lanes).values():
        key[rows] += _number(rng)
    _, first, label = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[label], first[order]


def _in_order(train: np.ndarray, n: int) -> bool:
    """Whether a lane learns from every row once."""
    return len(train) == n and bool((train == np.arange(n)).all())


def _number(rng: np.random.Generator) -> np.uint64:
    return rng.integers(1, 2**63, dtype=np.uint64)


def _groups(lanes: Sequence[Lane]) -> dict[int, np.ndarray]:
    """Every group of rows that lanes name, once: lanes of a partition name the same arrays over and over."""
    return {id(rows): rows for lane in lanes for rows in (*lane.tests, *(lane.without or ()))}


def _uses(
    n: int, label: np.ndarray, first: np.ndarray, lanes: Sequence[Lane]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """How often every lane trains on every atom (lanes, atoms), and which atoms its groups hold."""
    member: dict[int, np.ndarray] = {}
    for name, rows in _groups(lanes).items():
        member[name] = np.zeros(len(first), bool)
        member[name][label[rows]] = True
    nobody = np.zeros((0, len(first)), bool)
    train = np.array(
        [
            np.bincount(lane.train, minlength=n)[first]
            if lane.without is None
            else 1 - np.any([nobody.any(axis=0), *(member[id(rows)] for rows in lane.without)], axis=0)
            for lane in lanes
        ]
    )
    tests = [np.array([member[id(rows)] for rows in lane.tests]) if lane.tests else nobody for lane in lanes]
    return train, tests
