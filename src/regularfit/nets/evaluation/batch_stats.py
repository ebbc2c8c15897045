"""Running statistics of norm layers: keep them from changing, or estimate them anew for weights that were averaged."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import (
    _NormBase,  # the one base of all norms with running statistics; it has no public name
)
from torch.nn.modules.instancenorm import _InstanceNorm

from ...errors import InputError, UnsupportedError
from .modes import evaluating

__all__ = ["freeze_batch_stats", "has_batch_stats", "refresh_batch_stats"]

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def _tracking(model: nn.Module) -> list[nn.Module]:
    """Return the modules with running statistics, each once: batch, sync, instance and ghost norms."""
    return [module for module in model.modules() if getattr(module, "running_mean", None) is not None]


def has_batch_stats(model: nn.Module) -> bool:
    """Tell whether a model has running statistics, which depend on its weights.

    >>> has_batch_stats(nn.BatchNorm1d(2)), has_batch_stats(nn.LayerNorm(2))
    (True, False)
    """
    return bool(_tracking(model))


@contextmanager
def freeze_batch_stats(model: nn.Module) -> Iterator[None]:
    """Keep running statistics bit-unchanged by the forward passes inside.

    Layers in training mode still normalise by the batch, and layers in evaluation mode by their statistics; only the
    updates are lost. For passes that are not steps on the data: the second pass of SAM, attacks, probes.
    Contexts may be nested, modes may be changed inside, and an exception leaves nothing behind.

    Parameters
    ----------
    model : any net; one without such layers is left alone.

    Examples
    --------
    >>> norm = nn.BatchNorm1d(2)
    >>> with freeze_batch_stats(norm):
    ...     _ = norm(torch.full((3, 2), 7.0))
    >>> norm.running_mean.tolist(), norm.num_batches_tracked.item(), norm.momentum
    ([0.0, 0.0], 0, 0.1)
    """
    saved: list[tuple[nn.Module, dict[str, Any], Any]] = []
    try:
        for module in _tracking(model):
            buffers = {name: module._buffers.get(name) for name in _BUFFERS}
            saved.append((module, buffers, getattr(module, "momentum", None)))
            # Passes write to clones, whatever a layer's own rule is: the originals cannot change, and a graph that
            # was built on the clones can be differentiated later. Momentum 0 keeps the clones as they are, too.
            for name, buffer in buffers.items():
                if buffer is not None:
                    module._buffers[name] = buffer.clone()
            if hasattr(module, "momentum"):
                module.momentum = 0.0  # pyright: ignore[reportArgumentType]
        yield
    finally:
        for module, buffers, momentum in saved:
            for name, buffer in buffers.items():
                if buffer is not None:
                    module._buffers[name] = buffer
            if hasattr(module, "momentum"):
                module.momentum = momentum


@torch.no_grad()
def refresh_batch_stats(
    model: nn.Module,
    batches: Iterable[Any],
    *,
    call: Callable[[nn.Module, Any], Any] | None = None,
    passes: int = 1,
) -> None:
    """Estimate the running statistics of all norm layers anew, for the weights that the model has now.

    Averaged weights need it: the statistics of their own activations are not the average of the statistics. Everything
    runs in evaluation mode, so dropout is off. Means and variances are pooled over all rows, so they do not depend on
    how the rows are cut into batches: exact for every norm layer that no other one precedes, and for all of them when
    there is one batch; each further pass makes one more layer behind another exact. A layer that is in evaluation
    mode while its model trains is frozen on purpose and left alone.

    Parameters
    ----------
    model : the net.
    batches : the inputs of training rows, without augmentation. Each is what the model is called with: a tensor, a
        tuple of all its inputs, or a dict of them by name. Where several passes are made it is iterated as often.
    call : of (model, batch), where the model is called otherwise, or a batch holds the targets too:
        ``call=lambda model, batch: model(batch[0])``.
    passes : how many times to go through the batches, >= 1.

    Raises
    ------
    InputError
        If there are no batches, or they do not fit the model's ``forward``.

    Examples
    --------
    >>> norm = nn.BatchNorm1d(1)
    >>> refresh_batch_stats(norm, [torch.tensor([[0.0], [1.0]]), torch.tensor([[5.0]])])
    >>> norm.running_mean.item(), norm.running_var.item()
    (2.0, 7.0)
    """
    if not isinstance(passes, Integral) or passes < 1:
        raise InputError(f"refresh_batch_stats(passes) must be a whole number >= 1; {passes!r} was given.")
    layers = [m for m in _tracking(model) if m.training or not model.training]
    if not layers:
        return
    for layer in layers:
        if not isinstance(layer, _NormBase):
            raise UnsupportedError(
                f"{type(layer).__name__} has running statistics, but does not derive from a norm layer of torch, so "
                "they cannot be estimated; derive it from torch.nn.BatchNorm1d, or leave it in evaluation mode."
            )
    for turn in range(passes):
        _one_pass(model, layers, batches, call or _call, follow=turn == 0)


def _one_pass(
    model: nn.Module,
    layers: list[nn.Module],
    batches: Iterable[Any],
    call: Callable[[nn.Module, Any], Any],
    follow: bool,
) -> None:
    """Pool the moments of every layer's inputs; where ``follow``, each layer normalises by those so far."""
    place = next((p.device for p in model.parameters()), torch.device("cpu"))
    moments = [_Moments(layer, follow) for layer in layers]
    seen = 0
    with evaluating(model), ExitStack() as stack:
        for layer, pooled in zip(layers, moments, strict=True):
            stack.callback(layer.register_forward_pre_hook(pooled).remove)
        for batch in batches:
            call(model, _moved(batch, place))
            seen += 1
    if seen == 0:
        raise InputError(
            "There are no batches to estimate norm statistics from; give inputs of training rows."
        )
    for pooled in moments:
        pooled.write()
        if pooled.layer.num_batches_tracked is not None:
            pooled.layer.num_batches_tracked.fill_(seen)


class _Moments:
    """The pooled mean and variance of what a layer was given, by the updates of Chan, Golub & LeVeque (1979)."""

    def __init__(self, layer: Any, follow: bool) -> None:
        self.layer, self.follow = layer, follow
        self.instances = isinstance(layer, _InstanceNorm)
        # sums in double precision, where the device has it
        kind = torch.float32 if layer.running_mean.device.type == "mps" else torch.float64
        self.mean = torch.zeros_like(layer.running_mean, dtype=kind)
        self.spread = torch.zeros_like(
            self.mean
        )  # of squares about the mean; for instances, of their variances
        self.count = 0

    def __call__(self, layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        x = inputs[0].detach()
        x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        if self.instances:
            self._take_instances(x if x.dim() > self._spatial + 1 else x.unsqueeze(0))
        else:
            self._take_rows(x)
        if self.follow:
            self.write()

    @property
    def _spatial(self) -> int:
        """How many axes follow the channels, by the layer's own word."""
        return self.layer._get_no_batch_dim() - 1

    def _take_rows(self, x: Tensor) -> None:
        axes = [0, *range(2, x.dim())]
        n = x.numel() // max(x.shape[1], 1)
        if n == 0:
            return
        variance, mean = torch.var_mean(x, axes, correction=0)
        total, shift = self.count + n, mean.to(self.mean.dtype) - self.mean
        self.mean += shift * (n / total)
        self.spread += variance.to(self.mean.dtype) * n + shift**2 * (self.count * n / total)
        self.count = total

    def _take_instances(self, x: Tensor) -> None:
        """Instance norms keep the mean over rows of each row's own mean and variance."""
        variance, mean = torch.var_mean(x.flatten(2), 2)
        self.mean += (mean.to(self.mean.dtype) - self.mean).sum(0) / (self.count + len(x))
        self.spread += variance.to(self.mean.dtype).sum(0)
        self.count += len(x)

    def write(self) -> None:
        if self.count:
            freedom = self.count if self.instances else max(self.count - 1, 1)
            self.layer.running_mean.copy_(self.mean)
            self.layer.running_var.copy_(self.spread / freedom)


def _call(model: nn.Module, batch: Any) -> Any:
    """Call a model with all parts of a batch."""
    if isinstance(batch, Mapping):
        return model(**batch)
    parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    try:
        inspect.signature(model.forward).bind(*parts)
    except TypeError as error:
        raise InputError(
            f"The model's forward does not take the {len(parts)} parts of a batch ({error}). Where batches hold "
            "targets too, give call=lambda model, batch: model(batch[0])."
        ) from None
    return model(*parts)


def _moved(batch: Any, device: torch.device) -> Any:
    """Return the tensors of a batch on a device."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, Mapping):
        return {name: _moved(part, device) for name, part in batch.items()}
    return tuple(_moved(part, device) for part in batch) if isinstance(batch, (tuple, list)) else batch
