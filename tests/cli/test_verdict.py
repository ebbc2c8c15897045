from dataclasses import replace
from pathlib import Path

import pytest

from regularfit.cli.output import Output
from regularfit.cli.verdict import as_json, print_verdict
from tests.report.builder import diabetes


@pytest.fixture(scope="module")
def data():
    return diabetes((1.0, 0.5))


def printed(data, capsys):
    print_verdict(data, Path("a.run"), Output())
    return capsys.readouterr().out


def with_certificate(data, **changes):
    number = data.chosen.candidate
    changed = list(data.candidates)
    changed[number] = replace(changed[number], certificate=replace(changed[number].certificate, **changes))
    return replace(data, candidates=tuple(changed))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"converged": True, "gap": 3e-10, "tol": 1e-7},
            "Certificate: solved; relative duality gap 3e-10 (tolerance 1e-07).",
        ),
        (
            {"converged": True, "gap": 0.0, "tol": 1e-7},
            "Certificate: solved; relative duality gap 0 (tolerance 1e-07).",
        ),
        (
            {"converged": False, "gap": 0.02, "tol": 1e-7, "reason": "the iterations ran out"},
            "Certificate: NOT solved; relative duality gap 2e-02 (tolerance 1e-07): the iterations ran out.",
        ),
        (
            {"converged": True, "gap": float("nan"), "tol": float("nan")},
            "Certificate: solved; relative duality gap unknown.",
        ),
    ],
)
def test_the_certificate_in_a_line(data, capsys, changes, line):
    assert line in printed(with_certificate(data, **changes), capsys).splitlines()


def test_the_honest_line_names_its_unit(data, capsys):
    out = printed(data, capsys)
    assert "Honest: on new rows expect a mean squared error of " in out
    assert ", a typical miss of " in out.partition("Honest:")[2]
    assert "Classes:" not in out


def test_classes_are_counted_and_the_modelled_one_is_named(data, capsys):
    target = replace(data.target, classes=("no", "yes"), counts=(1200, 30), score_name="mean log-loss")
    two = replace(data, target=target)
    out = printed(two, capsys)
    assert (
        "Classes: 'no' (1,200 rows) and 'yes' (30 rows); probabilities and coefficients are those of 'yes'"
        in out
    )
    assert "typical miss" not in out
    assert as_json(two, Path("a.run"))["positive"] == "yes"
    assert as_json(data, Path("a.run"))["positive"] is None


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.5, ", 50% below predicting the same for every row."), (-0.003, ", no better than predicting the same for"),
     (0.001, ", no better than predicting the same for"), (-0.5, ", no better than predicting the same for")],
)  # fmt: skip
def test_a_model_is_compared_with_none(data, capsys, share, words):
    error = (1 - share) * data.target.null_error
    assert words in printed(replace(data, chosen=replace(data.chosen, error=error)), capsys)


def test_many_classes_are_cut_short(data, capsys):
    names = tuple(f"k{i}" for i in range(11))
    many = replace(data, target=replace(data.target, classes=names, counts=(5,) * 11))
    out = printed(many, capsys)
    assert "'k7' (5 rows) and 3 more; each has a probability and coefficients of its own" in out
    assert as_json(many, Path("a.run"))["positive"] is None
