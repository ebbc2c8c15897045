"""Held-out errors from Gram matrices: quadratic forms in the held-out rows' own, no pass over X."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .atoms import Atoms
from .problem import Lane, Problem
from .result import Score, held_out

__all__ = ["held_out_errors"]


def held_out_errors(
    problem: Problem,
    lanes: Sequence[Lane],
    which: Sequence[int],
    atoms: Atoms,
    raw: np.ndarray,
    level: np.ndarray,
    score: Score | None,
) -> list[np.ndarray]:
    """Scores (L, groups) of some lanes.

    Parameters
    ----------
    which : the lanes, as the atoms number them.
    raw : (lanes, L, p) coefficients on the scale of X.
    level : (lanes, L) intercepts beside centred columns.
    """
    scores = [np.full((raw.shape[1], len(lanes[index].tests)), np.nan) for index in which]
    if score is None:
        _quadratic_forms(problem, lanes, which, atoms, raw, level, scores)
        return scores
    for index, b, own, found in zip(which, raw, level, scores, strict=True):
        intercept = own + atoms.centre[problem.p] - b @ atoms.centre[: problem.p]
        for group, rows in enumerate(lanes[index].tests):
            eta = problem.design.rows_times(rows, b.T) + intercept + problem.offset[rows, None]
            found[:, group] = held_out(problem, rows, eta, score)
    return scores


def _quadratic_forms(
    problem: Problem,
    lanes: Sequence[Lane],
    which: Sequence[int],
    atoms: Atoms,
    raw: np.ndarray,
    level: np.ndarray,
    scores: list[np.ndarray],
) -> None:
    """V'Gv for v = (b, -1, level): one product for all lanes that are scored on the same rows."""
    p, count = problem.p, raw.shape[1]
    cols = np.append(np.flatnonzero(raw.any(axis=(0, 1))), [p, p + 1])
    V = np.empty((len(raw), count, len(cols)))
    V[:, :, :-2], V[:, :, -2], V[:, :, -1] = raw[:, :, cols[:-2]], -1.0, level
    for who in _same_rows(lanes, which, atoms):
        index, group = which[who[0][0]], who[0][1]
        cross = atoms.of_test(index, group)
        total = float(cross[p + 1, p + 1]) or np.nan  # no weight, nothing to score on
        rows = V[[k for k, _ in who]].reshape(-1, len(cols))
        forms = np.einsum("rp,rp->r", rows @ cross[np.ix_(cols, cols)], rows)
        found = np.maximum(forms, 0.0).reshape(len(who), count) / total
        for (k, column), own in zip(who, found, strict=True):
            scores[k][:, column] = own


def _same_rows(lanes: Sequence[Lane], which: Sequence[int], atoms: Atoms) -> list[list[tuple[int, int]]]:
    """Pairs (lane, group) with the same held-out rows, together."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    for k, index in enumerate(which):
        for group in range(len(lanes[index].tests)):
            found.setdefault(atoms.tests[index][group].tobytes(), []).append((k, group))
    return list(found.values())
