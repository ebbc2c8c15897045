"""SWA is the arithmetic mean of the weights at the right moments."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402
from torch.optim.swa_utils import AveragedModel  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.averages import SWA  # noqa: E402
from regularfit.nets.regulariser import Run  # noqa: E402


def taken(settings, steps, epoch_steps=1):
    """At which steps, counted from 1, weights enter; told by weights that are powers of two, whose sum tells all."""
    model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    average = settings.follow(model, steps=steps, epoch_steps=epoch_steps)
    at = []
    for step in range(1, steps + 1):
        nn.init.constant_(model.weight, 2.0 ** (step - 1))
        before = average.count
        average.update()
        at += [step] * (average.count - before)
    if at:
        average.finish()
        wanted = sum(2.0 ** (step - 1) for step in at) / len(at)
        assert model.weight.item() == pytest.approx(wanted, rel=1e-12)
    return at


def test_it_is_the_arithmetic_mean_of_the_last_part():
    assert taken(SWA(after=0.75), steps=8) == [6, 7, 8]
    assert taken(SWA(after=0.0), steps=3) == [1, 2, 3]
    assert taken(SWA(after=0.5, every=2), steps=10) == [5, 7, 9]


def test_every_counts_epochs():
    assert taken(SWA(after=0.5, every=1), steps=40, epoch_steps=10) == [20, 30, 40]
    assert taken(SWA(after=0.5, every=0.5), steps=40, epoch_steps=10) == [20, 25, 30, 35, 40]
    assert taken(SWA(after=0.5, every=0.01), steps=8, epoch_steps=4) == [4, 5, 6, 7, 8]  # no step twice


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(1, 12), st.floats(0, 0.99), st.floats(0.05, 3))
def test_there_is_an_average_at_the_end_of_every_training(steps, epoch_steps, after, every):
    at = taken(SWA(after, every), steps, epoch_steps)
    assert at
    assert at[0] >= after * steps - 1e-6
    assert sorted(set(at)) == at


def test_it_is_torchs_average():
    model = nn.Linear(3, 2)
    theirs, ours = AveragedModel(model), SWA(after=0.0).follow(model, steps=5)
    for step in range(5):
        nn.init.normal_(model.weight, generator=torch.Generator().manual_seed(step))
        theirs.update_parameters(model)
        ours.update()
    ours.finish()
    torch.testing.assert_close(model.weight, theirs.module.weight)


def test_in_a_run_epochs_follow_from_rows_and_batch():
    model = nn.Linear(1, 1, bias=False)
    run = Run(model, torch.optim.SGD(model.parameters()), n=30, batch_size=10, steps=12)
    average = SWA(after=0.5).start(run)
    at = []
    for step in range(12):
        run.step = step  # told before the average
        average.average()
        if average.count > len(at):
            at.append(step + 1)
    assert at == [6, 9, 12]


def test_a_training_that_ends_too_early_has_no_average_and_says_so():
    model = nn.Linear(1, 1)
    average = SWA().follow(model, steps=100)
    for _ in range(50):
        average.update()
    average.finish()
    assert average.effect().acted is False
    assert "before 75%" in average.effect().note


def test_settings_out_of_range_are_refused():
    for bad in (1.0, -0.1, "0.5", True, float("nan")):
        with pytest.raises(InputError, match="after"):
            SWA(after=bad)
    for bad in (0, -1, "1", float("inf")):
        with pytest.raises(InputError, match="every"):
            SWA(every=bad)
    with pytest.raises(InputError, match="statistics"):
        SWA(statistics="none")
    for bad in (0, 1.5, True):
        with pytest.raises(InputError, match="steps"):
            SWA().follow(nn.Linear(1, 1), steps=bad)
