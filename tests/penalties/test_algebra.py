import numpy as np
import pytest

from regularfit.penalties import L1, L2, ElasticNet, Scaled, Sum


def test_a_sum_of_l1_and_l2_is_the_elastic_net():
    v = np.array([-3.0, 0.1, 2.0])
    parts, whole = 0.6 * L1() + 1.4 * L2(), ElasticNet(0.3, strength=2.0)
    assert parts.value(v) == pytest.approx(whole.value(v))
    np.testing.assert_allclose(parts.prox(v, 0.7), whole.prox(v, 0.7))
    np.testing.assert_allclose(parts.kkt(v, -v), whole.kkt(v, -v))


def test_sums_are_flat_however_they_are_written():
    a, b, c = L1(), L2(), L1(0.5).on(0)
    assert (a + b) + c == a + (b + c) == Sum((a, b, c))


def test_a_multiple_of_a_sum_scales_its_terms():
    assert 2 * (L1() + L2(0.5)) == L1(2.0) + L2(1.0)


def test_bounds_of_a_sum_intersect():
    form = (L1().bounded(-1.0, 5.0) + L2().bounded(-3.0, 2.0)).coordinates(1)
    assert (form.lower[0], form.upper[0]) == (-1.0, 2.0)


def test_names_in_a_sum_are_resolved():
    total = (L1().on("b") + L2().on("a")).resolve(["a", "b"])
    assert total == L1().on(1) + L2().on(0)


def test_a_sum_is_sparse_only_where_no_column_has_a_square_alone():
    assert (L1() + L2()).sparse
    assert (L1().on(0) + L1().on(1)).sparse
    assert not (L1().on(0) + L2()).sparse
    assert not (L1().weighted([0.0, 1.0]) + L2()).sparse
    assert (L1().nonnegative() + L2().on(0)).sparse
    assert (L2() + L2()).smooth


def test_scaled_agrees_with_the_penalty_that_scales_itself():
    v = np.array([-3.0, 0.1, 2.0])
    assert Scaled(L1(), 2.0).value(v) == L1(2.0).value(v)
    np.testing.assert_array_equal(Scaled(L1(), 2.0).prox(v, 0.3), L1(2.0).prox(v, 0.3))


def test_the_written_form_reads_like_the_formula():
    assert repr(L1() + L2(0.5)) == "L1(strength=1.0) + L2(strength=0.5)"
    assert repr((L1() + L2()).on(0)) == "(L1(strength=1.0) + L2(strength=1.0)).on((0,))"
