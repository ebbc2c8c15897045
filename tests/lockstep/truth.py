"""Slow, independent answers: explicit standardising, coordinate descent until nothing moves, Newton without tricks."""

from dataclasses import dataclass, replace

import numpy as np

from regularfit.lockstep import Lane, Problem, make_problem
from regularfit.lockstep.threads import workers
from regularfit.lockstep.work import Work
from regularfit.penalties import Penalty


@dataclass(frozen=True)
class Data:
    """A data set with its conventions; rows may be picked and repeated like any array's."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    offset: np.ndarray
    loss: str = "squared"
    intercept: bool = True
    standardize: bool = True

    @property
    def n(self) -> int:
        return len(self.y)

    def rows(self, index) -> "Data":
        return replace(
            self, X=self.X[index], y=self.y[index], weight=self.weight[index], offset=self.offset[index]
        )

    def but(self, **changes) -> "Data":
        return replace(self, **changes)

    def problem(self, X=None) -> Problem:
        return make_problem(
            self.X if X is None else X,
            self.y,
            self.loss,
            sample_weight=self.weight,
            offset=self.offset,
            fit_intercept=self.intercept,
            standardize=self.standardize,
        )


def make_data(n=40, p=5, seed=0, loss="squared", *, weighted=True, shifted=True, noise=1.0) -> Data:
    """Correlated columns of different sizes and means, a few of them relevant."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    X = X * np.geomspace(0.5, 3.0, p) + rng.standard_normal(p)
    eta = (X - X.mean(axis=0)) @ (rng.standard_normal(p) * (rng.random(p) < 0.6)) / np.sqrt(p)
    if loss == "squared":
        y = eta + noise * rng.standard_normal(n) + 2.0
    else:
        y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
        y[:2] = 0.0, 1.0
    weight = rng.uniform(0.3, 2.0, n) if weighted else np.ones(n)
    offset = 0.4 * rng.standard_normal(n) if shifted else np.zeros(n)
    return Data(np.asfortranarray(X), y, weight, offset, loss)


def drive(road, problem, penalty, grid, lanes=None, *, tol=1e-9, score=None, threads=2):
    """One road of the engine, whatever the engine itself would choose -> a list over lanes."""
    lanes = [Lane(np.arange(problem.n), keep=True)] if lanes is None else lanes
    with workers(threads) as team:
        strengths = np.asarray(grid, dtype=float)
        [found] = road(
            Work(problem, [penalty], [strengths], lanes, tol, team, lambda count: None, score, True)
        )
    return found


# ------------------------------------------------------------ the objective, written out


def scales(data: Data) -> np.ndarray:
    """What a coefficient is multiplied by before it is penalised; inf for a column that cannot be used."""
    w = data.weight / data.weight.sum()
    spread = np.sqrt(w @ (data.X - w @ data.X) ** 2)
    if not data.standardize:
        return np.where((spread == 0) & data.intercept, np.inf, 1.0)
    return np.where(spread == 0, np.inf if data.intercept else 1.0, spread)


def mean_loss(data: Data, eta: np.ndarray) -> float:
    w = data.weight / data.weight.sum()
    if data.loss == "squared":
        return float(w @ (data.y - eta) ** 2 / 2)
    return float(w @ (np.logaddexp(0.0, eta) - data.y * eta))


def objective(data: Data, penalty: Penalty, s: float, coef: np.ndarray, intercept: float) -> float:
    terms = penalty.coordinates(len(coef))
    z = np.where(coef == 0, 0.0, coef * np.where(np.isinf(scales(data)), 0.0, scales(data)))
    l1 = np.where(np.isinf(terms.l1), 0.0, terms.l1)
    eta = data.offset + intercept + data.X @ coef
    return mean_loss(data, eta) + s * float(l1 @ np.abs(z) + 0.5 * terms.l2 @ z**2)


# ------------------------------------------------------------ slow solvers


def slow_quadratic(H, c, l1, l2, lower, upper, start=None):
    """Ridge by a linear system, else coordinate descent until nothing moves."""
    used = np.isfinite(l1)
    if not l1[used].any() and np.isinf(lower).all() and np.isinf(upper).all():
        b = np.zeros(len(c))
        b[used] = np.linalg.lstsq((H + np.diag(l2))[np.ix_(used, used)], c[used])[0]
        return b
    b = np.zeros(len(c)) if start is None else np.array(start, dtype=float)
    g = c - H @ b
    for _ in range(20_000):
        largest = 0.0
        for j in range(len(c)):
            h = H[j, j] + l2[j]
            if np.isinf(l1[j]) or h <= 0:
                continue
            z = g[j] + H[j, j] * b[j]
            new = min(max(np.sign(z) * max(abs(z) - l1[j], 0.0) / h, lower[j]), upper[j])
            if new != b[j]:
                g -= H[:, j] * (new - b[j])
                largest = max(largest, abs(new - b[j]) * np.sqrt(h))
                b[j] = new
        if largest <= 1e-14 * (1 + np.sqrt(np.abs(c @ b))):
            break
    return b


def lanes_of(n: int) -> list[Lane]:
    """All rows, and the first three quarters with the rest held out; both keep their paths."""
    cut = 3 * n // 4
    return [Lane(np.arange(n), keep=True), Lane(np.arange(cut), (np.arange(cut, n),), keep=True)]


def slow_fit(data: Data, penalty: Penalty, s: float):
    """Newton's method on explicitly standardised columns -> coefficients and intercept on the scale of X."""
    w, k = data.weight / data.weight.sum(), int(data.intercept)
    scale = scales(data)
    mean = w @ data.X * k
    Z = np.column_stack([np.ones((data.n, k)), (data.X - mean) / scale])
    terms = penalty.coordinates(data.X.shape[1])
    wide = np.zeros(k)
    l1 = np.concatenate([wide, np.where(np.isinf(scale), np.inf, s * terms.l1)])
    l2 = np.concatenate([wide, s * terms.l2])
    back = np.where(np.isinf(scale), 1.0, scale)
    lower = np.concatenate([wide - np.inf, terms.lower * back])
    upper = np.concatenate([wide + np.inf, terms.upper * back])
    finite = np.where(np.isinf(l1), 0.0, l1)

    def value(b):
        return mean_loss(data, data.offset + Z @ b) + finite @ np.abs(b) + 0.5 * l2 @ b**2

    b = np.zeros(Z.shape[1])
    for _ in range(1 if data.loss == "squared" else 40):
        eta = data.offset + Z @ b
        if data.loss == "squared":
            pull, bend = data.y - eta, np.ones(data.n)
        else:
            mu = 1 / (1 + np.exp(-eta))
            pull, bend = data.y - mu, mu * (1 - mu)
        H = (Z * (w * bend)[:, None]).T @ Z
        new = slow_quadratic(H, Z.T @ (w * pull) + H @ b, l1, l2, lower, upper, b)
        t = 1.0
        while t > 1e-6 and value(b + t * (new - b)) > value(b) + 1e-15:
            t /= 2
        moved = np.abs(t * (new - b)).max()
        b = b + t * (new - b)
        if moved <= 1e-13:
            break
    coef = b[k:] / scale
    return coef, float(b[0] - coef @ mean) if k else 0.0
