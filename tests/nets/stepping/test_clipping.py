"""Clipping is torch's where torch has it, and by hand where it has not."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.nn.utils import clip_grad_norm_, clip_grad_value_  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.regulariser import Run  # noqa: E402
from regularfit.nets.stepping.clipping import GradClip, norm_of  # noqa: E402


def with_gradients(scale=1.0, seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    for p in model.parameters():
        p.grad = torch.randn(p.shape) * scale
    return model


def gradients(model):
    return [p.grad for p in model.parameters()]


@pytest.mark.parametrize(
    ("settings", "torchs"),
    [
        (GradClip(norm=0.7), lambda p: clip_grad_norm_(p, 0.7)),
        (GradClip(), lambda p: clip_grad_norm_(p, 1.0)),
        (GradClip(value=0.3), lambda p: clip_grad_value_(p, 0.3)),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_it_is_torchs(settings, torchs, scale):
    ours, theirs = with_gradients(scale), with_gradients(scale)
    clipped = settings(ours.parameters())
    torchs(theirs.parameters())
    for mine, other in zip(gradients(ours), gradients(theirs), strict=True):
        torch.testing.assert_close(mine, other, rtol=2e-6, atol=0)
    assert clipped == (scale == 1.0)


def test_adaptive_clipping_is_by_neuron_and_by_hand():
    model = with_gradients(10.0)
    before = [g.clone() for g in gradients(model)]
    assert GradClip(adaptive=0.01)(model.parameters())
    for p, g in zip(model.parameters(), before, strict=True):
        rows = (p.detach(), g, p.grad) if p.dim() > 1 else (p.detach()[None], g[None], p.grad[None])
        for weight, old, new in zip(*rows, strict=True):
            longest = 0.01 * max(weight.norm().item(), 1e-3)
            torch.testing.assert_close(new, old * min(1.0, longest / old.norm().item()), rtol=1e-5, atol=0)


def test_every_parameter_is_clipped_and_not_only_the_first_that_is_too_long():
    model = with_gradients(10.0)
    GradClip(adaptive=0.01)(model.parameters())
    for p in model.parameters():
        assert p.grad.norm() <= 0.0101 * max(p.norm().item(), 1.0)


@pytest.mark.parametrize("settings", GradClip.examples(), ids=str)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_stays_to_be_seen(settings, bad):
    model = with_gradients(100.0)
    model[0].weight.grad[0, 0] = bad
    settings(model.parameters())
    got = model[0].weight.grad[0, 0].item()
    assert got == bad or (got != got and bad != bad)
    assert sum((~g.isfinite()).sum().item() for g in gradients(model)) == 1  # and makes no other NaN


def test_sparse_and_missing_gradients():
    dense, sparse = nn.Embedding(9, 2), nn.Embedding(9, 2, sparse=True)
    sparse.load_state_dict(dense.state_dict())
    words = torch.tensor([1, 1, 3])
    for model in (dense, sparse):
        model(words).square().sum().backward()
    for settings in (GradClip(value=0.5), GradClip(0.1)):
        for model in (dense, sparse):
            assert settings(model.parameters())
        torch.testing.assert_close(sparse.weight.grad.to_dense(), dense.weight.grad)
    with pytest.raises(InputError, match="dense gradients"):
        GradClip(adaptive=0.1)(sparse.parameters())
    assert GradClip()(nn.Linear(1, 1).parameters()) is False


def test_norms_do_not_overflow():
    assert norm_of([torch.full((4,), 3e18)] * 100) == pytest.approx(6e19)
    assert norm_of([torch.full((4,), 300.0, dtype=torch.float16)]) == pytest.approx(600)
    assert norm_of([]) == 0.0


def test_pytabkit_34_clipping_that_did_nothing_says_so():
    """Mistake (pytabkit #34): a net's clipping silently did nothing until a later version."""
    model = with_gradients(1e-6)
    active = GradClip(1.0).start(Run(model, torch.optim.SGD(model.parameters())))
    active.gradient()
    assert active.effect().acted is False
    for p in model.parameters():
        p.grad.fill_(100.0)
    active.gradient()
    assert active.effect().acted is True
    assert active.effect().note == "clipped in 1 of 2 passes"
    assert norm_of(gradients(model)) == pytest.approx(1.0)


def test_settings_out_of_range_are_refused():
    for bad in (
        {"norm": 0},
        {"value": -1},
        {"adaptive": float("nan")},
        {"norm": "1"},
        {"norm": 1.0, "value": 1.0},
    ):
        with pytest.raises(InputError, match="GradClip"):
            GradClip(**bad)
