"""Label smoothing, as the linear term in the logits that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from ..._checks import check_fraction
from ...errors import InputError, UnsupportedError
from ..regulariser import Active, Batch, Effect, Regulariser, Run

__all__ = ["LabelSmoothing", "smoothing_term"]


def smoothing_term(logits: Tensor, batch: Batch) -> Tensor:
    """Return the cross entropy against even labels less that against the labels of the batch, the weighted mean.

    With targets t (mixed already where the batch is) this is the mean of ``sum_c (t_c - 1 / C) z_c``: the log-sum-exp
    of the logits z falls out, because both targets sum to 1. So smoothing by ``eps`` adds ``eps`` times this to any
    loss that holds the cross entropy, whatever else that loss holds.
    """
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise UnsupportedError(
            f"LabelSmoothing needs one logit a class, (b, C) with C >= 2; the net gives {tuple(logits.shape)}."
        )
    of_target = logits.gather(1, batch.y.long()[:, None])[:, 0]
    if batch.partner is not None and batch.share is not None:
        of_partner = logits.gather(1, batch.partner.long()[:, None])[:, 0]
        of_target = of_partner + batch.share * (of_target - of_partner)
    rows = of_target - logits.mean(dim=1)
    return rows.mean() if batch.weight is None else (batch.weight * rows).sum() / batch.weight.sum()


@dataclass(frozen=True)
class LabelSmoothing(Regulariser):
    r"""Aim at ``1 - eps`` for the label and share ``eps`` evenly among all classes, so that no logit must grow on.

    .. math:: \mathrm{loss}' = (1 - \epsilon)\, \mathrm{CE}(y, z) + \frac{\epsilon}{C} \sum_c \mathrm{CE}(c, z)

    After mixing, with sample weights: just what ``CrossEntropyLoss(label_smoothing)`` does with soft targets.
    Prefer it where labels are wrong now and then and accuracy counts; leave it out where the probabilities themselves
    are used (log-loss, ranking), since it flattens them.

    Parameters
    ----------
    eps : share taken from the label, 0 (nothing) to below 1; 0.1 is usual.

    Raises
    ------
    InputError
        If ``eps`` is not in [0, 1).
    UnsupportedError
        At the start, for a regression; at the first step, for a net without one logit a class.

    Examples
    --------
    >>> LabelSmoothing(0.1).eps
    0.1

    References
    ----------
    Szegedy, C., Vanhoucke, V., Ioffe, S., Shlens, J. and Wojna, Z. (2016). Rethinking the inception architecture for
    computer vision. CVPR.
    """

    phases: ClassVar[tuple[str, ...]] = ("loss",)

    eps: float = 0.1

    def __post_init__(self) -> None:
        """Check the share."""
        if check_fraction(self.eps, "LabelSmoothing(eps)") == 1:
            raise InputError("LabelSmoothing(eps=1) forgets the labels; give less than 1, 0.1 is usual.")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        if run.task != "classification":
            raise UnsupportedError(
                "LabelSmoothing works on classes; for a regression try Mixup, which averages targets."
            )
        return _Smoothing(run, self.eps)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse smoothing twice."""
        if isinstance(other, LabelSmoothing) and other is not self:
            return "LabelSmoothing is there twice; keep one of them."
        return None

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and a hard one."""
        return [cls(), cls(0.0), cls(0.9)]


class _Smoothing(Active):
    """Adds the term to the loss."""

    def __init__(self, run: Run, eps: float) -> None:
        """Remember the share."""
        super().__init__(run)
        self.eps = eps
        self.acted = False

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Return the smoothed loss."""
        if self.eps == 0:
            return loss
        self.acted = True
        return loss + self.eps * smoothing_term(logits, batch)

    def effect(self) -> Effect:
        """Return the share."""
        return Effect(strength=self.eps, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return whether it acted."""
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up whether it acted."""
        self.acted = bool(state["acted"])
