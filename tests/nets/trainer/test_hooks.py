"""The order in which regularisers act, how steps compose, and whose time is whose."""

from contextlib import contextmanager

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.regulariser import PHASES  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from regularfit.nets.trainer.hooks import Clock  # noqa: E402
from tests.nets.trainer.problems import acting, classes, net, weights  # noqa: E402


def recorder(name, log):
    """Writes down every call."""

    def note(phase, value=None):
        log.append(f"{phase} {name}")
        return value

    @contextmanager
    def around(phase):
        note(f"{phase}(")
        yield
        note(f"{phase})")

    def step(self, closure, update):
        note("step(")
        update()
        note("step)")

    return acting(
        *PHASES,
        data=lambda self, X, y: note("data", (X, y)),
        batch=lambda self, batch: note("batch", batch),
        inputs=lambda self, batch: note("inputs", batch),
        forward=lambda self: around("forward"),
        logits=lambda self, logits, batch: note("logits", logits),
        loss=lambda self, loss, logits, batch: note("loss", loss),
        gradient=lambda self: note("gradient"),
        step=step,
        prox=lambda self: note("prox"),
        average=lambda self: note("average"),
        evaluate=lambda self: around("evaluate"),
        evaluated=lambda self, scores: note("evaluated", False),
        finish=lambda self: note("finish"),
    )


def test_the_documented_order():
    log = []
    X, y = classes()
    Trainer(net(), [recorder("a", log), recorder("b", log)], steps=1).fit(X, y, validation=(X, y))
    assert log[: log.index("finish a")] == [
        *("data a", "data b"),
        *("batch a", "batch b", "inputs a", "inputs b"),
        *("forward( a", "forward( b", "logits a", "logits b", "loss a", "loss b", "forward) b", "forward) a"),
        *("step( a", "step( b", "gradient a", "gradient b", "prox a", "prox b", "step) b", "step) a"),
        *("average a", "average b"),
        *("evaluate( a", "evaluate( b", "evaluated a", "evaluated b", "evaluate) b", "evaluate) a"),
    ]


def test_they_finish_in_the_order_of_the_phases():
    log = []
    first = acting("evaluate", finish=lambda self: log.append("evaluate"))
    second = acting("average", finish=lambda self: log.append("average"))
    X, y = classes()
    Trainer(net(), [first, second], steps=1).fit(X, y)
    assert log[:2] == ["average", "evaluate"]


def test_all_are_finished_although_one_fails():
    log = []

    def fails(self):
        raise ZeroDivisionError

    X, y = classes()
    failing, other = acting("prox", finish=fails), acting("average", finish=lambda self: log.append(1))
    with pytest.raises(ZeroDivisionError):
        Trainer(net(), [failing, other], steps=1).fit(X, y)
    assert log


def test_a_second_pass_and_several_updates_compose():
    """What SAM and free adversarial training do: passes at other weights, and several updates of a batch."""
    log = []

    def second_pass(self, closure, update):
        moved = list(self.run.model.parameters())
        before = [p.detach().clone() for p in moved]
        first = [p.grad.clone() for p in moved]
        with torch.no_grad():
            for p in moved:
                p.add_(0.1)
        with torch.enable_grad():
            closure()
        with torch.no_grad():
            for p, value in zip(moved, before, strict=True):
                p.copy_(value)
        log.append(any(not torch.equal(p.grad, g) for p, g in zip(moved, first, strict=True)))
        update()

    def twice(self, closure, update):
        update()
        closure()
        update()

    updates = acting(
        "gradient",
        "prox",
        gradient=lambda self: log.append("gradient"),
        prox=lambda self: log.append("prox"),
    )
    X, y = classes()
    outer, inner = acting("step", step=twice), acting("step", step=second_pass)
    Trainer(net(), [outer, inner, updates], steps=1).fit(X, y)
    assert log == [True, "gradient", "prox"] * 2


def test_two_updates_of_a_batch_are_two_steps_of_the_optimiser():
    X, y = classes(32)

    def twice(self, closure, update):
        update()
        closure()
        update()

    one = Trainer(net(), [acting("step", step=twice)], steps=3, batch_size=32, schedule="constant").fit(X, y)
    plain = Trainer(net(), steps=6, batch_size=32, schedule="constant").fit(X, y)  # full batches: order aside
    torch.testing.assert_close(weights(one.model_), weights(plain.model_), rtol=0, atol=1e-6)


def test_the_gradient_of_inputs_is_there_and_made_anew_by_every_pass():
    seen = []

    def leaf(self, batch):
        self.leaf = batch.X.detach().clone().requires_grad_()
        return batch.with_(X=self.leaf)

    def replay(self, closure, update):
        seen.append(self.leaf.grad.clone())
        closure()
        seen.append(self.leaf.grad.clone())
        update()

    X, y = classes()
    Trainer(net(), [acting("inputs", "step", inputs=leaf, step=replay)], steps=1).fit(X, y)
    assert torch.equal(seen[0], seen[1])
    assert seen[0].abs().sum() > 0


def test_every_second_counts_once(clock):
    costs = Clock(2)
    before = costs.switch(0)
    clock.sleep(2)
    inner = costs.switch(1)
    clock.sleep(4)
    costs.switch(inner)
    clock.sleep(1)
    costs.switch(before)
    clock.sleep(8)
    costs.switch(before)
    assert costs.seconds == [3, 4, 8]


def test_costs_are_told_apart(clock):
    slow = acting("prox", prox=lambda self: clock.sleep(3))
    X, y = classes()
    quick = acting("prox", prox=lambda self: clock.sleep(1))
    trainer = Trainer(net(), [quick, slow], steps=10).fit(X, y)
    cheap, dear = trainer.history_[-1].regularisers
    assert (cheap.name, dear.name) == ("Made", "Made 2")
    assert (cheap.seconds, dear.seconds) == (10, 30)
    assert (cheap.share, dear.share) == (0.25, 0.75)


@pytest.mark.parametrize("persistent", [False, True])
def test_hooks_on_modules_count_for_whoever_puts_them_there(persistent, clock):
    def sleep(module, inputs):
        clock.sleep(1)

    @contextmanager
    def around(self):
        handle = self.run.model[0].register_forward_pre_hook(sleep)
        yield
        handle.remove()

    def put(self, run):
        super(type(self), self).__init__(run)
        self.handle = run.model[0].register_forward_pre_hook(sleep)

    methods = (
        {"__init__": put, "finish": lambda self: self.handle.remove()} if persistent else {"forward": around}
    )
    X, y = classes()
    trainer = Trainer(net(), [acting("forward", **methods), acting("forward")], steps=5).fit(X, y)
    mine, other = trainer.history_[-1].regularisers
    assert (mine.seconds, other.seconds) == (5, 0)
    assert not trainer.model_[0]._forward_pre_hooks
