"""The same mistakes on the libraries that make them, where they are installed: each fails there and holds here."""

import math
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.nets.averages import SWA  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402

# Imports and deprecations of other libraries are not ours to mend.
pytestmark = pytest.mark.filterwarnings("default")


def skorchs(scores, **settings):
    """Drive skorch's early stopping over scores; (evaluations done, the epoch whose weights are left)."""
    pytest.importorskip("skorch", reason="skorch is not installed")
    from skorch.callbacks import EarlyStopping as Theirs

    module = nn.Linear(1, 1, bias=False)
    history = {}
    net = SimpleNamespace(history=SimpleNamespace(__getitem__=None), module_=module, verbose=0)

    class History:
        def __getitem__(self, key):
            return history[key[1]]

    net.history = History()
    callback = Theirs(monitor="score", **settings)
    callback.on_train_begin(net)
    done = 0
    for epoch, score in enumerate(scores):
        nn.init.constant_(module.weight, float(epoch))
        history.update(score=score, epoch=epoch)
        done = epoch + 1
        try:
            callback.on_epoch_end(net)
        except KeyboardInterrupt:
            break
    callback.on_train_end(net)
    return done, int(module.weight.item())


def ours(scores, **settings):
    model = nn.Linear(1, 1, bias=False)
    done = 0
    with EarlyStopping(**settings).watch(model) as stopper:
        for epoch, score in enumerate(scores):
            nn.init.constant_(model.weight, float(epoch))
            done = epoch + 1
            if stopper(score):
                break
    return done, int(model.weight.item())


def test_skorch_1065_scores_below_zero():
    scores = [-100.0, -104.0, -107.0, -109.0, -113.0, -117.0, -121.0]  # higher is better; it only gets worse
    theirs = skorchs(scores, lower_is_better=False, threshold=0.1, patience=3, load_best=True)
    assert theirs != (4, 0)  # each small loss passes for an improvement, as the bar lies below the last score
    assert ours(scores, metric="neg_mse", patience=3) == (4, 0)
    assert ours(scores, metric="neg_mse", patience=3, min_delta=5.0) == (4, 0)


def test_skorch_best_is_the_last_past_the_bar():
    scores = [1.0, 0.95, 0.92, 0.93, 0.94]
    theirs = skorchs(scores, threshold=0.1, patience=4, load_best=True)
    assert theirs[1] == 0  # not the smallest loss
    assert ours(scores, patience=4, min_delta=0.1) == (5, 2)


def test_skorch_leaves_the_last_weights_unless_told_otherwise():
    scores = [1.0, 0.1, 0.9, 0.9]
    assert skorchs(scores, patience=2)[1] == 3
    assert ours(scores, patience=2)[1] == 1


def lightning():
    return pytest.importorskip("pytorch_lightning", reason="Lightning is not installed")


def test_lightning_21724_validates_an_untrained_copy():
    lightning()
    from pytorch_lightning.callbacks import WeightAveraging

    class FromTheHundredthStep(WeightAveraging):
        def should_update(self, step_idx=None, epoch_idx=None):
            return step_idx is not None and step_idx >= 100

    class Module(lightning().LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 1, bias=False)

    module = Module()
    nn.init.constant_(module.layer.weight, 0.0)
    callback, trainer = FromTheHundredthStep(), SimpleNamespace(global_step=1, current_epoch=0)
    callback.setup(trainer, module, "fit")
    nn.init.constant_(module.layer.weight, 7.0)  # trained meanwhile
    callback.on_validation_epoch_start(trainer, module)
    assert module.layer.weight.item() == 0.0  # what it validates is as it was before training

    average = SWA(after=0.5).follow(module, steps=200)
    nn.init.constant_(module.layer.weight, 7.0)
    average.update()
    with average.evaluate():
        assert module.layer.weight.item() == 7.0


def test_lightning_takes_an_accuracy_for_a_loss_unless_told_otherwise():
    lightning()
    from pytorch_lightning.callbacks import EarlyStopping as Theirs

    callback = Theirs(monitor="accuracy", patience=2)
    stops = [callback._evaluate_stopping_criteria(torch.tensor(score))[0] for score in (0.5, 0.6, 0.7, 0.8)]
    assert any(stops)  # it only got better
    assert ours([0.5, 0.6, 0.7, 0.8], metric="accuracy", patience=2) == (4, 3)


def test_lightning_stops_at_nan_or_counts_it_but_here_it_is_never_the_best():
    assert ours([math.nan, 3.0, math.nan, 2.0, math.nan], patience=9) == (5, 3)


def test_torchs_averaged_model_has_the_norm_statistics_of_other_weights_unless_asked():
    """torch.optim.swa_utils itself: the average holds statistics of the weights that it averaged, not its own."""
    from torch.optim.swa_utils import AveragedModel

    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    theirs, x = AveragedModel(model), torch.randn(64, 1, generator=torch.Generator().manual_seed(0))
    average = SWA(after=0.0).follow(model, [x], steps=100)
    for step in range(100):
        nn.init.constant_(model[0].weight, 1.0 if step % 2 else -3.0)
        model(x)
        theirs.update_parameters(model)
        average.update()
    average.finish()
    assert model[0].weight.item() == pytest.approx(theirs.module[0].weight.item()) == pytest.approx(-1.0)
    torch.testing.assert_close(model[1].running_var, x.var(0))  # of -x
    assert theirs.module[1].running_var > 3 * x.var(0)  # of x and -3 x
