"""One measure of accuracy for everybody: the primal objective, a certified lower bound, the reference.

The lower bound is the dual objective at a feasible point made from the contender's own residuals; so
(objective - bound) / objective bounds how far any answer is from the optimum, whoever computed the reference.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from problems import Problem
from scipy import sparse

REFERENCES = Path(__file__).parent / "references"


def mean(loss: str, eta: np.ndarray) -> np.ndarray:
    """The fitted mean at a linear predictor."""
    return eta if loss == "squared" else 0.5 * (1 + np.tanh(0.5 * eta))


def losses(loss: str, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """The loss of every row (and every strength, when eta has columns)."""
    return 0.5 * (y - eta) ** 2 if loss == "squared" else np.logaddexp(0, eta) - y * eta


def predictor(problem: Problem, coefs, intercepts: np.ndarray) -> np.ndarray:
    """X @ coefs + intercepts, (n, L), touching only the columns that are ever used."""
    rows = sparse.csr_matrix(coefs) if sparse.issparse(coefs) else np.asarray(coefs)
    used = np.flatnonzero(np.diff(rows.indptr)) if sparse.issparse(rows) else np.flatnonzero(rows.any(axis=1))
    block = rows[used].toarray() if sparse.issparse(rows) else rows[used]
    if used.size == 0:
        return np.tile(intercepts, (problem.n, 1))
    X = problem.X if used.size == problem.p else problem.X[:, used]
    return np.asarray(X @ block) + intercepts


def primal(problem: Problem, coefs, eta: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """The objective at every strength."""
    a = problem.l1_ratio
    l1, l2 = (
        np.asarray(abs(coefs).sum(axis=0)).ravel(),
        np.asarray((coefs.multiply(coefs) if sparse.issparse(coefs) else coefs**2).sum(axis=0)).ravel(),
    )
    return losses(problem.loss, problem.y[:, None], eta).mean(axis=0) + strengths * (
        a * l1 + (1 - a) / 2 * l2
    )


def _recentre(problem: Problem, eta: np.ndarray) -> np.ndarray:
    """Move each intercept to its best place, so that the residuals sum to zero, as a dual point must."""
    y = problem.y[:, None]
    for _ in range(1 if problem.loss == "squared" else 60):
        fitted = mean(problem.loss, eta)
        curvature = (
            1.0 if problem.loss == "squared" else np.maximum((fitted * (1 - fitted)).mean(axis=0), 1e-12)
        )
        step = np.clip((y - fitted).mean(axis=0) / curvature, -2, 2)
        eta = eta + step
        if np.abs(step).max() < 1e-15:
            break
    return eta


def lower_bound(problem: Problem, eta: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """The dual objective at the residuals, shrunk until they are feasible where the penalty is L1 alone."""
    y, a = problem.y[:, None], problem.l1_ratio
    residual = y - mean(problem.loss, _recentre(problem, eta))
    gradient = np.abs(np.asarray(problem.X.T @ residual)) / problem.n
    ridge = 0.0
    if a == 1:
        residual = residual * np.minimum(1.0, strengths / np.maximum(gradient.max(axis=0), 1e-300))
    else:
        ridge = (np.maximum(gradient - a * strengths, 0) ** 2).sum(axis=0) / (2 * (1 - a) * strengths)
    if problem.loss == "squared":
        return (y * residual - 0.5 * residual**2).mean(axis=0) - ridge
    fitted = np.clip(y - residual, 0.0, 1.0)
    entropy = np.where(fitted > 0, fitted * np.log(np.maximum(fitted, 1e-300)), 0.0)
    entropy += np.where(fitted < 1, (1 - fitted) * np.log(np.maximum(1 - fitted, 1e-300)), 0.0)
    return -entropy.mean(axis=0) - ridge


def judge(problem: Problem, coefs, intercepts: np.ndarray, index: np.ndarray | None = None) -> dict:
    """Objective, certified gap and, where a reference exists, the worst relative suboptimality."""
    index = np.arange(problem.strengths.size) if index is None else np.asarray(index)
    strengths = problem.strengths[index]
    eta = predictor(problem, coefs, np.asarray(intercepts, dtype=float))
    value = primal(problem, coefs, eta, strengths)
    gap = (value - lower_bound(problem, eta, strengths)) / np.abs(value)
    verdict = {"strengths": int(index.size), "gap": float(gap.max())}
    reference = load_reference(problem)
    if reference is not None:
        best = np.asarray(reference["objective"])[index]
        excess = (value - best) / best
        verdict |= {
            "suboptimality": float(excess.max()),
            "median": float(np.median(excess)),
            "below_reference": float(max(0.0, -excess.min())),
        }
    return verdict


# ---- references
def load_reference(problem: Problem) -> dict | None:
    """The stored reference of a problem, refused when it belongs to other data."""
    file = REFERENCES / f"{problem.name}.json"
    if not file.exists():
        return None
    reference = json.loads(file.read_text())
    if not np.allclose(reference["check"], problem.check, rtol=1e-9):
        raise SystemExit(
            f"{file.name} was made from other data than {problem.folder}: delete that folder or run "
            f"`python benchmarks/linear.py reference -p {problem.name}`."
        )
    return reference


def save_reference(problem: Problem, coefs, intercepts: np.ndarray, by: str) -> dict:
    """Polish a solution, keep per strength the better of it and what is stored, certify, write."""
    coefs = coefs.toarray() if sparse.issparse(coefs) else np.array(coefs, dtype=float)
    intercepts = np.array(intercepts, dtype=float)
    if problem.l1_ratio > 0:
        for k, strength in enumerate(problem.strengths):
            coefs[:, k], intercepts[k] = _polish(problem, strength, coefs[:, k], intercepts[k])
    eta = predictor(problem, coefs, intercepts)
    value = primal(problem, coefs, eta, problem.strengths)
    bound = lower_bound(problem, eta, problem.strengths)
    stored = load_reference(problem)
    if stored is not None:
        value, bound = np.minimum(value, stored["objective"]), np.maximum(bound, stored["bound"])
    gap = float(((value - bound) / value).max())
    reference = {
        "by": by,
        "certified_gap": gap,
        "check": problem.check,
        "objective": [float(f"{v:.15g}") for v in value],
        "bound": [float(f"{v:.15g}") for v in bound],
    }
    REFERENCES.mkdir(exist_ok=True)
    (REFERENCES / f"{problem.name}.json").write_text(json.dumps(reference) + "\n")
    return reference


def _polish(problem: Problem, strength: float, coef: np.ndarray, intercept: float, rounds: int = 200):
    """Newton on the support with signs held: drop a coefficient that reaches zero, add those that violate."""
    n, l1, l2 = problem.n, strength * problem.l1_ratio, strength * (1 - problem.l1_ratio)
    S = np.flatnonzero(coef)
    if S.size >= n - 1:
        return coef, intercept
    sign, w = np.append(np.sign(coef[S]), 0.0), np.append(coef[S], intercept)
    A = _columns(problem, S)
    for _ in range(rounds):
        fitted = mean(problem.loss, A @ w)
        ridge = np.append(np.full(S.size, l2), 0.0)
        gradient = A.T @ (fitted - problem.y) / n + l1 * sign + ridge * w
        if np.abs(gradient).max() < 1e-13 * max(1.0, strength) + 1e-12 * l1:
            score = np.asarray(problem.X.T @ (problem.y - fitted)).ravel() / n
            score[S] = 0.0
            new = np.argsort(-np.abs(score))[:30]
            new = new[np.abs(score[new]) > l1 * (1 + 1e-12)]
            if new.size == 0:
                break
            S = np.append(S, new)
            sign = np.concatenate([sign[:-1], np.sign(score[new]), [0.0]])
            w = np.concatenate([w[:-1], np.zeros(new.size), w[-1:]])
            A = _columns(problem, S)
            continue
        curvature = np.ones(n) if problem.loss == "squared" else fitted * (1 - fitted)
        hessian = (A.T * curvature) @ A / n + np.diag(ridge)
        hessian.flat[:: S.size + 2] += (
            1e-11 * np.trace(hessian) / (S.size + 1)
        )  # equal columns make it singular
        step = np.linalg.solve(hessian, gradient)
        crossing = (w - step) * sign < 0
        limit = np.where(crossing, w / np.where(step == 0, 1.0, step), np.inf)
        length = min(1.0, max(0.0, float(limit.min(initial=np.inf))))
        w = w - length * step
        if crossing.any():
            keep = ~(crossing & (limit <= length * (1 + 1e-12)))
            w, sign, S, A = w[keep], sign[keep], S[keep[:-1]], A[:, keep]
    polished = np.zeros_like(coef)
    polished[S] = w[:-1]
    pair, values = np.column_stack([coef, polished]), np.array([intercept, w[-1]])
    value = primal(problem, pair, predictor(problem, pair, values), np.full(2, strength))
    better = value[1] <= value[0] * (1 + 1e-13)  # rounding alone does not make it worse
    return (polished, float(w[-1])) if better else (coef, intercept)


def _columns(problem: Problem, S: np.ndarray) -> np.ndarray:
    block = problem.X[:, S]
    return np.column_stack([block.toarray() if sparse.issparse(block) else block, np.ones(problem.n)])
