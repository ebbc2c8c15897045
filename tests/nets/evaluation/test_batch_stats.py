"""Norm statistics: bit-unchanged where they are frozen, exact over the data where they are refreshed."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.optim.swa_utils import update_bn  # noqa: E402

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.evaluation.batch_stats import (  # noqa: E402
    freeze_batch_stats,
    has_batch_stats,
    refresh_batch_stats,
)
from regularfit.nets.normalisation import GhostBatchNorm  # noqa: E402


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Ghost(nn.BatchNorm1d):
    """A norm that normalises by halves of the batch, as ghost batch norm does."""

    def forward(self, x):
        return (
            torch.cat([super(Ghost, self).forward(half) for half in x.chunk(2)])
            if self.training
            else super().forward(x)
        )


class Own(nn.Module):
    """Running statistics of somebody's own, without momentum or a count."""

    def __init__(self):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(3))

    def forward(self, x):
        if self.training:
            self.running_mean += 0.1 * x.detach().mean(0)
        return x - self.running_mean


NORMS = {
    "batch 1d": (lambda: nn.BatchNorm1d(3), (8, 3)),
    "batch 2d": (lambda: nn.BatchNorm2d(3), (8, 3, 4, 4)),
    "batch 3d": (lambda: nn.BatchNorm3d(3), (4, 3, 2, 2, 2)),
    "cumulative": (lambda: nn.BatchNorm1d(3, momentum=None), (8, 3)),
    "sequence": (lambda: nn.BatchNorm1d(3), (8, 3, 5)),
    "instance 1d": (lambda: nn.InstanceNorm1d(3, track_running_stats=True), (8, 3, 5)),
    "instance 2d": (lambda: nn.InstanceNorm2d(3, track_running_stats=True, affine=True), (8, 3, 4, 4)),
    "ghost": (lambda: Ghost(3), (8, 3)),
    "our ghost": (lambda: GhostBatchNorm(3, ghost=4), (8, 3)),
    "own": (Own, (8, 3)),
}


@pytest.fixture(params=NORMS, ids=str)
def norm_and_input(request):
    make, shape = NORMS[request.param]
    norm = make()
    for step in range(3):  # statistics that are neither 0 nor 1
        norm(2 + numbers(*shape, seed=step))
    return norm, numbers(*shape, seed=9) * 5


def stats(module):
    return {name: value.clone() for name, value in module.named_buffers()}


def unchanged(module, before):
    return all(torch.equal(value, before[name]) for name, value in module.named_buffers())


def test_statistics_polluted_by_a_second_pass_are_bit_unchanged(norm_and_input):
    """Mistake (foolbox #74, ART #484, torchattacks #21): attacks and SAM's second pass changed running statistics."""
    norm, x = norm_and_input
    before, places = stats(norm), {name: value.data_ptr() for name, value in norm.named_buffers()}
    momentum = getattr(norm, "momentum", None)
    with freeze_batch_stats(norm):
        norm(x)
        norm(torch.full_like(x, float("nan")))  # even by this
    assert unchanged(norm, before)
    assert {name: value.data_ptr() for name, value in norm.named_buffers()} == places
    assert getattr(norm, "momentum", None) == momentum
    norm(x)
    assert not unchanged(norm, before)  # it is alive again: the test can fail


def test_a_training_pass_inside_gives_the_same_outputs(norm_and_input):
    norm, x = norm_and_input
    twin = copy.deepcopy(norm)
    if isinstance(norm, Own):
        twin.eval()
        norm.eval()  # what a layer of one's own does in training is its own affair; statistics stay
    wanted = twin(x)
    with freeze_batch_stats(norm):
        assert torch.equal(norm(x), wanted)


def test_evaluation_mode_inside_uses_the_statistics_also_after_a_training_pass(norm_and_input):
    norm, x = norm_and_input
    if isinstance(norm, Own):
        pytest.skip("a layer of one's own has no momentum that could be 0; its clone changes inside")
    wanted = copy.deepcopy(norm).eval()(x)
    with freeze_batch_stats(norm):
        norm(x)
        norm.eval()
        assert torch.equal(norm(x), wanted)


def test_modes_that_were_changed_inside_stay_changed_and_others_stay(norm_and_input):
    norm, _ = norm_and_input
    frozen = nn.BatchNorm1d(3).eval()
    model = nn.ModuleList([norm, frozen])
    with freeze_batch_stats(model):
        assert norm.training
        assert not frozen.training
    assert norm.training
    assert not frozen.training


def test_nested_and_through_an_exception(norm_and_input):
    norm, x = norm_and_input
    before, momentum = stats(norm), getattr(norm, "momentum", None)

    def fail():
        with freeze_batch_stats(norm), freeze_batch_stats(norm):
            norm(x)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert unchanged(norm, before)
    assert getattr(norm, "momentum", None) == momentum
    with freeze_batch_stats(norm):
        with freeze_batch_stats(norm):
            norm(x)
        norm(x)
    assert unchanged(norm, before)


def test_a_graph_built_inside_can_be_differentiated_outside():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    x = numbers(8, 3)
    for mode in (model.train, model.eval):
        mode()
        with freeze_batch_stats(model):
            loss = model(x).square().sum()
            model.train()
            model(x)
            mode()
        loss.backward()
        assert all(p.grad.isfinite().all() for p in model.parameters())


def test_layers_without_statistics_are_left_alone():
    plain = nn.Sequential(nn.LayerNorm(3), nn.GroupNorm(1, 3), nn.BatchNorm1d(3, track_running_stats=False))
    assert not has_batch_stats(plain)
    x = numbers(4, 3)
    wanted = plain(x)
    with freeze_batch_stats(plain):
        assert torch.equal(plain(x), wanted)
    refresh_batch_stats(plain, [])  # nothing to refresh, so no batches are asked for


# ---------------------------------------------------------------- refreshing


class Net(nn.Module):
    """Dropout before a norm layer, and two inputs."""

    def __init__(self, rate=0.5):
        super().__init__()
        self.dropout, self.norm, self.out = nn.Dropout(rate), nn.BatchNorm1d(3), nn.Linear(3, 1)

    def forward(self, x, shift):
        return self.out(self.norm(self.dropout(x) + shift))


def test_swa_update_bn_with_dropout_on_and_one_input_only():
    """Mistake of torch.optim.swa_utils.update_bn: train mode, so dropout is on; batch variances are averaged."""
    torch.manual_seed(0)
    x, shift = numbers(50, 3) * 2, numbers(50, 1, seed=1)
    net = Net()
    batches = list(zip(x.split(16), shift.split(16), strict=True))
    refresh_batch_stats(net, batches)
    truth = (x + shift).double().numpy()
    np.testing.assert_allclose(net.norm.running_mean, truth.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net.norm.running_var, truth.var(0, ddof=1), rtol=1e-5)
    assert net.norm.num_batches_tracked == 4
    assert net.training
    assert net.dropout.training
    assert net.norm.momentum == 0.1
    # a constant has no variance, but the peer sees it dropped out
    ones = [torch.ones(16, 3)] * 4
    peer = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(3))
    update_bn(ones, peer)
    assert (peer[1].running_var > 0.5).all()
    refresh_batch_stats(peer, ones)
    assert torch.equal(peer[1].running_var, torch.zeros(3))


@pytest.mark.parametrize("size", [1, 7, 50])
def test_statistics_do_not_depend_on_the_size_of_batches(size):
    x, shift = 100 + numbers(50, 3), torch.zeros(50, 1)  # a mean that swamps the spread
    net = Net()
    refresh_batch_stats(net, list(zip(x.split(size), shift.split(size), strict=True)))
    np.testing.assert_allclose(net.norm.running_mean, x.double().mean(0), rtol=1e-6)
    np.testing.assert_allclose(net.norm.running_var, x.double().var(0), rtol=1e-4)


def deep():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 5), nn.BatchNorm1d(5), nn.ReLU(),
        nn.Linear(5, 5), nn.BatchNorm1d(5),
    )  # fmt: skip


def fixed_point(net, x):
    """The largest gap between statistics and the moments of what the layers are given in evaluation mode."""
    gaps, given = [], x
    net = copy.deepcopy(net).eval()
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.BatchNorm1d):
                gaps.append(
                    (
                        (layer.running_mean - given.mean(0)).abs().max(),
                        (layer.running_var - given.var(0)).abs().max(),
                    )
                )
            given = layer(given)
    return max(float(g) for pair in gaps for g in pair)


def test_one_batch_is_exact_for_all_layers_and_each_further_pass_for_one_more():
    x = numbers(64, 4)
    net = deep()
    refresh_batch_stats(net, [x])
    assert fixed_point(net, x) < 1e-5
    gaps = []
    for passes in (1, 2, 3):
        net = deep()
        refresh_batch_stats(net, list(x.split(10)), passes=passes)
        gaps.append(fixed_point(net, x))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-5


@pytest.mark.parametrize("kind", ["batch 2d", "sequence", "instance 1d", "instance 2d"])
def test_one_whole_batch_gives_torchs_own_statistics(kind):
    make, shape = NORMS[kind]
    x = numbers(*shape) * 3 + 1
    ours, torchs = make(), make()
    torchs.momentum = None  # cumulative, so after one batch it is that batch's own
    torchs.reset_running_stats()
    if "instance" in kind:
        torchs.momentum = 1.0
    torchs(x)
    refresh_batch_stats(ours, [x])
    torch.testing.assert_close(ours.running_mean, torchs.running_mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.running_var, torchs.running_var, rtol=1e-5, atol=1e-6)


def test_instances_may_come_without_a_batch_axis():
    x = numbers(6, 3, 5)
    together, apart = (nn.InstanceNorm1d(3, track_running_stats=True) for _ in range(2))
    refresh_batch_stats(together, [x])
    refresh_batch_stats(apart, list(x))
    torch.testing.assert_close(together.running_var, apart.running_var)


def test_sync_batch_norm_is_refreshed_as_batch_norm_is():
    x = numbers(20, 3)
    sync = nn.SyncBatchNorm(3)
    refresh_batch_stats(sync, [x])
    torch.testing.assert_close(sync.running_var, x.var(0))


def test_a_layer_that_is_frozen_while_its_model_trains_is_left_alone():
    net = nn.Sequential(nn.BatchNorm1d(3).eval(), nn.BatchNorm1d(3))
    refresh_batch_stats(net, [numbers(10, 3) + 4])
    assert torch.equal(net[0].running_mean, torch.zeros(3))
    assert (net[1].running_mean > 3).all()
    assert not net[0].training
    assert net[1].training


def test_batches_as_dicts_tuples_and_with_targets():
    x, shift, y = numbers(8, 3), torch.ones(8, 1), torch.zeros(8)
    by_name, by_place, by_call = Net(), Net(), Net()
    refresh_batch_stats(by_name, [{"shift": shift, "x": x}])
    refresh_batch_stats(by_place, [[x, shift]])
    refresh_batch_stats(by_call, [(x, y)], call=lambda model, batch: model(batch[0], shift))
    assert torch.equal(by_name.norm.running_mean, by_place.norm.running_mean)
    assert torch.equal(by_name.norm.running_mean, by_call.norm.running_mean)


def test_what_cannot_be_refreshed_is_refused():
    with pytest.raises(InputError, match="no batches"):
        refresh_batch_stats(nn.BatchNorm1d(3), [])
    with pytest.raises(InputError, match=r"the 3 parts of a batch .* call=lambda"):
        refresh_batch_stats(Net(), [(numbers(4, 3), torch.zeros(4, 1), torch.zeros(4))])
    with pytest.raises(UnsupportedError, match="Own has running statistics"):
        refresh_batch_stats(Own(), [numbers(4, 3)])
    with pytest.raises(InputError, match="passes"):
        refresh_batch_stats(Net(), [], passes=0)


def test_gradients_and_graphs_are_not_touched():
    net = Net()
    net.out.weight.grad = torch.ones(1, 3)
    refresh_batch_stats(net, [(numbers(4, 3), torch.zeros(4, 1))])
    assert torch.equal(net.out.weight.grad, torch.ones(1, 3))
    assert not net.norm._forward_pre_hooks
    with torch.autocast("cpu", dtype=torch.bfloat16):
        refresh_batch_stats(net, [(numbers(4, 3), torch.zeros(4, 1))])
