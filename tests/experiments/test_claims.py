"""Every claim: its quick run, its rule on facts that satisfy it and on facts that do not, its table and its picture."""

import importlib
import json
import re
import warnings
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from regularfit.experiments import KINDS, NAMES, PARTS, experiment, measure, missing_extras
from regularfit.experiments.drawing import draw
from regularfit.experiments.record import plain


def cases_of(name):
    return importlib.import_module(f"tests.experiments.cases.{name.replace('-', '_')}").CASES


def needing(name):
    lacks = missing_extras(experiment(name))
    if lacks:
        pytest.skip(f"needs the extra {', '.join(lacks)}")


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_run_gives_facts_a_verdict_numbers_and_a_picture(name):
    needing(name)
    record = measure(name, seed=0, quick=True)
    facts = record.facts
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert record.fits > 0
    assert record.verdict.kind in KINDS
    assert re.search(r"\d", record.verdict.text), "a verdict gives the numbers that decided"
    numbers = record.experiment.table(facts)
    assert numbers.rows
    for row in numbers.rows:
        assert len(row) == len(numbers.head)
        assert all(isinstance(cell, str) for cell in row)
    drawn_with_names(record)


def drawn_with_names(record):
    figure = Figure()
    record.experiment.plot(record.facts, figure)
    drawn = [axes for axes in figure.axes if axes.has_data()]
    assert drawn
    for axes in drawn:
        assert axes.get_title(loc="left") or axes.get_title()
        assert axes.get_xlabel(), "an axis without a name"
        sharing = axes.get_shared_y_axes().get_siblings(axes)
        named = [tick.get_text() for tick in axes.get_yticklabels()]  # bars have names instead of numbers
        assert any(one.get_ylabel() for one in sharing) or any(named)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert draw(record.experiment, record.facts).startswith(b"<?xml")


@pytest.mark.parametrize("name", NAMES)
def test_the_rule_tells_facts_apart(name):
    found = experiment(name)
    kinds = set()
    for facts, kind in cases_of(name):
        assert found.verdict(plain(facts)).kind == kind
        kinds.add(kind)
    assert len(kinds) >= 2, "a rule that always says the same is none"


@pytest.mark.parametrize("name", NAMES)
def test_the_texts_are_there(name):
    found = experiment(name)
    assert found.name == name
    assert found.part in PARTS
    assert found.claim.endswith(".")
    assert re.search(r"\b(1[789]\d\d|20\d\d)\b", found.why), "a reference has a year"
    for kind in {kind for _, kind in cases_of(name)}:
        assert kind in found.rule.lower() or kind == "does not hold", f"the rule does not say when it {kind}"
    module = importlib.import_module(found.run.__module__)
    assert Path(str(module.__file__)).stem == name.replace("-", "_")
