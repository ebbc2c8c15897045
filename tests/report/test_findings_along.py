import math
from dataclasses import replace

import pytest

from regularfit.report import findings_along as findings
from regularfit.report.data import ColumnPath, PathFacts
from tests.report.builder import diabetes


@pytest.fixture(scope="module")
def data():
    return diabetes((1.0, 0.5))


def with_chosen(data, **changes):
    changed = list(data.candidates)
    k = data.chosen.candidate
    changed[k] = replace(changed[k], **changes)
    return replace(data, candidates=tuple(changed))


def with_curve(data, **changes):
    return with_chosen(data, curve=replace(data.candidates[data.chosen.candidate].curve, **changes))


def test_the_path_tells_who_enters_first(data):
    assert findings.path(data).sentence.startswith(
        "As the penalty weakens, bmi, s5 and bp enter first; at the chosen"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (PathFacts((0.5,), (ColumnPath("a", (1.0,)),), (1,), 1), "Only strength 0.500"),
        (PathFacts((1.0, 0.5), (), (0, 0), 3), "No column enters"),
        (PathFacts((1.0, 0.5), (ColumnPath("a", (0.0, 1.0)),), (0, 1), 1), "a enters first"),
        (PathFacts((1.0, 0.5), (ColumnPath("a", (1.0, 2.0)),), (1, 1), 1), "a weighs most at the chosen one"),
    ],
)
def test_degenerate_paths(data, facts, said):
    assert said in findings.path(replace(data, path=facts)).sentence


def test_columns_that_are_not_drawn_are_counted(data):
    facts = replace(data.path, nonzeros=(0,) * 59 + (20_000,), total=20_000)
    assert findings.path(replace(data, path=facts)).remarks == (
        "Only the 10 largest of 20,000 columns are drawn.",
    )


def test_a_minimum_inside_the_grid_is_no_warning(data):
    found = findings.curve(data)
    assert found.tone == "plain"
    assert "higher by no more than one standard error of the difference" in found.sentence


def test_a_minimum_at_the_weak_edge_is_a_warning_with_advice(data):
    last = len(data.candidates[data.chosen.candidate].curve.strengths) - 1
    found = findings.curve(with_curve(data, best=last))
    assert found.tone == "warn"
    assert "min_ratio" in found.remarks[0]


def test_a_path_that_ended_early_has_no_edge(data):
    proof = replace(data.candidates[data.chosen.candidate].certificate, ended="it is saturated")
    changed = with_chosen(with_curve(data, best=59), certificate=proof)
    found = findings.curve(changed)
    assert found.tone == "plain"
    assert "it is saturated" in found.remarks[0]


def test_a_minimum_at_the_strong_edge_means_that_all_is_noise(data):
    found = findings.curve(with_curve(data, best=0, one_se=0))
    assert found.tone == "warn"
    assert "no column at all" in found.remarks[0]


def test_no_curve_and_one_strength(data):
    assert "not chosen by cross-validation" in findings.curve(with_chosen(data, curve=None)).sentence
    one = with_curve(data, strengths=(0.5,), mean=(3.0,), se=(1.0,), best=0, one_se=0, folds=((3.0,),))
    assert "Only strength 0.500" in findings.curve(one).sentence


@pytest.mark.parametrize(
    ("gap", "se", "tone", "said"),
    [
        (0.05, 200.0, "plain", "no more apart than"),
        (0.15, 1.0, "plain", "15% worse"),
        (0.9, 1.0, "warn", "much better"),
        (math.nan, 1.0, "plain", "not measured"),
    ],
)
def test_the_gap_is_weighed_against_its_noise(data, gap, se, tone, said):
    found = findings.gap(with_chosen(data, gap=gap, se=se))
    assert found.tone == tone
    assert said in found.sentence


def proof(data, **changes):
    return replace(data.candidates[data.chosen.candidate].certificate, **changes)


def test_a_proof_is_stated_with_its_size(data):
    found = findings.certificate(with_chosen(data, certificate=proof(data, gap=2e-9)))
    assert found.tone == "good"
    assert "2.0\u00a0×\u00a010⁻⁹" in found.sentence
    assert (
        "double precision"
        in findings.certificate(with_chosen(data, certificate=proof(data, gap=0.0))).sentence
    )
    assert (
        "optimality"
        in findings.certificate(with_chosen(data, certificate=proof(data, gap=math.nan))).sentence
    )


def test_a_failed_proof_is_a_warning(data):
    bad = findings.certificate(
        with_chosen(data, certificate=proof(data, converged=False, reason="too hard", failed=3))
    )
    assert bad.tone == "warn"
    assert "too hard" in bad.sentence
    assert "3 solutions" in bad.remarks[0]
    others = findings.certificate(with_chosen(data, certificate=proof(data, failed=1)))
    assert others.tone == "warn"
    assert "The chosen model is proved" in others.sentence
