import numpy as np
import pytest
import scipy.sparse as sp
from scipy import optimize

import regularfit as rf
from regularfit.diagnostics import Bridge, geometry
from tests.diagnostics.bayes_data import rows

X, Y, WEIGHTS, OFFSET = rows()
GIVEN = {"sample_weight": WEIGHTS, "offset": OFFSET}
PENALTIES = [
    rf.L1(),
    rf.L2(),
    rf.ElasticNet(0.5),
    rf.L1().weighted([1, 2, 0.5, 1]),
    rf.L1().bounded(-0.4, 0.9),
    rf.MCP(3.0),
    rf.SCAD(),
    rf.SLOPE(),
    rf.Group([0, 0, 1, 1]),
    rf.SparseGroup([0, 0, 1, 1]),
    rf.Fused(),
]


def standardised():
    w = WEIGHTS / WEIGHTS.sum()
    Z = X - w @ X
    return Z / np.sqrt(w @ Z**2), w


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_it_touches_at_the_model_s_own_coefficients(penalty):
    two = (
        [0, 3] if isinstance(penalty, rf.Fused) else [0, 2]
    )  # one at a time is held between two neighbours there
    model = rf.PenalizedRegressor(penalty, strength=0.2, tol=1e-10).fit(X, Y, **GIVEN)
    found = geometry(model, X, Y, columns=two, points=80, **GIVEN)
    Z, w = standardised()
    unit = np.sqrt(w @ (X - w @ X) ** 2)
    full = model.coef_ * unit
    np.testing.assert_allclose(found.solution, full[two])
    assert (found.zeros == (full[two] == 0)).all()
    # The loss is that of the objective, the other columns held.
    for point in (found.solution, found.minimum, np.array([0.3, -1.0])):
        moved = full.copy()
        moved[two] = point
        r = (Y - OFFSET) - Z @ moved
        r -= w @ r
        assert found.loss(point)[0] == pytest.approx(0.5 * w @ r**2)
    for level, line in zip(found.levels, found.contours, strict=True):
        np.testing.assert_allclose(found.loss(line), level)
    assert found.levels[3] == pytest.approx(found.loss(found.solution)[0])
    # Nothing on the ball's edge is better, and the edge has one value of the penalty.
    edge = found.ball[np.isfinite(found.ball).all(axis=1)]
    assert len(edge) > 20
    if not isinstance(penalty, (rf.MCP, rf.SCAD)):
        assert found.loss(edge).min() > found.loss(found.solution)[0] - 1e-6
    bounded = "bounded" in repr(penalty)
    for point in edge[::7]:
        moved[two] = point
        value = (rf.L1() if bounded else penalty.at(0.2)).value(moved) * (0.2 if bounded else 1)
        assert value <= found.budget * (1 + 1e-9)
        if not bounded:
            assert value == pytest.approx(found.budget)


def test_a_ball_that_has_no_inside_says_so():
    # Both lie between their neighbours, which are held: no value is cheaper.
    model = rf.PenalizedRegressor(rf.Fused(), strength=0.2, tol=1e-10).fit(X, Y, **GIVEN)
    with pytest.raises(rf.InputError, match="no inside"):
        geometry(model, X, Y, columns=(0, 2), **GIVEN)


def test_orthogonal_columns_are_solved_on_paper():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(np.column_stack([np.ones(30), rng.normal(size=(30, 2))]))[0][:, 1:] * np.sqrt(30)
    y = Q @ [2.0, 0.5] + 1
    diamond = geometry(rf.L1(), Q, y, strength=0.7)
    np.testing.assert_allclose(diamond.minimum, [2.0, 0.5])
    np.testing.assert_allclose(diamond.solution, [1.3, 0.0], atol=1e-9)
    assert diamond.on_axis
    assert diamond.zeros.tolist() == [False, True]
    assert not diamond.inside
    disc = geometry(rf.L2(), Q, y, strength=0.7)
    np.testing.assert_allclose(disc.solution, np.array([2.0, 0.5]) / 1.7)
    assert not disc.on_axis
    np.testing.assert_allclose(np.linalg.norm(disc.ball, axis=1), np.linalg.norm(disc.solution))
    np.testing.assert_allclose(np.abs(diamond.ball).sum(axis=1), 1.3)
    assert (diamond.ball[0] == [diamond.ball[0, 0], 0]).all()  # corners are among the points


@pytest.mark.parametrize("power", [1.0, 1.3, 2.0, 4.0])
def test_a_budget_is_solved_for(power):
    Z, y = X[:, :2], Y
    found = geometry(Bridge(power), Z, y, budget=0.4)
    H, c = found.hessian, found.minimum
    away = {"type": "ineq", "fun": lambda b: 0.4 - (np.abs(b) ** power).sum()}
    starts = [
        optimize.minimize(lambda b: (b - c) @ H @ (b - c) / 2, s, constraints=[away], tol=1e-12)
        for s in ([0.1, 0.1], [0.1, -0.1], [-0.1, 0.1])
    ]
    best = min(s.fun for s in starts if s.success)
    assert found.loss(found.solution)[0] - found.least == pytest.approx(best, rel=1e-5)
    assert (np.abs(found.solution) ** power).sum() <= 0.4 * (1 + 1e-9)
    assert geometry(Bridge(power), Z, y, budget=1e6).inside


def test_the_penalty_s_budget_gives_the_penalised_fit_back():
    fitted = geometry(rf.L1(), X[:, :2], Y, strength=0.3)
    again = geometry(rf.L1(), X[:, :2], Y, budget=fitted.budget / 0.3)
    np.testing.assert_allclose(again.solution, fitted.solution, atol=1e-6)
    assert again.on_axis == fitted.on_axis
    star = geometry(Bridge(0.5), X[:, :2], Y, budget=0.8)
    assert star.on_axis


def test_profiled_is_least_squares_in_the_other_columns():
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1, tol=1e-10).fit(X, Y, **GIVEN)
    found = geometry(model, X, Y, columns=(0, 2), others="profiled", **GIVEN)
    Z, w = standardised()
    M = np.column_stack([np.ones(40), Z]) * np.sqrt(w)[:, None]
    full = np.linalg.lstsq(M, (Y - OFFSET) * np.sqrt(w), rcond=None)[0]
    np.testing.assert_allclose(found.minimum, full[[1, 3]])
    r = (Y - OFFSET) * np.sqrt(w) - M @ full
    assert found.least == pytest.approx(0.5 * r @ r)
    inverse = np.linalg.inv(M.T @ M)[np.ix_([1, 3], [1, 3])]
    np.testing.assert_allclose(found.hessian, np.linalg.inv(inverse))
    assert found.loss(found.ball).min() >= found.loss(found.solution)[0] - 1e-12


def test_tables_sparse_and_short_numbers():
    pd = pytest.importorskip("pandas")
    Z = np.float32(np.where(np.abs(X) < 0.5, 0, X)).astype(float)
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1, tol=1e-10)
    usual = geometry(model.fit(Z, Y), Z, Y, columns=(1, 3))
    for other in (sp.csc_array(Z), np.float32(Z)):
        found = geometry(model.fit(other, Y), other, Y, columns=(1, -1))
        np.testing.assert_allclose(found.solution, usual.solution, atol=1e-5)
    table = pd.DataFrame(Z, columns=list("abcd"))
    named = geometry(model.fit(table, Y), table, Y, columns=("b", "d"))
    assert named.names == ("b", "d")
    frame = named.to_frame()
    assert set(frame["kind"]) == {"ball", "contour"}
    assert len(frame) == 7 * len(named.ball)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"columns": (0,)}, rf.InputError, "two columns"),
        ({"columns": (0, 0)}, rf.InputError, "two different"),
        ({"columns": (0, 9)}, rf.InputError, "from 0 to 3"),
        ({"columns": ("a", "b")}, rf.InputError, "no column 'a'"),
        ({"others": "free"}, rf.InputError, "others="),
        ({"points": 3}, rf.InputError, "points"),
        ({"strength": 1.0, "budget": 1.0}, rf.InputError, "strength, or budget"),
        ({"strength": None}, rf.InputError, "strength, or budget"),
        ({"strength": -1.0}, rf.InputError, "strength"),
    ],
)
def test_numbers_out_of_range(given, error, words):
    with pytest.raises(error, match=words):
        geometry(rf.L1(), X, Y, **{"strength": 0.1} | given)


def test_other_refusals():
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, Y)
    with pytest.raises(rf.InputError, match="does not solve"):
        geometry(model, X, Y[::-1])
    with pytest.raises(rf.InputError, match="has its strength"):
        geometry(model, X, Y, strength=1.0)
    with pytest.raises(rf.UnsupportedError, match="squared loss"):
        geometry(rf.PenalizedRegressor(rf.L1(), loss="huber", strength=0.1).fit(X, Y), X, Y)
    with pytest.raises(rf.UnsupportedError, match="no Penalty"):
        geometry(Bridge(1.5), X, Y, strength=1.0)
    with pytest.raises(rf.UnsupportedError, match="value"):
        geometry("lasso", X, Y, strength=1.0)
    copies = np.column_stack([X[:, 0], X[:, 0], X[:, 1]])
    with pytest.raises(rf.InputError, match="told apart"):
        geometry(rf.L2(), copies, Y, strength=1.0)
    still = np.column_stack([X, np.ones(40)])
    with pytest.raises(rf.InputError, match="constant"):
        geometry(rf.L2(), still, Y, columns=(0, 4), strength=1.0)
    with pytest.raises(rf.InputError, match="power"):
        Bridge(0)
