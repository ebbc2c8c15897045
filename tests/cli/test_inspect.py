import json

import numpy as np

import regularfit as rf


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


def test_three_classes(run, three):
    out = run("inspect", three).out
    assert "kind (classification, the probabilities of 3 classes)" in out
    assert any(line.split() == ["column", "flat", "hut", "villa"] for line in out.splitlines())
    facts, model = json.loads(run("inspect", three, "--json").out), rf.load(three / "model.rfit")
    assert list(facts["intercept"].values()) == model.intercept_.tolist()
    names = model.feature_names_in_.tolist()
    kept = {names[j]: model.coef_[:, j].tolist() for j in np.flatnonzero(model.coef_.any(axis=0))}
    assert {name: list(values.values()) for name, values in facts["coefficients"].items()} == kept
    assert f"Kept        {len(kept)} of 3 columns made" in out
