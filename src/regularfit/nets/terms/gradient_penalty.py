"""Penalties on how steep a net is in its inputs: of its loss, and of its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from .._settings import check_count, check_domain, check_not_negative
from ..adversarial.domain import Domain
from ..adversarial.setting import rows_of
from ..randomness import Stream
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from .divergence import weighted_mean

__all__ = ["GradientPenalty", "JacobianPenalty", "jacobian_norm"]


@dataclass(frozen=True)
class GradientPenalty(Regulariser):
    r"""Penalise the squared gradient of each row's loss in its inputs (double backpropagation).

    .. math:: \bar l(x) + w \; \overline{\| s \cdot \nabla_x l_i(x_i) \|_2^2}

    with the unit s of the domain, so that w does not depend on the columns' scales. A flat loss hardly changes under
    small noise and small attacks. Prefer it for smooth problems and small nets; the second derivatives cost about
    one more training pass. ReLU nets have them almost everywhere. Prefer :class:`JacobianPenalty` where the labels are
    noisy, as it does not look at them.

    Parameters
    ----------
    weight : >= 0, multiplies the mean.
    domain : the unit of every feature and which are fixed; None: the inputs' own unit, all of them.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> GradientPenalty(0.1).passes
    2.0

    References
    ----------
    Drucker, H. and Le Cun, Y. (1992). Improving generalization performance using double backpropagation. IEEE
    Transactions on Neural Networks 3.
    """

    phases: ClassVar[tuple[str, ...]] = ("inputs", "loss")

    weight: float = 0.01
    domain: Domain | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.weight, "GradientPenalty(weight)")
        check_domain(self.domain, "GradientPenalty(domain)")

    @property
    def passes(self) -> float:
        """Twice those of a plain step."""
        return 2.0 if self.weight else 1.0

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Steepness(run, self.weight, self.domain, _of_loss)

    @classmethod
    def examples(cls) -> list[GradientPenalty]:
        """Return instances for the laws."""
        return [cls(), cls(0.5, Domain.standardised())]


@dataclass(frozen=True)
class JacobianPenalty(Regulariser):
    r"""Penalise the squared Frobenius norm of the outputs' Jacobian in the inputs, by random projections.

    .. math:: \bar l(x) + \frac{w}{2} \; \overline{\| s \cdot J(x_i) \|_F^2}, \qquad
              \|J\|_F^2 \approx \frac{C}{k} \sum_{j=1}^k \| v_j^\top J \|^2

    with v_j drawn evenly from the unit sphere of the C outputs: right in the mean for any number of projections. It
    holds the answers still in all directions, whatever the label. Prefer it against noise and attacks where
    labels are noisy, and for regression with several outputs.

    Parameters
    ----------
    weight : >= 0, multiplies half the mean.
    projections : k >= 1; one is usual. From C on the norm is computed exactly.
    domain : the unit of every feature and which are fixed; None: the inputs' own unit, all of them.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> JacobianPenalty(0.1, projections=3).passes
    4.0

    References
    ----------
    Hoffman, J., Roberts, D. A. and Yaida, S. (2019). Robust learning with Jacobian regularization. arXiv:1908.02729.
    """

    phases: ClassVar[tuple[str, ...]] = ("inputs", "loss")

    weight: float = 0.01
    projections: int = 1
    domain: Domain | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.weight, "JacobianPenalty(weight)")
        check_domain(self.domain, "JacobianPenalty(domain)")
        object.__setattr__(self, "projections", check_count(self.projections, "JacobianPenalty(projections)"))

    @property
    def passes(self) -> float:
        """One more for every projection."""
        return 1.0 + self.projections if self.weight else 1.0

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""

        def of_outputs(run: Run, leaf: Tensor, logits: Tensor, batch: Batch, unit: Tensor) -> Tensor:
            stream = run.stream("jacobian")
            return 0.5 * weighted_mean(
                jacobian_norm(logits, leaf, self.projections, stream, unit), batch.weight
            )

        return _Steepness(run, self.weight, self.domain, of_outputs)

    @classmethod
    def examples(cls) -> list[JacobianPenalty]:
        """Return instances for the laws."""
        return [cls(), cls(0.5, 3), cls(0.1, 1000)]


def jacobian_norm(
    outputs: Tensor, X: Tensor, projections: int, stream: Stream, unit: Tensor | float = 1.0
) -> Tensor:
    """Return every row's squared Frobenius norm of its Jacobian, or an estimate that is right in the mean, (b,).

    Parameters
    ----------
    outputs : of the net for ``X``, (b,) or (b, C), with their graph.
    X : inputs that require gradients.
    projections : random ones; C or more compute the norm exactly.
    stream : their random numbers.
    unit : of the features.

    Examples
    --------
    >>> X = torch.ones(1, 2, requires_grad=True)
    >>> jacobian_norm(X * torch.tensor([3.0, 4.0]), X, 2, Stream.of(0)).tolist()
    [25.0]
    """
    outputs = outputs.reshape(len(outputs), -1)
    b, outs = outputs.shape
    if projections >= outs:
        eye = torch.eye(outs, dtype=outputs.dtype, device=outputs.device)
        return sum((_projected(outputs, X, v.expand(b, outs), unit) for v in eye), X.new_zeros(b))
    total = X.new_zeros(b)
    for j in range(projections):
        v = stream.at(j).normal(b, outs, device=X.device).to(outputs.dtype)
        total = total + _projected(outputs, X, v / torch.linalg.vector_norm(v, dim=1, keepdim=True), unit)
    return outs / projections * total


def _projected(outputs: Tensor, X: Tensor, v: Tensor, unit: Tensor | float) -> Tensor:
    (gradient,) = torch.autograd.grad(outputs, X, v, create_graph=True)
    return (gradient * unit).square().flatten(1).sum(1)


def _of_loss(run: Run, leaf: Tensor, logits: Tensor, batch: Batch, unit: Tensor) -> Tensor:
    each = rows_of(run, batch)(logits)
    (gradient,) = torch.autograd.grad(each.sum(), leaf, create_graph=True)
    return weighted_mean((gradient * unit).square().flatten(1).sum(1), batch.weight)


class _Steepness(Active):
    """Lets the inputs tell their gradients, and adds the penalty."""

    def __init__(self, run: Run, weight: float, domain: Domain | None, value: Any) -> None:
        """Remember the settings; ``value`` is of (run, inputs, logits, batch, unit) to the mean."""
        super().__init__(run)
        self.weight, self.domain, self.value = weight, domain, value
        self.leaf: Tensor | None = None
        self.acted = False

    def inputs(self, batch: Batch) -> Batch:
        """Make the inputs something to differentiate by."""
        if not self.weight:
            return batch
        if not batch.X.is_floating_point():
            Domain.standardised().check(batch.X)
        self.leaf = batch.X if batch.X.requires_grad else batch.X.detach().requires_grad_()
        return batch.with_(X=self.leaf)

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Add the penalty."""
        if self.leaf is None:
            return loss
        unit = (self.domain or Domain()).unit_of(self.leaf.detach())
        self.acted = True
        return loss + self.weight * self.value(self.run, self.leaf, logits, batch, unit)

    def effect(self) -> Effect:
        """Return the weight."""
        return Effect(strength=self.weight, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return whether it acted."""
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        self.acted = bool(state["acted"])
