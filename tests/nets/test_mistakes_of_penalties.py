"""Mistakes that people make with decay and penalties, one test each: shown to happen elsewhere, impossible here."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn, optim  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.parameters.audit import audit  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay, decay_groups  # noqa: E402
from regularfit.nets.parameters.grouped import Grouped  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402


def without_gradients(net, optimizer, steps=1):
    """Steps in which only regularisers move anything."""
    for _ in range(steps):
        for p in net.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()


def test_decay_hits_biases_and_norm_gains():
    """torch's AdamW decays them; our decay does not, and a Proximal around such an AdamW is refused."""
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Embedding(5, 4))
    gains = net[1].weight.detach().clone()
    theirs = optim.AdamW(net.parameters(), lr=0.1, weight_decay=0.5)
    without_gradients(net, theirs)
    assert not torch.equal(net[1].weight, gains)
    with pytest.raises(InputError, match="a bias"):
        Proximal(theirs, rf.L1(1e-3), net)
    kept = {name: p.detach().clone() for name, p in net.named_parameters()}
    for ours in (
        Proximal(optim.AdamW(net.parameters(), lr=0.1, weight_decay=0), WeightDecay(0.5), net),
        optim.AdamW(decay_groups(net, 0.5), lr=0.1),
    ):
        without_gradients(net, ours)
        for name, p in net.named_parameters():
            assert torch.equal(p, kept[name]) is (name != "0.weight")


def test_l2_is_not_decay_under_adam():
    """Coupled decay under Adam does not care for its rate where weights have no gradient; decoupled does."""
    moves = {}
    for coupled in (True, False):
        for rate in (0.01, 1.0):
            torch.manual_seed(0)
            net = nn.Linear(3, 3)
            before = net.weight.detach().norm()
            optimizer = Proximal(
                optim.Adam(net.parameters(), lr=0.01), WeightDecay(rate, coupled=coupled), net
            )
            without_gradients(net, optimizer, 5)
            moves[coupled, rate] = float(before - net.weight.detach().norm())
    assert moves[True, 1.0] == pytest.approx(moves[True, 0.01], rel=1e-3)
    assert moves[False, 1.0] == pytest.approx(100 * moves[False, 0.01], rel=0.05)
    net = nn.Linear(3, 3)
    with pytest.raises(InputError, match="neither L2 nor decay"):
        Proximal(optim.Adam(decay_groups(net, 0.1)), rf.L1(1e-3), net)


def test_a_bare_number_is_no_penalty():
    with pytest.raises(InputError, match="neither a penalty nor a regulariser"):
        Proximal(optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), 1e-4, nn.Linear(1, 1))


def regression():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 20))
    y = X[:, :3] @ np.array([2.0, -1.0, 0.5]) + 0.3 * rng.normal(size=120)
    return torch.as_tensor(X).float(), torch.as_tensor(y).float()


def fit(make, extra=None, steps=600):
    X, y = regression()
    torch.manual_seed(0)
    net = nn.Linear(20, 1)
    optimizer = make(net)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = 0.5 * (net(X)[:, 0] - y).pow(2).mean()
        (loss if extra is None else loss + extra(net)).backward()
        optimizer.step()
        schedule.step()
    return net.weight.detach()[0]


def test_l1_never_gives_zeros():
    """As a term of the loss it gives none; as a proximal step it gives the lasso's. There is no term to choose."""
    term = fit(lambda net: optim.Adam(net.parameters(), lr=0.02), lambda net: 0.1 * net.weight.abs().sum())
    ours = fit(lambda net: Proximal(optim.Adam(net.parameters(), lr=0.02), rf.L1(0.1), net))
    assert int((term == 0).sum()) == 0
    assert ours.nonzero()[:, 0].tolist() == [0, 1, 2]
    net = nn.Linear(2, 1)
    active = Penalise(rf.L1(0.1)).start(Proximal(optim.SGD(net.parameters(), lr=1.0), rf.L1(0.1), net)._run)
    loss = torch.ones(())
    assert active.loss(loss, torch.ones(1), None) is loss


def test_a_group_lasso_without_the_root_is_l2():
    """The sum of squared norms shrinks every group and drops none; ours drops all but the three that matter."""
    X, y = regression()
    squares = fit(lambda net: optim.SGD(net.parameters(), lr=0.1), lambda net: 0.1 * (net.weight**2).sum())
    assert int((squares == 0).sum()) == 0
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = Proximal(optim.Adam(net.parameters(), lr=0.01), Grouped(0.1), net)
    for step in range(800):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / 800)
        optimizer.zero_grad()
        (0.5 * (net(X)[:, 0] - y).pow(2).mean()).backward()
        optimizer.step()
    used = (net[0].weight != 0).any(dim=0)
    assert used.nonzero()[:, 0].tolist() == [0, 1, 2]


def test_groups_of_different_sizes_weigh_by_the_root_of_their_size():
    net = nn.Linear(5, 1, bias=False)
    for labels, sizes in (([0, 0, 0, 0, 1], [4, 1]), ([0, 0, 1, 1, 1], [2, 3])):
        with torch.no_grad():
            net.weight.fill_(1.0)
        optimizer = Proximal(optim.SGD(net.parameters(), lr=1.0), Grouped(0.1, by=labels), net)
        without_gradients(net, optimizer)
        norms = [float(net.weight.detach()[0, torch.tensor(labels) == g].norm()) for g in (0, 1)]
        assert norms == pytest.approx([size**0.5 - 0.1 * size**0.5 for size in sizes])


def test_the_strength_does_not_depend_on_the_batch():
    """It multiplies the mean loss: the same rows twice over, or in half batches, end at the same weights."""
    X, y = regression()

    def end(X, y, batches):
        torch.manual_seed(0)
        net = nn.Linear(20, 1)
        optimizer = Proximal(optim.SGD(net.parameters(), lr=0.2), rf.L1(0.1), net)
        for _ in range(400):
            optimizer.zero_grad()
            for rows in torch.arange(len(X)).chunk(batches):  # accumulated gradients of equal batches
                ((net(X[rows])[:, 0] - y[rows]).pow(2).mean() / 2 / batches).backward()
            optimizer.step()
        return net.weight.detach()[0]

    whole = end(X, y, 1)
    torch.testing.assert_close(end(torch.cat([X, X]), torch.cat([y, y]), 1), whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(end(X, y, 4), whole, atol=1e-5, rtol=0)
    linear = rf.PenalizedRegressor(rf.L1(), strength=0.1, standardize=False).fit(
        X.double().numpy(), y.double().numpy()
    )
    np.testing.assert_allclose(whole.numpy(), linear.coef_, atol=1e-5)


def test_a_threshold_of_lr_times_lambda_after_adam_has_no_way_in():
    """Optimisers whose metric is not known are refused rather than served with the learning rate."""
    net = nn.Linear(2, 1)
    for name in ("Adadelta", "Rprop", "ASGD"):
        with pytest.raises(UnsupportedError, match="would solve another problem"):
            Proximal(getattr(optim, name)(net.parameters()), rf.L1(1e-3), net)


def test_a_regulariser_that_does_nothing_says_so():
    net = nn.Linear(3, 3)
    optimizer = Proximal(optim.SGD(net.parameters(), lr=1e-3), WeightDecay(1e-6), net)
    without_gradients(net, optimizer, 10)
    assert "no effect so far" in optimizer.report()
    assert "less than the weights' last digit" in optimizer.report()


def test_decay_before_batch_norm_is_said_to_be_something_else():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    (note,) = audit(net, [WeightDecay()]).notes
    assert "only raises the effective learning rate" in note
    X = torch.randn(32, 3)
    before = net(X)
    with torch.no_grad():
        net[0].weight.mul_(0.1)
        net[0].bias.mul_(0.1)
    torch.testing.assert_close(
        net(X), before, atol=2e-2, rtol=0
    )  # but for eps of the norm nothing has changed


def test_two_decays_on_one_parameter_are_refused_by_the_trainer_too():
    X, y = regression()
    net = nn.Linear(20, 1)
    with pytest.raises(UnsupportedError, match="decay it twice"):
        Trainer(net, [WeightDecay(0.1), WeightDecay(0.2)])
    trainer = Trainer(net, [WeightDecay(0.1), WeightDecay(0.2, on="weight")], loss="squared", steps=2)
    with pytest.raises(InputError, match="weight is under both"):
        trainer.fit(X, y)


def test_l1_in_the_trainer_gives_the_zeros_of_the_linear_side():
    X, y = regression()
    trainer = Trainer(
        nn.Linear(20, 1),
        [rf.L1(0.1)],
        loss="squared",
        optimizer="adam",
        lr=0.03,
        batch_size=120,
        steps=800,
        epochs=800,
    )
    trainer.fit(X, y)
    linear = rf.PenalizedRegressor(rf.L1(), strength=0.1, standardize=False).fit(
        X.double().numpy(), y.double().numpy()
    )
    np.testing.assert_allclose(trainer.model_.weight.detach().numpy()[0], linear.coef_, atol=1e-4)
    assert (trainer.model_.weight != 0)[0].nonzero()[:, 0].tolist() == np.flatnonzero(linear.coef_).tolist()
