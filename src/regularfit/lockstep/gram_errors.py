"""Lanes of which only errors and certificates are wanted, from Gram matrices to errors in one call of the core.

Hundreds of small lanes (nested cross-validation) cost what is done around them, not what is solved: here a lane's
matrix never leaves the cache, and Python sees vectors of a few numbers a lane. Only what is plain goes this way:
lassos and elastic nets without bounds and without unpenalised columns, on columns that vary in every lane and lose no
digits in the subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties.coordinates import Coordinates
from ..penalties.folded import Folded
from .atoms import LOST, Atoms
from .certificate import fenchel_gap, judge
from .moments import FAR, Moments, Sums, without_gram
from .problem import Lane, Problem
from .result import LaneResult
from .saturation import reach
from .standard import Terms, lane_terms

__all__ = ["LightLanes", "light_lanes", "plain"]


@dataclass(frozen=True, eq=False)
class LightLanes:
    """The lanes that can go this way.

    Parameters
    ----------
    among : (lanes,) which of all lanes they are.
    whole, shares : (lanes,), (lanes, atoms) multiples of the total and of the atoms' Gram matrices.
    data : their moments, without Gram matrices.
    tests : (lanes, groups) the atom of every group of held-out rows.
    terms : per candidate.
    """

    problem: Problem
    atoms: Atoms
    among: np.ndarray
    whole: Vector
    shares: np.ndarray
    data: Moments
    tests: list[np.ndarray]
    terms: tuple[Terms, ...]

    def fit(self, which: Sequence[int], candidate: int, grid: Vector, tol: float) -> list[LaneResult | None]:
        """Errors of some of them; None for a lane whose certificate wants a closer look."""
        found: dict[int, LaneResult | None] = {}
        for groups in sorted({len(self.tests[lane]) for lane in which}):
            lanes = [lane for lane in which if len(self.tests[lane]) == groups]
            found.update(zip(lanes, self._fit(lanes, candidate, grid, tol), strict=True))
        return [found[lane] for lane in which]

    def _fit(self, lanes: list[int], candidate: int, grid: Vector, tol: float) -> list[LaneResult | None]:
        data, terms, count = self.data, self.terms[candidate], len(grid)
        tests = np.array([self.tests[lane] for lane in lanes], dtype=np.int32).reshape(len(lanes), -1)
        errors, sums = np.empty((len(lanes), count, tests.shape[1])), np.empty((len(lanes), count, 5))
        kkt, yy = np.empty((len(lanes), count)), data.yy[lanes]
        mean = np.column_stack([data.mean[lanes], data.mean_y[lanes]])
        plain = self.shares[lanes], self.whole[lanes], data.total[lanes], yy
        scales = data.inverse[lanes], data.c[lanes], mean, list(terms.arrays)
        atoms = self.atoms
        _core.gram_errors(
            atoms.grams, atoms.total, *plain, *scales, grid, tests, 0.3 * tol, errors, sums, kkt
        )
        gaps, explained = _certified(sums, yy[:, None])
        full = (explained > self.problem.saturation).any()
        ends = [reach(row, self.problem.saturation) for row in explained] if full else []
        converged = judge(gaps, kkt, tol)
        for k, end in enumerate(ends):
            if end < count:
                errors[k, end:], gaps[k, end:], kkt[k, end:] = np.nan, np.nan, np.nan
        # A gap that stays open may close from another dual point, which only ridge parts have.
        closed = ~(gaps > tol).any(axis=1) | (terms.l2 == 0).all()
        rows = zip(errors, gaps, kkt, converged, closed.tolist(), strict=True)
        return [LaneResult(None, *row) if ok else None for *row, ok in rows]


def _certified(sums: np.ndarray, yy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Relative duality gaps and deviance ratios, (lanes, L), as ``gram_gaps`` and ``gram_paths`` have them."""
    bc, bg, penalty, ratio, conjugate = np.moveaxis(sums, 2, 0)
    rr = np.maximum(yy - bc - bg, 0.0)
    size = np.maximum(0.5 * rr + penalty, 1e-12 * 0.5 * yy + 1e-300)
    gaps = np.maximum(fenchel_gap(rr, bg, penalty, conjugate, ratio), 0.0) / size
    return gaps, 1 - rr / np.where(yy > 0, yy, 1.0)


# ---------------------------------------------------------------- which lanes


def light_lanes(
    problem: Problem, normals: Sequence[Sequence[Coordinates]], lanes: Sequence[Lane], atoms: Atoms
) -> LightLanes | None:
    """The lanes that can go this way; None where there are none."""
    if not problem.fit_intercept or not all(plain(forms) for forms in normals):
        return None
    single = [groups.sum(axis=1) == 1 for groups in atoms.tests]
    among = np.array([not lane.keep and bool(one.all()) for lane, one in zip(lanes, single, strict=True)])
    if not among.any():
        return None
    whole, shares = atoms.shares(range(len(lanes)))
    sums = Sums.of(atoms.total).combined(whole, shares, Sums.of(atoms.grams))
    with np.errstate(divide="ignore", invalid="ignore"):  # of lanes that are sorted out here
        data = without_gram(problem, sums)
        among &= (
            (data.inverse > 0).all(axis=1) & np.isfinite(data.inverse).all(axis=1) & _safe(whole, sums, atoms)
        )
    tests = [
        groups.argmax(axis=1) if keep else groups for groups, keep in zip(atoms.tests, among, strict=True)
    ]
    varies = data.inverse[among][0] if among.any() else np.ones(problem.p)
    terms = tuple(lane_terms(forms[0], varies) for forms in normals)
    return LightLanes(problem, atoms, among, whole, shares, data, tests, terms)


def plain(forms: Sequence[Coordinates]) -> bool:
    """Whether a candidate is one penalty on all lanes, not pure ridge, without bounds, free columns or bends."""
    first = forms[0]
    if isinstance(first, Folded) or any(own is not first for own in forms):
        return False
    sharp = np.isfinite(first.l1) & (first.l1 > 0)
    penalised = bool((sharp | np.isinf(first.l1) | (first.l2 > 0)).all())
    return (
        bool(sharp.any()) and penalised and bool(np.isinf(first.lower).all() and np.isinf(first.upper).all())
    )


def _safe(whole: Vector, sums: Sums, atoms: Atoms) -> np.ndarray:
    """Lanes whose columns lose no digits: neither when atoms are subtracted nor about the common centre."""
    second, mean = sums.squares / sums.weight[:, None], sums.plain[:, :-1] / sums.weight[:, None]
    near = ((second - mean**2 > FAR * second) | (second <= 0)).all(axis=1)
    left = np.column_stack([sums.squares, sums.with_y[:, -1], sums.weight])
    return near & ((whole == 0) | (left > LOST * np.diag(atoms.total)).all(axis=1))
