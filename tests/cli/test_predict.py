import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import regularfit as rf
from tests.cli.data import FAST, houses, kinds


def test_predictions_are_those_of_the_model(run, table, fitted):
    ran = run("predict", fitted, table)
    assert ran.code == 0
    assert ran.err == ""  # the target in the table is no news, nor are columns dropped at fit
    lines = ran.out.splitlines()
    assert lines[0] == "prediction"
    predicted = np.array(lines[1:], float)
    assert len(predicted) == 90
    assert np.corrcoef(predicted, houses()["price"])[0, 1] > 0.9
    model = rf.load(fitted / "model.rfit")
    assert model.feature_names_in_.tolist()[:2] == ["size", "size is missing"]


def test_probabilities(run, table):
    assert run("fit", table, "-t", "dear", "--drop", "price", *FAST, "-o", "c").code == 0
    ran = run("predict", "c/model.rfit", table, "--json")
    rows = pd.DataFrame(json.loads(ran.out)["predictions"])
    assert rows.columns.tolist() == ["prediction", "probability of yes"]
    assert ((rows["probability of yes"] > 0.5) == (rows["prediction"] == "yes")).all()
    assert (rows["prediction"] == houses()["dear"]).mean() > 0.8


def test_probabilities_of_three_classes(run, three):
    rows = pd.DataFrame(json.loads(run("predict", three, "kinds.csv", "--json").out)["predictions"])
    names = ["flat", "hut", "villa"]
    assert rows.columns.tolist() == ["prediction", *(f"probability of {name}" for name in names)]
    model, shares = rf.load(three / "model.rfit"), rows.iloc[:, 1:].to_numpy()
    X = kinds()[["size", "quality", "noise"]]
    np.testing.assert_allclose(shares, model.predict_proba(X), rtol=1e-9)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-9)
    assert rows["prediction"].tolist() == model.predict(X).tolist()


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.parquet"])
def test_files_are_written_once(run, table, fitted, name):
    ran = run("predict", fitted, table, "-o", name)
    assert ran.code == 0
    assert "90 predictions written" in ran.out
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    assert read(name).shape == (90, 1)
    before = Path(name).read_bytes()
    refused = run("predict", fitted, table, "-o", name)
    assert refused.code == 2
    assert "nothing is overwritten" in refused.err
    assert Path(name).read_bytes() == before
    assert run("predict", fitted, table, "-o", name, "--force").code == 0
    assert not list(Path().glob(".*part"))


def test_lacking_columns(run, fitted):
    houses().rename(columns={"town": "Town"}).to_csv("new.csv", index=False)
    ran = run("predict", fitted, "new.csv", "-o", "p.csv")
    assert ran.code == 3
    assert "lacks 1 of the 4 columns" in ran.err
    assert "'Town'" in ran.err
    assert not Path("p.csv").exists()


def test_unseen_levels_and_extra_columns_are_told(run, fitted):
    new = houses(5).drop(columns=["price", "dear"]).assign(garden=1)
    new.loc[0, "town"] = "Bregenz"
    new.to_csv("new.csv", index=False)
    ran = run("predict", fitted, "new.csv")
    assert ran.code == 0
    assert "1 level never seen in training" in ran.err
    assert "'Bregenz' (1)" in ran.err
    assert "1 column the model does not use (garden) ignored" in ran.err


def test_one_row_without_values_can_be_predicted(run, fitted):
    Path("new.csv").write_text("size,quality,town,noise\n,,,\n")
    ran = run("predict", fitted, "new.csv")
    assert ran.code == 0
    assert np.isfinite(float(ran.out.splitlines()[1]))


@pytest.mark.parametrize("content", [b"PK\x03\x04nothing", b"pickle", b""])
def test_files_that_are_no_models(run, table, content):
    Path("m.rfit").write_bytes(content)
    ran = run("predict", "m.rfit", table)
    assert ran.code == 3
    assert "m.rfit" in ran.err


def test_models_saved_from_python_have_no_table(run, table):
    X = np.random.default_rng(0).normal(size=(30, 2))
    rf.PenalizedRegressor(strength=0.1).fit(X, X[:, 0]).save("m.rfit")
    ran = run("predict", "m.rfit", table)
    assert ran.code == 3
    assert "saved from Python" in ran.err


@pytest.mark.parametrize("output", ["p.xlsx", "nowhere/p.csv"])
def test_bad_outputs(run, table, fitted, output):
    assert run("predict", fitted, table, "-o", output).code == 2
