"""Attacks: the exact worst case where it is known, and a net that is left as it was."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.adversarial.fgsm import FGSM  # noqa: E402
from regularfit.nets.adversarial.pgd import PGD  # noqa: E402
from regularfit.nets.adversarial.robust import robust_accuracy  # noqa: E402
from regularfit.nets.evaluation.batch_stats import freeze_batch_stats  # noqa: E402
from regularfit.nets.randomness import Stream  # noqa: E402
from tests.nets.adversarial.problems import buffers, images, linear, net  # noqa: E402

ULP = 2.0**-23  # x + delta is rounded once: half a unit in the last place of a number below 2

EVERY = [
    FGSM(0.1, Domain.images()),
    FGSM(0.1, Domain.images(), random_start=True),
    FGSM(0.3, Domain.images(), norm="l2"),
    PGD(0.1, Domain.images(), steps=5, restarts=2),
    PGD(0.5, Domain.images(), steps=5, norm="l2"),
    PGD(0.1, Domain.images(), steps=3, mode="train"),
]


# ---------------------------------------------------------------- closed forms


@pytest.mark.parametrize("attack", [FGSM(0.25), PGD(0.25, steps=12)])
def test_the_worst_case_of_a_linear_regression(attack):
    """(w'x - y)^2 over |delta| <= eps is largest at delta = eps sign(residual) sign(w)."""
    w = torch.tensor([[2.0, -1.0, 0.5]])
    X = torch.tensor([[1.0, 0.0, 2.0], [-1.0, 3.0, 0.0]])
    y = torch.tensor([0.0, 5.0])
    residual = (X @ w.T).squeeze(1) - y
    expected = X + 0.25 * residual.sign()[:, None] * w.sign()
    found = attack(linear(w), X, y)
    torch.testing.assert_close(found, expected, atol=2 * ULP * 4, rtol=0)


@pytest.mark.parametrize("attack", [FGSM(0.25), PGD(0.25, steps=12)])
def test_the_worst_case_of_logistic_regression_inside_a_box(attack):
    """The loss of two classes falls in (w_y - w_other)'x, so the worst corner of the box is known."""
    W = torch.tensor([[1.0, -2.0, 0.3], [-1.0, 1.0, 0.9]])
    X, y = torch.rand(20, 3, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 2
    down = -(W[y] - W[1 - y]).sign()
    expected = (X + 0.25 * down).clamp(0, 1)
    attack = type(attack)(**(vars(attack) | {"domain": Domain.images()}))
    torch.testing.assert_close(attack(linear(W), X, y), expected, atol=4 * ULP, rtol=0)


def test_the_worst_case_of_a_linear_regression_in_the_sphere():
    """In l2 the move is along w in units, for weights in inputs' units: scale * scale * w, of length eps in units."""
    w, scale = torch.tensor([[3.0, -1.0, 2.0]]), torch.tensor([2.0, 0.5, 1.0])
    X, y = torch.tensor([[0.3, 0.1, -0.4]]), torch.tensor([-9.0])
    direction = scale * w / torch.linalg.vector_norm(scale * w)
    expected = X + 0.5 * scale * direction
    domain = Domain(scale=scale.tolist())
    found = FGSM(0.5, domain, norm="l2")(linear(w), X, y)
    torch.testing.assert_close(found, expected)
    many = PGD(0.5, domain, norm="l2", steps=100, step_size=0.5)(linear(w), X, y)
    torch.testing.assert_close(
        many, expected, atol=1e-4, rtol=0
    )  # from a random start; contracts by 1/2 a step


def test_more_steps_find_more():
    X, y = images()
    model = net(width=40, seed=3)
    for p in model.parameters():
        p.data.mul_(3.0)
    domain = Domain.images()
    losses = [
        F.cross_entropy(model(attack(model, X, y)), y).item()
        for attack in (FGSM(0.3, domain), PGD(0.3, domain, steps=20), PGD(0.3, domain, steps=20, restarts=5))
    ]
    assert F.cross_entropy(model(X), y).item() < losses[0] < losses[1] < losses[2]


def test_the_gradient_is_that_of_numbers():
    """FGSM's signs against central differences of the loss in double precision."""
    model, (X, y) = net().double(), images(6)
    X = X.double()
    found = FGSM(0.01)(model, X, y) - X
    h = 1e-6
    for j in range(X.shape[1]):
        step = torch.zeros_like(X)
        step[:, j] = h
        rise = F.cross_entropy(model(X + step), y, reduction="none") - F.cross_entropy(
            model(X - step), y, reduction="none"
        )
        clear = rise.abs() > 1e-10
        assert torch.equal(found[clear, j].sign(), rise[clear].sign())


def test_foolbox_finds_the_same():
    foolbox = pytest.importorskip("foolbox", reason="foolbox is not installed; it is an optional cross-check")
    X, y = images()
    model = net(width=30).eval()
    peer = foolbox.PyTorchModel(model, bounds=(0, 1))
    _, theirs, _ = foolbox.attacks.FGSM()(peer, X, y, epsilons=0.1)
    torch.testing.assert_close(FGSM(0.1, Domain.images())(model, X, y), theirs, atol=2 * ULP, rtol=0)
    pgd = foolbox.attacks.LinfPGD(steps=7, abs_stepsize=0.03, random_start=False)
    _, theirs, _ = pgd(peer, X, y, epsilons=0.1)
    ours = PGD(0.1, Domain.images(), steps=7, step_size=0.03, random_start=False)(model, X, y)
    # a gradient of exactly 0 or a kink of a ReLU may go either way: all but a few entries agree
    assert ((ours - theirs).abs() < 1e-5).float().mean() > 0.99
    fmn = foolbox.attacks.L2PGD(steps=7, abs_stepsize=0.1, random_start=False)
    _, theirs, _ = fmn(peer, X, y, epsilons=0.4)
    ours = PGD(0.4, Domain.images(), norm="l2", steps=7, step_size=0.1, random_start=False)(model, X, y)
    worst = [F.cross_entropy(model(Z), y).item() for Z in (ours, theirs)]
    assert worst[0] > worst[1] - 0.01


# ---------------------------------------------------------------- where an example may lie


@given(
    eps=st.floats(0.0, 0.9),
    steps=st.integers(1, 4),
    norm=st.sampled_from(["linf", "l2"]),
    start=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_the_ball_and_the_domain_are_never_left(eps, steps, norm, start, seed):
    X, y = images(16, seed=seed)
    domain = Domain(0.0, 1.0, torch.linspace(0.2, 1.0, 16).tolist(), [j % 3 > 0 for j in range(16)])
    stream = Stream.of(seed, "attack")
    found = PGD(eps, domain, norm=norm, steps=steps, step_size=0.3, random_start=start)(
        net(), X, y, stream=stream
    )
    assert found.min() >= 0
    assert found.max() <= 1
    assert torch.equal(found[:, ::3], X[:, ::3])
    move = (found - X) / torch.tensor(domain.scale)
    size = move.abs().amax(1) if norm == "linf" else torch.linalg.vector_norm(move, dim=1)
    # one rounding of x + delta, divided by the smallest unit 0.2; in l2 of 16 features
    assert size.max() <= eps + (1 if norm == "linf" else 4) * ULP / 0.2


def test_mistake_z_scored_inputs_are_not_clamped_to_pixels():
    """The cocktails' code clamped standardised inputs to [0, 1]: half of the table was wiped out."""
    X = torch.randn(32, 16, generator=torch.Generator().manual_seed(0))
    y = torch.arange(32) % 3
    found = FGSM(0.1, Domain.standardised())(net(), X, y)
    assert found.min() < -1
    assert ((found - X).abs() <= 0.1 + 4 * ULP).all()
    with pytest.raises(InputError, match="standardised"):
        FGSM(0.1, Domain.images())(net(), X, y)


def test_mistake_categories_are_not_moved():
    numbers = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    X = torch.cat([numbers, F.one_hot(torch.arange(50) % 3).float(), (torch.arange(50) % 2)[:, None]], 1)
    y = torch.arange(50) % 3
    found = PGD(1.0, Domain.learn(X))(net(6), X, y)
    assert torch.equal(found[:, 2:], X[:, 2:])
    assert (found[:, :2] != X[:, :2]).all()


def test_mistake_eps_in_255ths_is_told():
    X, y = images()
    with pytest.raises(InputError, match="eps/255"):
        PGD(8, Domain.images())(net(), X, y)


def test_rows_that_noise_moved_outside_are_not_pulled_in_by_the_ball():
    domain = Domain.images()
    X = torch.tensor([[1.2, 0.5, -0.1]])
    ball = FGSM(0.1, domain).around(X, domain)
    assert torch.equal(ball.project(X), X)
    assert torch.equal(ball.project(X + 1.0), torch.tensor([[1.2, 0.6, 0.0]]))


def test_tokens_are_refused():
    with pytest.raises(UnsupportedError, match="whole numbers"):
        FGSM(0.1)(net(), torch.zeros(2, 16, dtype=torch.int64), torch.zeros(2, dtype=torch.int64))


# ---------------------------------------------------------------- the net is left as it was


@pytest.mark.parametrize("attack", EVERY, ids=repr)
def test_mistake_batch_norm_is_not_polluted(attack):
    """foolbox #74, ART #484, fast_adversarial #14: attacks moved the running statistics."""
    X, y = images()
    model = net(batch_norm=True).train()
    model(X)  # statistics that are not the first ones
    before = buffers(model)
    attack(model, X, y)
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


@pytest.mark.parametrize("attack", EVERY, ids=repr)
def test_mistake_every_part_gets_its_own_mode_back(attack):
    """torchattacks #21 restored the mode wrongly, TextAttack #457 attacked the net in training mode."""
    X, y = images()
    model = net(batch_norm=True, dropout=0.5).train()
    model[1].eval()  # frozen on purpose
    attack(model, X, y)
    assert [m.training for m in model.modules()] == [True, True, False, True, True, True]
    model.eval()
    attack(model, X, y)
    assert not any(m.training for m in model.modules())


def test_mistake_the_net_that_will_be_used_is_attacked_not_the_one_that_trains():
    X, y = images()
    model = net(batch_norm=True, dropout=0.5)
    model.eval()
    expected = PGD(0.1, Domain.images())(model, X, y)
    model.train()
    assert torch.equal(PGD(0.1, Domain.images())(model, X, y), expected)
    seen = []
    model[2].register_forward_hook(lambda layer, *_: seen.append(layer.training))
    PGD(0.1, Domain.images(), steps=1, mode="train")(model, X, y)
    assert seen == [True]


def test_a_mode_comes_back_after_an_error_too():
    model = net(batch_norm=True).train()
    with pytest.raises(RuntimeError):
        FGSM(0.1)(model, torch.rand(4, 7), torch.zeros(4, dtype=torch.int64))
    assert all(m.training for m in model.modules())


@pytest.mark.parametrize("attack", EVERY, ids=repr)
def test_gradients_of_parameters_are_not_touched(attack):
    X, y = images()
    model = net()
    F.cross_entropy(model(X), y).backward()
    before = [p.grad.clone() for p in model.parameters()]
    found = attack(model, X, y)
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), before, strict=True))
    assert X.grad is None
    assert not found.requires_grad
    assert not X.requires_grad


def test_it_works_where_gradients_are_off():
    X, y = images()
    model = net()
    expected = PGD(0.1, Domain.images())(model, X, y)
    with torch.no_grad():
        assert torch.equal(PGD(0.1, Domain.images())(model, X, y), expected)
    with torch.inference_mode():
        assert torch.equal(PGD(0.1, Domain.images())(model, X.clone(), y), expected)


def test_it_works_inside_autocast_and_in_half_precision():
    X, y = images()
    model = net(width=64)
    full = FGSM(0.1, Domain.images())(model, X, y)
    with torch.autocast("cpu", torch.bfloat16):
        half = FGSM(0.1, Domain.images())(model, X, y)
    assert half.dtype == X.dtype
    assert ((full - half).abs() < 1e-6).float().mean() > 0.9  # signs of gradients near 0 may differ


def test_a_saturated_net_is_attacked_all_the_same():
    """The mean over a large batch times a small probability underflows; sums over rows in float32 do not so soon."""
    model = linear(torch.tensor([[40.0], [-40.0]]))
    X = torch.ones(4096, 1)
    assert torch.equal(FGSM(0.1)(model, X, torch.zeros(4096, dtype=torch.int64)), X - 0.1)


# ---------------------------------------------------------------- random numbers, settings, losses


def test_streams_make_attacks_reproducible():
    X, y = images()
    model = net()
    attack = PGD(0.2, Domain.images(), steps=1, step_size=1e-3)
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    one, other = (attack(model, X, y, stream=Stream.of(seed, "attack")) for seed in (0, 1))
    assert torch.equal(one, attack(model, X, y, stream=Stream.of(0, "attack")))
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    "wrong",
    [
        {"eps": -0.1},
        {"eps": float("nan")},
        {"eps": float("inf")},
        {"eps": True},
        {"eps": "0.1"},
        {"norm": "l1"},
        {"mode": "test"},
        {"domain": "images"},
        {"step_size": 0.0},
    ],
)
@pytest.mark.parametrize("kind", [FGSM, PGD])
def test_settings_out_of_range(kind, wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        kind(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"steps": 2.0}, {"restarts": 0}, {"restarts": 2, "random_start": False}]
)
def test_counts_out_of_range(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        PGD(**wrong)


def test_eps_0_returns_the_rows():
    X, y = images()
    found = PGD(0.0, Domain.images())(net(), X, y)
    assert torch.equal(found, X)
    assert found is not X


def test_a_loss_of_ones_own():
    X, y = images()
    model = net()
    away = FGSM(0.1)(model, X, y)
    towards = FGSM(0.1)(model, X, y, loss=lambda outputs, y: -F.cross_entropy(outputs, y, reduction="none"))
    torch.testing.assert_close(away - X, X - towards, atol=2 * ULP, rtol=0)


def test_restarts_keep_the_worst_of_each_row():
    X, y = images()
    model = net(width=40, seed=1)
    stream = Stream.of(5, "attack")
    many = PGD(0.3, Domain.images(), steps=2, restarts=3)(model, X, y, stream=stream)
    assert (many != PGD(0.3, Domain.images(), steps=2)(model, X, y, stream=stream)).any()
    rows = lambda Z: F.cross_entropy(model(Z), y, reduction="none")  # noqa: E731
    one = PGD(0.3, Domain.images(), steps=2)(model, X, y, stream=stream)
    assert (rows(many) >= rows(one)).all()


def test_images_of_four_axes():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2)
        )
    X, y = torch.rand(5, 3, 8, 8), torch.arange(5) % 2
    domain = Domain.images(mean=[0.0, 0.1, 0.2], sd=[1.0, 0.5, 0.25], high=2.0)
    for attack in (PGD(0.05, domain), PGD(1.0, domain, norm="l2")):
        found = attack(model, X, y)
        move = (found - X) / domain.unit_of(X)
        size = (
            move.abs().max()
            if attack.norm == "linf"
            else torch.linalg.vector_norm(move.flatten(1), dim=1).max()
        )
        assert 0 < size <= attack.eps * (1 + 1e-5)


# ---------------------------------------------------------------- robust accuracy


def test_robust_accuracy_of_a_line_is_the_share_beyond_eps():
    model = linear([[-1.0, 0.0], [1.0, 0.0]])
    X = torch.linspace(-1, 1, 40)[:, None] * torch.tensor([[1.0, 0.0]])
    y = (X[:, 0] > 0).long()
    for batch_size in (7, 1024):
        assert (
            robust_accuracy(model, X, y, PGD(0.2), batch_size=batch_size)
            == (X[:, 0].abs() > 0.2).float().mean()
        )


def test_robust_accuracy_counts_rows_that_were_wrong_already():
    model = linear([[-1.0], [1.0]])
    assert robust_accuracy(model, torch.tensor([[-1.0]]), torch.tensor([1]), PGD(5.0)) == 0.0


def test_robust_accuracy_refuses_a_regression_and_no_rows():
    for X, y in ((torch.zeros(3, 1), torch.zeros(3)), (torch.zeros(0, 1), torch.zeros(0, dtype=torch.int64))):
        with pytest.raises(InputError, match="classes"):
            robust_accuracy(linear([[1.0]]), X, y, PGD())


def test_freezing_is_there_for_loops_of_ones_own():
    X, y = images()
    model = net(batch_norm=True).train()
    before = buffers(model)
    with freeze_batch_stats(model):
        model(PGD(0.1, Domain.images())(model, X, y))
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
