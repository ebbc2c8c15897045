"""The road to the solutions: chosen by the loss, the penalty and the shape of X."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..designs import Dense, Imputed, SparseColumns
from ..errors import UnsupportedError
from ..losses import CoupledLoss, Quantile, Squared
from ..penalties import Folded, Penalty, SignedGroups
from .constrained import allowed, fit_constrained
from .cox import fit_cox
from .folded import fit_folded_gram, fit_folded_rounds
from .gram import fit_gram, suits_gram
from .newton import fit_newton, fit_tall, suits_tall
from .problem import Lane, Problem
from .prox_newton import fit_prox_newton, knows
from .quantile import fit_quantile, supported
from .ridge_lanes import KERNEL_ROWS, fit_ridge
from .ridge_rotated import fit_rotated, short
from .standard import lane_terms
from .two_classes import MANY, fit_two_classes, suits_two_classes
from .user_lanes import fit_user
from .work import Road
from .workset import fit_workset

__all__ = ["IN_ROUNDS", "OWN_UNITS", "road_of"]

# These take a penalty as it is, which a change of units would bend.
OWN_UNITS: tuple[Road, ...] = (
    fit_user,
    fit_folded_gram,
    fit_folded_rounds,
    fit_prox_newton,
    fit_constrained,
    fit_tall,
    fit_two_classes,
)
IN_ROUNDS = (fit_folded_rounds, fit_prox_newton)  # of those, the ones whose lanes advance together


def road_of(
    problem: Problem, penalty: Penalty, lanes: Sequence[Lane], strengths: int = 0, plain: bool = False
) -> Road:
    """The cheapest road that is exact for this loss, penalty and shape.

    ``strengths`` is how many are given, 0 where that is not known yet; ``plain``: degrees of freedom are not wanted.
    """
    if problem.constraints is not None:
        allowed(problem, penalty)
        return fit_constrained
    if isinstance(problem.loss, Quantile):
        supported(problem.loss, penalty, problem.p)
        return fit_quantile
    normal = penalty.coordinates(problem.p)
    if isinstance(problem.loss, CoupledLoss):
        return _coupled_road(problem, penalty, normal)
    if isinstance(normal, Folded) and isinstance(problem.loss, Squared):
        return fit_folded_gram if suits_gram(problem, lanes) else fit_folded_rounds
    if normal is None or isinstance(normal, Folded):
        small = isinstance(problem.loss, Squared) and suits_gram(problem, lanes)
        return fit_prox_newton if knows(penalty, problem.p) and not small else fit_user
    squared = isinstance(problem.loss, Squared)
    same = not hasattr(penalty, "for_lane")
    if same and (plain or not squared) and suits_tall(problem, normal, lanes, strengths):
        return fit_tall
    smooth = lane_terms(normal, np.ones(problem.p)).smooth
    if same and suits_two_classes(problem, normal, lanes):
        return fit_two_classes
    if not isinstance(problem.loss, Squared):
        every_l2 = bool((normal.l2[np.isfinite(normal.l1)] > 0).all())
        return fit_rotated if smooth and every_l2 and _wide(problem) else fit_newton
    if suits_gram(problem, lanes):
        return fit_gram
    return fit_ridge if smooth else fit_workset


def _wide(problem: Problem) -> bool:
    """Whether rows are few beside the columns, or beside the entries of sparse ones."""
    n, design = problem.n, problem.design
    if problem.p <= n or n > KERNEL_ROWS:
        return False
    if isinstance(design, SparseColumns):
        return problem.p > MANY and short(design)
    return isinstance(design, (Dense, Imputed))


def _coupled_road(problem: Problem, penalty: Penalty, normal: Any) -> Road:
    """The two roads for losses that couple rows; what they cannot take is refused by name."""
    if knows(penalty, problem.p):
        return fit_prox_newton
    if normal is None or isinstance(normal, Folded):
        name = repr(penalty).split("(", 1)[0] + " with bounds" * isinstance(penalty, SignedGroups)
        raise UnsupportedError(
            f"loss={problem.loss.name!r} takes no {name} yet; L1, L2, ElasticNet, MCP and SCAD are supported, also "
            "weighted, bounded, on some columns, or adaptive, and so are Group, SparseGroup, GroupMCP, GroupSCAD and "
            "SLOPE."
        )
    return fit_cox
