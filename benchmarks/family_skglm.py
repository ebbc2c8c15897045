"""skglm on the problems of families.py."""

from __future__ import annotations

import numpy as np
from family_contender import Base
from family_problems import GAMMA, SHARE, slope_weights


class Skglm(Base):
    """Anderson-accelerated working sets; its warm-started path written out, as its solvers take one strength."""

    ladder, start = tuple(range(3, 13)), 6
    does = (
        ("poisson", "l1"),
        ("cox", "l1"),
        ("squared", "group"),
        ("logistic", "group"),
        ("squared", "sparse group"),
        ("squared", "mcp"),
        ("squared", "slope"),
    )

    def prepare(self, given):
        import skglm
        from skglm import datafits, penalties
        from skglm.utils.jit_compilation import compiled_clone

        recipe, p, size = given.recipe, given.recipe.p, given.recipe.size
        pointers = np.arange(0, p + 1, size, dtype=np.int32), np.arange(p, dtype=np.int32)
        weights = (1.0 - SHARE * (recipe.penalty == "sparse group")) * np.full(p // size, np.sqrt(size))
        penalty = {
            "l1": lambda: penalties.L1(1.0),
            "group": lambda: penalties.WeightedGroupL2(1.0, weights, *pointers),
            "sparse group": lambda: penalties.WeightedL1GroupL2(1.0, weights, np.full(p, SHARE), *pointers),
            "mcp": lambda: penalties.MCPenalty(1.0, GAMMA),
            "slope": lambda: penalties.SLOPE(slope_weights(p)),
        }[recipe.penalty]()
        grouped = "group" in recipe.penalty
        datafit = {
            "poisson": lambda: datafits.Poisson(),
            "cox": lambda: datafits.Cox(),
            "logistic": lambda: datafits.LogisticGroup(*pointers),
            "squared": lambda: datafits.QuadraticGroup(*pointers) if grouped else datafits.Quadratic(),
        }[recipe.family]()
        self.datafit, self.penalty = compiled_clone(datafit), compiled_clone(penalty)
        self.y = 2 * given.y - 1 if recipe.family == "logistic" else given.y
        return skglm.__version__

    def _solver(self, given, tol):
        from skglm import solvers

        family, penalty = given.recipe.family, given.recipe.penalty
        if penalty == "slope":
            return solvers.FISTA(max_iter=100_000, tol=tol, opt_strategy="fixpoint"), False
        if penalty == "sparse group":
            # its value of this penalty fails on a vector that ends in an intercept
            return solvers.GroupBCD(tol=tol, ws_strategy="fixpoint", max_iter=10_000), False
        if penalty == "group":
            solver = solvers.GroupBCD if family == "squared" else solvers.GroupProxNewton
            return solver(tol=tol, fit_intercept=True, max_iter=1000), True
        if family == "squared":
            return solvers.AndersonCD(tol=tol, fit_intercept=True, max_iter=200), True
        intercept = family != "cox"
        return solvers.ProxNewton(tol=tol, fit_intercept=intercept, max_iter=200), intercept

    def run(self, given, tol):
        solver, intercept = self._solver(given, tol)
        p, strengths = given.recipe.p, given.strengths
        X, y, shift, centre = given.X, self.y, 0.0, np.zeros(p)
        if (
            not intercept and given.recipe.family != "cox"
        ):  # about the means the same problem has no intercept
            shift, centre = y.mean(), X.mean(axis=0)
            X, y = X - centre, y - shift
        coefs, levels = np.zeros((strengths.size, p)), np.full(strengths.size, shift)
        self.datafit.initialize(X, y)
        w, eta = np.zeros(p + intercept), np.zeros(len(y))
        lasting = solver.__class__.__name__ == "FISTA"
        slopes = slope_weights(p) if given.recipe.penalty == "slope" else None
        for k, strength in enumerate(strengths):
            if slopes is not None:
                self.penalty.alphas = slopes * strength
            else:
                self.penalty.alpha = strength
            w = solver.solve(X, y, self.datafit, self.penalty, w.copy(), None if lasting else eta)[0]
            eta = X @ w[:p] + (w[p] if intercept else 0.0)
            coefs[k] = w[:p]
            levels[k] += w[p] if intercept else -centre @ w[:p]
        return coefs[:, None], levels[:, None]
