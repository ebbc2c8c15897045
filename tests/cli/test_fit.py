import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import regularfit as rf
from tests.cli.data import FAST, houses, kinds

FILES = {"model.rfit", "report.html", "run.json", "facts.json"}


def test_the_main_job(run, table):
    ran = run("fit", table, "--target", "price", "--drop", "dear", *FAST)
    assert ran.code == 0
    assert {path.name for path in Path("houses.run").iterdir()} == FILES
    assert "regression of 'price' (guessed" in ran.out
    assert re.search(r"Ridge +[\d,.]+ .*\n.*Lasso +[\d,.]+", ran.out)
    for word in ("honest 90% interval", "Chosen: ", "Certificate: solved", "Written to houses.run"):
        assert word in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_the_folder_tells_how_to_repeat_the_run_bit_by_bit(run, table, fitted):
    record = json.loads((fitted / "run.json").read_text())
    assert record["command"].startswith("regularfit fit ")
    assert record["data"]["sha256"] == __import__("hashlib").sha256(table.read_bytes()).hexdigest()
    assert {"regularfit", "numpy", "scipy", "scikit-learn"} <= set(record["versions"])
    import shlex

    words = shlex.split(record["command"])[1:]
    assert run(*words, "-o", "again.run").code == 0
    assert Path("again.run/model.rfit").read_bytes() == (fitted / "model.rfit").read_bytes()
    again = json.loads(Path("again.run/run.json").read_text())
    assert again["model_sha256"] == record["model_sha256"]


def test_json(run, table):
    ran = run("fit", table, "-t", "dear", "--drop", "price", *FAST, "--json")
    result = json.loads(ran.out)
    assert result["task"] == "classification"
    assert result["classes"] == ["no", "yes"]
    assert [c["name"] for c in result["candidates"]] == ["Ridge", "Lasso"]
    honest = result["candidates"][0]["honest"]
    assert honest["low"] < honest["mean"] < honest["high"]
    assert {"honest", "chosen", "simplest", "dropped", "notes"} <= set(result)
    best = [c for c in result["candidates"] if c["difference"] == 0]
    assert len(best) == 1
    assert best[0]["difference_se"] == 0


@pytest.mark.parametrize("positive", ["yes", "no"])
def test_the_positive_class(run, table, positive):
    """Naming the other class turns every sign and every probability round, and changes nothing else."""
    options = ("fit", table, "-t", "dear", "--drop", "price", *FAST)
    usual = json.loads(run(*options, "--json").out)
    ran = run(*options, "--positive", positive, "-o", "named", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    other = {"yes": "no", "no": "yes"}[positive]
    assert result["classes"] == [other, positive]
    assert result["positive"] == positive
    assert usual["positive"] == "yes"
    sign = 1 if positive == "yes" else -1
    for mine, theirs in zip(result["candidates"], usual["candidates"], strict=True):
        assert mine["error"] == pytest.approx(theirs["error"], rel=1e-6)
        assert mine["honest"]["mean"] == pytest.approx(theirs["honest"]["mean"], rel=1e-6)
    first, named = rf.load("houses.run/model.rfit"), rf.load("named/model.rfit")
    assert named.classes_.tolist() == [other, positive]
    np.testing.assert_allclose(sign * named.coef_, first.coef_, rtol=1e-5, atol=1e-8)
    predicted = run("predict", "named", table, "--json").out
    rows = pd.DataFrame(json.loads(predicted)["predictions"])
    assert rows.columns.tolist() == ["prediction", f"probability of {positive}"]
    assert ((rows[f"probability of {positive}"] > 0.5) == (rows["prediction"] == positive)).all()
    assert (rows["prediction"] == houses()["dear"]).mean() > 0.8
    assert f"probability of '{positive}' against '{other}'" in run("inspect", "named").out
    assert f"log-odds of “{positive}”" in Path("named/report.html").read_text()
    text = run(*options, "--positive", positive, "-o", "told").out
    assert f"probabilities and coefficients are those of '{positive}'" in text


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("dear", "--positive 'maybe' is not a class.*'no' and 'yes'"),
        ("price", "--positive maybe names a class, but"),
    ],
)
def test_a_positive_class_that_is_none(run, table, target, words):
    ran = run("fit", table, "-t", target, "--positive", "maybe", *FAST)
    assert ran.code == 3
    assert re.search(words, ran.err)
    assert list(table.parent.iterdir()) == [table]


def test_errors_name_the_classes_whichever_is_positive(run):
    Path("few.csv").write_text("a,y\n" + "".join(f"{i % 5},{'yes' if i < 3 else 'no'}\n" for i in range(30)))
    for positive in ("yes", "no"):
        ran = run("fit", "few.csv", "-t", "y", "--positive", positive)
        assert ran.code == 3
        assert "class 'yes' has only 3 members; give cv <= 3" in ran.err


def test_quiet(run, table):
    ran = run("fit", table, "-t", "price", "--quiet", *FAST)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_page_that_fails_costs_only_the_page(run, table, monkeypatch):
    def broken(facts):
        raise ZeroDivisionError("no such panel")

    monkeypatch.setattr("regularfit.report.render.render", broken)
    ran = run("fit", table, "--target", "price", *FAST)
    assert ran.code == 4
    assert "could not be drawn (ZeroDivisionError: no such panel)" in ran.err
    assert {path.name for path in Path("houses.run").iterdir()} == FILES - {"report.html"}
    assert run("predict", "houses.run", table).code == 0


def test_nothing_is_overwritten_without_force(run, table, fitted):
    before = {path.name: path.read_bytes() for path in fitted.iterdir()}
    ran = run("fit", table, "-t", "price", *FAST)
    assert ran.code == 2
    assert "exists already and nothing is overwritten" in ran.err
    assert before == {path.name: path.read_bytes() for path in fitted.iterdir()}
    assert run("fit", table, "-t", "dear", "--drop", "price", *FAST, "--force").code == 0
    assert (fitted / "model.rfit").read_bytes() != before["model.rfit"]
    assert sorted(path.name for path in table.parent.iterdir()) == ["houses.csv", "houses.run"]


def test_force_never_replaces_what_is_no_run_folder(run, table):
    precious = Path("precious")
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    ran = run("fit", table, "-t", "price", *FAST, "-o", precious, "--force")
    assert ran.code == 2
    assert "not a run folder" in ran.err
    assert (precious / "thesis.txt").exists()


def test_groups_time_and_weights(run, tmp_path):
    frame = houses(120).drop(columns="dear")
    frame["street"] = np.arange(120) // 6
    frame["sold"] = pd.date_range("2020-01-01", periods=120).astype(str)
    frame["trust"] = np.linspace(0, 2, 120)
    frame.to_csv("sales.csv", index=False)
    options = ("sales.csv", "-t", "price", *FAST, "--json")
    grouped = run("fit", *options, "--group", "street", "--weight", "trust", "-o", "grouped")
    assert grouped.code == 0, grouped.err
    assert json.loads(grouped.out)["honest"] is not None
    ordered = run("fit", *options, "--time", "sold", "-o", "ordered")
    assert ordered.code == 0, ordered.err
    assert json.loads(ordered.out)["honest"] is None
    assert "folds forward in time do not" in ordered.err
    both = run("fit", *options, "--time", "sold", "--group", "street", "-o", "both")
    assert both.code == 2


def test_one_standard_error_and_no_honest_score(run, table):
    ran = run("fit", table, "-t", "price", *FAST, "--select", "1se", "--no-honest", "--json")
    result = json.loads(ran.out)
    assert result["honest"] is None
    assert "one standard error" in result["chosen"]["reason"]


def test_few_folds_have_no_honest_score_but_a_reason(run, table):
    ran = run("fit", table, "-t", "price", *FAST, "--cv", "3")
    assert ran.code == 0
    assert "needs at least 4 folds" in ran.err


def test_sparse_tables(run):
    rng = np.random.default_rng(0)
    X = rng.random((60, 8)) * (rng.random((60, 8)) < 0.3)
    y = X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=60)
    lines = [
        f"{target:.6f} " + " ".join(f"{j + 1}:{v:.6f}" for j, v in enumerate(row) if v)
        for target, row in zip(y, X, strict=True)
    ]
    with gzip.open("sparse.svmlight.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    assert run("fit", "sparse.svmlight.gz", *FAST).code == 0
    ran = run("predict", "sparse.run", "sparse.svmlight.gz")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 61
    assert run("fit", "sparse.svmlight.gz", "-t", "x1", "-o", "other").code == 3


def test_rows_without_target_and_dropped_columns_are_told(run):
    frame = houses().drop(columns="dear").assign(same=1, number=range(90))
    frame.loc[:4, "price"] = None
    frame.to_csv("h.csv", index=False)
    ran = run("fit", "h.csv", "-t", "price", *FAST)
    assert "(5 more have no target)" in ran.out
    assert "column 'same' is constant (always 1) and was dropped" in ran.err
    assert "column 'number' is like an id" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--strengths", "0"], ["--cv", "1"], ["--candidates", "forest"], ["--candidates", "elastic:2"],
        ["--delimiter", "ab"], ["--task", "clustering"], ["-o", "nowhere/else"], ["--loss", "logistic"],
        ["--threads", "0"],
    ],
)  # fmt: skip
def test_bad_options(run, table, arguments):
    ran = run("fit", table, "-t", "price", *arguments)
    assert ran.code == 2
    assert "Error:" in ran.err
    assert list(table.parent.iterdir()) == [table]


def test_three_classes(run):
    frame = kinds(260)  # enough rows for an honest score from one partition
    frame.to_csv("kinds.csv", index=False)
    ran = run("fit", "kinds.csv", "-t", "kind", *FAST)
    assert ran.code == 0, ran.err
    assert "classification of 'kind' (guessed, since the target holds text (3 different values)" in ran.out
    assert re.search(
        r"Classes: 'flat' \(\d+ rows\), 'hut' \(\d+ rows\) and 'villa' \(\d+ rows\); each has", ran.out
    )
    assert re.search(r"Ridge +[\d,.]+ .*\n.*Lasso +[\d,.]+", ran.out)
    for word in ("honest 90% interval", "mean log-loss", "Certificate: solved"):
        assert word in ran.out
    assert {path.name for path in Path("kinds.run").iterdir()} == FILES
    model = rf.load("kinds.run/model.rfit")
    X = frame[["size", "quality", "noise"]]
    assert model.classes_.tolist() == ["flat", "hut", "villa"]
    assert model.coef_.shape == (3, 3)
    assert model.score(X, frame["kind"]) > 0.7
    page = Path("kinds.run/report.html").read_text()
    for words in ("widest differences between two classes", "log-odds of “", "Classes of kind"):
        assert words.lower() in page.lower()
    assert "the one whose probability is predicted" not in page


def test_three_classes_as_json_and_bit_by_bit(run, three):
    ran = run("fit", "kinds.csv", "-t", "kind", *FAST, "--no-honest", "-o", "j.run", "--json")
    result = json.loads(ran.out)
    assert result["classes"] == ["flat", "hut", "villa"]
    assert result["positive"] is None
    coef = rf.load("j.run/model.rfit").coef_
    assert result["chosen"]["columns"] == coef.any(axis=0).sum() <= 3
    assert run("fit", "kinds.csv", "-t", "kind", *FAST, "--no-honest", "-o", "k.run", "--json").code == 0
    assert Path("j.run/model.rfit").read_bytes() == Path("k.run/model.rfit").read_bytes()


def test_numbers_can_be_classes(run):
    frame = kinds()
    frame.assign(kind=frame["kind"].map({"flat": 10, "hut": 9, "villa": 20})).to_csv("n.csv", index=False)
    ran = run("fit", "n.csv", "-t", "kind", "--task", "classification", *FAST, "--no-honest")
    assert ran.code == 0, ran.err
    assert "Classes: '9' (" in ran.out
    assert rf.load("n.run/model.rfit").classes_.tolist() == [9, 10, 20]
    predicted = pd.DataFrame(json.loads(run("predict", "n.run", "n.csv", "--json").out)["predictions"])
    assert set(predicted["prediction"]) == {"9", "10", "20"}
