"""Terms on the net's own answers: the same under two dropouts, and not too sure of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import UnsupportedError
from .._settings import check_not_negative
from ..losses import net_loss
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from .divergence import divergence, weighted_mean
from .second_pass import again

__all__ = ["ConfidencePenalty", "RDrop"]


@dataclass(frozen=True)
class RDrop(Regulariser):
    r"""Ask the net twice, under different dropout, and penalise how far the two answers are apart.

    .. math:: \tfrac12 \left( \bar l(z_1) + \bar l(z_2) \right) + w \; \overline{
              \tfrac12 \left( \mathrm{KL}(p_1 \| p_2) + \mathrm{KL}(p_2 \| p_1) \right)}

    Means over rows, in nats; for regression half the squared distance instead of KL. (The paper sums the two losses:
    its alpha is 2 w.) Dropout's two masks become two voices that must agree, so training comes closer to what is used
    without dropout. Prefer it with dropout of 0.1 to 0.3 where a second pass is affordable; without any noise
    in the net it does nothing, and the history says so.

    Parameters
    ----------
    weight : >= 0; 0.5 to 2.5 is usual.

    Raises
    ------
    InputError
        If the weight is negative.

    Examples
    --------
    >>> RDrop().passes
    2.0

    References
    ----------
    Wu, L. et al. (2021). R-Drop: regularized dropout for neural networks. NeurIPS.
    """

    phases: ClassVar[tuple[str, ...]] = ("loss",)

    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the weight."""
        check_not_negative(self.weight, "RDrop(weight)")

    @property
    def passes(self) -> float:
        """Two."""
        return 2.0 if self.weight else 1.0

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Twice(run, self.weight)

    @classmethod
    def examples(cls) -> list[RDrop]:
        """Return instances for the laws."""
        return [cls(), cls(5.0)]


class _Twice(Active):
    """Adds the second loss and the divergence."""

    def __init__(self, run: Run, weight: float) -> None:
        """Remember the weight."""
        super().__init__(run)
        self.weight = weight
        self.apart: Tensor | None = None  # the largest mean divergence so far; read only when asked

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Replace the loss by the mean of both, and add how far they are apart."""
        if not self.weight:
            return loss
        mean = self.run.loss or net_loss("auto", batch.y)
        other, task = again(self.run, batch.X), self.run.task
        each = 0.5 * (divergence(logits, other, task) + divergence(other, logits, task))
        apart = weighted_mean(each, batch.weight)
        seen = apart.detach()
        self.apart = seen if self.apart is None else torch.maximum(self.apart.to(seen.device), seen)
        return loss + 0.5 * (mean(other, batch) - mean(logits, batch)) + self.weight * apart

    def effect(self) -> Effect:
        """Return the weight; without noise in the net the answers never differ, and it has not acted."""
        largest = 0.0 if self.apart is None else float(self.apart)
        return Effect(strength=self.weight, acted=largest > 0, note=f"largest divergence {largest:.3g} nats")

    def state_dict(self) -> dict[str, Any]:
        """Return the largest divergence."""
        return {} if self.apart is None else {"apart": self.apart.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        self.apart = state.get("apart")


@dataclass(frozen=True)
class ConfidencePenalty(Regulariser):
    r"""Reward doubt: take the mean entropy of the predicted classes off the loss.

    .. math:: \bar l(z) - w \; \overline{H(p)}, \qquad H(p) = -\sum_k p_k \log p_k

    in nats. Like label smoothing it keeps probabilities off 0 and 1, but it pulls towards the net's own second choices
    as much as towards all classes alike. Prefer it where some classes are easily confused; prefer
    ``LabelSmoothing`` where the labels themselves are doubtful. Neither helps where probabilities must be sharp.

    Parameters
    ----------
    weight : >= 0; 0.1 is usual.

    Raises
    ------
    InputError
        If the weight is negative.
    UnsupportedError
        When a run of a regression starts.

    Examples
    --------
    >>> ConfidencePenalty(0.1).weight
    0.1

    References
    ----------
    Pereyra, G. et al. (2017). Regularizing neural networks by penalizing confident output distributions. ICLR workshop.
    """

    phases: ClassVar[tuple[str, ...]] = ("loss",)

    weight: float = 0.1

    def __post_init__(self) -> None:
        """Check the weight."""
        check_not_negative(self.weight, "ConfidencePenalty(weight)")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        if run.task != "classification":
            raise UnsupportedError(
                "ConfidencePenalty needs probabilities of classes, and this is a regression; WeightDecay or "
                "GradientPenalty restrain a regression."
            )
        return _Doubt(run, self.weight)

    @classmethod
    def examples(cls) -> list[ConfidencePenalty]:
        """Return instances for the laws."""
        return [cls(), cls(2.0)]


class _Doubt(Active):
    """Takes the entropy off the loss."""

    def __init__(self, run: Run, weight: float) -> None:
        """Remember the weight."""
        super().__init__(run)
        self.weight, self.acted = weight, False

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Return the loss less the mean entropy."""
        if not self.weight:
            return loss
        self.acted = True
        log_p = F.log_softmax(logits.float(), dim=1)
        return loss - self.weight * weighted_mean(-(log_p.exp() * log_p).sum(1), batch.weight)

    def effect(self) -> Effect:
        """Return the weight."""
        return Effect(strength=self.weight, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return whether it acted."""
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        self.acted = bool(state["acted"])
