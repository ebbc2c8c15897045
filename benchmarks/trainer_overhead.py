"""What the Trainer costs beside a loop written by hand: microseconds a step, the same net, batches and optimiser.

    python benchmarks/trainer_overhead.py [steps]

Target: at most 1.3 times the loop without regularisers, width 64, batch 128. CPU time of one thread; the loops
take turns, so that all see the same machine, and the medians are printed.
"""

from __future__ import annotations

import copy
import math
import sys
import time
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn

from regularfit import L1
from regularfit.nets.averages.ema import EMA
from regularfit.nets.dropout.dropout import Dropout
from regularfit.nets.mixing.mixup import Mixup
from regularfit.nets.parameters.decay import WeightDecay
from regularfit.nets.trainer import Trainer

TURNS = 5
N, D, CLASSES, SIZE = 8192, 20, 5, 128
CASES = {
    "Trainer, no regulariser": (),
    "Trainer, WeightDecay": (WeightDecay(1e-2),),
    "Trainer, L1": (L1(1e-4),),
    "Trainer, Dropout": (Dropout(0.2),),
    "Trainer, EMA": (EMA(0.999),),
    "Trainer, all of these and Mixup": (WeightDecay(1e-2), L1(1e-4), Dropout(0.2), EMA(0.999), Mixup(0.2)),
}


def net(width: int) -> nn.Sequential:
    layers = [nn.Linear(D, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, CLASSES)]
    return nn.Sequential(*layers)


def shuffled(steps: int):
    """The rows that a loop by hand takes: a new order every epoch."""
    done = 0
    while True:
        for rows in torch.randperm(N).split(SIZE):
            yield rows
            done += 1
            if done == steps:
                return


def by_hand(model: nn.Module, X: torch.Tensor, y: torch.Tensor, steps: int) -> None:
    """The loop that everybody writes, with a cosine."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    model.train()
    for step, rows in enumerate(shuffled(steps)):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * 0.5 * (1 + math.cos(math.pi * step / steps))
        loss = F.cross_entropy(model(X[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def seconds(run) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


def main(steps: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    X, y = torch.randn(N, D), torch.randint(0, CLASSES, (N,))
    for width in (64, 256):
        start = net(width)
        runs = {"loop by hand": lambda start=start: by_hand(copy.deepcopy(start), X, y, steps)}
        for name, regularisers in CASES.items():
            runs[name] = lambda start=start, regularisers=regularisers: Trainer(
                copy.deepcopy(start), regularisers, steps=steps, batch_size=SIZE
            ).fit(X, y)
        times: dict[str, list[float]] = {name: [] for name in runs}
        for turn in range(TURNS + 1):
            for name, run in runs.items():
                taken = seconds(run)
                if turn > 0:  # the first one warms up
                    times[name].append(taken / steps)
        print(f"\nwidth {width}, batch {SIZE}, {steps} steps\n| | µs a step | of the loop |\n|---|--:|--:|")
        base = median(times["loop by hand"])
        for name, values in times.items():
            print(f"| {name} | {1e6 * median(values):.0f} | {median(values) / base:.2f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
