"""A grid of 64 settings on 5 folds: lanes against a loop of plain PyTorch with fused AdamW.

    python benchmarks/net_lanes.py DATA [--widths 32 64 128] [--threads 1 2] [--epochs 6] [--out FILE]

DATA is a table (csv) with a column `target`. Both sides train the same nets: two hidden layers, batch 128, dropout,
decoupled weight decay on weight matrices, cosine learning rate, the held-out log loss after every epoch. First it
is verified that they are the same: without dropout and decay (which AdamW applies before the step), lanes and torch's
own loop end with the same weights; with them, held-out scores agree. The loop is timed on a few of the 320 fits,
evenly spread over the grid, and scaled up. With two threads it is run in two processes of one thread each.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from regularfit.nets.batches import BatchRows
from regularfit.nets.lanes.lockstep import lockstep
from regularfit.nets.lanes.settings import NetSettings
from regularfit.selection import make_folds

GRID = {
    "Dropout.p": [0.0, 0.1, 0.2, 0.4],
    "WeightDecay.rate": [1e-3, 1e-2, 0.1, 1.0],
    "lr": [5e-4, 1e-3, 2e-3, 4e-3],
}
BATCH, FOLDS = 128, 5


def table(path):
    """Return standardised X, codes of the classes, and folds."""
    frame = pd.read_csv(path)
    y = pd.factorize(frame.pop("target"), sort=True)[0]
    X = frame.to_numpy(np.float64)
    X = (X - X.mean(0)) / X.std(0)
    return X, y, make_folds(FOLDS, len(X), y, classifier=True)


def settings_of(index):
    """Return (dropout, decay, lr) of a point of the grid."""
    sizes = [len(values) for values in GRID.values()]
    places = np.unravel_index(index, sizes)
    return tuple(values[k] for values, k in zip(GRID.values(), places, strict=True))


def plain_fit(X, y, train, test, width, epochs, point, init=None, rows=None):
    """Return the net and its held-out log loss after every epoch: what a PyTorch user writes."""
    p, decay, lr = point
    net = nn.Sequential(
        nn.Linear(X.shape[1], width), nn.ReLU(), nn.Dropout(p),
        nn.Linear(width, width), nn.ReLU(), nn.Dropout(p),
        nn.Linear(width, int(y.max()) + 1),
    )  # fmt: skip
    if init is not None:
        with torch.no_grad():
            for parameter, values in zip(net.parameters(), init, strict=True):
                parameter.copy_(values)
    groups = [
        {"params": [q for q in net.parameters() if q.ndim == 2], "weight_decay": decay},
        {"params": [q for q in net.parameters() if q.ndim == 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=lr, fused=True)
    loss = nn.CrossEntropyLoss()
    X_train, y_train, X_test, y_test = X[train], y[train], X[test], y[test]
    steps = math.ceil(epochs * len(train) / BATCH)
    every, scores, order = round(len(train) / BATCH), [], []
    for step in range(steps):
        if rows is not None:
            chosen = rows.at(step)
        else:
            while len(order) < BATCH:
                order = torch.cat([torch.as_tensor(order, dtype=torch.int64), torch.randperm(len(train))])
            chosen, order = order[:BATCH], order[BATCH:]
        for group in optimiser.param_groups:
            group["lr"] = lr * (1 + math.cos(math.pi * step / steps)) / 2
        optimiser.zero_grad(set_to_none=True)
        loss(net(X_train[chosen]), y_train[chosen]).backward()
        optimiser.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            net.eval()
            with torch.no_grad():
                scores.append(loss(net(X_test), y_test))
            net.train()
    return net, [float(s) for s in scores]


def tensors(X, y):
    """Return X and y as the loop wants them."""
    return torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)


def some_fits(path, width, epochs, fits):
    """Run some of the fits and return CPU seconds and the mean final score; for a process of its own."""
    torch.set_num_threads(1)
    X, y, folds = table(path)
    X, y = tensors(X, y)
    train, test = (torch.as_tensor(rows) for rows in folds[0])
    plain_fit(X, y, train, test, width, 0.2, (0.1, 0.1, 1e-3))
    before, wall = time.process_time(), time.perf_counter()
    for fit in fits:
        train, test = (torch.as_tensor(rows) for rows in folds[fit % FOLDS])
        plain_fit(X, y, train, test, width, epochs, settings_of(fit // FOLDS))
    return time.process_time() - before, time.perf_counter() - wall


def lanes(X, y, folds, width, epochs, threads, halving=None, grid=None):
    """Train the grid in lockstep; return the result, CPU and wall seconds."""
    before, wall = time.process_time(), time.perf_counter()
    base = NetSettings((width, width), batch_size=BATCH, epochs=epochs)
    found = lockstep(base, grid or GRID, X, y, folds, scaling="none", threads=threads, halving=halving)
    return found, time.process_time() - before, time.perf_counter() - wall


def verify(X, y, folds, width):
    """Return the largest difference of a weight from torch's own loop after three epochs."""
    grid = {"Dropout.p": [0.0], "lr": [2e-3]}
    found, _, _ = lanes(X, y, folds, width, 3, 1, grid=grid)
    start, _, _ = lanes(X, y, folds, width, 3, 1, grid=[{"lr": 1e-30}])
    worst = 0.0
    for fold, (train, test) in enumerate(folds):
        rows = BatchRows(0, len(train), BATCH)
        init = list(start.lane(0, fold).module().parameters())
        tensors_ = tensors(X, y)
        net, _ = plain_fit(
            *tensors_, torch.as_tensor(train), torch.as_tensor(test), width, 3, (0.0, 0.0, 2e-3), init, rows
        )
        ours = found.lane(0, fold).module().parameters()
        worst = max(
            worst, *(float((a - b).detach().abs().max()) for a, b in zip(ours, net.parameters(), strict=True))
        )
    return worst


def agreement(X, y, folds, epochs, width, repeats=4):
    """Return held-out log losses of lanes and of the loop for one setting with dropout, means over folds and seeds."""
    point = settings_of(37)
    own = lanes(X, y, folds, width, epochs, 1, grid=[
        {"Dropout.p": point[0], "WeightDecay.rate": point[1], "lr": point[2], "seed": seed} for seed in range(repeats)
    ])[0]  # fmt: skip
    theirs = [
        plain_fit(*tensors(X, y), *(torch.as_tensor(rows) for rows in fold), width, epochs, point)[1][-1]
        for fold in folds
        for _ in range(repeats)
    ]
    return own.mean.mean(), np.mean(theirs), np.std(theirs) / math.sqrt(len(theirs))


def main():
    """Run the benchmark and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--widths", type=int, nargs="*", default=[32, 64, 128])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--sample", type=int, default=10, help="fits of the loop that are timed")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    X, y, folds = table(given.data)
    fits = 4**3 * FOLDS
    chosen = np.linspace(0, fits - 1, given.sample).astype(int).tolist()
    lines = [
        f"# Lanes against a loop: {given.data.name.split('.')[0]} ({X.shape[0]} x {X.shape[1]}), 64 settings x 5 "
        f"folds, {given.epochs:g} epochs, batch {BATCH}",
        "",
        f"torch {torch.__version__}; the loop is timed on {given.sample} of {fits} fits. CPU seconds for one thread,",
        "wall seconds for two. Equal: largest difference of a weight from torch's own loop after three epochs.",
        "",
        "| width | threads | loop | lanes | ratio | lanes with halving | ratio | equal | log loss lanes / loop (se) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for width in given.widths:
        equal = verify(X, y, folds, width)
        same = agreement(X, y, folds, given.epochs, width)
        for threads in given.threads:
            torch.set_num_threads(1)
            if threads == 1:
                loop = some_fits(given.data, width, given.epochs, chosen)[0] * fits / given.sample
            else:
                loop = two_processes(given.data, width, given.epochs, chosen) * fits / given.sample
            place = 1 if threads == 1 else 2
            full = lanes(X, y, folds, width, given.epochs, threads)[place]
            halved = lanes(X, y, folds, width, given.epochs, threads, halving=True)[place]
            lines.append(
                f"| {width} | {threads} | {loop:.1f} | {full:.1f} | **{loop / full:.1f}** | {halved:.1f} | "
                f"**{loop / halved:.1f}** | {equal:.1e} | {same[0]:.4f} / {same[1]:.4f} ({same[2]:.4f}) |"
            )
            print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    if given.out:
        given.out.write_text(text)
    print(text)


def two_processes(path, width, epochs, fits):
    """Return wall seconds of the fits in two processes at once."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = pool.starmap(some_fits, [(path, width, epochs, fits[k::2]) for k in range(2)])
    return max(wall for _, wall in parts)


if __name__ == "__main__":
    main()
