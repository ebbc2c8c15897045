"""A penalty of the linear side on the weights of a net, with exact zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from ...errors import InputError, UnsupportedError
from ...penalties import L0, L1, L2, MCP, SCAD, ElasticNet, Penalty
from ..regulariser import Effect, Regulariser, Run
from .elementwise import elementwise, separable
from .on_parameters import OnParameters, OnSteps, check_optimizer
from .roles import Role
from .step_metric import many, wide
from .targets import TargetLike, check_target

__all__ = ["Penalise", "as_regulariser", "check_zeros_mean_zeros"]


@final
@dataclass(frozen=True)
class Penalise(OnParameters):
    r"""Put a penalty on weights, by a proximal step after each step of the optimiser and in its own metric.

    .. math:: \min_w\; \text{mean loss}(w) + P(w), \qquad
              w \leftarrow \arg\min_u \sum_i \frac{(u_i - w_i)^2}{2 D_i} + P(u)

    where D is how far the optimiser's step goes in every coordinate for a gradient of one
    (:mod:`regularfit.nets.parameters.step_metric`). So ``L1`` gives exact zeros, and a linear net gives the lasso's
    coefficients.
    A penalty as a term of the loss is not offered: it gives no zeros, and costs more. The strength is inside the
    penalty and multiplies the *mean* loss, whatever the batch: ``L1(1e-4)`` here is ``strength=1e-4`` there for the
    same loss.
    (The linear side's squared loss is half the square: for ``torch.nn.MSELoss`` double the strength.)

    The zeros settle as the learning rate decays; at a constant rate with small batches some flicker. A weight that
    never gets a gradient (an input that is always 0) has a long step under Adam and is zero at once. Prefer ``L1``
    on ``"inputs"`` to find the inputs that matter, and :class:`~regularfit.nets.Grouped` to drop an input, a
    neuron or a channel as a whole. Prefer ``WeightDecay`` where no zeros are wanted. With batch norm behind it a
    layer's scale means nothing, so a penalty there does not restrain what the net computes (``audit`` says where).

    Parameters
    ----------
    penalty : L1, L2, ElasticNet, MCP, SCAD, L0; with factors, bounds (``.nonnegative()``) and sums. What has a number
        for every column has one for every input of the layer.
    on : "weights", "inputs", a pattern of names, a function of a Role, or a list of parameters.

    Raises
    ------
    InputError
        If ``penalty`` is no penalty or ``on`` names nothing.
    UnsupportedError
        If the penalty is no sum over weights; when it is started, if the optimiser's metric is not known.

    Examples
    --------
    >>> import torch, regularfit as rf
    >>> net = torch.nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    >>> active = Penalise(rf.L1(10.0)).start(Run(net, optimizer))
    >>> net(torch.ones(1, 3)).sum().backward(); optimizer.step()
    >>> active.prox()
    >>> net.weight.tolist()
    [[0.0, 0.0, 0.0]]

    References
    ----------
    Duchi, J. and Singer, Y. (2009). Efficient online and batch learning using forward backward splitting. JMLR 10.
    Yun, J., Lozano, A. C. and Yang, E. (2021). Adaptive proximal gradient methods for structured neural networks.
    NeurIPS 34.
    """

    penalty: Penalty
    on: TargetLike = "weights"
    kind: ClassVar[str] = "penalty"

    def __post_init__(self) -> None:
        """Check both."""
        if not isinstance(self.penalty, Penalty):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputError(f"Penalise({self.penalty!r}): give a penalty such as regularfit.L1(1e-4).")
        why = separable(self.penalty)
        if why:
            raise UnsupportedError(f"Penalise({self.penalty!r}): {why}")
        check_target(self.on, "Penalise")

    @property
    def shrinks(self) -> bool:
        """Whether the penalty has a square in it."""
        if isinstance(self.penalty, L0):
            return self.penalty.l2 > 0
        try:
            form = self.penalty.coordinates(1)
        except InputError:  # a number for each of several columns
            return any(kind in repr(self.penalty) for kind in ("L2", "ElasticNet"))
        return form is not None and bool((form.l2 > 0).any())

    @property
    def label(self) -> str:
        """The penalty alone."""
        return repr(self.penalty)

    def start(self, run: Run) -> OnSteps:
        """Return the proximal steps of one run."""
        picked = self.chosen(run.model)
        for role in picked:
            check_zeros_mean_zeros(self, role)
        check_optimizer(run.optimizer, run.model, picked if self.shrinks else ())
        return _Penalising(run, picked, self.penalty)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return one of each kind."""
        return [
            cls(L1(1e-2)),
            cls(L2(1e-2), on="inputs"),
            cls(ElasticNet(0.5, 1e-2)),
            cls(L1(1e-2).nonnegative()),
            cls(L1(1e-3).bounded(-0.1, 0.2) + L2(1e-2)),
            cls(MCP(3.0, 1e-2)),
            cls(SCAD(3.7, 1e-2)),
            cls(0.5 * MCP(2.0, 1e-2)),
            cls(L0(0.0, 1e-4)),
        ]


class _Penalising(OnSteps):
    def __init__(self, run: Run, picked: Sequence[Role], penalty: Penalty) -> None:
        super().__init__(run, picked)
        self.penalty = penalty
        self._forms = {role.name: elementwise(penalty, role) for role in self.picked}

        same = {form.threshold for form in self._forms.values()}
        self._threshold = same.pop() if len(same) == 1 else None  # of an L1 without more

    def all_nearest(self, steps: Sequence[Tensor]) -> None:
        """Shrink all weights in a few calls, if it is by one L1."""
        if self._threshold is None:
            super().all_nearest(steps)
            return
        highs, weights = list(steps), [role.parameter.detach() for role in self.picked]
        many._foreach_mul_(highs, self._threshold)
        inside = many._foreach_maximum(weights, many._foreach_neg(highs))
        many._foreach_minimum_(inside, highs)
        many._foreach_sub_(weights, inside)

    def nearest(self, role: Role, step: Tensor | float) -> None:
        p = role.parameter
        p.copy_(self._forms[role.name].prox(wide(p.detach()), step))

    def effect(self) -> Effect:
        """Return the strength and the zeros."""
        strength = getattr(self.penalty, "strength", None)
        return Effect(strength, sum(self.zeros().values()), acted=self.steps > 0)


def as_regulariser(given: object) -> Regulariser:
    """Return a regulariser: one as it is, a bare penalty as ``Penalise`` of the weights.

    >>> from regularfit import L1
    >>> as_regulariser(L1(1e-4))
    Penalise(penalty=L1(strength=0.0001), on='weights')
    """
    if isinstance(given, Regulariser):
        return given
    if isinstance(given, Penalty):
        return Penalise(given)
    raise InputError(
        f"{given!r} is neither a penalty nor a regulariser; give one such as regularfit.L1(1e-4) or WeightDecay(1e-2)."
    )


def check_zeros_mean_zeros(asked: object, role: Role) -> None:
    """Refuse a weight that is computed from the parameter in a way that does not keep zeros."""
    if role.parametrised and role.parametrised not in ("SpectralNorm",):
        layer = type(role.layer).__name__
        raise UnsupportedError(
            f"{asked!r}: the weight of {layer} is computed from {role.name} by {role.parametrised}; a zero of the one "
            "is no zero of the other. Leave that layer out by on=, or remove the parametrisation."
        )
