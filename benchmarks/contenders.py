"""The contenders by name, and ours."""

from __future__ import annotations

import time

import numpy as np
from contender import Contender, Fit
from peer_glmnet import GlmnetR
from peers import (
    Adelie,
    Celer,
    Glum,
    PythonGlmnet,
    ScikitLearn,
    ScikitLearnLars,
    Skglm,
    TextbookRidge,
)
from problems import Problem


class Regularfit(Contender):
    """This library, at its default tolerance whatever is enough."""

    environment, module, ladder, start = "ours", "regularfit", (1e-7, 1e-9, 1e-11), 1e-7

    def supports(self, problem, kind):
        return True

    def prepare(self, problem, kind, threads):
        from regularfit import PenalizedClassifier, PenalizedRegressor, fit_path  # noqa: F401  (loaded lazily)

    def run(self, problem, kind, tol, threads):
        import regularfit as rf

        a = problem.l1_ratio
        penalty = rf.L1() if a == 1 else rf.L2() if a == 0 else rf.ElasticNet(a)
        common = {"strengths": problem.strengths, "standardize": False, "tol": tol}
        if kind == "path":
            path = rf.fit_path(problem.X, problem.y, penalty, loss=problem.loss, **common)
            return Fit(path.coefs.T, path.intercepts, list(range(len(path.strengths))))
        estimator = rf.PenalizedRegressor if problem.loss == "squared" else rf.PenalizedClassifier
        how = {"select": "loo"} if kind == "loo" else {"cv": problem.splits}
        model = estimator(penalty, n_jobs=threads, **how, **common).fit(problem.X, problem.y)
        best = int(np.argmin(np.abs(np.log(problem.strengths / model.strength_))))
        curve = np.asarray(model.cv_.mean) if getattr(model, "cv_", None) is not None else None
        return Fit(
            np.reshape(model.coef_, (problem.p, 1)), np.atleast_1d(model.intercept_).ravel(), [best], curve
        )


CONTENDERS: dict[str, Contender] = {
    "regularfit": Regularfit(),
    "scikit-learn": ScikitLearn(),
    "scikit-learn (LARS)": ScikitLearnLars(),
    "celer": Celer(),
    "skglm": Skglm(),
    "adelie": Adelie(),
    "glum": Glum(),
    "glmnet (Python)": PythonGlmnet(),
    "glmnet (R)": GlmnetR(),
    "textbook ridge": TextbookRidge(),
}


def timed(contender: Contender, problem: Problem, kind: str, tol: float, threads: int) -> tuple[Fit, dict]:
    """Run once; seconds of wall clock and of processor, unless the contender measured them itself."""
    cpu, start = time.process_time(), time.perf_counter()
    fit = contender.run(problem, kind, tol, threads)
    measured = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    return fit, measured | fit.measured
