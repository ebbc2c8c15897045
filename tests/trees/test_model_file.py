"""Model files of trees: what is read back predicts the same to the bit, and what is damaged is refused."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

import regularfit as rf
from regularfit.storage import load_extra, read_archive, write_archive
from regularfit.trees import BoostingClassifier, BoostingRegressor, Regularisation
from regularfit.trees import model_file as room

RNG = np.random.default_rng(3)
N = 150
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=N), "kind [of]": RNG.choice(["u", "v", "w", "x", "y"], N), "b": RNG.normal(size=N)}
)
FRAME.loc[::5, "a"] = np.nan
FRAME.loc[::9, "kind [of]"] = None
Y = np.nan_to_num(FRAME["a"]) + 2 * (FRAME["kind [of]"] == "v") + 0.2 * RNG.normal(size=N)
LABELS = np.array(["low", "mid", "top"])[np.digitize(Y, [0.0, 1.0])]
KNOBS = Regularisation(learning_rate=0.3, leaves=5, min_rows=3, column_sampling=0.7)
FEW = {"rounds": 40, "patience": 3, "cv": 2, "n_jobs": 1}
ENGINES = ["lightgbm", "xgboost", "sklearn"]


@pytest.fixture(params=ENGINES)
def engine(request):
    if request.param != "sklearn":
        pytest.importorskip(request.param, reason="the extra `trees` is not installed")
    return request.param


def saved(model, tmp_path, **options):
    path = tmp_path / "model.rfit"
    model.save(path, **options)
    return path


def test_numbers_come_back_to_the_bit(engine, tmp_path):
    model = BoostingRegressor(KNOBS, engine=engine, loss=rf.Gamma(), **FEW).fit(FRAME, np.exp(Y))
    same = rf.load(saved(model, tmp_path))
    np.testing.assert_array_equal(same.predict(FRAME), model.predict(FRAME))
    np.testing.assert_array_equal(same.path_.predict(FRAME, 2), model.path_.predict(FRAME, 2))
    np.testing.assert_array_equal(same.path_.training_loss, model.path_.training_loss)
    np.testing.assert_array_equal(same.cv_.folds, model.cv_.folds)
    np.testing.assert_array_equal(same.feature_importances_, model.feature_importances_)
    assert same.get_params() == model.get_params()
    assert (same.rounds_, same.regularisation_, same.columns_) == (
        model.rounds_,
        model.regularisation_,
        model.columns_,
    )
    assert same.feature_names_in_.tolist() == list(FRAME.columns)
    assert type(same.booster_) is type(model.booster_)


@pytest.mark.parametrize("y", [LABELS, Y > 0.5], ids=["three", "two"])
def test_classes_come_back_to_the_bit(engine, tmp_path, y):
    model = BoostingClassifier(KNOBS, engine=engine, **FEW).fit(FRAME, y)
    same = rf.load(saved(model, tmp_path))
    np.testing.assert_array_equal(same.predict_proba(FRAME), model.predict_proba(FRAME))
    np.testing.assert_array_equal(same.predict(FRAME), model.predict(FRAME))
    assert same.classes_.dtype == model.classes_.dtype


def test_scikit_learns_model_works_on_its_own_again(tmp_path):
    model = BoostingClassifier(KNOBS, engine="sklearn", **FEW).fit(FRAME, LABELS)
    same = rf.load(saved(model, tmp_path))
    encoded = model.columns_.encode(FRAME)
    np.testing.assert_array_equal(same.booster_.predict_proba(encoded), model.booster_.predict_proba(encoded))
    np.testing.assert_array_equal(
        same.booster_.staged_predict(encoded).__next__(), next(model.booster_.staged_predict(encoded))
    )


def test_dropout_keeps_the_weights_of_trees(tmp_path):
    pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    for name in ("lightgbm", "xgboost"):
        pytest.importorskip(name, reason="the extra `trees` is not installed")
        model = BoostingRegressor(KNOBS.with_(tree_dropout=0.4, rounds=6), engine=name, select=None, n_jobs=1)
        model.fit(FRAME, Y)
        same = rf.load(saved(model, tmp_path, overwrite=True))
        np.testing.assert_array_equal(same.predict(FRAME), model.predict(FRAME))
        assert not same._model.staged


def test_a_search_comes_back(tmp_path):
    pytest.importorskip("optuna", reason="the extra `trees` is not installed")
    model = BoostingRegressor(KNOBS, engine="sklearn", tune=2, **FEW).fit(FRAME, Y)
    same = rf.load(saved(model, tmp_path))
    assert same.tune_.trials == model.tune_.trials
    assert same.tune_.best == model.tune_.best


def test_a_loaded_model_can_be_fitted_and_saved_again(engine, tmp_path):
    model = BoostingRegressor(KNOBS, engine=engine, **FEW).fit(FRAME, Y)
    same = rf.load(saved(model, tmp_path))
    again = rf.load(saved(same, tmp_path, overwrite=True))
    np.testing.assert_array_equal(again.predict(FRAME), model.predict(FRAME))
    np.testing.assert_array_equal(same.fit(FRAME, Y).predict(FRAME), model.predict(FRAME))


def test_another_process_reads_it(tmp_path):
    row, expected = pd.DataFrame({"a": [0.3], "b": [-1.0]}), []
    for engine in ENGINES:
        if engine == "sklearn" or find_spec(engine) is not None:
            model = BoostingRegressor(KNOBS, engine=engine, **FEW).fit(FRAME[["a", "b"]], Y)
            model.save(tmp_path / f"{len(expected)}.rfit")
            expected.append(float(model.predict(row)[0]))
    code = (
        f"import regularfit as rf, numpy as np; from pathlib import Path; folder = Path({str(tmp_path)!r})\n"
        f"for k in range({len(expected)}):\n"
        "    m = rf.load(folder / f'{k}.rfit'); print(repr(float(m.predict(np.array([[0.3, -1.0]]))[0])))"
    )
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert [float(line) for line in shown.split()] == expected


def test_facts_beside_the_model(tmp_path):
    model = BoostingRegressor(KNOBS, engine="sklearn", **FEW).fit(FRAME, Y)
    path = saved(model, tmp_path, extra={"target": "price", "rows": np.arange(3)})
    facts = load_extra(path)
    assert facts["target"] == "price"
    np.testing.assert_array_equal(facts["rows"], np.arange(3))


def test_a_scoring_function_is_not_kept(tmp_path):
    def scoring(estimator, X, y):
        return -np.mean((y - estimator.predict(X)) ** 2)

    model = BoostingRegressor(KNOBS, engine="sklearn", scoring=scoring, **FEW).fit(FRAME, Y)
    path = saved(model, tmp_path)
    with pytest.warns(UserWarning, match="could not hold these parameters.*scoring"):
        same = rf.load(path)
    np.testing.assert_array_equal(same.predict(FRAME), model.predict(FRAME))


def test_existing_files_and_models_that_are_not_fitted(tmp_path):
    model = BoostingRegressor(KNOBS, engine="sklearn", **FEW).fit(FRAME, Y)
    path = saved(model, tmp_path)
    with pytest.raises(rf.ModelFileError, match="exists already"):
        model.save(path)
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        BoostingRegressor().save(tmp_path / "other.rfit")
    assert not (tmp_path / "other.rfit").exists()


# --- damage


def changed(path, **parts):
    """Write the archive again with other parts."""
    archive = read_archive(path)
    head = {k: v for k, v in archive.head.items() if k not in ("format", "version", "written_by")}
    write_archive(path, replace(archive, head=head | parts.pop("head", {}), **parts), overwrite=True)


def test_any_flipped_byte_is_noticed_or_harmless(engine, tmp_path):
    model = BoostingRegressor(KNOBS.with_(rounds=3), engine=engine, select=None, n_jobs=1).fit(FRAME, Y)
    path = saved(model, tmp_path)
    content = path.read_bytes()
    for at in RNG.integers(0, len(content), 25):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        with suppress(rf.ModelFileError):
            np.testing.assert_array_equal(rf.load(path).predict(FRAME), model.predict(FRAME))
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(rf.ModelFileError):
        rf.load(path)


@pytest.mark.parametrize("cut", [0, 20, 400])
def test_texts_that_are_cut_short(engine, tmp_path, cut):
    if engine == "sklearn":
        pytest.skip("it has no text")
    model = BoostingRegressor(KNOBS.with_(rounds=3), engine=engine, select=None, n_jobs=1).fit(FRAME, Y)
    path = saved(model, tmp_path)
    members = {name: text[:cut] for name, text in read_archive(path).members.items()}
    changed(path, members=members)
    with pytest.raises(rf.ModelFileError):
        rf.load(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model/node_left", 10**6),
        ("model/node_right", 0),
        ("model/nodes_of", 1),
        ("model/node_feature_idx", 77),
    ],
)
def test_branches_that_lead_nowhere(tmp_path, name, value):
    model = BoostingRegressor(KNOBS.with_(rounds=3), engine="sklearn", select=None, n_jobs=1).fit(FRAME, Y)
    path = saved(model, tmp_path)
    arrays = dict(read_archive(path).arrays)
    arrays[name] = np.full_like(arrays[name], value)
    changed(path, arrays=arrays)
    with pytest.raises(rf.ModelFileError, match="damaged"):
        rf.load(path)


@pytest.mark.parametrize(
    "head",
    [
        {"estimator": "Regularisation"},
        {"estimator": "PenalizedRegressor"},
        {"parts": {}},
        {"state": {}},
        {"state": {"fit": 3}},
        {"params": {"depth": 3}},
    ],
)
def test_heads_that_do_not_fit(tmp_path, head):
    model = BoostingRegressor(KNOBS.with_(rounds=3), engine="sklearn", select=None, n_jobs=1).fit(FRAME, Y)
    path = saved(model, tmp_path)
    changed(path, head=head)
    with pytest.raises(rf.ModelFileError, match="damaged"):
        rf.load(path)


def test_models_inside_models(tmp_path):
    """What the wrappers of this room build on."""
    inner = BoostingRegressor(KNOBS.with_(rounds=3), engine="sklearn", select=None, n_jobs=1).fit(FRAME, Y)
    other = BoostingClassifier(KNOBS.with_(rounds=2), engine="sklearn", select=None, n_jobs=1).fit(
        FRAME, LABELS
    )
    parts = room.Parts()
    parts.put_model("one", inner)
    parts.put_model("two", other)
    parts.arrays["own"] = np.arange(4)
    np.testing.assert_array_equal(parts.model("one").predict(FRAME), inner.predict(FRAME))
    np.testing.assert_array_equal(parts.model("two").predict_proba(FRAME), other.predict_proba(FRAME))
