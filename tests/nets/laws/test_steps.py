"""What holds for every regulariser of steps, averages, stopping and noise, on all of its examples."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from regularfit.nets.augment.input_noise import InputNoise  # noqa: E402
from regularfit.nets.averages import EMA, SWA, Lookahead, SnapshotEnsemble  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402
from regularfit.nets.regulariser import PHASES, Active  # noqa: E402
from regularfit.nets.stepping.clipping import GradClip  # noqa: E402
from regularfit.nets.stepping.implicit import SGDNoise  # noqa: E402
from regularfit.nets.stepping.noise import GradientNoise, WeightNoise  # noqa: E402
from regularfit.nets.stepping.probe import BatchSizeProbe  # noqa: E402
from regularfit.nets.stepping.sharpness import SAM  # noqa: E402
from tests.nets.laws.small_loop import STEPS, Loop, plain, same  # noqa: E402

KINDS = (
    EMA, SWA, Lookahead, SnapshotEnsemble, EarlyStopping, SAM, GradClip, GradientNoise, WeightNoise, InputNoise,
    BatchSizeProbe, SGDNoise,
)  # fmt: skip
EXAMPLES = [
    *(example for kind in KINDS for example in kind.examples()),
    EarlyStopping(2, "neg_log_loss", 0.05),
    SWA(after=0.2, every=0.4),
    SnapshotEnsemble(cycles=4, keep=2, growth=1),
]
every = pytest.mark.parametrize("regulariser", EXAMPLES, ids=repr)


@every
def test_it_is_a_value(regulariser):
    assert pickle.loads(pickle.dumps(regulariser)) == regulariser
    assert hash(regulariser) == hash(type(regulariser)(**regulariser.__dict__))
    with pytest.raises(AttributeError):
        regulariser.new_setting = 1
    assert regulariser.passes >= 1


def test_numbers_of_numpy_are_numbers():
    """Grids are often arrays; their numbers are neither int nor float."""
    count, share = np.int64(3), np.float32(0.5)
    for made in (
        EMA(share), SWA(share, share), Lookahead(share, count), SnapshotEnsemble(count, count, share),
        SAM(share, every=count),
        EarlyStopping(count, min_delta=share), GradClip(share), GradientNoise(share, share), WeightNoise(share),
        InputNoise(share), BatchSizeProbe(count, count, share), SGDNoise(share),
    ):  # fmt: skip
        loop = Loop(made).go(3)
        assert type(loop.active.effect().strength) in (float, type(None))
        assert plain(loop.active.state_dict())


@every
def test_it_declares_the_phases_it_acts_in(regulariser):
    active = Loop(regulariser).active
    names = {"evaluated": "evaluate"}
    acts = {
        names.get(name, name)
        for name in (*PHASES, "evaluated")
        if getattr(type(active), name) is not getattr(Active, name)
    }
    assert acts <= set(regulariser.phases) <= set(PHASES)
    assert list(regulariser.phases) == sorted(regulariser.phases, key=PHASES.index)


@every
@settings(max_examples=4, deadline=None)
@given(killed_at=st.integers(1, STEPS - 1))
def test_a_killed_run_goes_on_to_the_same_bits(regulariser, killed_at):
    """Mistake (Lightning #3488, #18727): a resumed run forgot the best score, patience or the average."""
    whole = Loop(regulariser).go(STEPS)
    state = Loop(regulariser).go(killed_at).state()
    assert plain(state["active"])
    resumed = Loop(regulariser).resume(state).go(STEPS)
    assert same(resumed.weights, whole.weights)
    assert resumed.active.effect() == whole.active.effect()
    assert same(resumed.finish(), whole.finish())


@every
def test_the_same_seed_gives_the_same_bits_whatever_else_is_drawn(regulariser):
    first = Loop(regulariser, seed=3).go(STEPS).finish()
    torch.rand(11)
    assert same(Loop(regulariser, seed=3).go(STEPS).finish(), first)


@every
def test_evaluating_does_not_disturb_training(regulariser):
    quiet, looked_at = Loop(regulariser), Loop(regulariser)
    while quiet.run.step < STEPS:
        quiet.step()
        looked_at.step()
        looked_at.evaluate()
        looked_at.evaluate()
    assert same(looked_at.weights, quiet.weights)


@every
def test_finishing_twice_is_finishing_once_and_leaves_no_trace(regulariser):
    loop = Loop(regulariser).go(STEPS)
    once = loop.finish()
    assert same(loop.finish(), once)
    for module in loop.model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert module.training
        assert not {"weight", "bias"} & set(module.__dict__)


@every
def test_finishing_a_run_that_never_stepped_leaves_the_model_as_it_was(regulariser):
    loop = Loop(regulariser)
    before = loop.weights
    assert same(loop.finish(), before)


# ---------------------------------------------------------------- does it bite?


def change(regulariser, **loop):
    """How far the end of a run moves under a regulariser."""
    one, other = Loop(regulariser, **loop).go(STEPS).finish(), Loop(**loop).go(STEPS).finish()
    return sum((one[name] - other[name]).square().sum().item() for name in one if "weight" in name) ** 0.5


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        (EMA(0.001), EMA(0.999)),
        (Lookahead(0.99, 3), Lookahead(0.01, 3)),
        (SAM(1e-5), SAM(1.0)),
        (SAM(1e-5, adaptive=True), SAM(5.0, adaptive=True)),
        (GradClip(100.0), GradClip(1e-3)),
        (GradClip(value=100.0), GradClip(value=1e-4)),
        (GradClip(adaptive=100.0), GradClip(adaptive=1e-4)),
        (GradientNoise(1e-12), GradientNoise(10.0)),
        (WeightNoise(1e-6), WeightNoise(1.0)),
        (InputNoise(1e-6), InputNoise(5.0)),
        (SGDNoise(1e-6), SGDNoise(3.0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_silent_no_op_is_impossible_strength_bites(weak, strong):
    """Mistake (pytabkit #34, tsgm #69): a regulariser that did nothing, whatever its strength."""
    assert change(strong) > 0.05
    assert change(weak) < 0.05 * change(strong)


def test_the_limits_are_those_of_the_documentation():
    # clipped to nothing, or looking ahead without ever following: the net stays where it began
    start = Loop().weights
    for regulariser in (GradClip(1e-9), Lookahead(1e-9, 1)):
        end = Loop(regulariser).go(STEPS).finish()
        for name in start:
            if "weight" in name:
                torch.testing.assert_close(end[name], start[name], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "nothing",
    [SAM(0), SAM(0.0, adaptive=True), GradientNoise(0), WeightNoise(0), InputNoise(0), SGDNoise(0), EMA(0.0)],
    ids=repr,
)
def test_set_to_nothing_it_does_nothing_and_says_so(nothing):
    """Grids begin at 0."""
    assert change(nothing) == 0.0
    assert Loop(nothing).go(STEPS).active.effect().strength == 0.0
    assert nothing.passes == 1.0


def test_the_probe_alone_changes_nothing():
    assert change(BatchSizeProbe(every=1)) == 0.0


def test_early_stopping_with_patience_one_leaves_the_best_evaluation():
    loop = Loop(EarlyStopping(patience=float("inf")), lr=1.5)  # too fast, so the loss goes up and down
    loop.go(30)
    loop.finish()
    best = min(loop.scores)
    loop.active = None
    loop.model.eval()
    end = torch.nn.functional.cross_entropy(loop.model(loop.X), loop.y).item()
    assert end == best
    assert loop.scores[-1] > best  # the last was not the best: the test can fail
