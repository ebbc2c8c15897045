import json


def test_what_is_shown(run, fitted):
    ran = run("inspect", fitted)
    assert ran.code == 0
    for word in (
        "price (regression)",
        "solved to a relative duality gap",
        "quality",
        "numpy",
        "Needs       4: size, quality",
    ):
        assert word in ran.out


def test_json_holds_every_coefficient(run, fitted):
    facts = json.loads(run("inspect", fitted, "--json").out)
    assert facts["certificate"]["converged"] is True
    assert facts["rows"] == 90
    assert 0 < len(facts["coefficients"]) <= facts["matrix_columns"]
    assert facts["columns"] == ["size", "quality", "town", "noise"]


def test_a_missing_model(run):
    ran = run("inspect", "nothing.rfit")
    assert ran.code == 3
    assert "no file nothing.rfit" in ran.err
