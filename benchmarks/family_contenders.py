"""The contenders of families.py by name, and ours."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from family_contender import Base
from family_problems import GAMMA, SHARE, Q, slope_weights
from family_skglm import Skglm
from scipy.special import xlogy


def _as_loss(given, deviances):
    """Mean losses from mean deviances, which are twice the loss above that of a perfect fit."""
    y = given.y
    perfect = np.mean(y - xlogy(y, y)) if given.recipe.family == "poisson" else 0.0
    return deviances / 2 + perfect


class Ours(Base):
    """regularfit, at its default tolerance (1e-7); the tighter ones serve the reference only."""

    environment, ladder, start = "ours", (7,), 7

    def supports(self, given):
        return True

    def prepare(self, given):
        import regularfit as rf

        recipe, y = given.recipe, given.y
        self.penalty = {
            "l1": lambda: rf.L1(),
            "grouped": lambda: rf.L1().across_outputs(),
            "group": lambda: rf.Group(given.groups),
            "sparse group": lambda: rf.SparseGroup(given.groups, SHARE),
            "mcp": lambda: rf.MCP(GAMMA),
            "slope": lambda: rf.SLOPE(Q),
        }[recipe.penalty]()
        self.y = y.astype(int) if recipe.family == "multinomial" else y
        if recipe.family == "cox":
            self.y = rf.survival(y[:, 0], y[:, 1] > 0)
        return rf.__version__

    def run(self, given, tol):
        import regularfit as rf

        path = rf.fit_path(
            given.X,
            self.y,
            self.penalty,
            loss=given.recipe.family,
            strengths=given.strengths,
            standardize=False,
            tol=tol,
            n_jobs=1,
        )
        L = len(path.strengths)
        return path.coefs.reshape(L, -1, given.recipe.p), path.intercepts.reshape(L, -1)

    def cross_validate(self, given, tol):
        import regularfit as rf

        family, K = given.recipe.family, given.recipe.classes
        common = {
            "strengths": given.strengths,
            "standardize": False,
            "tol": tol,
            "n_jobs": 1,
            "cv": given.splits,
        }
        if family == "cox":
            model = rf.PenalizedCox(self.penalty, **common)
        elif family in ("logistic", "multinomial"):
            model = rf.PenalizedClassifier(self.penalty, **common)
        else:
            model = rf.PenalizedRegressor(self.penalty, loss=family, **common)
        model.fit(given.X, self.y)
        level = np.zeros(K) if family == "cox" else np.reshape(model.intercept_, K)
        best = int(np.argmin(np.abs(np.log(given.strengths / model.strength_))))
        curve = np.asarray(model.cv_.mean)
        curve = _as_loss(given, curve) if family in ("squared", "poisson") else curve
        return np.reshape(model.coef_, (K, -1)), level, curve, best


class Adelie(Base):
    """Group elastic net in C++; its multinomial loss is divided by the classes and groups each column."""

    environment, ladder, start = "adelie", tuple(range(3, 15)), 9
    does = (
        ("poisson", "l1"),
        ("cox", "l1"),
        ("multinomial", "grouped"),
        ("squared", "group"),
        ("logistic", "group"),
    )

    def prepare(self, given):
        import adelie

        y, recipe = given.y, given.recipe
        if recipe.family == "cox":
            self.glm = adelie.glm.cox(np.zeros(len(y)), y[:, 0], y[:, 1], tie_method="breslow")
        elif recipe.family == "multinomial":
            self.glm = adelie.glm.multinomial(np.asfortranarray(np.eye(recipe.classes)[y.astype(int)]))
        else:
            names = {"squared": "gaussian", "logistic": "binomial", "poisson": "poisson"}
            self.glm = getattr(adelie.glm, names[recipe.family])(y, dtype=np.float64)
        return adelie.__version__

    def run(self, given, tol):
        import adelie

        recipe = given.recipe
        starts = np.arange(0, recipe.p, recipe.size)
        irls = {} if recipe.family == "squared" else {"irls_tol": tol}
        state = adelie.grpnet(
            given.X,
            self.glm,
            groups=starts,
            penalty=np.full(starts.size, np.sqrt(recipe.size)),
            lmda_path=given.strengths / recipe.classes,
            tol=tol,
            early_exit=False,
            progress_bar=False,
            intercept=recipe.family != "cox",
            **irls,
        )
        betas, K = state.betas.toarray(), recipe.classes
        levels = np.asarray(state.intercepts).reshape(len(betas), K)
        return betas.reshape(len(betas), recipe.p, K).transpose(0, 2, 1), levels


class Glum(Base):
    """Generalised linear models by reweighted coordinate descent."""

    ladder, start = tuple(range(3, 11)), 4
    does = (("poisson", "l1"),)

    def prepare(self, given):
        import glum

        return glum.__version__

    def run(self, given, tol):
        import glum

        model = glum.GeneralizedLinearRegressor(
            family="poisson",
            l1_ratio=1.0,
            alphas=given.strengths,
            alpha_search=True,
            gradient_tol=tol,
            max_iter=1000,
            copy_X=False,
        ).fit(given.X, given.y)
        return np.asarray(model.coef_path_)[:, None], np.asarray(model.intercept_path_)[:, None]


class SortedL1(Base):
    """The reference implementation of SLOPE, with screening and hybrid coordinate descent."""

    environment, ladder, start = "slope", tuple(range(3, 13)), 5
    does = (("squared", "slope"),)

    def prepare(self, given):
        from importlib.metadata import version

        import sortedl1  # noqa: F401

        return version("sortedl1")

    def run(self, given, tol):
        import sortedl1

        model = sortedl1.Slope(lam=slope_weights(given.recipe.p), tol=tol, max_iter=1_000_000)
        path = model.path(
            given.X,
            given.y,
            alphas=given.strengths,
            tol_dev_change=0.0,
            tol_dev_ratio=1.0,
            max_clusters=given.recipe.p + 1,
        )
        coefs = path.coefs
        dense = coefs.toarray() if hasattr(coefs, "toarray") else np.asarray(coefs)
        dense = dense.reshape(given.recipe.p, -1)
        return dense.T[:, None], np.asarray(path.intercepts).reshape(-1, 1)


class GlmnetR(Base):
    """The original, in an R process of its own that measures its own time."""

    environment, ladder, start = "ours", tuple(range(3, 16)), 9
    does = (("poisson", "l1"), ("multinomial", "l1"), ("multinomial", "grouped"), ("cox", "l1"))

    def prepare(self, given):
        self.folder = Path(tempfile.mkdtemp(prefix="regularfit-bench-"))
        for name, array in (
            ("x", given.X.T),
            ("y", given.y.T),
            ("s", given.strengths),
            ("f", given.fold + 1),
        ):
            np.ascontiguousarray(array, dtype=float).tofile(self.folder / name)
        recipe, script = given.recipe, Path(__file__).with_name("glmnet_family_worker.R")
        kind = "grouped" if recipe.penalty == "grouped" else "ungrouped"
        arguments = [self.folder, recipe.n, recipe.p, recipe.count, recipe.family, kind]
        self.process = subprocess.Popen(
            ["Rscript", "--vanilla", *map(str, [script, *arguments])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
        )
        answer = self.process.stdout.readline().split()
        if answer[:1] != ["ready"]:
            raise RuntimeError("R or its package glmnet did not start")
        return answer[1]

    def run(self, given, tol):
        return self._ask(given, f"path {tol}")

    def cross_validate(self, given, tol):
        coefs, levels = self._ask(given, f"cv {tol}")
        curve = np.fromfile(self.folder / "c")
        curve = _as_loss(given, curve) if given.recipe.family != "cox" else curve
        best = int(np.nanargmin(curve))
        return coefs[best], levels[best], curve, best

    def _ask(self, given, what):
        print(what, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        if answer[:1] != ["done"]:
            raise RuntimeError("glmnet failed")
        self.seconds, count, K, p = float(answer[1]), int(answer[2]), given.recipe.classes, given.recipe.p
        coefs = np.fromfile(self.folder / "b").reshape(K, count, p).transpose(1, 0, 2)
        return coefs, np.fromfile(self.folder / "a").reshape(count, K)

    def close(self):
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)


CONTENDERS: dict[str, Base] = {
    "regularfit": Ours(),
    "skglm": Skglm(),
    "adelie": Adelie(),
    "glum": Glum(),
    "sortedl1": SortedL1(),
    "glmnet (R)": GlmnetR(),
}
