"""The bar shows on a terminal only, after a while or when asked, and cleans up."""

import io
import sys

import pytest

from regularfit.linear import _progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("verbose", [True, False, None])
def test_silent_where_nobody_looks(verbose, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with _progress.progress_bar(verbose) as progress:
        assert progress is None


def test_none_is_silent_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with _progress.progress_bar(None) as progress:
        assert progress is None


def test_short_fits_stay_silent(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with _progress.progress_bar(False) as progress:
        progress(1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(("verbose", "patience"), [(True, 100.0), (False, -1.0)])
def test_long_or_asked_for_fits_show_a_bar(verbose, patience, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_progress, "PATIENCE", patience)
    with _progress.progress_bar(verbose) as progress:
        progress(1, 2)
        progress(2, 2)
    assert "fitting" in terminal.getvalue()


def test_an_interrupt_takes_the_bar_away(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    seen = []

    def interrupted():
        with _progress.progress_bar(True) as progress:
            seen.append(progress)
            progress(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not seen[0].rich.live.is_started
