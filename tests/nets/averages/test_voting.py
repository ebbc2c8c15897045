"""Snapshots predict together: in the Trainer, in the estimators, from states and from files."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import regularfit as rf  # noqa: E402
from regularfit.errors import UnsupportedError  # noqa: E402
from regularfit.nets import EMA, NetClassifier, NetRegressor, SnapshotEnsemble, Trainer  # noqa: E402
from regularfit.nets.averages.voting import pooled  # noqa: E402
from tests.nets.trainer.problems import InterruptAt, classes, net, numbers, weights  # noqa: E402

SNAPSHOTS = SnapshotEnsemble(cycles=3, keep=2, growth=1.0)


def made(rows=classes, interrupt=-1, model=None):
    settings = {
        "steps": 12,
        "batch_size": 16,
        "lr": 0.05,
        "schedule": SNAPSHOTS.rate_schedule,
        "verbose": None,
    }
    model = net(5, 3 if rows is classes else 1) if model is None else model
    return Trainer(model, [SNAPSHOTS, InterruptAt(interrupt)], **settings)


def by_hand(trainer, X, task):
    """The mean of what each member says alone, in double precision."""
    said, own = [], {name: p.clone() for name, p in trainer.model.named_parameters()}
    for member in trainer.members:
        member.put()
        with torch.no_grad():
            outputs = trainer.model(X).double()
        said.append(outputs.softmax(1) if task == "classification" else outputs)
    trainer.model.load_state_dict(own)
    return torch.stack(said).mean(0)


@pytest.mark.parametrize("rows", [classes, numbers])
def test_the_trainer_predicts_the_mean_of_its_snapshots(rows):
    X, y = rows()
    trainer = made(rows).fit(X, y)
    task = "classification" if rows is classes else "regression"
    before = weights(trainer.model)
    found = trainer.predict(X)
    assert torch.equal(weights(trainer.model), before)
    assert len(trainer.members) == 2
    found = found.softmax(1) if rows is classes else found
    torch.testing.assert_close(found.double(), by_hand(trainer, X, task), rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        alone = trainer.model(X)
    assert not torch.allclose(trainer.predict(X).softmax(-1), alone.softmax(-1), atol=1e-3) or rows is numbers


def test_states_and_files_keep_the_snapshots(tmp_path):
    X, y = classes()
    trainer = made().fit(X, y)
    expected = trainer.predict(X)
    trainer.save(tmp_path / "run")
    for again in (made().load_state_dict(trainer.state_dict()), made().load(tmp_path / "run")):
        assert torch.equal(again.predict(X), expected)
    assert not Trainer(net(5, 3)).members


def test_a_run_that_is_cut_keeps_its_snapshots_and_predicts_alone_until_its_end():
    X, y = classes()
    whole = made().fit(X, y).predict(X)
    cut = made(interrupt=9)
    with pytest.warns(rf.errors.InterruptedWarning):
        cut.fit(X, y)
    with torch.no_grad():
        assert torch.equal(cut.predict(X), cut.model(X))
    resumed = made().load_state_dict(cut.state_dict()).resume(X, y)
    assert torch.equal(resumed.predict(X), whole)


def test_a_new_fit_forgets_them():
    X, y = classes()
    trainer = made().fit(X, y)
    trainer.regularisers = ()
    assert trainer.fit(X, y).members == ()


@pytest.mark.parametrize("kind", [NetClassifier, NetRegressor])
def test_estimators_and_their_files_average_the_snapshots(kind, tmp_path):
    X, y = (a.numpy() for a in classes())
    settings = {"regularisers": [SNAPSHOTS], "schedule": SNAPSHOTS.rate_schedule, "steps": 12, "lr": 0.05}
    model = kind((8,), random_state=0, **settings).fit(X, y if kind is NetClassifier else y.astype(float))
    assert len(model.snapshots_) == 2
    inputs = model.encoding_.encode(X, "X")
    expected = model.trainer_.predict(inputs).double()
    if kind is NetClassifier:
        np.testing.assert_allclose(model.predict_proba(X), expected.softmax(1), rtol=1e-6)
    else:
        scaled = expected[:, 0].numpy() * model.target_scale_ + model.target_mean_
        np.testing.assert_allclose(model.predict(X), scaled, rtol=1e-6)
    model.save(tmp_path / "net.rfit")
    again = rf.load(tmp_path / "net.rfit")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert len(again.snapshots_) == 2


def test_probabilities_are_averaged_for_one_logit_a_row():
    logits = torch.tensor([[0.3, -2.0], [1.5, 0.4]])
    torch.testing.assert_close(pooled(logits, "classification").sigmoid(), logits.sigmoid().mean(0))


def test_averaged_weights_and_a_second_ensemble_are_refused():
    for other in (EMA(), SnapshotEnsemble(2, 1)):
        with pytest.raises(UnsupportedError, match="keep one"):
            Trainer(net(), [SNAPSHOTS, other])
