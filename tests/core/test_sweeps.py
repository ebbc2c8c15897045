"""Several strengths side by side: as good as one strength alone, for every kind of column, whatever the scale."""

import numpy as np
import pytest
from regularfit._core import Lane, solve_lanes
from scipy.optimize import minimize

STRENGTHS = np.geomspace(0.4, 0.004, 21)
GAP = 1e-9


def problem(seed, rows=400, columns=260, scale=1.0):
    """A lane with over 150 free columns: penalties of all sizes, bounds, and columns that are left out."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((rows, columns))
    A[:, 1::2] = 0.6 * A[:, ::2] + 0.8 * A[:, 1::2]
    A *= scale
    y = A @ rng.standard_normal(columns) / scale + rng.standard_normal(rows)
    l1, l2 = rng.uniform(0.3, 1.0, columns) * scale, rng.uniform(0.2, 1.0, columns) * scale**2
    l1[rng.choice(columns, 10, replace=False)] = np.inf
    lower, upper = np.full(columns, -np.inf), np.full(columns, np.inf)
    lower[::7], upper[::11], upper[5::13] = 0.0, 0.05 / scale, 0.0
    return np.asfortranarray(A.T @ A / rows), A.T @ y / rows, y @ y / rows, (l1, l2, lower, upper)


def solve(H, c, yy, terms, strengths, slots=False, gap=GAP):
    lane = Lane()
    lane.bind(H)
    lane.terms(*terms)
    lane.tolerate(gap, yy)
    shape = (len(strengths), len(c))
    b, grad, kkt, solved = np.empty(shape), np.empty(shape), np.empty(shape[0]), np.empty(shape[0], np.uint8)
    solve_lanes([(lane, np.asarray(strengths), c[None], b, grad, kkt, solved)], 1, slots)
    assert solved.all()
    return b, grad, kkt, lane


def values(H, c, yy, terms, strengths, b):
    l1 = np.where(np.isinf(terms[0]), 0.0, terms[0])
    smooth = 0.5 * yy - b @ c + 0.5 * np.einsum("kp,kp->k", b @ H, b)
    return smooth + strengths * (np.abs(b) @ l1 + 0.5 * b**2 @ terms[1])


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize(
    "scale", [1.0, 1e4, 1e-30]
)  # the last does not fit float32: the other road takes over
def test_many_strengths_equal_one_at_a_time(slots, scale):
    H, c, yy, terms = problem(0, scale=scale)
    b, grad, kkt, _ = solve(H, c, yy, terms, STRENGTHS, slots)
    alone = np.array([solve(H, c, yy, terms, [s], gap=1e-14)[0][0] for s in STRENGTHS])
    assert (b[-1] != 0).sum() > 150
    np.testing.assert_allclose(grad, c - b @ H, atol=1e-12 * np.abs(c).max())
    best = values(H, c, yy, terms, STRENGTHS, alone)
    excess = values(H, c, yy, terms, STRENGTHS, b) - best
    assert (excess <= 1.01 * GAP * best).all()
    assert (excess >= -1e-13 * best).all()
    assert (b >= terms[2]).all()
    assert (b <= terms[3]).all()
    assert (b[:, np.isinf(terms[0])] == 0).all()
    assert (kkt < 0.02 * scale).all()
    np.testing.assert_array_equal((b != 0)[kkt < 1e-9 * scale], (alone != 0)[kkt < 1e-9 * scale])


def test_the_last_strength_equals_a_general_optimiser():
    H, c, yy, (l1, l2, lower, upper) = problem(1)
    b, *_ = solve(H, c, yy, (l1, l2, lower, upper), STRENGTHS, gap=1e-13)
    s, keep = STRENGTHS[-1], np.isfinite(l1)
    H, c, l1, l2, lower, upper = H[np.ix_(keep, keep)], *(v[keep] for v in (c, l1, l2, lower, upper))

    def parts(z):  # b = positive - negative part: smooth, with bounds
        x = z[: len(c)] - z[len(c) :]
        g = H @ x - c + s * l2 * x
        return 0.5 * x @ H @ x - c @ x + s * (l1 @ np.add(*np.split(z, 2)) + 0.5 * l2 @ x**2), np.append(
            g + s * l1, -g + s * l1
        )

    ends = [(0, u) for u in upper] + [(0, -low) for low in lower]
    peer = minimize(
        parts,
        np.zeros(2 * len(c)),
        jac=True,
        bounds=ends,
        options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9, "maxfun": 10**5},
    )
    np.testing.assert_allclose(b[-1][keep], peer.x[: len(c)] - peer.x[len(c) :], atol=2e-5)


def test_a_working_set_may_grow_between_batches():
    H, c, yy, terms = problem(2)
    terms = (np.where(np.isinf(terms[0]), 0.5, terms[0]), *terms[1:])
    whole, *_ = solve(H, c, yy, terms, STRENGTHS, gap=1e-12)
    lane, m = Lane(), 200
    lane.append(np.asfortranarray(H[:m, :m]))
    lane.terms(*(t[:m] for t in terms))
    lane.tolerate(1e-12, yy)
    for size, part in ((200, STRENGTHS[:10]), (260, STRENGTHS[10:])):
        if size > len(lane):
            lane.append(np.asfortranarray(H[:, m:]))
            lane.terms(*terms)
        shape = (len(part), size)
        b, grad, kkt, ok = np.empty(shape), np.empty(shape), np.empty(shape[0]), np.empty(shape[0], np.uint8)
        solve_lanes([(lane, part, c[None, :size].copy(), b, grad, kkt, ok)], 1, True)
        lane.keep(len(part) - 4)
    np.testing.assert_allclose(b, whole[10:], atol=1e-7)


def test_a_linear_term_for_every_strength():
    H, c, yy, terms = problem(3)
    C = c * np.linspace(1.0, 0.9, 12)[:, None]
    lane = Lane()
    lane.bind(H)
    lane.terms(*terms)
    lane.tolerate(1e-13, yy)
    b, grad, kkt, ok = np.empty_like(C), np.empty_like(C), np.empty(12), np.empty(12, np.uint8)
    strengths = np.full(12, 0.01)
    solve_lanes([(lane, strengths, C, b, grad, kkt, ok)], 1, True)
    for k in (0, 5, 11):
        alone, *_ = solve(H, C[k], yy, terms, [0.01], gap=1e-14)
        np.testing.assert_allclose(b[k], alone[0], atol=1e-6)
