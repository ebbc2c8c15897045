"""End to end: trees compete with the penalties in the command line."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import regularfit as rf
from regularfit.cli.entrants import entrants
from regularfit.cli.model import load_model
from regularfit.report.data import ReportData
from tests.cli.data import FAST, houses, kinds

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
TREES = ("--models", "linear,trees", "--no-honest")
QUICK = ("--cv", "3", "--strengths", "12", "--candidates", "ridge,lasso")


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    """Ten trees instead of a hundred: what is tested here is how they take part."""
    monkeypatch.setattr("regularfit.trees.sparse_forest.forest.TREES", 10)


def stairs(n=240, seed=0) -> pd.DataFrame:
    """A target that no line follows; some numbers are missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.uniform(size=(n, 3)), columns=list("abc"))
    y = 4.0 * ((frame["a"] > 0.5) ^ (frame["b"] > 0.5)) + 0.1 * rng.normal(size=n)
    frame.loc[::11, "c"] = np.nan
    return frame.assign(y=y, side=np.where(y > 2, "up", "down"))


def test_diabetes(run):
    ran = run("fit", EXAMPLES / "diabetes.csv", "-t", "target", *QUICK, *TREES, "-o", "d.run")
    assert ran.code == 0, ran.err
    for words in (
        r"Boosting \((LightGBM|scikit-learn)\) .* rounds",
        r"Pruned tree .* lea(f|ves)",
        r"Shrunk tree .* strength",
        r"Sparse forest .* of 10 trees",
    ):
        assert re.search(words, ran.out)
    facts = ReportData.from_json(Path("d.run/facts.json").read_text())
    assert facts.to_json() + "\n" == Path("d.run/facts.json").read_text()
    assert len(facts.trees.candidates) == 4
    page = Path("d.run/report.html").read_text()
    assert 'id="trees"' in page
    assert "trees kept, more to the right" in page
    assert "the whole forest has" in page
    curve = facts.trees.candidates[3].curve
    assert curve.knob == "trees"
    assert list(curve.values) == sorted(set(curve.values))
    assert curve.mean[curve.best] == min(curve.mean) == facts.trees.candidates[3].error


def test_breast_cancer_is_scored_by_log_loss(run):
    ran = run(
        "fit", EXAMPLES / "breast_cancer.csv.gz", "-t", "target", *QUICK, *TREES, "-o", "b.run", "--json"
    )
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["error"] == "mean log-loss"
    assert len(result["candidates"]) == 6
    null = result["null_error"]
    assert all(0 < c["error"] < null for c in result["candidates"])
    best = [c for c in result["candidates"] if c["difference"] == 0]
    assert len(best) == 1
    assert best[0]["error"] == min(c["error"] for c in result["candidates"])


def test_all_are_held_against_the_same_folds(run, monkeypatch):
    """The folds that the trees get are those that the linear estimator makes for itself."""
    from regularfit import trees
    from regularfit.linear import _fit

    made, given = [], []
    make, fit = _fit.make_folds, trees.Shrunk.fit
    monkeypatch.setattr(_fit, "make_folds", lambda *a, **k: made.append(make(*a, **k)) or made[-1])
    monkeypatch.setattr(
        trees.Shrunk, "fit", lambda self, *a, **k: given.append(self.cv) or fit(self, *a, **k)
    )
    frame = (
        houses(120).drop(columns="price").assign(street=np.arange(120) // 4, trust=np.linspace(0.5, 2, 120))
    )
    frame["sold"] = pd.date_range("2020-01-01", periods=120).astype(str)
    frame.to_csv("h.csv", index=False)
    for more in (["--group", "street"], ["--time", "sold"], ["--weight", "trust", "--seed", "3"]):
        made.clear(), given.clear()
        ran = run("fit", "h.csv", "-t", "dear", *QUICK, *TREES, *more, "--force", "-q")
        assert ran.code == 0, ran.err
        assert len(made) == len(given) == 1
        for one, other in zip(made[0], given[0], strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize(("target", "other"), [("y", "side"), ("side", "y")])
@pytest.mark.parametrize("select", ["min", "1se"])
def test_a_winner_of_trees_is_kept_told_and_predicts(run, target, other, select):
    frame = stairs()
    frame.to_csv("s.csv", index=False)
    options = ("s.csv", "-t", target, "--drop", other, *QUICK, *TREES, "--select", select)
    ran = run("fit", *options, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    errors = {c["name"]: c["error"] for c in result["candidates"]}
    chosen = result["chosen"]
    assert chosen["error"] == errors[chosen["candidate"]] < min(errors["Ridge"], errors["Lasso"])
    assert ("one standard error" in chosen["reason"]) == (select == "1se")
    model = rf.load("s.run/model.rfit")
    table = frame[["a", "b", "c"]].assign(**{"c is missing": frame["c"].isna().astype(float)})
    said = pd.DataFrame(json.loads(run("predict", "s.run", "s.csv", "--json").out)["predictions"])
    if target == "y":
        np.testing.assert_array_equal(said["prediction"], model.predict(table))
    else:
        np.testing.assert_array_equal(said["probability of up"], model.predict_proba(table)[:, 1])
        assert (said["prediction"] == frame["side"]).mean() > 0.9
    shown = run("inspect", "s.run").out
    assert chosen["candidate"] in shown
    assert chosen["size"] in shown
    assert json.loads(run("inspect", "s.run", "--json").out)["size"] == chosen["size"]
    page = Path("s.run/report.html").read_text()
    assert f"{chosen['candidate']} predicts new rows best of all" in page
    assert "of the best linear candidate" in page
    text = run("fit", *options, "--force").out
    assert f"Chosen: {chosen['candidate']}, {chosen['size']}" in text
    assert "Best linear: " in text


def test_each_kind_of_tree_goes_through_the_model_file(run, monkeypatch):
    """Whichever of them wins."""
    frame = stairs()
    frame.to_csv("s.csv", index=False)
    import regularfit.cli.tree_candidates as module

    for k in (1, 2, 3):
        monkeypatch.setattr(module, "entrants", lambda *a, k=k: [entrants(*a)[k]])
        ran = run(
            "fit",
            "s.csv",
            "-t",
            "side",
            "--drop",
            "y",
            "--positive",
            "down",
            *QUICK,
            *TREES,
            "--force",
            "--json",
        )
        assert ran.code == 0, ran.err
        won = json.loads(ran.out)["chosen"]["candidate"]
        assert won == ("Pruned tree", "Shrunk tree", "Sparse forest")[k - 1]
        said = pd.DataFrame(json.loads(run("predict", "s.run", "s.csv", "--json").out)["predictions"])
        model = load_model(Path("s.run")).estimator
        assert model.classes_.tolist() == ["up", "down"]
        table = frame[["a", "b", "c"]].assign(**{"c is missing": frame["c"].isna().astype(float)})
        np.testing.assert_array_equal(said["probability of down"], model.predict_proba(table)[:, 1])
        assert (said["prediction"] == frame["side"]).mean() > 0.75
        assert ((said["probability of down"] > 0.5) == (said["prediction"] == "down")).all()
        assert "share in the splits" in run("inspect", "s.run").out


def test_without_lightgbm(run, monkeypatch):
    monkeypatch.setattr("regularfit.cli.entrants.find_spec", lambda name: None)
    stairs(120).to_csv("s.csv", index=False)
    ran = run("fit", "s.csv", "-t", "y", "--drop", "side", *QUICK, *TREES)
    assert ran.code == 0, ran.err
    assert "Boosting (scikit-learn)" in ran.out
    assert "lightgbm" not in json.loads(Path("s.run/run.json").read_text())["versions"]


def test_the_versions_of_engines_are_kept_where_they_took_part(run, monkeypatch):
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    import regularfit.cli.tree_candidates as module

    monkeypatch.setattr(module, "entrants", lambda *a: entrants(*a)[1:2])
    stairs(60).to_csv("s.csv", index=False)
    for more, there in (((), False), (TREES, True)):
        assert (
            run("fit", "s.csv", "-t", "y", "--drop", "side", *QUICK, "--no-honest", *more, "--force").code
            == 0
        )
        versions = json.loads(Path("s.run/run.json").read_text())["versions"]
        assert versions.get("lightgbm") == (lightgbm.__version__ if there else None)


@pytest.mark.parametrize(("rounds", "told"), [(5, True), (400, False)])
def test_the_limit_of_the_rounds_is_told(run, monkeypatch, rounds, told):
    import regularfit.cli.tree_candidates as module

    monkeypatch.setattr(module, "entrants", lambda *a: entrants(*a)[:1])
    stairs(120).to_csv("s.csv", index=False)
    ran = run("fit", "s.csv", "-t", "y", "--drop", "side", *QUICK, *TREES, "--rounds", rounds)
    assert ran.code == 0, ran.err
    assert ("--rounds 10 (takes longer)" in ran.err) == told
    assert ("5 rounds (the limit)" in ran.out) == told
    assert ("so more may do better" in Path("s.run/report.html").read_text()) == told
    assert json.loads(Path("s.run/run.json").read_text())["arguments"]["rounds"] == rounds


def test_three_classes(run):
    kinds(150).to_csv("kinds.csv", index=False)
    ran = run("fit", "kinds.csv", "-t", "kind", *QUICK, *TREES)
    assert ran.code == 0, ran.err
    assert "Shrunk tree" in ran.out


def test_the_same_run_gives_the_same_file(run):
    stairs().to_csv("s.csv", index=False)
    for folder in ("one.run", "two.run"):
        assert run("fit", "s.csv", "-t", "y", "--drop", "side", *QUICK, *TREES, "-o", folder, "-q").code == 0
    assert Path("one.run/model.rfit").read_bytes() == Path("two.run/model.rfit").read_bytes()


def test_the_honest_score_is_of_the_whole_choice(run, monkeypatch):
    import regularfit.cli.tree_candidates as module

    monkeypatch.setattr(module, "entrants", lambda *a: entrants(*a)[1:2])
    frame = stairs(120)
    frame["y"] = 4.0 * (frame["a"] > 0.5) + 0.3 * np.random.default_rng(1).normal(size=120)
    frame.to_csv("s.csv", index=False)
    ran = run("fit", "s.csv", "-t", "y", "--drop", "side", *FAST, "--models", "linear,trees", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["chosen"]["candidate"] == "Pruned tree"
    honest = {c["name"]: c["honest"] for c in result["candidates"]}
    assert all(h["low"] < h["mean"] < h["high"] for h in honest.values())
    assert all(h["optimism"] is not None for h in (*honest.values(), result["honest"]))
    # all folds choose the pruned tree, so its score is that of the whole choice
    assert honest["Pruned tree"] == result["honest"]
    linear = [h for name, h in honest.items() if "tree" not in name and "forest" not in name]
    assert len(linear) == 2
    # the choice takes the tree inside as well, so its error is far below that of every linear candidate
    assert result["honest"]["high"] < min(h["low"] for h in linear)


def test_without_trees_nothing_is_said_of_them(run, table):
    assert run("fit", table, "-t", "price", "--drop", "dear", *FAST, "--no-honest", "-q").code == 0
    assert "trees" not in json.loads(Path("houses.run/facts.json").read_text())
    arguments = json.loads(Path("houses.run/run.json").read_text())["arguments"]
    assert not {"models", "rounds"} & set(arguments)


@pytest.mark.parametrize(
    ("models", "words"), [("linear,forest", "'forest'.*linear and trees"), ("trees", "linear,trees")]
)
def test_unknown_families(run, table, models, words):
    ran = run("fit", table, "-t", "price", "--models", models)
    assert ran.code == 2
    assert re.search(words, ran.err)


def test_sparse_tables_are_refused(run):
    Path("s.svmlight").write_text("".join(f"{i % 3} 1:{i % 5} 2:{i % 2}\n" for i in range(40)))
    ran = run("fit", "s.svmlight", *QUICK, *TREES)
    assert ran.code == 2
    assert "does not take sparse tables" in ran.err
    assert not Path("s.run").exists()
