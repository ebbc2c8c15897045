"""Batch norm over virtual batches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import InputError

__all__ = ["GhostBatchNorm"]


class GhostBatchNorm(nn.modules.batchnorm._BatchNorm):
    r"""Normalise each small virtual batch by its own mean and variance, so that the noise of small batches stays.

    .. math:: y = \gamma \frac{x - \mu_g}{\sqrt{\sigma_g^2 + \epsilon}} + \beta \qquad \text{for rows of ghost batch } g

    A batch of b rows is cut into ``b // ghost`` parts of ``ghost`` rows or a few more. The running statistics, which
    predictions use, move once a step towards the mean over the parts. In eval mode it is ordinary batch norm, and
    what works on torch's batch norm (frozen statistics, refreshed ones) works on it.
    Prefer it to batch norm with batches of 256 rows and more.

    Parameters
    ----------
    num_features : C of an input of shape (b, C) or (b, C, ...).
    ghost : rows of a virtual batch, >= 2; 16 to 64 is usual.
    eps, momentum, affine, track_running_stats : as in torch's batch norm.

    Raises
    ------
    InputError
        If ``ghost`` is below 2.

    Examples
    --------
    >>> layer = GhostBatchNorm(3, ghost=4)
    >>> out = layer(torch.randn(8, 3))
    >>> bool(out[:4].mean(0).abs().max() < 1e-6)  # each half has mean 0
    True

    References
    ----------
    Hoffer, E., Hubara, I. and Soudry, D. (2017). Train longer, generalize better. NeurIPS.
    """

    def __init__(
        self,
        num_features: int,
        ghost: int = 32,
        *,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        """Check the size of a virtual batch."""
        super().__init__(num_features, eps, momentum, affine, track_running_stats)
        if isinstance(ghost, bool) or not isinstance(ghost, int) or ghost < 2:
            raise InputError(f"GhostBatchNorm(ghost) must be a whole number >= 2; {ghost!r} was given.")
        self.ghost = ghost

    def _check_input_dim(self, input: Tensor) -> None:
        """Refuse an input without channels."""
        if input.ndim < 2 or input.shape[1] != self.num_features:
            raise InputError(
                f"GhostBatchNorm takes (b, {self.num_features}, ...) here; {tuple(input.shape)} was given."
            )

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised rows."""
        parts = len(input) // self.ghost
        if not self.training or parts < 2:
            return super().forward(input)
        self._check_input_dim(input)
        means, variances = (input.new_zeros(parts, self.num_features, dtype=torch.float32) for _ in range(2))
        out = [
            nn.functional.batch_norm(part, mean, variance, self.weight, self.bias, True, 1.0, self.eps)
            for part, mean, variance in zip(input.tensor_split(parts), means, variances, strict=True)
        ]  # a momentum of 1 leaves the mean and the unbiased variance of the part in the buffers
        self._move(means.mean(0), variances.mean(0))
        return torch.cat(out)

    def _move(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics towards those of a step."""
        if not self.track_running_stats or self.running_mean is None or self.running_var is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        share = self.momentum
        if share is None:  # the plain average over all steps
            share = 1.0 / float(self.num_batches_tracked or 1)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        self.running_var.lerp_(variance.to(self.running_var.dtype), share)

    def extra_repr(self) -> str:
        """Show the size of a virtual batch."""
        return f"{super().extra_repr()}, ghost={self.ghost}"
