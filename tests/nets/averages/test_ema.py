"""EMA: closed forms, torch's own, norm statistics, and the mistakes of other libraries."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.averages import EMA, SWA, Lookahead  # noqa: E402
from regularfit.nets.averages.ema import ema_decay  # noqa: E402
from regularfit.nets.evaluation.batch_stats import refresh_batch_stats  # noqa: E402


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def scalar(dtype=torch.float64):
    return nn.Linear(1, 1, bias=False, dtype=dtype)


def average_of(settings, weights, model=None):
    model = model or scalar()
    average = settings.follow(model)
    for weight in weights:
        nn.init.constant_(model.weight, weight)
        average.update()
    with average.evaluate():
        return model.weight.item()


def test_of_a_geometric_sequence():
    # once d_t has come up to d, the average of r^t goes to r^t (1 - d) r / (r - d) and a rest that dies as d^t
    decay, ratio = 0.5, 0.9
    weights = [ratio**t for t in range(200)]
    wanted = ratio**199 * (1 - decay) * ratio / (ratio - decay)
    assert average_of(EMA(decay), weights) == pytest.approx(wanted, rel=1e-9)


def test_step_by_step_as_the_formula_says():
    weights = numbers(50).double().tolist()
    mean = weights[0]
    for t, weight in enumerate(weights[1:], start=1):
        d = min(0.9, (1 + t) / (10 + t))
        mean = d * mean + (1 - d) * weight
    assert average_of(EMA(0.9), weights) == pytest.approx(mean, rel=1e-12)
    assert ema_decay(0.9, 0) == 0.0


def test_a_constant_is_its_own_average():
    assert average_of(EMA(0.999), [3.0] * 20) == 3.0


def test_it_is_torchs_where_the_warm_up_is_over():
    # decay 2/11 is below the warm-up from the second update on
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(2 / 11))
    ours = EMA(2 / 11).follow(model)
    for step in range(10):
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(numbers(*p.shape, seed=step))
        theirs.update_parameters(model)
        ours.update()
    ours.finish()
    for mine, other in zip(model.parameters(), theirs.module.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_lightning_21724_the_average_is_not_evaluated_before_its_first_update():
    """Mistake: before the first update the validated weights were an untrained copy."""
    model = scalar()
    for settings, keywords in ((EMA(0.9), {}), (SWA(after=0.5), {"steps": 10})):
        average = settings.follow(model, **keywords)
        nn.init.constant_(model.weight, 7.0)  # trained meanwhile
        with average.evaluate():
            assert model.weight.item() == 7.0
        assert not average.exists
        average.finish()
        assert model.weight.item() == 7.0


def test_lightning_8811_the_fitted_model_is_the_average():
    """Mistake: checkpoints held the raw weights beside an average."""
    model = scalar()
    average = EMA(0.9).follow(model)
    for weight in (0.0, 1.0):
        nn.init.constant_(model.weight, weight)
        average.update()
    with average.evaluate():
        evaluated = model.weight.item()
    average.finish()
    assert model.state_dict()["weight"].item() == evaluated == pytest.approx(9 / 11)
    average.finish()
    assert model.weight.item() == evaluated


def test_raw_weights_come_back_bit_by_bit_even_after_an_error():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model(numbers(8, 3))
    average = EMA(0.5).follow(model, [numbers(8, 3)])
    average.update()
    model(numbers(8, 3, seed=1))
    with torch.no_grad():
        model[0].weight.add_(1)
    average.update()
    before = copy.deepcopy(model.state_dict())

    def fail():
        with average.evaluate(), average.evaluate():
            assert not torch.equal(model[0].weight, before["0.weight"])
            raise RuntimeError("while away")

    with pytest.raises(RuntimeError, match="while away"):
        fail()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def norm_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.BatchNorm1d(4), nn.Linear(4, 1))


def trained(model, average, steps=20):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    x = numbers(64, 3)
    for step in range(steps):
        rows = x[(step % 4) * 16 :][:16]
        optimizer.zero_grad()
        model(rows).square().mean().backward()
        optimizer.step()
        average.update()
    return x


def test_lightning_6074_norm_statistics_belong_to_the_averaged_weights():
    """Mistake: averages without new norm statistics, or with statistics of dropped-out activations."""
    model = norm_net()
    x = numbers(64, 3)
    average = EMA(0.9).follow(model, x.split(16))
    trained(model, average)
    with average.evaluate():
        given = model[0](x).detach()
        torch.testing.assert_close(model[2].running_mean, given.mean(0), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(model[2].running_var, given.var(0), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(model[2].running_var, given.var(0), rtol=0.05)  # the raw statistics are others


def test_statistics_are_refreshed_once_an_update_and_not_once_an_evaluation():
    model, passes = norm_net(), []

    class Counted(list):
        def __iter__(self):
            passes.append(1)
            return super().__iter__()

    batches = Counted(numbers(64, 3).split(16))
    average = EMA(0.9).follow(model, batches)
    passes.clear()
    trained(model, average)
    for _ in range(3):
        with average.evaluate():
            pass
    average.finish()
    assert len(passes) == 1


def test_a_run_gives_its_own_rows_for_the_refresh():
    from regularfit.nets.regulariser import Run

    model = norm_net()
    x = numbers(64, 3)
    run = Run(model, torch.optim.SGD(model.parameters()), n=64, batch_size=16)
    average = EMA(0.9).start(run)
    assert run.averages == [average]
    given, _ = average.data(x, torch.zeros(64))
    assert given is x
    average.average()
    wanted = copy.deepcopy(model)
    refresh_batch_stats(wanted, [x])
    average.finish()
    torch.testing.assert_close(model[2].running_var, wanted[2].running_var)


def test_statistics_can_be_averaged_instead():
    model = norm_net()
    average = EMA(0.5, statistics="average").follow(model)
    seen = []
    for step in range(3):
        model(numbers(16, 3, seed=step))
        average.update()
        seen.append(model[2].running_mean.clone())
    mean = seen[0]
    for t, value in enumerate(seen[1:], start=1):
        mean = torch.lerp(mean, value, 1 - ema_decay(0.5, t))
    count = model[2].num_batches_tracked.item()
    average.finish()
    torch.testing.assert_close(model[2].running_mean, mean)
    assert model[2].num_batches_tracked == count


def test_norm_layers_without_rows_to_refresh_them_from_are_an_error_and_not_silent():
    average = EMA(0.9).follow(norm_net())
    average.update()
    before = copy.deepcopy(average.run.model.state_dict())
    with pytest.raises(InputError, match="batches="), average.evaluate():
        pass
    for name, value in average.run.model.state_dict().items():
        assert torch.equal(value, before[name])  # nothing lost
    with pytest.raises(InputError, match="more than once"):
        EMA(0.9).follow(norm_net(), iter([numbers(4, 3)]))


def test_half_precision_weights_are_averaged_in_single_precision():
    model = scalar(torch.bfloat16)
    weights = [1 + i / 128 for i in range(100)]
    exact = average_of(EMA(0.99), [torch.tensor(w, dtype=torch.bfloat16).item() for w in weights])
    got = average_of(EMA(0.99), weights, model)
    assert got == torch.tensor(exact).to(torch.bfloat16).item()
    assert model.weight.dtype == torch.bfloat16


def test_whole_number_buffers_and_others_stay_the_models():
    model = scalar()
    model.register_buffer("count", torch.tensor(0))
    model.register_buffer("table", torch.tensor([0.0]))
    average = EMA(0.5).follow(model)
    for step in range(3):
        model.count.fill_(step)
        model.table.fill_(step)
        average.update()
    average.finish()
    assert (model.count.item(), model.table.item()) == (2, 2.0)


def test_tied_weights_are_averaged_once():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    average = EMA(0.5).follow(model)
    for weight in (0.0, 1.0):
        nn.init.constant_(model[0].weight, weight)
        average.update()
    average.finish()
    assert model[1].weight is model[0].weight
    np.testing.assert_allclose(model[0].weight.detach(), 9 / 11, rtol=1e-6)


def test_settings_out_of_range_and_second_averages_are_refused():
    for bad in (1.0, -0.1, 1.5, "0.9", True, float("nan")):
        with pytest.raises(InputError, match="decay"):
            EMA(bad)
    with pytest.raises(InputError, match="statistics"):
        EMA(statistics="renew")
    assert "keep one" in EMA().conflict(SWA())
    assert "keep one" in SWA().conflict(EMA())
    assert "keep one" in EMA().conflict(EMA(0.5))
    assert EMA().conflict(Lookahead()) is None
    other = EMA().follow(nn.Linear(2, 1))
    other.update()
    with pytest.raises(InputError, match="another model"):
        EMA().follow(nn.Linear(2, 1, bias=False)).load_state_dict(other.state_dict())
