"""Lookahead on a quadratic, by hand; its slow weights are what is evaluated and left."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.averages import EMA, SWA, Lookahead  # noqa: E402
from regularfit.nets.averages.average import run_of  # noqa: E402


def quadratic(settings, steps, rate=0.1, start=2.0):
    """Gradient descent on w^2 / 2 from ``start`` under Lookahead; the model and Lookahead."""
    model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    nn.init.constant_(model.weight, start)
    ahead = settings.follow(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        (model.weight**2 / 2).sum().backward()
        optimizer.step()
        ahead.update()
    return model, ahead


@pytest.mark.parametrize(("alpha", "k"), [(0.5, 5), (0.8, 1), (0.25, 3)])
def test_on_a_quadratic_each_round_is_one_factor(alpha, k):
    # k steps of descent multiply w by (1 - rate)^k, so a round multiplies s by 1 - alpha (1 - (1 - rate)^k)
    model, _ = quadratic(Lookahead(alpha, k), steps=4 * k)
    assert model.weight.item() == pytest.approx(2.0 * (1 - alpha * (1 - 0.9**k)) ** 4, rel=1e-12)


def test_alpha_1_is_the_optimiser_alone():
    model, ahead = quadratic(Lookahead(1.0, 5), steps=20)
    assert model.weight.item() == pytest.approx(2.0 * 0.9**20, rel=1e-12)
    assert ahead.effect().acted is False


def test_between_rounds_the_slow_weights_are_evaluated_and_left():
    model, ahead = quadratic(Lookahead(0.5, 5), steps=7)
    slow = 2.0 * (1 - 0.5 * (1 - 0.9**5))
    fast = slow * 0.9**2
    assert model.weight.item() == pytest.approx(fast)
    with ahead.evaluate(), ahead.evaluate():
        assert model.weight.item() == pytest.approx(slow)
    assert model.weight.item() == pytest.approx(fast)
    ahead.finish()
    assert model.weight.item() == pytest.approx(slow)


@pytest.mark.parametrize("settings", [EMA(0.5), SWA(after=0.0)])
def test_beside_an_average_the_average_is_what_is_evaluated_and_left(settings):
    for order in (0, 1):
        model = nn.Linear(1, 1, bias=False)
        run = run_of(model, steps=3)
        parts = [Lookahead(0.5, 5), settings]
        actives = [part.start(run) for part in (parts if order else reversed(parts))]
        for weight in (1.0, 2.0, 3.0):
            nn.init.constant_(model.weight, weight)
            for active in actives:
                active.average()
        average = next(active for active in actives if hasattr(active, "weight"))
        with actives[0].evaluate(), actives[1].evaluate():
            seen = model.weight.item()
        assert seen == pytest.approx(average._mean[0].item())
        for active in actives:
            active.finish()
        assert model.weight.item() == seen


def test_settings_out_of_range_are_refused():
    for bad in (0, -0.5, 1.1, "1", True):
        with pytest.raises(InputError, match="alpha"):
            Lookahead(alpha=bad)
    for bad in (0, 1.5, True, "5"):
        with pytest.raises(InputError, match="steps"):
            Lookahead(steps=bad)
    assert "one Lookahead" in Lookahead().conflict(Lookahead(0.8))
    state = Lookahead().follow(nn.Linear(2, 1)).state_dict()
    with pytest.raises(InputError, match="another model"):
        Lookahead().follow(nn.Linear(1, 1)).load_state_dict(state)
