"""Snapshots are taken where the learning rate ends its cycles, and vote with probabilities."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.averages import SnapshotEnsemble  # noqa: E402
from regularfit.nets.schedules import WarmRestarts  # noqa: E402


def followed(settings, model, steps, task="classification"):
    snapshots, at = settings.follow(model, steps=steps, task=task), []
    for step in range(1, steps + 1):
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.randn(p.shape, generator=torch.Generator().manual_seed(step)))
        before = [member.copies["weight"].clone() for member in snapshots.members]
        snapshots.update()
        now = [member.copies["weight"] for member in snapshots.members]
        if len(now) != len(before) or any(not torch.equal(a, b) for a, b in zip(now, before, strict=True)):
            at.append(step)
    return snapshots, at


def test_they_are_taken_at_the_end_of_each_cycle_where_the_rate_is_lowest():
    settings = SnapshotEnsemble(cycles=3, keep=3)
    _, at = followed(settings, nn.Linear(2, 2), steps=105)
    assert at == [15, 45, 105]
    rate = settings.rate_schedule
    assert rate == WarmRestarts(3, 2.0)
    for step in at:
        assert rate((step - 1) / 105) < 0.02  # of the step that led there
        if step < 105:
            assert rate(step / 105) == 1.0


def test_only_the_last_are_kept():
    snapshots, at = followed(SnapshotEnsemble(cycles=4, keep=2, growth=1), nn.Linear(2, 2), steps=8)
    assert at == [2, 4, 6, 8]
    weights = [torch.randn(2, 2, generator=torch.Generator().manual_seed(step)) for step in (6, 8)]
    assert [torch.equal(m.copies["weight"], w) for m, w in zip(snapshots.members, weights, strict=True)] == [
        True
    ] * 2


@pytest.mark.parametrize("classes", [3, 1, 0])
def test_probabilities_are_averaged_and_not_logits(classes):
    model = nn.Linear(4, max(classes, 1), bias=False)
    snapshots, _ = followed(SnapshotEnsemble(cycles=3, keep=3, growth=1), model, steps=3)
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(9))
    before = model.weight.clone()
    with torch.no_grad():
        found = snapshots.predict(lambda: model(x) if classes else model(x)[:, 0])
        each = []
        for member in snapshots.members:
            z = x @ member.copies["weight"].T
            each.append(z.softmax(-1) if classes == 3 else z.sigmoid() if classes else z[:, 0].sigmoid())
    wanted = torch.stack(each).mean(0)
    torch.testing.assert_close(found.softmax(-1) if classes == 3 else found.sigmoid(), wanted)
    assert found.shape == ((6, classes) if classes else (6,))
    assert torch.equal(model.weight, before)


def test_values_of_a_regression_are_averaged():
    model = nn.Linear(4, 2, bias=False)
    snapshots, _ = followed(SnapshotEnsemble(cycles=2, keep=2, growth=1), model, steps=4, task="regression")
    x = torch.ones(3, 4)
    with torch.no_grad():
        found = snapshots.predict(lambda: model(x))
    wanted = sum(x @ member.copies["weight"].T for member in snapshots.members) / 2
    torch.testing.assert_close(found, wanted)


def test_before_the_first_cycle_has_ended_the_model_alone_predicts():
    model = nn.Linear(1, 1)
    snapshots = SnapshotEnsemble().follow(model, steps=100)
    snapshots.update()
    assert torch.equal(snapshots.predict(lambda: model.weight), model.weight)
    assert snapshots.effect().acted is False


def test_the_models_weights_come_back_where_prediction_fails():
    model = nn.Linear(2, 2)
    snapshots, _ = followed(SnapshotEnsemble(cycles=2, keep=2, growth=1), model, steps=3)
    before = model.weight.clone()

    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        snapshots.predict(fail)
    assert torch.equal(model.weight, before)


def test_settings_out_of_range_are_refused():
    for bad in (
        {"cycles": 0},
        {"cycles": 1.5},
        {"keep": 0},
        {"keep": True},
        {"growth": 0},
        {"cycles": 2, "keep": 3},
    ):
        with pytest.raises(InputError, match="SnapshotEnsemble"):
            SnapshotEnsemble(**bad)
