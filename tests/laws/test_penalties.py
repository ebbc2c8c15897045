"""Every law on every example of every public penalty: a new class is found by itself."""

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regularfit import penalties
from tests.laws.penalty_laws import LAWS, Case, P

PUBLIC = [getattr(penalties, name) for name in penalties.__all__]
CLASSES = [c for c in PUBLIC if issubclass(c, penalties.Penalty) and not inspect.isabstract(c)]
EXAMPLES = [example for c in CLASSES for example in c.examples()]

# Numbers that meet thresholds and bounds exactly come up as often as generic ones.
numbers = st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.3, 0.8, 2.0]) | st.floats(-8, 8).map(lambda x: round(x, 6))
cases = st.builds(
    Case,
    v=arrays(float, P, elements=numbers),
    u=arrays(float, P, elements=numbers),
    step=st.sampled_from([1.0, 0.5]) | st.floats(0.02, 8),
    seed=st.integers(0, 1000),
)


def _test_of(law):
    @pytest.mark.parametrize("penalty", EXAMPLES, ids=repr)
    @settings(max_examples=15, deadline=None)
    @given(case=cases)
    def test(penalty, case):
        law(penalty, case)

    return test


# A test function a law, not one for all: hypothesis nests the settings of a function anew at every call under its CI
# profile, and a thousand calls are more than Python's stack holds.
globals().update({f"test_{law.__name__}": _test_of(law) for law in LAWS})


def test_every_penalty_has_examples_and_every_concrete_one_is_public():
    assert len(CLASSES) >= 8
    assert all(c.examples() for c in CLASSES)
    found = set()
    waiting = [penalties.Penalty]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        # what the engine wraps for its own roads is nobody's to name
        if kind.__module__.startswith("regularfit.penalties") and not kind.__name__.startswith("_"):
            found.add(kind)
    concrete = {c for c in found if not inspect.isabstract(c)}
    assert {c.__name__ for c in concrete} <= set(penalties.__all__)
