"""A clock that only moves when a test says so: what a machine is busy with cannot decide a test."""

import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.trainer import checkpoint, driving, hooks, training


class StandingClock:
    """Seconds that pass in :meth:`sleep` alone."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = StandingClock()
    for module in (checkpoint, driving, training):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(hooks, "perf_counter", clock.perf_counter)
    return clock
