"""Half precision: gradients of true size in every pass, steps with an overflow left out as a whole."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import FitError  # noqa: E402
from regularfit.nets.averages.ema import EMA  # noqa: E402
from regularfit.nets.stepping.clipping import GradClip  # noqa: E402
from regularfit.nets.stepping.sharpness import SAM  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from regularfit.nets.trainer.precision import Precision  # noqa: E402
from tests.nets.trainer.problems import acting, classes, net, weights  # noqa: E402

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("regularisers", [[], [SAM(0.05), GradClip(0.5), EMA(0.9)]], ids=["none", "many"])
def test_half_precision_ends_near_single_precision(precision, regularisers):
    X, y = classes(512)
    single = Trainer(net(), regularisers, steps=150, lr=0.02).fit(X, y)
    half = Trainer(net(), regularisers, steps=150, lr=0.02, precision=precision).fit(X, y)
    assert all(p.dtype == torch.float32 for p in half.model_.parameters())
    loss = {t: torch.nn.functional.cross_entropy(t.predict(X), y).item() for t in (single, half)}
    assert loss[half] == pytest.approx(loss[single], abs=0.02)
    assert loss[single] < 0.9 * torch.nn.functional.cross_entropy(net()(X), y).item()


def test_gradient_hooks_see_gradients_that_are_not_scaled():
    seen = {}
    X, y = classes()
    for precision in ("float32", "float16"):
        look = acting(
            "gradient",
            gradient=lambda self, p=precision: seen.setdefault(
                p, torch.cat([q.grad.flatten().clone() for q in self.run.model.parameters()])
            ),
        )
        Trainer(net(), [look], steps=1, precision=precision).fit(X, y)
    # float16 has 11 bits: a relative error of 2**-11 a product, some products a number
    scale = seen["float32"].abs().max()
    torch.testing.assert_close(seen["float16"], seen["float32"], rtol=0, atol=8 * 2**-11 * scale)


def test_a_step_with_an_overflow_skips_prox_and_average_and_halves_the_scale():
    log = []
    X, y = classes()
    huge = acting("loss", loss=lambda self, loss, logits, batch: loss * (1e36 if self.run.step == 1 else 1.0))
    note = acting(
        "gradient",
        "step",
        "prox",
        "average",
        gradient=lambda self: log.append(("gradient", self.run.step)),
        step=lambda self, closure, update: log.append(("step", self.run.step)) or update(),
        prox=lambda self: log.append(("prox", self.run.step)),
        average=lambda self: log.append(("average", self.run.step)),
    )
    Trainer(net(), [huge, note], steps=3, precision="float16").fit(X, y)
    assert log == [(phase, step) for step in (0, 2) for phase in ("step", "gradient", "prox", "average")]


def test_the_scale_halves_and_doubles_and_gives_up():
    precision = Precision("float16", CPU)
    w = torch.ones(1, requires_grad=True)
    first = precision.scale
    assert precision.backward((1e38 * w).sum(), [w]) is False
    precision.end_step()
    assert precision.scale == first / 2
    for _ in range(2000):
        w.grad = None
        assert precision.backward((3 * w).sum(), [w]) is True
        precision.end_step()
    assert w.grad.item() == 3.0
    assert precision.scale == first
    goes_on = [precision.backward((float("inf") * w).sum(), [w]) or precision.end_step() for _ in range(35)]
    assert goes_on == [True] * 30 + [False] * 5  # from 2**16 to 2**-14


def test_gradients_that_overflow_for_good_end_the_run():
    X, y = classes()
    huge = acting("loss", loss=lambda self, loss, logits, batch: loss * 1e36)
    trainer = Trainer(net(), [huge], steps=100, precision="float16")
    with pytest.raises(FitError, match="Step 31 of 100: gradients overflow float16"):
        trainer.fit(X, y)
    assert trainer.stopped_by_ == "nan"
    assert torch.equal(weights(trainer.model_), weights(net()))


def test_an_overflow_in_the_second_pass_leaves_the_weights_of_the_step_before():
    X, y = classes()
    after = []

    def spoil(self, closure, update):
        closure()
        before = weights(self.run.model).clone()
        for p in self.run.model.parameters():
            p.grad.fill_(float("inf"))
        after.append(before)
        update()

    def huge(self, loss, logits, batch):
        self.passes = getattr(self, "passes", 0) + 1
        return loss * (1e36 if self.passes == 2 else 1.0)

    both = acting("loss", "step", loss=huge, step=spoil)
    trainer = Trainer(net(), [both], steps=1, precision="float16").fit(X, y)
    assert torch.equal(weights(trainer.model_), after[0])
