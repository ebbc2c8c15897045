"""What must be settled before any test is read: threads, Ctrl-C, draws, and what is not read at all."""

import os
import signal
import sys
from importlib.util import find_spec

# One process a core runs the tests. With torch's default of a thread a core each, their threads spin while they wait
# for one another: measured on two cores, the tests of the nets took 7 to 13 times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell lets jobs in the background ignore Ctrl-C; tests press it and must be heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from hypothesis import HealthCheck, settings

# What a machine is busy with decides no test: examples have no deadline, and may be drawn slowly.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# The nets and their tests, where the extra `nets` is not installed.
collect_ignore_glob = [] if find_spec("torch") else ["src/regularfit/nets/*", "tests/nets/*"]


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Let a test that draws from torch's global generator (`nn.Linear` does) draw the same whatever ran before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
