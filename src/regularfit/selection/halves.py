"""Complementary pairs of halves of the rows, as stability selection refits on them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .._typing import ArrayLike, Indices, Vector
from ..errors import InputError
from .splitters import Fold

__all__ = ["complementary_halves"]


def complementary_halves(
    pairs: int,
    n: int,
    labels: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    sample_weight: Vector | None = None,
    blocks: int | None = None,
    random_state: Any = None,
) -> list[Fold]:
    """Return random pairs of disjoint halves of the rows, equally large.

    Rows of weight zero are left out; so is one row (or group) of an odd number, another one in every pair.

    Parameters
    ----------
    pairs : how many.
    n : rows.
    labels : (n,) classes, spread evenly over both halves; None for a regressor.
    groups : (n,) labels of rows that stay together; halves then hold equally many groups.
    blocks : deal the rows into so many random blocks once, and make every half of whole blocks. Each half is
        still a random half of the rows, and each pair still complementary, which is all that the bounds use; two
        pairs overlap a little less evenly. All halves together then treat the rows of a block alike. None: no blocks.
    random_state : which random halves; None is 0.

    Raises
    ------
    InputError
        Where a half would have fewer than 2 rows, or lack a class.

    Examples
    --------
    >>> [(a.tolist(), b.tolist()) for a, b in complementary_halves(1, 4)]
    [([1, 2], [0, 3])]
    """
    rng = _generator(random_state)
    units, strata = _units(n, labels, groups, sample_weight)
    if len(units) < 4:
        what = "rows" if groups is None else "groups of rows"
        raise InputError(
            f"Stability selection refits on halves of the {what}; {len(units)} with a positive weight are too few, "
            "4 are the least."
        )
    dealt = None if blocks is None or len(units) < 4 * blocks else _deal(_order(strata, rng), blocks, rng)
    classes = None if labels is None else np.unique(np.asarray(labels), return_inverse=True)[1].reshape(n)
    found: list[Fold] = []
    for _ in range(pairs):
        first, second = _by_coin(_order(strata, rng), rng) if dealt is None else _of_blocks(dealt, rng)
        pair = _rows(units, first), _rows(units, second)
        if classes is not None:
            _check_classes(pair, classes)
        found.append(pair)
    return found


def _generator(random_state: Any) -> np.random.RandomState:
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if random_state is not None and (
        isinstance(random_state, bool) or not isinstance(random_state, Integral)
    ):
        raise InputError(
            f"random_state={random_state!r} must be None, a whole number or a numpy.random.RandomState."
        )
    return np.random.RandomState(0 if random_state is None else int(random_state))


def _units(
    n: int, labels: ArrayLike | None, groups: ArrayLike | None, sample_weight: Vector | None
) -> tuple[list[Indices] | Indices, Indices]:
    """What is dealt out (rows, or the rows of each group), and a number each: alike where they should be spread."""
    rows = np.arange(n) if sample_weight is None else np.flatnonzero(sample_weight > 0)
    codes = np.zeros(n)
    if labels is not None:
        codes = np.unique(np.asarray(labels), return_inverse=True)[1].reshape(n).astype(np.float64)
    if groups is None:
        return rows, _ranks(codes[rows])
    members = np.asarray(groups)
    if len(members) != n:
        raise InputError(
            f"groups has {len(members)} entries but X has {n} rows; give one label for every row."
        )
    _, which = np.unique(members[rows], return_inverse=True)
    order = np.argsort(which, kind="stable")
    parts = np.split(rows[order], np.flatnonzero(np.diff(which[order])) + 1)
    return parts, _ranks(np.array([codes[part].mean() for part in parts]))


def _ranks(values: Vector) -> Indices:
    return np.unique(values, return_inverse=True)[1]


def _order(strata: Indices, rng: np.random.RandomState) -> Indices:
    """The units at random, those alike beside each other.

    A coin turns the strata upside down, so that it is not always the same class that stands last.
    """
    turned = -strata if rng.randint(2) else strata
    return np.argsort(turned + rng.random_sample(len(strata)))


def _by_coin(order: Indices, rng: np.random.RandomState) -> tuple[Indices, Indices]:
    """Of two neighbours in the order one goes here and one there."""
    two = order[: len(order) // 2 * 2].reshape(-1, 2)
    coin = rng.randint(2, size=len(two))
    at = np.arange(len(two))
    return two[at, coin], two[at, 1 - coin]


def _deal(order: Indices, blocks: int, rng: np.random.RandomState) -> tuple[list[Indices], list[Indices]]:
    """An even number of equal blocks, and what is left over, a unit each."""
    count = blocks // 2 * 2
    rounds = len(order) // count
    places = rng.random_sample((rounds, count)).argsort(axis=1)  # the blocks take neighbours in random order
    dealt = np.take_along_axis(order[: rounds * count].reshape(rounds, count), places, axis=1)
    rest = order[rounds * count :]
    rest = rest[: len(rest) // 2 * 2]
    return list(dealt.T), [part for part in (rest[0::2], rest[1::2]) if len(part)]


def _of_blocks(
    dealt: tuple[list[Indices], list[Indices]], rng: np.random.RandomState
) -> tuple[Indices, Indices]:
    blocks, rest = dealt
    order = rng.permutation(len(blocks))
    half = len(blocks) // 2
    over: Indices = rng.permutation(len(rest))
    sides: list[list[Indices]] = [[blocks[k] for k in order[:half]], [blocks[k] for k in order[half:]]]
    for side, k in zip(sides, over, strict=False):
        side.append(rest[int(k)])
    return np.concatenate(sides[0]), np.concatenate(sides[1])


def _rows(units: list[Indices] | Indices, chosen: Indices) -> Indices:
    if isinstance(units, list):
        return np.sort(np.concatenate([units[int(k)] for k in chosen]))
    return np.sort(units[chosen])


def _check_classes(pair: Fold, classes: Indices) -> None:
    count = int(classes.max()) + 1
    for half in pair:
        if np.count_nonzero(np.bincount(classes[half])) < count:
            raise InputError(
                "A half of the rows lacks a class, so nothing can be learned there: some class has fewer than 2 rows "
                "(or groups). Leave that class out, or give more of its rows."
            )
