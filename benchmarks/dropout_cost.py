"""What dropout costs in a training step, against the matrix product it comes before.

    python benchmarks/dropout_cost.py

One thread. Compared: a linear layer; torch's ``F.dropout`` before it; our masks of one byte a unit before it, as the
regulariser makes them (its hook, its keys and the making of masks included; small masks are made for some
steps at once, and the time is the mean over such a round). Each cell is the least of many interleaved rounds in
processor time, so that whatever else runs on the machine disturbs all of them alike. Target: cheaper than the matrix
product from width 256 on, and 5 times as cheap as ``F.dropout``.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from regularfit.nets.dropout.dropout import Dropout
from regularfit.nets.regulariser import Run

BATCH, RATE, ROUNDS, STEPS = 128, 0.2, 150, 16
WIDTHS = (64, 128, 256, 512, 1024)
RESULT = Path(__file__).parent / "results" / "dropout_cost.md"


class OnlyDropout(nn.Module):
    """A net whose weight layers cost nothing: what is left is what its dropout costs."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Free(width, width), Free(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


class Free(nn.Linear):
    """A linear layer that does nothing."""

    def forward(self, input: Tensor) -> Tensor:
        return input


def contenders(width: int) -> dict[str, Callable[[], Tensor]]:
    """Return what is timed: each does the work of one step."""
    x = torch.randn(BATCH, width, requires_grad=True)
    layer, net = nn.Linear(width, width), OnlyDropout(width)
    run = Run(net, torch.optim.SGD(net.parameters(), lr=0.1))
    active = Dropout(RATE).start(run)

    def ours() -> Tensor:
        run.step += 1
        with active.forward():
            return net(x)

    return {
        "linear layer": lambda: layer(x),
        "F.dropout": lambda: nn.functional.dropout(x, RATE),
        "byte masks": ours,
    }


def microseconds(width: int, backward: bool) -> dict[str, float]:
    """Return the least mean time of a step for each contender."""
    work = contenders(width)
    best = dict.fromkeys(work, float("inf"))
    ones = torch.ones(BATCH, width)
    for _ in range(ROUNDS):
        for name, step in work.items():
            begin = time.process_time_ns()
            for _ in range(STEPS):
                out = step()
                if backward:
                    out.backward(ones)
            best[name] = min(best[name], (time.process_time_ns() - begin) / STEPS / 1000)
    return best


def table(backward: bool) -> list[str]:
    """Return the lines of one table."""
    lines = [
        "| width | linear layer | F.dropout | byte masks | F.dropout / byte masks | byte masks / linear layer |",
        "|---|---|---|---|---|---|",
    ]
    for width in WIDTHS:
        cost = microseconds(width, backward)
        ours = cost["byte masks"]
        numbers = [f"{cost[name]:.0f} µs" for name in ("linear layer", "F.dropout", "byte masks")]
        ratios = [f"{cost['F.dropout'] / ours:.1f}", f"{ours / cost['linear layer']:.2f}"]
        lines.append(f"| {width} | " + " | ".join(numbers + ratios) + " |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure and write the page."""
    torch.set_num_threads(1)
    page = [
        "# Dropout against the matrix product it comes before",
        "",
        f"`python benchmarks/dropout_cost.py`: torch {torch.__version__}, {platform.machine()}, one thread, "
        f"{BATCH} rows, rate {RATE}. A step of each in processor time, the least of {ROUNDS} interleaved rounds of "
        f"{STEPS} steps.",
        "",
        "## Forward pass",
        "",
        *table(backward=False),
        "",
        "## Forward and backward pass",
        "",
        *table(backward=True),
        "",
        "Linear layers from a width to the same width. Byte masks: the whole regulariser (hook, keys, masks, product).",
        f"The machine's load was {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores.",
        "",
    ]
    RESULT.write_text("\n".join(page))


if __name__ == "__main__":
    main()
