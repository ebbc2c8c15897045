"""How often a random loss has its minimum over a ball at a point with a zero: corners against smoothness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import check_choice, check_positive
from .._typing import Matrix, Vector
from ..errors import FitError, InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AxisShare", "axis_share"]

EXACT = 1e-10  # violation of the optimality conditions, over the gradient's size
ROUNDS = 20000
LEAST = 1.05  # nearer to 1 coefficients underflow, and would look like exact zeros


@dataclass(frozen=True, eq=False)
class AxisShare:
    """Shares over random losses, with standard errors.

    Parameters
    ----------
    norms : (K,)
    has_zero, has_zero_se : (K,) share of minima with at least one coefficient exactly zero.
    on_axis, on_axis_se : (K,) share with all but one exactly zero; the same in two dimensions.
    nearly : (K,) share with a coefficient smaller than a hundredth of the largest, exact zeros included.
    violation : (K,) largest violation of the optimality conditions over all losses, relative to the gradient.
    dimension, draws : of the losses, and how many.
    """

    norms: Vector
    has_zero: Vector
    has_zero_se: Vector
    on_axis: Vector
    on_axis_se: Vector
    nearly: Vector
    violation: Vector
    dimension: int
    draws: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row a norm."""
        import pandas as pd

        names = ("norms", "has_zero", "has_zero_se", "on_axis", "on_axis_se", "nearly", "violation")
        return pd.DataFrame({"norm" if name == "norms" else name: getattr(self, name) for name in names})


def axis_share(
    norms: Sequence[float] = (1.0, 1.5, 2.0),
    *,
    dimension: int = 2,
    draws: int = 10_000,
    losses: str = "random",
    distance: float = 2.0,
    random_state: Any = 0,
) -> AxisShare:
    r"""Return how often the minimum of a random quadratic loss over a unit ball has zeros.

    .. math:: \min_b \tfrac12 (b - c)^\top H (b - c) \quad\text{subject to}\quad \|b\|_q \le 1

    c points in a uniform direction, ``distance`` away from zero; ``losses="random"`` has H = Z'Z / m of m = 5 d rows of
    standard normal columns, "round" the unit matrix. All norms see the same losses. Prefer it to show why L1 makes
    zeros: a corner of the diamond is optimal for a whole cone of gradients, while a ball without corners (any q > 1)
    has one normal at each point, so that a zero has probability 0, however close to the diamond it looks. It says
    nothing of how often zeros are right.

    Norm 2 and those between are solved by Newton's method on the dual,
    min 1/2 z'H^-1 z - c'z + ||z||_{q/(q-1)}, all losses abreast; norm 1 by accelerated projected gradients
    until the right face is known, and exactly on it. Every loss's optimality conditions are checked.

    Parameters
    ----------
    norms : 1, or numbers in [1.05, 2]
    dimension : d >= 2
    draws : how many losses, >= 1.
    losses : "random" or "round"
    distance : > 1, of the unconstrained minimum from zero in the Euclidean norm: outside of every ball.
    random_state : seed.

    Returns
    -------
    AxisShare

    Raises
    ------
    InputError
        For numbers out of range.

    Examples
    --------
    >>> from regularfit.diagnostics import axis_share
    >>> found = axis_share(draws=500)
    >>> bool(found.has_zero[0] > 0.3), found.has_zero[1:]
    (True, array([0., 0.]))

    References
    ----------
    Tibshirani (1996), Regression shrinkage and selection via the lasso, JRSS B 58, figure 2; Frank & Friedman (1993)
    for bridge norms, Technometrics 35.
    """
    wanted = _norms(norms)
    for value, name, least in ((dimension, "dimension", 2), (draws, "draws", 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise InputError(f"{name} must be a whole number of at least {least}; {value!r} was given.")
    check_choice(losses, ["random", "round"], "losses")
    if check_positive(distance, "distance") <= 1:
        raise InputError(
            f"distance must be above 1, so that the minimum lies outside of every ball; {distance!r} was given."
        )
    H, c = _losses(dimension, draws, losses, distance, np.random.default_rng(random_state))
    found = [_corners(H, c) if q == 1 else _smooth(H, c, float(q)) for q in wanted]
    zeros = [(b == 0).sum(axis=1) for b in found]
    zero, zero_se = _shares([count > 0 for count in zeros])
    axis, axis_se = _shares([count == dimension - 1 for count in zeros])
    sizes = [np.abs(b) for b in found]
    near, _ = _shares([(s.min(axis=1) < 0.01 * s.max(axis=1)) for s in sizes])
    wrong = np.array([_violation(H, c, b, float(q)).max() for b, q in zip(found, wanted, strict=True)])
    if (wrong > 100 * EXACT).any():
        raise FitError(
            f"Not every loss was solved (violations up to {wrong.max():.1g}); fewer dimensions or another random_state."
        )
    return AxisShare(wanted, zero, zero_se, axis, axis_se, near, wrong, dimension, draws)


def _norms(norms: Any) -> Vector:
    wanted = np.atleast_1d(np.asarray(norms, dtype=np.float64))
    if wanted.ndim != 1 or not wanted.size or not ((wanted == 1) | ((wanted >= LEAST) & (wanted <= 2))).all():
        raise InputError(
            f"norms must be 1, or numbers between {LEAST} and 2; {norms!r} was given. Below 1 a ball is not convex and "
            f"a loss has several local minima on it; between 1 and {LEAST} coefficients become smaller than a float "
            f"can be."
        )
    return wanted


def _losses(d: int, draws: int, losses: str, distance: float, rng: np.random.Generator) -> tuple[Any, Matrix]:
    c = rng.standard_normal((draws, d))
    c *= distance / np.linalg.norm(c, axis=1, keepdims=True)
    if losses == "round":
        return np.broadcast_to(np.eye(d), (draws, d, d)), c
    Z = rng.standard_normal((draws, 5 * d, d))
    return Z.transpose(0, 2, 1) @ Z / (5 * d), c


def _shares(hits: list[Any]) -> tuple[Vector, Vector]:
    share = np.array([hit.mean() for hit in hits])
    return share, np.sqrt(share * (1 - share) / len(hits[0]))


def _times(H: np.ndarray, b: Matrix) -> Matrix:
    return (H @ b[:, :, None])[:, :, 0]


def _violation(H: np.ndarray, c: Matrix, b: Matrix, q: float) -> Vector:
    """How far the pull H (c - b) is from a normal of the ball at b, over its size, (draws,)."""
    pull = _times(H, c - b)
    size = np.abs(pull).max(axis=1)
    if q == 1:  # a normal at b: as large as the largest wherever b is not zero, with b's sign
        off = np.where(b != 0, np.abs(pull - size[:, None] * np.sign(b)), 0.0)
        return np.maximum(off.max(axis=1) / size, np.abs(np.abs(b).sum(axis=1) - 1))
    normal = np.sign(b) * np.abs(b) ** (q - 1)
    length = (pull * normal).sum(axis=1) / (normal**2).sum(axis=1)
    return np.maximum(
        np.abs(pull - length[:, None] * normal).max(axis=1) / size, np.abs((np.abs(b) ** q).sum(axis=1) - 1)
    )


# --- a ball without corners ----------------------------------------------------------------------


def _smooth(H: np.ndarray, c: Matrix, q: float) -> Matrix:
    """Newton on the dual, with halved steps where a whole one would not descend."""
    p = q / (q - 1)
    inverse = np.linalg.inv(H)
    v = np.sign(c) * np.abs(c) ** (q - 1)
    gain = (c * v).sum(axis=1) - _norm(v, p)  # above 0, as c lies outside of the ball
    z = v * (gain / (v * _times(inverse, v)).sum(axis=1))[:, None]
    live = np.arange(len(c))
    for _ in range(200):
        step, slope = _newton(inverse[live], c[live], z[live], p)
        still = -slope > 1e-26 * np.square(z[live]).sum(axis=1)
        live, step, slope = live[still], step[still], slope[still]
        if not len(live):
            break
        z[live] = _descend(inverse[live], c[live], z[live], step, slope, p)
    return _point(z, p)


def _norm(z: Matrix, p: float) -> Vector:
    top = np.abs(z).max(axis=1)
    return top * ((np.abs(z) / top[:, None]) ** p).sum(axis=1) ** (1 / p)


def _point(z: Matrix, p: float) -> Matrix:
    """The gradient of the norm: the point of the ball with the normal z."""
    return np.sign(z) * (np.abs(z) / _norm(z, p)[:, None]) ** (p - 1)


def _dual(inverse: np.ndarray, c: Matrix, z: Matrix, p: float) -> Vector:
    return (z * (0.5 * _times(inverse, z) - c)).sum(axis=1) + _norm(z, p)


def _newton(inverse: np.ndarray, c: Matrix, z: Matrix, p: float) -> tuple[Matrix, Vector]:
    length, b = _norm(z, p), _point(z, p)
    gradient = _times(inverse, z) - c + b
    curve = (np.abs(z) / length[:, None]) ** (p - 2)
    bent = np.eye(z.shape[1]) * curve[:, :, None] - b[:, :, None] * b[:, None, :]
    hessian = inverse + bent * ((p - 1) / length)[:, None, None]
    step = -np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
    return step, (gradient * step).sum(axis=1)


def _descend(inverse: np.ndarray, c: Matrix, z: Matrix, step: Matrix, slope: Vector, p: float) -> Matrix:
    start = _dual(inverse, c, z, p)
    slack = 1e-14 * (1 + np.abs(start))
    size = np.ones(len(z))
    for _ in range(40):
        failed = _dual(inverse, c, z + size[:, None] * step, p) > start + 1e-4 * size * slope + slack
        if not failed.any():
            break
        size[failed] /= 2
    return z + size[:, None] * step


# --- the diamond ---------------------------------------------------------------------------------


def _corners(H: np.ndarray, c: Matrix) -> Matrix:
    """Accelerated projected gradients until the face is right; then the minimum on that face, exactly."""
    out = np.empty_like(c)
    live = np.arange(len(c))
    reach = 1.0 / np.linalg.eigvalsh(H)[:, -1]
    b = _onto_diamond(c)
    ahead, pace = b.copy(), 1.0
    for k in range(ROUNDS):
        new = _onto_diamond(ahead + reach[:, None] * _times(H[live], c[live] - ahead))
        after = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead, b, pace = new + (pace - 1) / after * (new - b), new, after
        if k % 10 == 0:
            exact = _on_face(H[live], c[live], b)
            right = (np.sign(exact) == np.sign(b)).all(axis=1) & (
                _violation(H[live], c[live], exact, 1.0) < EXACT
            )
            out[live[right]] = exact[right]
            live, b, ahead, reach = live[~right], b[~right], ahead[~right], reach[~right]
            if not len(live):
                return out
    raise FitError(f"{len(live)} losses were not solved in {ROUNDS} rounds; another random_state may help.")


def _onto_diamond(v: Matrix) -> Matrix:
    """The nearest point of the unit ball of norm 1 (Duchi et al. 2008)."""
    sizes = np.sort(np.abs(v), axis=1)[:, ::-1]
    over = (np.cumsum(sizes, axis=1) - 1) / np.arange(1, v.shape[1] + 1)
    last = (sizes > over).sum(axis=1) - 1
    cut = np.maximum(over[np.arange(len(v)), last], 0.0)
    return np.sign(v) * np.maximum(np.abs(v) - cut[:, None], 0.0)


def _on_face(H: np.ndarray, c: Matrix, b: Matrix) -> Matrix:
    """The minimum on the plane of the face that b lies on: H_SS b_S + m sign = (H c)_S, sign'b_S = 1."""
    d = c.shape[1]
    sign = np.sign(b)
    used = sign != 0
    system = np.zeros((len(c), d + 1, d + 1))
    system[:, :d, :d] = np.where(used[:, :, None] & used[:, None, :], H, np.eye(d))
    system[:, :d, d] = system[:, d, :d] = sign
    right = np.ones((len(c), d + 1))
    right[:, :d] = np.where(used, _times(H, c), 0.0)
    found = np.linalg.solve(system, right[:, :, None])[:, :d, 0]
    return np.where(used, found, 0.0)
