"""The smallest loop that calls every phase of an active in order, as a user's own loop would."""

import torch
from torch import nn

from regularfit.nets.batches import BatchRows
from regularfit.nets.regulariser import Batch, Run

STEPS, ROWS, SIZE = 12, 24, 8


def rows(seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(ROWS, 4, generator=generator)
    y = (X[:, 0] + 0.5 * torch.randn(ROWS, generator=generator) > 0).long()
    return X, y


def net(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))


def mean_loss(logits, batch):
    each = nn.functional.cross_entropy(logits, batch.y, reduction="none")
    return each.mean() if batch.weight is None else (batch.weight * each).sum() / batch.weight.sum()


class Loop:
    """A run of a net under one regulariser (or none), step by step; ``state`` and ``resume`` are kill and resume."""

    def __init__(self, regulariser=None, steps=STEPS, seed=0, lr=0.05, model=None):
        self.model = net() if model is None else model
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr, momentum=0.9)
        self.run = Run(
            self.model, self.optimizer, n=ROWS, batch_size=SIZE, steps=steps, seed=seed, loss=mean_loss
        )
        self.active = None if regulariser is None else regulariser.start(self.run)
        self.X, self.y = rows()
        if self.active is not None:
            self.X, self.y = self.active.data(self.X, self.y)
        self.batches = BatchRows(seed, ROWS, SIZE)
        self.scores = []

    def step(self):
        index, active = self.batches.at(self.run.step), self.active
        batch = Batch(self.X[index], self.y[index], index)
        if active is None:
            self._closure(batch)
            self.optimizer.step()
        else:
            batch = active.inputs(active.batch(batch))
            self._closure(batch)
            active.step(lambda: self._closure(batch), self._update)
            active.average()
        self.run.step += 1

    def _closure(self, batch):
        self.optimizer.zero_grad()
        if self.active is None:
            loss = mean_loss(self.model(batch.X), batch)
        else:
            with self.active.forward():
                logits = self.active.logits(self.model(batch.X), batch)
                loss = self.active.loss(mean_loss(logits, batch), logits, batch)
        loss.backward()
        return loss.detach()

    def _update(self):
        self.active.gradient()
        self.optimizer.step()
        self.active.prox()

    def evaluate(self):
        self.model.eval()
        with self.active.evaluate(), torch.no_grad():
            z = self.model(self.X)
            loss = nn.functional.cross_entropy(z, self.y).item()
            accuracy = (z.argmax(1) == self.y).float().mean().item()
            stop = self.active.evaluated({"loss": loss, "accuracy": accuracy, "neg_log_loss": -loss})
        self.model.train()
        self.scores.append(loss)
        return stop

    def go(self, until):
        while self.run.step < until:
            self.step()
            if self.active is not None and self.run.step % 3 == 0:
                self.evaluate()
        return self

    def finish(self):
        if self.active is not None:
            self.active.finish()
        return self.weights

    @property
    def weights(self):
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def state(self):
        """Everything of this moment, copied: what a killed run leaves behind."""
        return {
            "step": self.run.step,
            "model": self.weights,
            "optimizer": _copied(self.optimizer.state_dict()),
            "active": _copied(self.active.state_dict()),
        }

    def resume(self, state):
        self.run.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.active.load_state_dict(state["active"])
        return self


def _copied(tree):
    if isinstance(tree, torch.Tensor):
        return tree.clone()
    if isinstance(tree, dict):
        return {key: _copied(value) for key, value in tree.items()}
    return [_copied(value) for value in tree] if isinstance(tree, (list, tuple)) else tree


def plain(tree):
    """Whether a state holds tensors, numbers, strings, lists and dicts only."""
    if isinstance(tree, dict):
        return all(isinstance(key, str) and plain(value) for key, value in tree.items())
    if isinstance(tree, list):
        return all(plain(value) for value in tree)
    return tree is None or type(tree) in (bool, int, float, str) or isinstance(tree, torch.Tensor)


def same(one, other):
    """Whether two sets of weights are the same bits."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
