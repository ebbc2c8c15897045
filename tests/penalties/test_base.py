import math
from dataclasses import dataclass

import numpy as np
import pytest

from regularfit.errors import InputError, UnsupportedError
from regularfit.penalties import L1, L2, ElasticNet, NormalFormPenalty, Scaled, SeparablePenalty, Traits
from tests.laws.penalty_laws import check


@dataclass(frozen=True)
class MCP(SeparablePenalty):
    """A penalty as a user writes it: not convex, and without a normal form."""

    gamma: float = 3.0

    @property
    def traits(self):
        return Traits(separable=True, sparse=True)

    def value(self, w):
        size = np.minimum(np.abs(w), self.gamma)
        return float(np.sum(size - size**2 / (2 * self.gamma)))

    def prox(self, v, step):
        size = np.abs(v)
        if step >= self.gamma:  # then the objective is concave up to gamma: all or nothing
            return np.where(size > math.sqrt(step * self.gamma), v, np.zeros_like(v))
        shrunk = np.sign(v) * np.maximum(size - step, 0) / (1 - step / self.gamma)
        return np.where(size <= self.gamma, shrunk, v).astype(v.dtype)

    def kkt(self, w, grad):
        slope = np.sign(w) * np.maximum(1 - np.abs(w) / self.gamma, 0)
        at_zero = np.maximum(np.abs(grad) - 1, 0)
        return np.where(w == 0, at_zero, np.abs(grad + slope)).astype(grad.dtype)

    @classmethod
    def examples(cls):
        return [cls(), cls(1.5)]


def test_value_prox_and_kkt_are_enough():
    for example in MCP.examples():
        check(example)


def test_a_penalty_without_normal_form_promises_only_what_it_declares():
    assert MCP().coordinates(3) is None
    assert MCP().resolve(["a"]) is not None
    assert MCP().separable
    assert not MCP().convex


def test_multiples_of_any_penalty():
    tripled = 3 * MCP()
    assert isinstance(tripled, Scaled)
    assert 2.0 * tripled == 6.0 * MCP() == MCP() * 6.0
    assert tripled.resolve(["a"]) == tripled
    check(0.4 * MCP())


def test_largest_strength_is_found_by_bisection():
    grad = np.array([0.3, -4.0, 1.0])
    assert MCP().strength_max(grad) == pytest.approx(4.0, rel=1e-11)
    assert (0.5 * MCP()).strength_max(grad) == pytest.approx(8.0, rel=1e-11)
    assert MCP().strength_max(np.zeros(2)) == 0


def test_largest_strength_is_infinite_where_none_suffices():
    class NeverZero(MCP):
        def kkt(self, w, grad):
            return np.abs(grad)

    assert NeverZero().strength_max(np.ones(2)) == math.inf


@pytest.mark.parametrize(
    "combine",
    [
        lambda p: p + L1(),
        lambda p: L1() + p,
        lambda p: p.weighted([1.0]),
        lambda p: p.bounded(0.0, 1.0),
        lambda p: p.nonnegative(),
        lambda p: p.on(0),
    ],
)
def test_combinations_without_a_known_step_are_refused_by_name(combine):
    with pytest.raises(UnsupportedError, match=r"MCP\(gamma=3.0\).*MCP is not made of l1, l2 and bounds"):
        combine(MCP())


def test_nonsense_operands_are_a_type_error():
    with pytest.raises(TypeError):
        L1() + 3.0
    with pytest.raises(TypeError):
        L1() * L2()


@pytest.mark.parametrize("factor", [0.0, -1.0, np.inf, np.nan])
@pytest.mark.parametrize("penalty", [L1(), L2(), ElasticNet(), MCP(), L1() + L2(), L1().nonnegative()])
def test_a_factor_is_positive_and_finite(penalty, factor):
    with pytest.raises(InputError, match="factor must be a positive, finite number"):
        factor * penalty


def test_a_penalty_cannot_be_changed():
    for penalty in (L1(), ElasticNet(), L1() + L2(), L1().weighted([1.0])):
        with pytest.raises((AttributeError, TypeError)):
            penalty.strength = 3.0


def test_vectors_are_checked():
    with pytest.raises(InputError, match="1D"):
        L1().value(np.ones((2, 2)))
    with pytest.raises(InputError, match="step must be a positive"):
        L1().prox(np.ones(2), 0.0)
    with pytest.raises(InputError, match="w has 2 entries and grad 3"):
        L1().kkt(np.ones(2), np.ones(3))


def test_integers_are_taken_as_floats():
    assert L1().prox(np.array([3, 0]), 1.0).tolist() == [2.0, 0.0]


def test_normal_form_is_one_method():
    assert set(NormalFormPenalty.__abstractmethods__) == {"coordinates", "scaled"}
