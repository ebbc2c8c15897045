"""Small problems and small regularisers that the tests of the trainer share."""

import signal
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from regularfit.nets.regulariser import Active, Effect, Regulariser


def classes(n=96, d=5, seed=0, k=3):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator)
    y = (X @ torch.randn(d, k, generator=generator) + torch.randn(n, k, generator=generator)).argmax(1)
    return X, y


def numbers(n=96, d=5, seed=0, k=None):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator)
    y = X @ torch.randn(d, k or 1, generator=generator) + 0.1 * torch.randn(n, k or 1, generator=generator)
    return X, y if k else y[:, 0]


def net(d=5, k=3, width=8, seed=0, *extra):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(d, width), nn.Tanh(), *extra, nn.Linear(width, k))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


class Silent(Active):
    """Acts, so that no warning comes."""

    def effect(self):
        return Effect(acted=True)


def acting(*phases, passes=1.0, **methods):
    """A regulariser class that overrides some methods, made on the spot."""
    active = type("Acting", (Silent,), methods)

    @dataclass(frozen=True)
    class Made(Regulariser):
        def start(self, run):
            return active(run)

    Made.phases = phases
    return Made()


@dataclass(frozen=True)
class InterruptAt(Regulariser):
    """Presses Ctrl-C in a step."""

    step: int
    phases: ClassVar[tuple[str, ...]] = ("batch",)

    def start(self, run):
        return _InterruptAt(run, self.step)

    def __repr__(self):
        return "InterruptAt()"  # the step is not part of a run's identity


class _InterruptAt(Silent):
    def __init__(self, run, step):
        super().__init__(run)
        self.at = step

    def batch(self, batch):
        if self.run.step == self.at:
            signal.raise_signal(signal.SIGINT)
        return batch
