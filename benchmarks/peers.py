"""The Python peers, one class a library: the only place that calls them.

`prepare` is never timed. Libraries are imported inside methods only: the file loads in every environment.
"""

from __future__ import annotations

import numpy as np
from contender import Contender, Fit, chosen, held_out, tolerances
from problems import Problem

UNLIMITED = 10**7


class ScikitLearn(Contender):
    """Lasso and elastic net by coordinate descent, ridge by its own estimators."""

    module, ladder, start = "sklearn.linear_model", tolerances(3, 10), 1e-4

    def supports(self, problem, kind):
        return problem.loss == "squared" and not (problem.sparse and problem.l1_ratio == 0)

    def run(self, problem, kind, tol, threads):
        from sklearn import linear_model

        if problem.l1_ratio == 0:
            return self._ridge(problem, kind)
        X, y, a = problem.X, problem.y, problem.l1_ratio
        if kind == "cv":
            common = {
                "alphas": problem.strengths,
                "cv": problem.splits,
                "tol": tol,
                "max_iter": UNLIMITED,
                "n_jobs": threads,
            }
            model = (
                linear_model.LassoCV(**common) if a == 1 else linear_model.ElasticNetCV(l1_ratio=a, **common)
            )
            model.fit(X, y)
            return chosen(problem, model.mse_path_.mean(axis=1), model.coef_, model.intercept_)
        means = np.asarray(X.mean(axis=0)).ravel()
        centring = {"X_offset": means, "X_scale": np.ones(problem.p)} if problem.sparse else {}
        coefs = linear_model.enet_path(
            X,
            y - y.mean(),
            l1_ratio=a,
            alphas=problem.strengths,
            tol=tol,
            max_iter=UNLIMITED,
            check_input=not problem.sparse,
            **centring,
        )[1]
        return Fit(coefs, y.mean() - means @ coefs)

    @staticmethod
    def _ridge(problem: Problem, kind: str) -> Fit:
        """Ridge multiplies the plain sum of squares, so its alpha is strength times the number of rows."""
        from sklearn.linear_model import Ridge, RidgeCV
        from sklearn.model_selection import GridSearchCV

        X, y, n = problem.X, problem.y, problem.n
        if kind == "path":
            models = [Ridge(alpha=strength * n).fit(X, y) for strength in problem.strengths]
            return Fit(np.column_stack([m.coef_ for m in models]), np.array([m.intercept_ for m in models]))
        if kind == "loo":
            model = RidgeCV(alphas=problem.strengths * n, store_cv_results=True).fit(X, y)
            return chosen(problem, model.cv_results_.mean(axis=0), model.coef_, model.intercept_)
        rows = n - n // problem.folds  # what RidgeCV(cv=...) does inside, keeping the scores
        search = GridSearchCV(
            Ridge(),
            {"alpha": problem.strengths * rows},
            cv=problem.splits,
            refit=False,
            scoring="neg_mean_squared_error",
        ).fit(X, y)
        curve = -search.cv_results_["mean_test_score"]
        model = Ridge(alpha=problem.strengths[np.argmin(curve)] * n).fit(X, y)
        return chosen(problem, curve, model.coef_, model.intercept_)


class ScikitLearnLars(Contender):
    """The exact knots of the lasso path, interpolated to the grid: scikit-learn's fastest on tiny data."""

    module = "sklearn.linear_model"

    def supports(self, problem, kind):
        return (
            problem.loss == "squared"
            and problem.l1_ratio == 1
            and not problem.sparse
            and problem.n * problem.p < 1e7
        )

    def run(self, problem, kind, tol, threads):
        from sklearn import linear_model

        X, y, strengths = problem.X, problem.y, problem.strengths
        knots, _, coefs = linear_model.lars_path(
            X,
            y - y.mean(),
            method="lasso",
            alpha_min=0.999 * strengths[-1],
            max_iter=8 * min(problem.n, problem.p),
        )
        right = np.clip(np.searchsorted(-knots, -strengths), 1, knots.size - 1)
        share = np.clip((knots[right - 1] - strengths) / (knots[right - 1] - knots[right]), 0, 1)
        grid = coefs[:, right - 1] * (1 - share) + coefs[:, right] * share
        if kind == "path":
            return Fit(grid, y.mean() - np.asarray(X.mean(axis=0)) @ grid)
        model = linear_model.LassoLarsCV(cv=problem.splits, n_jobs=threads, max_iter=100_000).fit(X, y)
        curve = np.interp(strengths, model.cv_alphas_, model.mse_path_.mean(axis=1))
        best = int(np.argmin(curve))
        return Fit(grid[:, [best]], (y.mean() - np.asarray(X.mean(axis=0)) @ grid)[[best]], [best], curve)


class TextbookRidge(Contender):
    """One eigendecomposition per fold in plain NumPy: a yardstick for ridge, where libraries are slow."""

    module, yardstick = "scipy.linalg", True

    def supports(self, problem, kind):
        return problem.l1_ratio == 0 and not problem.sparse

    @staticmethod
    def _solve(X, y, strengths):
        """Coefficients, intercepts and leave-one-out residuals' parts (fitted values, leverages)."""
        n, p = X.shape
        means, mean = X.mean(axis=0), y.mean()
        centred = X - means
        gram = centred.T @ centred if n > p else centred @ centred.T
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 0.0)[:, None]
        target = centred.T @ (y - mean) if n > p else y - mean
        weights = (vectors.T @ target)[:, None] / (values + n * strengths)
        coefs = vectors @ weights if n > p else centred.T @ (vectors @ weights)
        return coefs, mean - means @ coefs, centred, values, vectors

    def run(self, problem, kind, tol, threads):
        X, y, strengths, n = problem.X, problem.y, problem.strengths, problem.n
        if kind == "cv":
            curve = np.zeros(strengths.size)
            for train, test in problem.splits:
                coefs, intercepts = self._solve(X[train], y[train], strengths)[:2]
                curve += held_out(problem, test, coefs, intercepts) / problem.folds
        coefs, intercepts, centred, values, vectors = self._solve(X, y, strengths)
        if kind == "path":
            return Fit(coefs, intercepts)
        if kind == "loo":
            tall = n > problem.p
            basis = centred @ vectors if tall else vectors
            shrink = (1.0 if tall else values) / (values + n * strengths)
            leverage = 1 / n + basis**2 @ shrink
            residual = (y - y.mean())[:, None] - basis @ (shrink * (basis.T @ (y - y.mean()))[:, None])
            curve = ((residual / (1 - leverage)) ** 2).mean(axis=0)
        best = int(np.argmin(curve))
        return chosen(problem, curve, coefs[:, best], intercepts[best])


class Celer(Contender):
    """Working sets with dual extrapolation. Its logistic regression has no intercept, so is not run."""

    environment, module, ladder, start = "celer", "celer", tolerances(3, 12), 1e-6

    def supports(self, problem, kind):
        return problem.loss == "squared" and problem.l1_ratio > 0

    def run(self, problem, kind, tol, threads):
        import celer

        X, y, a = problem.X, problem.y, problem.l1_ratio
        if kind == "cv":
            common = {"alphas": problem.strengths, "cv": problem.splits, "tol": tol, "n_jobs": threads}
            model = celer.LassoCV(**common) if a == 1 else celer.ElasticNetCV(l1_ratio=a, **common)
            model.fit(X, y)
            return chosen(problem, model.mse_path_.mean(axis=1), model.coef_, model.intercept_)
        means = np.asarray(X.mean(axis=0)).ravel()
        centring = {"X_offset": means, "X_scale": np.ones(problem.p)} if problem.sparse else {}
        coefs = celer.celer_path(
            X,
            y - y.mean(),
            "lasso",
            l1_ratio=a,
            alphas=problem.strengths,
            tol=tol,
            max_iter=100,
            prune=True,
            **centring,
        )[1]
        return Fit(coefs, y.mean() - means @ coefs)


class Skglm(Contender):
    """Anderson-accelerated working sets, prox-Newton for logistic. No CV over a given grid."""

    module, ladder, start, compiles = "skglm", tolerances(3, 10), 1e-6, True

    def supports(self, problem, kind):
        return problem.l1_ratio > 0 and kind == "path"

    def run(self, problem, kind, tol, threads):
        from skglm import datafits, penalties, solvers
        from skglm.utils.jit_compilation import compiled_clone

        X, strengths, squared = problem.X, problem.strengths, problem.loss == "squared"
        y = problem.y if squared else 2 * problem.y - 1
        a = problem.l1_ratio
        datafit = compiled_clone(datafits.Quadratic() if squared else datafits.Logistic())
        first = penalties.L1(strengths[0]) if a == 1 else penalties.L1_plus_L2(strengths[0], a)
        penalty = compiled_clone(first)
        solver = (solvers.AndersonCD if squared else solvers.ProxNewton)(
            tol=tol, fit_intercept=True, max_iter=200
        )
        if squared and not problem.sparse:
            coefs = solver.path(X, y, datafit, penalty, alphas=strengths)[1]
            return Fit(coefs[:-1], coefs[-1])
        if problem.sparse:
            datafit.initialize_sparse(X.data, X.indptr, X.indices, y)
        else:
            datafit.initialize(X, y)
        path, w, eta = (
            np.zeros((problem.p + 1, strengths.size), order="F"),
            np.zeros(problem.p + 1),
            np.zeros(problem.n),
        )
        for k, strength in enumerate(strengths):
            penalty.alpha = strength
            w = solver.solve(X, y, datafit, penalty, w_init=w.copy(), Xw_init=eta)[0]
            eta = np.asarray(X @ w[:-1]).ravel() + w[-1]
            path[:, k] = w
        return Fit(path[:-1], path[-1])


class Adelie(Contender):
    """Group elastic net in C++. Stopping at 90 % of the deviance, its default, is turned off."""

    environment, module, ladder, start = "adelie", "adelie", tolerances(3, 15), 1e-9

    def supports(self, problem, kind):
        return kind in ("path", "cv")

    def run(self, problem, kind, tol, threads):
        import adelie

        y, strengths, squared = problem.y, problem.strengths, problem.loss == "squared"
        glm = (adelie.glm.gaussian if squared else adelie.glm.binomial)(y=y, dtype=np.float64)
        X = (
            adelie.matrix.sparse(problem.X, method="naive", n_threads=threads)
            if problem.sparse
            else problem.X
        )
        common = {
            "alpha": problem.l1_ratio,
            "tol": tol,
            "n_threads": threads,
            "progress_bar": False,
            "early_exit": False,
        } | ({} if squared else {"irls_tol": tol})
        if kind == "cv" and problem.l1_ratio == 1:
            found = adelie.cv_grpnet(
                X,
                glm,
                n_folds=problem.folds,
                seed=0,
                min_ratio=strengths[-1] / strengths[0],
                lmda_path_size=strengths.size,
                **common,
            )
            common.pop("early_exit")  # fit() sets it itself
            state = found.fit(X, glm, **common)
            curve = np.asarray(found.avg_losses)
            curve = 2 * curve + np.mean(y**2) if squared else curve
            last = [int(found.best_idx)]
            return Fit(state.betas.T.tocsc()[:, -1:], np.asarray(state.intercepts)[-1:], last, curve)
        curve = None
        if kind == "cv":  # cv_grpnet's own grid ignores alpha, so: its loop, over our grid
            curve = np.zeros(strengths.size)
            for train, test in problem.splits:
                weights = np.zeros(problem.n)
                weights[train] = 1 / train.size
                state = adelie.grpnet(X, glm.reweight(weights), lmda_path=strengths, **common)
                curve += held_out(problem, test, state.betas.T, state.intercepts) / problem.folds
        state = adelie.grpnet(X, glm, lmda_path=strengths, **common)
        return Fit(state.betas.T.tocsc(), np.asarray(state.intercepts), list(range(len(state.lmdas))), curve)


class Glum(Contender):
    """Generalised linear models by iteratively reweighted coordinate descent."""

    module, ladder, start = "glum", tolerances(3, 9), 1e-4

    def supports(self, problem, kind):
        return problem.l1_ratio > 0

    def run(self, problem, kind, tol, threads):
        import glum

        common = {
            "family": "normal" if problem.loss == "squared" else "binomial",
            "l1_ratio": problem.l1_ratio,
            "alphas": problem.strengths,
            "gradient_tol": tol,
            "max_iter": 1000,
        }
        if kind == "path":
            model = glum.GeneralizedLinearRegressor(alpha_search=True, copy_X=False, **common)
            model.fit(problem.X, problem.y)
            return Fit(np.asarray(model.coef_path_).T, np.asarray(model.intercept_path_))
        model = glum.GeneralizedLinearRegressorCV(cv=problem.splits, n_jobs=None, **common).fit(
            problem.X, problem.y
        )
        curve = (
            np.asarray(model.deviance_path_)
            .reshape(-1, problem.folds, problem.strengths.size)
            .mean(axis=(0, 1))
        )
        return chosen(
            problem, curve if problem.loss == "squared" else curve / 2, model.coef_, model.intercept_
        )


class PythonGlmnet(Contender):
    """A Python wrapper of glmnet's old Fortran core; fastest of all on tiny data."""

    module, ladder, start = "glmnet", tolerances(3, 15), 1e-9

    def supports(self, problem, kind):
        return problem.l1_ratio > 0 and (kind == "path" or problem.n * problem.p < 1e5)

    def run(self, problem, kind, tol, threads):
        import glmnet

        squared = problem.loss == "squared"
        common = {
            "alpha": problem.l1_ratio,
            "lambda_path": problem.strengths,
            "standardize": False,
            "tol": tol,
            "fit_intercept": True,
            "max_iter": 10**8,
            "random_state": 0,
        }
        if kind == "cv":
            common |= {
                "n_splits": problem.folds,
                "n_jobs": threads,
                "scoring": "mean_squared_error" if squared else "log_loss",
            }
        else:
            common |= {"n_splits": 0}
        model = (glmnet.ElasticNet if squared else glmnet.LogitNet)(**common).fit(problem.X, problem.y)
        coefs = np.asarray(model.coef_path_).reshape(
            problem.p, -1
        )  # its folds are its own: no curve to compare
        return Fit(coefs, np.asarray(model.intercept_path_).ravel(), list(range(coefs.shape[1])))
