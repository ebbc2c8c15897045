"""Every loss with every penalty: each cell against an independent solver; docs/matrix.md is what comes out.

Convex cells: cvxpy with CLARABEL on the objective written out. Nonconvex ones have no solver to compare with: the
stationarity of what was found is checked from the objective's own difference quotients.
"""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import cvxpy as cp
import numpy as np
import pytest
from scipy import sparse, special

from regularfit import losses, penalties
from regularfit.errors import UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from tests.laws.matrix_penalties import PENALTIES, WAYS, N, P, signs, written_out
from tests.laws.matrix_several import ACROSS, SEVERAL, check_several, make_several

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"


def survival_times(rng, eta):
    """Times with ties, two thirds of them events."""
    times = np.ceil(4 * rng.exponential(np.exp(-0.5 * eta)))
    return np.column_stack([np.zeros(N), times, rng.random(N) < 0.67, np.zeros(N)]).astype(float)


def log_partial_likelihood(y, e, weights):
    """Minus Breslow's log partial likelihood, less its best value, a unit of weight."""
    total = 0
    for time in np.unique(y[y[:, 2] > 0, 1]):
        now, risk = np.flatnonzero((y[:, 1] == time) & (y[:, 2] > 0)), np.flatnonzero(y[:, 1] >= time)
        mass = weights[now].sum()
        total += (
            mass * (cp.log_sum_exp(e[risk] + np.log(weights[risk])) - np.log(mass)) - weights[now] @ e[now]
        )
    return total / weights.sum()


# A target and the loss for cvxpy; a loss that is not here shows as "not compared" and fails the test of the page.
TARGETS = {
    "squared": (lambda rng, eta: eta + rng.standard_normal(N), lambda y, e: cp.square(y - e) / 2),
    "logistic": (
        lambda rng, eta: (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float),
        lambda y, e: cp.logistic(e) - cp.multiply(y, e),
    ),
    "poisson": (
        lambda rng, eta: rng.poisson(np.exp(0.3 * eta)).astype(float),
        lambda y, e: cp.exp(e) - cp.multiply(y, e) + special.xlogy(y, y) - y,
    ),
    "gamma": (
        lambda rng, eta: rng.gamma(2.0, np.exp(0.3 * eta) / 2),
        lambda y, e: cp.multiply(y, cp.exp(-e)) + e - np.log(y) - 1,
    ),
    "tweedie": (  # of power 1.5
        lambda rng, eta: np.where(rng.random(N) < 0.3, 0.0, rng.gamma(2.0, np.exp(0.3 * eta) / 2)),
        lambda y, e: 2 * cp.exp(e / 2) + cp.multiply(2 * y, cp.exp(-e / 2)) - 4 * np.sqrt(y),
    ),
    "negative_binomial": (  # of theta 1
        lambda rng, eta: rng.poisson(rng.gamma(1.0, np.exp(0.3 * eta))).astype(float),
        lambda y, e: (
            special.xlogy(y, y)
            - cp.multiply(y, e)
            - special.xlogy(y + 1, y + 1)
            + cp.multiply(y + 1, cp.logistic(e))
        ),
    ),
    "huber": (
        lambda rng, eta: eta + rng.standard_t(2, N),
        lambda y, e: cp.huber(y - e, 1.35) / 2,
    ),
    "quantile": (  # the median
        lambda rng, eta: eta + rng.standard_t(2, N),
        lambda y, e: cp.abs(y - e) / 2,
    ),
    "squared_hinge": (
        lambda rng, eta: (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float),
        lambda y, e: cp.square(cp.pos(1 - cp.multiply(2 * y - 1, e))) / 2,
    ),
}
# A target and the mean loss for cvxpy where a loss is no sum over rows.
COUPLED = {"cox": (survival_times, log_partial_likelihood)}
LOSSES = sorted(
    {
        c.name: c
        for c in map(vars(losses).get, losses.__all__)
        if isinstance(c, type) and issubclass(c, losses.Loss) and hasattr(c, "name")
    }
)


@dataclass(frozen=True)
class Cell:
    """One cell, with its data."""

    loss: str
    penalty: penalties.Penalty
    way: str
    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    offset: np.ndarray

    @property
    def problem(self):
        X = sparse.csc_array(self.X) if self.way == "sparse" else self.X
        return make_problem(
            X, self.y, self.loss, sample_weight=self.weights, offset=self.offset, standardize=False
        )

    def smooth(self, w, a):
        problem = self.problem
        if isinstance(problem.loss, losses.CoupledLoss):
            return (
                float(problem.loss.deviance_of(self.y, (self.offset + self.X @ w)[:, None], self.weights)[0])
                / 2
            )
        return float(
            self.weights @ problem.loss.value(self.y, self.offset + a + self.X @ w) / self.weights.sum()
        )


def make_cell(loss, name, way):
    rng = np.random.default_rng(7)
    X = rng.standard_normal((N, P)) * (rng.random((N, P)) < 0.7)
    weights = rng.uniform(0.5, 2, N) if way == "weights" else np.ones(N)
    offset = 0.5 * rng.standard_normal(N) if way == "offset" else np.zeros(N)
    y = (TARGETS | COUPLED)[loss][0](rng, X @ np.array([1.5, 1.0, 0.0, -0.4, 0.8]) + offset)
    penalty = PENALTIES[name]
    if way == "bounds":
        penalty = penalty.bounded(-0.1, 0.5)
    return Cell(loss, penalty, way, X, y, weights, offset)


def best_value(cell, s):
    """The optimal value, from cvxpy."""
    w, a = cp.Variable(P), cp.Variable()
    eta = cell.X @ w + a + cell.offset
    if cell.loss in COUPLED:
        mean = COUPLED[cell.loss][1](cell.y, eta, cell.weights)
    else:
        mean = cell.weights @ TARGETS[cell.loss][1](cell.y, eta) / cell.weights.sum()
    within = [w >= -0.1, w <= 0.5] if cell.way == "bounds" else []
    within += signs(cell.penalty, w)
    task = cp.Problem(cp.Minimize(mean + s * written_out(cell.penalty, w)), within)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cvxpy's own remarks on how it was written
        task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return float(task.value)


def check_cell(cell):
    """Fit two strengths, and hold them to the truth."""
    grid = strength_grid(cell.problem, penalties.L1(), 1)[0] * np.array([0.3, 0.05])
    [[found]] = fit_lanes(cell.problem, [cell.penalty], [grid], [Lane(np.arange(N), keep=True)], tol=1e-8)
    assert found.converged.all()
    assert found.path.nonzeros[-1]
    for k, s in enumerate(grid):
        w, a = found.path.coefs[k], float(found.path.intercepts[k])
        if cell.penalty.convex:
            value = cell.smooth(w, a) + s * cell.penalty.value(w)
            best = best_value(cell, s)
            assert abs(value - best) <= 2e-7 * (1 + best)
        else:
            stationary(cell, s, w, a)


def stationary(cell, s, w, a):
    """No coordinate's one-sided slopes of the objective point down, and no small step gains."""

    def objective(w, a):
        return cell.smooth(w, a) + cell.penalty.at(s).value(w)

    here, h = objective(w, a), 1e-5
    for step in [*np.eye(P), *-np.eye(P)]:
        there = objective(w + h * step, a)
        assert not there < here - 1e-5 * h
    assert abs(objective(w, a + h) - objective(w, a - h)) <= 1e-6 * 2 * h + 1e-9 * h
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert not objective(w + 1e-4 * rng.standard_normal(P) * (w != 0), a) < here - 1e-9


def run_cell(loss, name, way):
    """What the page says of a cell: compared, or the sentence that refuses it."""
    if loss not in TARGETS | COUPLED | SEVERAL:
        return "not compared"
    try:
        cell = (make_several if loss in SEVERAL else make_cell)(loss, name, way)
        (check_several if loss in SEVERAL else check_cell)(cell)
    except UnsupportedError as refused:
        return f"refused: {refused}"
    return "gap" if cell.penalty.convex else "stationary"


ROWS = [(loss, name) for loss in LOSSES for name in PENALTIES]
ROWS += [(loss, name) for loss in SEVERAL for name in PENALTIES | ACROSS]
CELLS = [(*row, way) for row in ROWS for way in WAYS]
_seen: dict[tuple[str, str, str], str] = {}


def outcome(cell):
    if cell not in _seen:
        _seen[cell] = run_cell(*cell)
    return _seen[cell]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell))
def test_cell(cell):
    assert outcome(cell)


SIGNED = ("Group.nonnegative()", "SparseGroup.nonnegative()")
SHAPED = ("Group", "SparseGroup", *SIGNED, "SLOPE", "Fused", "L0", "GroupMCP", "GroupSCAD")


def test_refused_cells_name_what_is_supported():
    refused = {cell: outcome(cell) for cell in CELLS if outcome(cell).startswith("refused")}
    shaped = {(name, way) for name in SHAPED for way in WAYS}
    bent = {(name, way) for name in ("MCP", "SCAD") for way in WAYS}
    for loss in LOSSES:
        own = {(name, way): text for (of, name, way), text in refused.items() if of == loss}
        bounded = {cell for cell in shaped if cell[1] == "bounds"}
        rowwise = {
            cell for cell in shaped if cell[0] in ("Fused", "L0", *SIGNED)
        }  # Cox's coupled rows have no such road
        more = {"quantile": shaped | bent, **dict.fromkeys(COUPLED, rowwise)}
        assert set(own) == bounded | more.get(loss, set())
        for cell, text in own.items():
            words = "Huber(delta)" if loss == "quantile" else "L1, L2, ElasticNet, MCP and SCAD are supported"
            assert ("L1, L2, ElasticNet, MCP and SCAD take" if cell in bounded else words) in text


def test_refused_cells_of_several_predictors_name_what_is_supported():
    refused = {
        cell: outcome(cell) for cell in CELLS if outcome(cell).startswith("refused") and cell[0] in SEVERAL
    }
    own = {(name, way) for name in SHAPED for way in WAYS if way == "bounds"}
    rows = {(name, "bounds") for name in ACROSS}
    joint = {(name, way) for name in (*SHAPED, "MCP", "SCAD") for way in WAYS}
    apart, together = (
        {(of, *cell) for of in SEVERAL for cell in own | rows},
        {("multinomial", *c) for c in joint},
    )
    assert set(refused) == apart | together
    for (_, name, way), text in refused.items():
        words = "L1, L2, ElasticNet, MCP and SCAD take" if (name, way) in own else "L1, L2 and ElasticNet are"
        assert ("Use the bounded penalty without across_outputs()" if name in ACROSS else words) in text


def test_every_loss_of_several_predictors_has_its_rows():
    known = [c for c in map(vars(losses).get, losses.__all__) if isinstance(c, type)]
    several = {c.name for c in known if issubclass(c, losses.SeveralLoss) and c is not losses.SeveralLoss}
    assert several == set(SEVERAL.values())


def page():
    """docs/matrix.md."""
    signs = {"gap": "yes", "stationary": "yes (stationary)", "not compared": "not compared"}
    lines = [
        "# Which loss runs with which penalty",
        "",
        "Written by `tests/laws/test_matrix.py`, which fits every cell on a small problem. *yes*: the optimum was",
        "compared with cvxpy (CLARABEL). *yes (stationary)*: the penalty is not convex; that no small step improves",
        "the objective was checked. *no*: refused by name. `REGULARFIT_WRITE=1 pytest tests/laws/test_matrix.py`",
        "writes this page anew.",
        "",
        "| loss | penalty | " + " | ".join(WAYS) + " |",
        "|---|---|" + "---|" * len(WAYS),
    ]
    for loss, name in ROWS:
        found = [outcome((loss, name, way)) for way in WAYS]
        lines.append(f"| {loss} | {name} | " + " | ".join(signs.get(text, "no") for text in found) + " |")
    sentences = sorted(
        {outcome(cell).removeprefix("refused: ") for cell in CELLS if outcome(cell).startswith("refused")}
    )
    return "\n".join([*lines, "", "What the refused ones say:", "", *(f"- {text}" for text in sentences), ""])


def test_the_page_is_what_the_run_generates():
    if os.environ.get("REGULARFIT_WRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
