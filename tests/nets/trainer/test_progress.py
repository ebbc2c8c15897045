"""A bar on a terminal, silence elsewhere."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.trainer import Trainer, progress  # noqa: E402
from tests.nets.trainer.problems import classes, net  # noqa: E402


@pytest.mark.parametrize("verbose", [True, False, None])
def test_silent_where_there_is_no_terminal(capfd, verbose):
    X, y = classes()
    Trainer(net(), steps=5, verbose=verbose).fit(X, y)
    assert capfd.readouterr() == ("", "")


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    X, y = classes()
    Trainer(net(), steps=30, verbose=True, metrics=["accuracy"]).fit(X, y, validation=(X, y))
    shown = capsys.readouterr().err
    assert "training" in shown
    assert "/30 steps" in shown
    Trainer(net(), steps=5, verbose=False).fit(X, y)  # over before two seconds
    Trainer(net(), steps=5, verbose=None).fit(X, y)
    assert capsys.readouterr().err == ""
