"""The laws that every penalty obeys, as plain functions, so that any penalty can be held to them."""

import copy
import math
import pickle
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

import regularfit.penalties
from regularfit.penalties import Folded, Penalty, SeparablePenalty

P = 5  # the number of columns that examples() are made for


@dataclass(frozen=True)
class Case:
    """What a law is tried on: two vectors, a step and a source of further numbers."""

    v: np.ndarray
    u: np.ndarray
    step: float
    seed: int = 0

    @classmethod
    def random(cls, seed):
        rng = np.random.default_rng(seed)
        return cls(rng.normal(0, 2, P), rng.normal(0, 2, P), float(rng.uniform(0.05, 4)), seed)


def objective(penalty, w, case):
    return 0.5 * np.sum((w - case.v) ** 2) + case.step * penalty.value(w)


def prox_beats_other_points(penalty, case):
    rng = np.random.default_rng(case.seed)
    found = penalty.prox(case.v, case.step)
    best = objective(penalty, found, case)
    assert math.isfinite(best)
    others = [np.zeros(P), case.v, penalty.prox(case.u, 0.1), np.where(rng.random(P) < 0.5, found, 0.0)]
    for scale in (1e-4, 1e-2, 1.0):
        others += list(found + scale * rng.normal(size=(5, P)) * (rng.random((5, P)) < 0.5))
    for other in others:
        assert best <= objective(penalty, other, case) + 1e-11 * (1 + best)
        feasible = penalty.prox(other, 1e-9)  # random points mostly lie outside of bounds
        assert best <= objective(penalty, feasible, case) + 1e-11 * (1 + best)


def kkt_vanishes_at_the_prox(penalty, case):
    w = penalty.prox(case.v, case.step)
    np.testing.assert_allclose(penalty.kkt(w, (w - case.v) / case.step), 0, atol=1e-10)


def kkt_is_positive_elsewhere(penalty, case):
    """A point whose objective is clearly worse than the best cannot be stationary for a convex penalty."""
    if not penalty.convex:
        return
    w = penalty.prox(case.u, case.step)
    worse = objective(penalty, w, case) - objective(penalty, penalty.prox(case.v, case.step), case)
    reach = np.linalg.norm(w - penalty.prox(case.v, case.step))
    # For a convex objective the gap is at most |subgradient| * distance.
    assert case.step * np.linalg.norm(penalty.kkt(w, (w - case.v) / case.step)) * reach >= worse - 1e-9


def prox_is_firmly_nonexpansive_where_convex(penalty, case):
    if penalty.convex:
        a, b = penalty.prox(case.v, case.step), penalty.prox(case.u, case.step)
        assert np.sum((a - b) ** 2) <= (a - b) @ (case.v - case.u) + 1e-10


def value_is_convex_where_declared(penalty, case):
    if penalty.convex:
        a, b = penalty.prox(case.v, 0.1), penalty.prox(case.u, 0.1)
        middle = 0.5 * (penalty.value(a) + penalty.value(b))
        assert penalty.value(0.5 * (a + b)) <= middle + 1e-12 * (1 + middle)


def value_is_zero_at_zero_and_never_negative(penalty, case):
    assert penalty.value(np.zeros(P)) == 0
    assert penalty.value(case.v) >= 0


def separable_prox_moves_one_column_at_a_time(penalty, case):
    assert penalty.separable or not isinstance(penalty, SeparablePenalty)
    if penalty.separable:
        changed = case.v.copy()
        changed[2] += 1.5
        before, after = penalty.prox(case.v, case.step), penalty.prox(changed, case.step)
        assert np.array_equal(np.delete(before, 2), np.delete(after, 2))


def convex_form(penalty):
    """The normal form where it is that of a convex penalty, else None."""
    form = penalty.coordinates(P)
    return None if isinstance(form, Folded) else form


def traits_imply_each_other(penalty, case):
    assert not (penalty.smooth and penalty.sparse)
    assert not (penalty.convex and isinstance(penalty.coordinates(P), Folded))
    form = convex_form(penalty)
    if form is None:
        return
    assert penalty.convex
    assert penalty.separable
    kinks = (form.l1[form.l1 > 0].size > 0) or np.isfinite(form.lower).any() or np.isfinite(form.upper).any()
    assert penalty.smooth != kinks
    assert penalty.sparse == bool((form.l1 > 0).any() and (form.l1[form.penalised] > 0).all())


def smooth_means_differentiable(penalty, case):
    if not penalty.smooth:
        return
    h = 1e-6
    for w in (case.v, np.zeros(P)):  # kinks lie at zero, if anywhere
        ahead = np.array([(penalty.value(w + h * e) - penalty.value(w)) / h for e in np.eye(P)])
        behind = np.array([(penalty.value(w) - penalty.value(w - h * e)) / h for e in np.eye(P)])
        np.testing.assert_allclose(ahead, behind, atol=1e-4)
        np.testing.assert_allclose(penalty.kkt(w, -0.5 * (ahead + behind)), 0, atol=1e-4)


def normal_form_is_well_formed(penalty, case):
    form = penalty.coordinates(P)
    if form is None:
        return
    assert form.l1.shape == form.l2.shape == form.lower.shape == form.upper.shape == (P,)
    assert (form.l1 >= 0).all()
    assert (form.l2 >= 0).all()
    assert np.isfinite(form.l2).all()
    assert (form.lower <= 0).all()
    assert (form.upper >= 0).all()


def normal_form_says_the_same(penalty, case):
    form = penalty.coordinates(P)
    if form is not None:
        w = penalty.prox(case.v, case.step)
        np.testing.assert_allclose(form.prox(case.v, case.step), w, rtol=1e-14)
        assert math.isclose(form.value(w), penalty.value(w), rel_tol=1e-13)
        np.testing.assert_allclose(form.kkt(w, case.u), penalty.kkt(w, case.u), rtol=1e-13, atol=1e-14)
        assert math.isclose(form.strength_max(case.u), penalty.strength_max(case.u), rel_tol=1e-9)


def moreau_identity(penalty, case):
    """P(w) + P*(u) = u.w for w = prox(v) and u = (v - w) / step; and Fenchel's inequality at any other u."""
    form = convex_form(penalty)
    if form is None:
        return
    w = penalty.prox(case.v, case.step)
    u = (case.v - w) / case.step
    u = np.where(form.penalised | np.isfinite(form.lower) | np.isfinite(form.upper), u, 0.0)
    scale = form.dual_scale(u)
    assert scale >= 1 - 1e-12
    total = penalty.value(w) + form.conjugate(scale * u).sum()
    assert math.isclose(total, u @ w, rel_tol=1e-9, abs_tol=1e-9)
    assert penalty.value(w) + form.conjugate(case.u).sum() >= case.u @ w - 1e-9


def dual_scale_is_the_largest(penalty, case):
    form = convex_form(penalty)
    if form is None:
        return
    g, free = case.u, ~form.penalised
    scale = form.dual_scale(g)
    assert 0 < scale <= 1
    assert np.isfinite(form.conjugate(scale * g)[~free]).all()
    if scale < 1:
        assert np.isinf(form.conjugate(scale * (1 + 1e-9) * g)[~free]).any()


def zero_exactly_at_the_largest_strength(penalty, case):
    form = penalty.coordinates(P)
    penalised = np.ones(P, bool) if form is None else form.penalised
    grad = case.u
    s = penalty.strength_max(grad)
    assert s >= 0
    assert math.isfinite(s) or not penalty.sparse
    if not 1e-9 < s < np.inf:
        return
    zeros = np.zeros(P)
    assert not ((s * penalty).kkt(zeros, grad)[penalised] > 1e-12 * np.abs(grad).max()).any()
    if penalty.convex:
        assert not (np.abs((s * penalty).prox(-grad, 1.0)[penalised]) > 1e-11 * np.abs(grad).max()).any()
    if convex_form(penalty) is not None and (s * form.l1 >= 0).all():
        assert not form.scaled(s).prox(-grad, 1.0)[penalised].any()
    if not penalty.jumps:  # zero is stationary for one that jumps there, at any strength
        assert ((1 - 1e-6) * s * penalty).kkt(zeros, grad)[penalised].any()


def multiples_scale(penalty, case):
    twice = 2.0 * penalty
    w = penalty.prox(case.v, case.step)
    assert math.isclose(twice.value(w), 2 * penalty.value(w), rel_tol=1e-12)
    np.testing.assert_allclose(twice.prox(case.v, case.step), penalty.prox(case.v, 2 * case.step), atol=1e-13)
    np.testing.assert_allclose(twice.kkt(w, 2 * case.u), 2 * penalty.kkt(w, case.u), atol=1e-12)
    assert math.isclose(2 * twice.strength_max(case.u), penalty.strength_max(case.u), rel_tol=1e-9)
    assert np.float64(2.0) * penalty == twice
    assert twice.traits == penalty.traits


def float32_stays_float32(penalty, case):
    v = case.v.astype(np.float32)
    w = penalty.prox(v, case.step)
    assert w.dtype == np.float32
    assert math.isfinite(penalty.value(w))
    distance = penalty.kkt(w, (w - v) / np.float32(case.step))
    np.testing.assert_allclose(distance, 0, atol=1e-5 * (1 + np.abs(v).max() / case.step))
    np.testing.assert_allclose(w, penalty.prox(v.astype(float), case.step), rtol=1e-5, atol=1e-5)


def inputs_are_not_changed(penalty, case):
    v, u = case.v.copy(), case.u.copy()
    v.flags.writeable = u.flags.writeable = False
    assert not np.shares_memory(penalty.prox(v, case.step), v)
    penalty.value(v)
    penalty.kkt(v, u)
    penalty.strength_max(u)


def is_a_value(penalty, case):
    """It can be written down, copied, compared and hashed, and two copies are the same penalty."""
    names = {name: getattr(regularfit.penalties, name) for name in regularfit.penalties.__all__}
    names |= {type(penalty).__name__: type(penalty), "inf": math.inf}
    inner = getattr(penalty, "penalty", None)
    if inner is not None:
        names[type(inner).__name__] = type(inner)
    written = eval(repr(penalty), names)
    for other in (
        written,
        copy.deepcopy(penalty),
        clone(penalty, safe=False),
        pickle.loads(pickle.dumps(penalty)),
    ):
        assert other == penalty
        assert hash(other) == hash(penalty)
        assert type(other) is type(penalty)


def polar_is_the_dual_norm(penalty, case):
    """g.w <= s P(w) holds at the polar of g and, for some w, at nothing smaller."""
    g, w = case.u, case.v
    s = penalty.polar(g)
    if s is None:
        return
    assert penalty.convex
    assert math.isclose(s, penalty.strength_max(g), rel_tol=1e-12)
    assert g @ w <= s * penalty.value(w) + 1e-10 * (1 + s)
    if s > 1e-6:  # just below, the smallest step away from zero along -(-g) gains
        step = 1e-3 / (1 + s)
        gain = penalty.prox(step * g, step * s * (1 - 1e-3))
        assert g @ gain > (1 - 1e-3) * s * penalty.value(gain)


def strength_moves_the_kink(penalty, case):
    """At strength s the penalty is zero exactly where s times its threshold says."""
    s = case.step
    at = penalty.at(s)
    assert at.traits == penalty.traits
    assert math.isclose(
        at.strength_max(case.u) * s, penalty.strength_max(case.u), rel_tol=1e-9, abs_tol=1e-300
    )
    w = penalty.prox(case.v, 0.1)  # inside bounds
    if penalty.bends:
        assert math.isclose(at.value(s * w), s**2 * penalty.value(w), rel_tol=1e-10, abs_tol=1e-300)
    elif isinstance(penalty.coordinates(P), Folded):  # P_s(w) = s^2 P_1(w / s); bounds stay where they are
        w, form = min(1.0, s) * w, at.coordinates(P)
        held = np.isfinite(form.lower) | np.isfinite(form.upper)
        w = np.where(held, 0.0, w)
        assert math.isclose(at.value(w), s**2 * penalty.value(w / s), rel_tol=1e-10, abs_tol=1e-300)
    else:
        assert math.isclose(at.value(w), s * penalty.value(w), rel_tol=1e-12)


LAWS = [
    polar_is_the_dual_norm,
    strength_moves_the_kink,
    prox_beats_other_points,
    kkt_vanishes_at_the_prox,
    kkt_is_positive_elsewhere,
    prox_is_firmly_nonexpansive_where_convex,
    value_is_convex_where_declared,
    value_is_zero_at_zero_and_never_negative,
    separable_prox_moves_one_column_at_a_time,
    traits_imply_each_other,
    smooth_means_differentiable,
    normal_form_is_well_formed,
    normal_form_says_the_same,
    moreau_identity,
    dual_scale_is_the_largest,
    zero_exactly_at_the_largest_strength,
    multiples_scale,
    float32_stays_float32,
    inputs_are_not_changed,
    is_a_value,
]


def check(penalty: Penalty, cases: int = 25) -> None:
    """Hold one penalty to every law, on random cases; for a penalty that is not part of regularfit."""
    for seed in range(cases):
        for law in LAWS:
            law(penalty, Case.random(seed))
