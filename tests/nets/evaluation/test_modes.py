"""Evaluation mode for a while: every module's own mode comes back, whatever happens inside."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.nets.evaluation.modes import evaluating  # noqa: E402


def modes(model):
    return [module.training for module in model.modules()]


def test_torchattacks_21_mode_is_restored_module_by_module():
    """Mistake (torchattacks #21): train() afterwards put layers in training mode that were frozen."""
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1).eval(), nn.Sequential(nn.Dropout()))
    before = modes(model)
    with evaluating(model), evaluating(model):
        assert not any(modes(model))
        model.train()
    assert modes(model) == before == [True, True, False, True, True]

    def fail():
        with evaluating(model):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert modes(model) == before
