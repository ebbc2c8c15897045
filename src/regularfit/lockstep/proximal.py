"""The proximal road: any penalty with a value, a proximal step and a KKT distance, in NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.linalg as sla
from numpy.typing import ArrayLike, NDArray

from ..errors import FitError, InputError
from ..penalties import GroupMCP, GroupSCAD, Penalty
from .on_scale import OnScale
from .ridge import Floats, check_strengths

__all__ = ["ProximalPath", "Quadratic", "Smooth", "proximal_path", "proximal_quadratic"]

_EPS = np.finfo(np.float64).eps
_SHORTEST, _MEMORY = 1e-300, 5  # a step that only NaN can need; iterates that one extrapolation combines


@dataclass(frozen=True, slots=True)
class ProximalPath:
    """Solutions along strengths, with their proof.

    Attributes
    ----------
    coefs : (L, m) array
        The unpenalised coordinates, if any, last.
    kkt : (L,) array
        Largest KKT violation divided by the strength.
    converged : (L,) bool array
        ``kkt <= tol``, or a violation that is within the rounding error of the gradient.
    iterations : (L,) int array
    """

    coefs: Floats
    kkt: Floats
    converged: NDArray[np.bool_]
    iterations: NDArray[np.intp]


class Smooth(Protocol):
    """The smooth part of an objective.

    ``step`` is about 1 over the Lipschitz constant of the gradient; backtracking shortens it, and lengthens
    it where ``grows``. ``bregman(b, v)`` is the value at b above the tangent at v, free of
    cancellation, or None where ``step`` is known to be safe. ``rounding(b)`` bounds the rounding error of
    each entry of ``gradient(b)``.
    """

    size: int
    step: float
    grows: bool

    def value(self, b: Floats) -> float: ...
    def gradient(self, b: Floats) -> Floats: ...
    def bregman(self, b: Floats, v: Floats) -> float | None: ...
    def rounding(self, b: Floats) -> float: ...


class Quadratic:
    r"""The quadratic :math:`b^\top H b/2 - c^\top b` with a positive semidefinite H (m, m)."""

    grows = False

    def __init__(self, H: ArrayLike, c: ArrayLike) -> None:
        self.H, self.c = np.asarray(H, dtype=np.float64), np.asarray(c, dtype=np.float64)
        self.size = self.c.size
        if self.H.shape != (self.size, self.size):
            raise InputError(f"H has shape {self.H.shape} and c {self.c.shape}; (m, m) and (m,) are needed.")
        last = [self.size - 1] * 2
        top = sla.eigh(self.H, eigvals_only=True, subset_by_index=last)[0] if self.size else 0.0
        self.step = 1.0 / (top * (1.0 + 1e-12)) if top > 0 else 1.0
        self._rows = np.abs(self.H).sum(axis=1).max(initial=0.0)

    def value(self, b: Floats) -> float:
        """Return the quadratic at ``b`` (m,)."""
        return float(b @ (0.5 * (self.H @ b) - self.c))

    def gradient(self, b: Floats) -> Floats:
        """Return its gradient (m,)."""
        return self.H @ b - self.c

    def bregman(self, b: Floats, v: Floats) -> None:
        """Return None: the step is exact."""

    def rounding(self, b: Floats) -> float:
        """Return a bound on the rounding error of the gradient."""
        return 4 * _EPS * float(self._rows * np.abs(b).max(initial=0.0) + np.abs(self.c).max(initial=0.0))


def proximal_quadratic(
    H: ArrayLike,
    c: ArrayLike,
    penalty: Penalty,
    strengths: ArrayLike,
    *,
    free: int = 0,
    tol: float = 1e-7,
    max_iter: int = 20_000,
    start: ArrayLike | None = None,
) -> ProximalPath:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + s\,P(b)` for decreasing strengths and any penalty P.

    Prefer it for a penalty without a normal form, such as one of your own; L1, L2, elastic nets and bounds
    have an exact solver that is far faster.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    penalty : Penalty
        Of the first ``m - free`` coordinates. Nonconvex ones end at a stationary point.
    strengths : (L,) array
        Positive, decreasing; each starts warm from the one before.
    free : int
        So many last coordinates are not penalised. An intercept is usually removed by centring instead.
    tol : float
        Largest KKT violation over the strength.
    max_iter : int
        Most iterations of one strength.
    start : (m,) array, optional
        Where the first strength starts; 0 by default.

    Returns
    -------
    ProximalPath

    Raises
    ------
    InputError
        Shapes that do not agree, strengths that are not positive.
    FitError
        A penalty whose proximal step returns NaN or inf.

    Examples
    --------
    >>> import numpy as np
    >>> from regularfit.penalties import L1
    >>> proximal_quadratic(np.eye(2), np.array([3.0, 1.0]), L1(), [2.0]).coefs.round(6)
    array([[1., 0.]])

    References
    ----------
    Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm; see :func:`proximal_path`.
    """
    smooth = Quadratic(H, c)
    return proximal_path(smooth, penalty, strengths, free=free, tol=tol, max_iter=max_iter, start=start)


def proximal_path(
    smooth: Smooth,
    penalty: Penalty,
    strengths: ArrayLike,
    *,
    free: int = 0,
    tol: float = 1e-7,
    max_iter: int = 20_000,
    start: ArrayLike | None = None,
) -> ProximalPath:
    """Minimise a smooth function plus a multiple of any penalty along decreasing strengths.

    Convex penalties: accelerated proximal gradient, restarted whenever the momentum points uphill, which
    adapts to the (unknown) curvature at the solution. Others: proximal gradient, which never increases the
    objective, with an extrapolation (Anderson) that is used only where it decreases the objective further.

    Parameters
    ----------
    smooth : Smooth
        For example :class:`Quadratic` or :class:`~regularfit.lockstep.proximal_loss.RowLoss`.
    penalty, strengths, free, tol, max_iter, start :
        As in :func:`proximal_quadratic`.

    Returns
    -------
    ProximalPath

    Examples
    --------
    >>> import numpy as np
    >>> from regularfit.penalties import L2
    >>> path = proximal_path(Quadratic(np.eye(1), np.ones(1)), L2(), [3.0, 1.0])
    >>> path.coefs.round(6), path.converged.tolist()
    (array([[0.25],
           [0.5 ]]), [True, True])

    References
    ----------
    Beck and Teboulle (2009); O'Donoghue and Candès (2015), Adaptive restart for accelerated gradient schemes;
    Mai and Johansson (2020), Anderson acceleration of proximal gradient methods.
    """
    strengths = check_strengths(strengths)
    if not np.all(strengths > 0):
        raise InputError("strengths must be positive on the proximal road; drop those that are 0.")
    b = np.zeros(smooth.size) if start is None else np.array(start, dtype=np.float64)
    coefs, kkt = np.empty((strengths.size, smooth.size)), np.empty(strengths.size)
    converged, iterations = np.zeros(strengths.size, bool), np.zeros(strengths.size, np.intp)
    # Longer steps would let a bent penalty jump past the stationary point that the path leads to.
    longest = 0.99 / _concavity(penalty, smooth.size - free)
    for k, s in enumerate(strengths):
        task = _Task(smooth, penalty.at(float(s)), smooth.size - free, float(tol * s), longest)
        b, excess, violation, iterations[k] = _follow(task, b, penalty.convex, max_iter)
        coefs[k], kkt[k], converged[k] = b, violation / s, excess <= 0
    return ProximalPath(coefs, kkt, converged, iterations)


def _concavity(penalty: Penalty, held: int) -> float:
    """How strongly a bent penalty bends down; a hair above zero for others."""
    if isinstance(penalty, OnScale):
        return penalty.form.concavity
    return penalty.form(held).concavity if isinstance(penalty, (GroupMCP, GroupSCAD)) else _SHORTEST


@dataclass(slots=True)
class _Task:
    """One strength: the objective, its proximal step, and the test for the end."""

    smooth: Smooth
    penalty: Penalty
    held: int
    target: float
    longest: float

    def value(self, b: Floats) -> float:
        return self.smooth.value(b) + self.penalty.value(b[: self.held])

    def prox(self, v: Floats, step: float) -> Floats:
        out = v.copy()
        out[: self.held] = self.penalty.prox(v[: self.held], step)
        if not np.isfinite(out).all():
            raise FitError(f"The proximal step of {self.penalty!r} is NaN or inf; check its prox method.")
        return out

    def judge(self, b: Floats, gradient: Floats) -> tuple[Floats, float, float]:
        """The point, how far it is from being accepted, and its largest KKT violation."""
        held = self.penalty.kkt(b[: self.held], gradient[: self.held])
        violation = max(np.max(held, initial=0.0), np.abs(gradient[self.held :]).max(initial=0.0))
        return b, float(violation - max(self.target, self.smooth.rounding(b))), float(violation)

    def descend(self, v: Floats, gradient: Floats, step: float) -> tuple[Floats, float]:
        """A proximal step from ``v`` that was short enough, and the step to try next."""
        step = min(step, self.longest)
        while True:
            b = self.prox(v - step * gradient, step)
            above = self.smooth.bregman(b, v)
            if above is None or step < _SHORTEST:
                return b, step
            allowed = (b - v) @ (b - v) / (2 * step)
            if above <= allowed:
                timid = self.smooth.grows and above < 0.1 * allowed
                return b, 1.1 * step if timid else step
            step /= 2


def _follow(task: _Task, b: Floats, convex: bool, max_iter: int) -> tuple[Floats, float, float, int]:
    """The last point of a run: the point, its excess, its violation, and how many steps it took."""
    iterates = _accelerated(task, b) if convex else _monotone(task, b)
    excess, violation, steps = np.inf, np.inf, 0
    for steps, (b, excess, violation) in enumerate(iterates):  # noqa: B007
        if excess <= 0 or steps >= max_iter:
            break
    if np.isinf(excess):  # the steps ran out between two judgements
        b, excess, violation = task.judge(b, task.smooth.gradient(b))
    return b, excess, violation, steps


def _accelerated(task: _Task, b: Floats) -> Iterator[tuple[Floats, float, float]]:
    """Accelerated proximal gradient with restarts; a point is judged only where the end may be near."""
    smooth, v, t, step = task.smooth, b, 1.0, task.smooth.step
    judged = task.judge(b, smooth.gradient(b))
    yield judged
    for step_count in itertools.count():
        new, step = task.descend(v, smooth.gradient(v), step)
        pull = v - new
        near = np.abs(pull).max(initial=0.0) <= 4 * step * max(task.target, smooth.rounding(new))
        fresh = near or step_count % 32 == 31
        judged = task.judge(new, smooth.gradient(new)) if fresh else (new, np.inf, judged[2])
        yield judged
        if pull @ (new - b) > 0:
            v, t = new, 1.0
        else:
            ahead = 0.5 + np.sqrt(0.25 + t * t)
            v, t = new + (t - 1.0) / ahead * (new - b), ahead
        b = new


def _monotone(task: _Task, b: Floats) -> Iterator[tuple[Floats, float, float]]:
    """Proximal gradient that never increases the objective, with safeguarded extrapolation."""
    step, points, images = task.smooth.step, [], []
    while True:
        gradient = task.smooth.gradient(b)
        yield task.judge(b, gradient)
        new, step = task.descend(b, gradient, step)
        points, images = [*points[1 - _MEMORY :], b], [*images[1 - _MEMORY :], new]
        guess = _extrapolate(np.array(points), np.array(images))
        b = guess if guess is not None and task.value(guess) < task.value(new) else new


def _extrapolate(points: Floats, images: Floats) -> Floats | None:
    """The combination of the images whose own step would be shortest, or None where there is none yet."""
    if len(points) < 2:
        return None
    moves = images - points
    gram = moves @ moves.T
    gram[np.diag_indices_from(gram)] += 1e-10 * np.trace(gram) + np.finfo(np.float64).tiny
    weights = np.linalg.solve(gram, np.ones(len(points)))
    total = weights.sum()
    return weights @ images / total if np.isfinite(total) and total != 0 else None
