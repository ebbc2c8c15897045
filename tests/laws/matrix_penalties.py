"""The penalties of the matrix, and their formulas for cvxpy; ``test_matrix.py`` and ``matrix_several.py`` use them."""

import cvxpy as cp
import numpy as np

from regularfit import penalties

N, P = 60, 5
WAYS = ("dense", "sparse", "weights", "offset", "bounds")
LABELS = (0, 0, 1, 1, 2)
PENALTIES = {
    "L1": penalties.L1(),
    "L2": penalties.L2(),
    "ElasticNet": penalties.ElasticNet(0.5),
    "MCP": penalties.MCP(3.0),
    "SCAD": penalties.SCAD(3.7),
    "Group": penalties.Group(LABELS),
    "SparseGroup": penalties.SparseGroup(LABELS, 0.5),
    "Group.nonnegative()": penalties.Group(LABELS).nonnegative(),
    "SparseGroup.nonnegative()": penalties.SparseGroup(LABELS, 0.5).nonnegative(),
    "SLOPE": penalties.SLOPE(0.3),
    "Fused": penalties.Fused(l1_ratio=0.3),
    "L0": penalties.L0(0.1),
    "GroupMCP": penalties.GroupMCP(LABELS, 3.0),
    "GroupSCAD": penalties.GroupSCAD(LABELS, 3.7),
}


def signs(penalty, w):
    """The constraints for cvxpy of penalties that are nonnegative."""
    return [w >= 0] if isinstance(penalty, penalties.SignedGroups) else []


def written_out(penalty, w):
    """The penalty at strength one for cvxpy, from its formula."""
    if isinstance(penalty, (penalties.Bounded, penalties.SignedGroups)):
        return written_out(penalty.penalty, w)
    groups = [[0, 1], [2, 3], [4]]
    norms = sum(np.sqrt(len(g)) * cp.norm(w[g], 2) for g in groups)
    weights = penalties.SLOPE(0.3).sequence(P)
    gaps = np.append(weights[:-1] - weights[1:], weights[-1])
    return {
        "L1": lambda: cp.norm(w, 1),
        "L2": lambda: cp.sum_squares(w) / 2,
        "ElasticNet": lambda: cp.norm(w, 1) / 2 + cp.sum_squares(w) / 4,
        "Group": lambda: norms,
        "SparseGroup": lambda: cp.norm(w, 1) / 2 + norms / 2,
        "Fused": lambda: 0.3 * cp.norm(w, 1) + 0.7 * cp.norm(cp.diff(w), 1),
        "SLOPE": lambda: sum(gap * cp.sum_largest(cp.abs(w), k + 1) for k, gap in enumerate(gaps)),
    }[type(penalty).__name__]()
