"""torch's own random numbers, as they were at one moment: for a second pass with the same dropout masks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["TorchNumbers", "seeded"]


class TorchNumbers:
    """The state of torch's generators of the CPU and, where it is one, of a CUDA device.

    Ours come from counters and repeat by themselves; this is for layers of the user's model that draw from torch.

    Examples
    --------
    >>> numbers = TorchNumbers(torch.device("cpu"))
    >>> first = torch.rand(2)
    >>> with numbers.again():
    ...     again = torch.rand(2)
    >>> bool((first == again).all()), bool((first == torch.rand(2)).all())
    (True, False)
    """

    def __init__(self, device: torch.device) -> None:
        """Note the present state."""
        self.device = device
        self._cpu = torch.get_rng_state()
        self._cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw the numbers of that moment again; afterwards go on where drawing was before."""
        now = TorchNumbers(self.device)
        self.restore()
        try:
            yield
        finally:
            now.restore()

    def restore(self) -> None:
        """Go back to the numbers of that moment for good."""
        torch.set_rng_state(self._cpu)
        if self._cuda is not None:
            torch.cuda.set_rng_state(self._cuda, self.device)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from torch's generators as they are after a seed; afterwards they go on where they were.

    >>> with seeded(0, torch.device("cpu")):
    ...     first = torch.rand(1)
    >>> with seeded(0, torch.device("cpu")):
    ...     bool((torch.rand(1) == first).all())
    True
    """
    before = TorchNumbers(device)
    try:
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
    finally:
        before.restore()
