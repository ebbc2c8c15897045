"""The laws themselves: each plausible mistake in a penalty breaks at least one of them."""

from dataclasses import dataclass

import numpy as np
import pytest

from regularfit.penalties import SeparablePenalty, Traits
from tests.laws.penalty_laws import check


def soft(v, t):
    return np.sign(v) * np.maximum(np.abs(v) - t, 0).astype(v.dtype)


@dataclass(frozen=True)
class RightL1(SeparablePenalty):
    @property
    def traits(self):
        return Traits(convex=True, separable=True, sparse=True)

    def value(self, w):
        return float(np.abs(w).sum())

    def prox(self, v, step):
        return soft(v, step)

    def kkt(self, w, grad):
        return np.where(w == 0, np.maximum(np.abs(grad) - 1, 0), np.abs(grad + np.sign(w)))

    @classmethod
    def examples(cls):
        return [cls()]


class ForgotStep(RightL1):
    def prox(self, v, step):
        return soft(v, 1.0)


class DoubleShrink(RightL1):
    def prox(self, v, step):
        return soft(v, 2 * step)


class HardThreshold(RightL1):
    def prox(self, v, step):
        return np.where(np.abs(v) > step, v, np.zeros_like(v))


class ForgotZero(RightL1):
    def kkt(self, w, grad):
        return np.abs(grad + np.sign(w))


class WrongSign(RightL1):
    def kkt(self, w, grad):
        return np.where(w == 0, np.maximum(np.abs(grad) - 1, 0), np.abs(grad - np.sign(w)))


class SquaredValue(RightL1):
    def value(self, w):
        return float(np.square(w).sum())


class InPlace(RightL1):
    def prox(self, v, step):
        v -= np.clip(v, -step, step)
        return v


class Widening(RightL1):
    def prox(self, v, step):
        return soft(v.astype(np.float64), step)


class ClaimsToBeSmooth(RightL1):
    @property
    def traits(self):
        return Traits(convex=True, separable=True, smooth=True)


class LazyKkt(RightL1):
    def kkt(self, w, grad):
        return np.zeros_like(grad)


def test_a_correct_penalty_passes():
    check(RightL1())


WRONG = [ForgotStep, DoubleShrink, HardThreshold, ForgotZero, WrongSign, SquaredValue, InPlace, Widening]


@pytest.mark.parametrize("wrong", [*WRONG, ClaimsToBeSmooth, LazyKkt])
def test_a_wrong_penalty_fails(wrong):
    with pytest.raises((AssertionError, ValueError)):
        check(wrong())
