"""Schedules: torch's own numbers where torch has them, and no factor below zero."""

import math
import pickle

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.optim import lr_scheduler  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.schedules import (  # noqa: E402
    SCHEDULES,
    Cosine,
    FlatCosine,
    Linear,
    OneCycle,
    WarmRestarts,
    schedule,
)


def torchs(make, steps):
    """The learning rates of a torch scheduler at every step, of an optimiser with rate 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_cosine_is_torchs():
    wanted = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=40, eta_min=0.1), 40)
    assert [Cosine(0.1)(t / 40) for t in range(40)] == pytest.approx(wanted)


def test_one_cycle_is_torchs():
    # torch counts its phases from 0 to total_steps - 1: with 41 steps the last one is at progress 1
    wanted = torchs(
        lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=41, pct_start=0.25 * 40 / 41 + 1 / 41),
        41,
    )
    assert [OneCycle(warmup=0.25)(t / 40) for t in range(41)] == pytest.approx(wanted, abs=1e-9)


def test_warm_restarts_are_torchs():
    wanted = torchs(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=15, T_mult=2), 105)
    assert [WarmRestarts()(t / 105) for t in range(105)] == pytest.approx(wanted, abs=1e-9)
    assert WarmRestarts()(1.0) == 0.0


def test_flat_cosine_and_linear():
    assert FlatCosine(0.25)(0.25) == 1.0
    assert FlatCosine(0.25, end=0.2)(0.625) == pytest.approx(0.6)
    assert FlatCosine(1.0)(1.0) == 1.0
    assert OneCycle(warmup=1.0)(1.0) == 1.0
    assert Linear(2.0, 1.0)(0.5) == 1.5


@settings(deadline=None)
@given(st.sampled_from(sorted(SCHEDULES)), st.floats(0, 1))
def test_every_factor_lies_between_0_and_1_and_is_checked_in_the_same_way(name, progress):
    factor = schedule(name)
    assert 0 <= factor(progress) <= 1 + 1e-12
    assert schedule(factor) is factor
    assert pickle.loads(pickle.dumps(factor)) == factor


def test_a_scheduler_stepped_by_epoch_or_by_step_is_the_same_function_of_progress():
    """Mistake (pytorch #65417, villa #1495): a horizon in the wrong unit; here there are no step counts."""
    factor = schedule("cosine")
    by_step, by_epoch = [factor(t / 1000) for t in range(0, 1000, 100)], [factor(e / 10) for e in range(10)]
    assert by_step == by_epoch


def test_what_cannot_be_a_schedule_is_refused():
    with pytest.raises(InputError, match="Did you mean 'cosine'"):
        schedule("cosin")
    with pytest.raises(InputError, match=r"finite factors >= 0; at progress 0\.51"):
        schedule(lambda p: 0.5 - p)
    with pytest.raises(InputError, match="finite"):
        schedule(lambda p: math.inf)
    with pytest.raises(InputError, match="must give numbers"):
        schedule(lambda p: None)
    for make in (lambda: Cosine(-1), lambda: Linear("1"), lambda: OneCycle(2.0), lambda: WarmRestarts(0),
                 lambda: WarmRestarts(1.5), lambda: WarmRestarts(growth=0), lambda: FlatCosine(-0.1)):  # fmt: skip
        with pytest.raises(InputError):
            make()
    late = schedule(lambda p: 1.0 if p <= 1 else -1.0)
    with pytest.raises(InputError, match="progress 2"):
        late(2.0)
