import math
from dataclasses import replace

import pytest

from regularfit.report import findings
from regularfit.report.data import Choice
from tests.report.builder import diabetes


@pytest.fixture(scope="module")
def data():
    return diabetes((1.0, 0.5))


def with_candidates(data, **changes):
    return replace(data, candidates=tuple(replace(c, **changes) for c in data.candidates))


def test_a_good_model_is_said_to_be_one(data):
    found = findings.verdict(data)
    assert found.tone == "good"
    assert found.sentence.startswith("Lasso, with 7 of 10 columns, removes")
    assert "On rows that no choice has seen" in found.remarks[0]


def test_a_model_no_better_than_a_guess_is_not_praised(data):
    honest = replace(data.honest, mean=data.target.null_error * 1.1)
    found = findings.verdict(replace(data, honest=honest))
    assert found.tone == "warn"
    assert "No model here predicts" in found.sentence
    assert "-" not in found.sentence


def test_a_gain_within_noise_is_called_so(data):
    honest = replace(data.honest, mean=data.target.null_error * 0.95, high=data.target.null_error * 1.2)
    found = findings.verdict(replace(data, honest=honest))
    assert found.tone == "warn"
    assert "too uncertain" in found.sentence


def test_without_a_nested_score_the_verdict_says_that_it_is_too_low(data):
    assert "a little too low" in findings.verdict(replace(data, honest=None)).remarks[0]


def test_what_was_not_measured_is_not_claimed(data):
    bare = with_candidates(data, error=math.nan, se=math.nan, gap=math.nan, curve=None, honest=None)
    bare = replace(bare, honest=None, simplest=None, chosen=replace(data.chosen, error=math.nan))
    assert "not measured" in findings.verdict(bare).sentence
    assert "candidates" in findings.candidates(bare).sentence


def test_the_simplest_is_named_with_its_price(data):
    chosen = Choice(1, 2.0, data.chosen.error + 1, 3, "fewest")
    remarks = " ".join(findings.verdict(replace(data, simplest=chosen)).remarks)
    assert "needs only 3 of 10 columns" in remarks


def test_small_differences_are_not_called_clear_nor_noise(data):
    close = with_candidates(data, difference=1.0, difference_se=1.0)
    sentence = findings.candidates(close).sentence
    assert sentence == "No candidate is clearly the best: none is more than two standard errors behind."


@pytest.mark.parametrize(
    ("kinds", "missing", "words"),
    [
        ({"number": 3, "category": 2}, {}, "Categories turn them into 10 numeric columns."),
        ({"number": 3, "date": 1}, {"a": 4}, "Dates and missing values turn"),
        ({"category": 2, "date": 1}, {"a": 4}, "Categories, dates and missing values turn"),
    ],
)
def test_only_what_is_there_makes_columns(data, kinds, missing, words):
    facts = replace(data.table, columns=7, made_columns=10, dropped=(), kinds=kinds, missing=missing)
    remarks = findings.table(replace(data, table=facts)).remarks
    assert sum(remark.startswith(words) for remark in remarks) == 1


def test_clear_differences_are_called_clear(data):
    best = min(data.candidates, key=lambda c: c.error)
    far = tuple(c if c is best else replace(c, difference=300.0, difference_se=1.0) for c in data.candidates)
    found = findings.candidates(replace(data, candidates=far)).sentence
    assert found.startswith(f"{best.name} is clearly better than the other candidate, by 10% at least")


def test_one_candidate_has_nobody_to_beat(data):
    assert "only candidate" in findings.candidates(replace(data, candidates=data.candidates[:1])).sentence


def test_the_table_names_gaps_and_what_was_left_out(data):
    found = findings.table(data)
    assert "442 rows and 12 columns" in found.sentence
    assert "most in bmi, 2.7%" in found.sentence
    assert "patient and site left out" in found.sentence
    assert any("3 further rows" in remark for remark in found.remarks)


def test_few_rows_a_column_is_a_remark(data):
    wide = replace(data, table=replace(data.table, rows=20, missing=None, dropped=()))
    found = findings.table(wide)
    assert "nothing is missing, nothing was left out" in found.sentence
    assert any("rows a column" in remark for remark in found.remarks)


def test_an_empty_model_is_called_empty(data):
    assert "empty" in findings.coefficients(replace(data, coefficients=())).sentence


def test_classes_are_spoken_of_as_log_odds(data):
    two = replace(data, target=replace(data.target, classes=("no", "yes")))
    assert "log-odds of “yes” by" in findings.coefficients(two).sentence


def test_the_seed_is_part_of_the_recipe(data):
    assert findings.reproduce(data).sentence.startswith("The same file, versions and seed 0 give")
    without = replace(data, run=replace(data.run, seed=None))
    assert findings.reproduce(without).sentence.startswith("The same file and versions give")
