"""Kept weights: all of them, in the same buffers, and of the same model only."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.evaluation.kept import Kept, tensors_of  # noqa: E402


def net():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
    model[2].weight = model[0].weight  # tied
    model.register_buffer("hidden", torch.zeros(1), persistent=False)
    return model


def test_buffers_that_no_file_holds_and_tied_weights_are_kept_once():
    model = net()
    assert list(tensors_of(model)) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "2.bias", "hidden", "1.running_mean", "1.running_var",
        "1.num_batches_tracked",
    ]  # fmt: skip
    kept = Kept(model)
    assert not kept
    kept.take()
    before = {name: value.clone() for name, value in tensors_of(model).items()}
    with torch.no_grad():
        for value in tensors_of(model).values():
            value.add_(1)
    kept.put()
    for name, value in tensors_of(model).items():
        assert torch.equal(value, before[name]), name
    assert model[2].weight is model[0].weight


def test_nothing_is_put_back_where_nothing_was_taken():
    model = net()
    before = model[0].weight.clone()
    Kept(model).put()
    assert torch.equal(model[0].weight, before)


def test_a_model_that_changed_meanwhile_is_refused():
    model = net()
    kept = Kept(model)
    kept.take()
    model.append(nn.Linear(2, 1))
    for use in (kept.take, kept.put):
        with pytest.raises(InputError, match="have changed since"):
            use()
    with pytest.raises(InputError, match="another model"):
        kept.load_state_dict({"0.weight": torch.zeros(2, 2)})


def test_a_stored_copy_shares_no_memory():
    model = net()
    kept, other = Kept(model), Kept(model)
    kept.take()
    state = kept.state_dict()
    other.load_state_dict(state)
    for name in state:
        assert len({state[name].data_ptr(), kept.copies[name].data_ptr(), other.copies[name].data_ptr()}) == 3
    assert other
    other.load_state_dict({})
    assert not other
