"""Model files: what goes in comes out; what is broken, foreign or newer is refused; nothing is lost."""

import json
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold, RepeatedStratifiedKFold

import regularfit as rf
from regularfit.storage import load_extra
from tests.linear.data import classification, regression

X, Y = regression()
TABLE = pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])


def _models():
    Z, labels = classification()
    numbers = classification(labels=(-1, 1))[1]
    grid = {"strengths": 8, "random_state": 0}
    folds = list(KFold(3).split(X))
    bounds = rf.ElasticNet(0.5).weighted([0, 1, np.inf, 1, 2, 1, 1, 1]).bounded(-np.inf, 5.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.GridEdgeWarning)
        return {
            "names and folds": (rf.PenalizedRegressor([rf.L1(), rf.L2()], cv=4, **grid).fit(TABLE, Y), TABLE),
            "criterion": (rf.PenalizedRegressor(rf.L2(), select="loo", **grid).fit(X, Y), X),
            "fixed strength": (rf.PenalizedRegressor(rf.L1().on([0, 1]), strength=0.1).fit(X, Y), X),
            "algebra": (rf.PenalizedRegressor(bounds, strength=0.1).fit(X, Y), X),
            "given folds": (rf.PenalizedRegressor(cv=folds, **grid).fit(X, Y), X),
            "text labels": (
                rf.PenalizedClassifier(cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2), **grid).fit(
                    Z, labels
                ),
                Z,
            ),
            "number labels": (rf.PenalizedClassifier(strength=0.1, scoring="roc_auc").fit(Z, numbers), Z),
            "object labels": (rf.PenalizedClassifier(strength=0.1).fit(Z, labels.astype(object)), Z),
        }


MODELS = _models()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.rfit"
    MODELS["names and folds"][0].save(path)
    return path


@pytest.mark.parametrize("case", list(MODELS))
def test_what_goes_in_comes_out(case, tmp_path):
    model, data = MODELS[case]
    model.save(tmp_path / "m.rfit")
    same = rf.load(tmp_path / "m.rfit")
    assert type(same) is type(model)
    np.testing.assert_array_equal(same.predict(data), model.predict(data))
    np.testing.assert_array_equal(same.path_.coefs, model.path_.coefs)
    assert same.get_params()["penalty"] == model.get_params()["penalty"]
    assert same.penalty_ == model.penalty_
    assert same.certificate_ == model.certificate_
    assert same.strength_ == model.strength_
    assert (same.cv_ is None) == (model.cv_ is None)
    if model.cv_ is not None:
        np.testing.assert_array_equal(same.cv_.folds, model.cv_.folds)
        assert same.cv_.strength_1se == model.cv_.strength_1se
    assert list(getattr(same, "feature_names_in_", [])) == list(getattr(model, "feature_names_in_", []))
    if hasattr(model, "classes_"):
        assert same.classes_.dtype == model.classes_.dtype
        np.testing.assert_array_equal(same.predict_proba(data), model.predict_proba(data))


def test_a_loaded_model_fits_again_as_before(tmp_path):
    model, _ = MODELS["names and folds"]
    model.save(tmp_path / "m.rfit")
    again = rf.load(tmp_path / "m.rfit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.GridEdgeWarning)
        again.fit(TABLE, Y)
    np.testing.assert_array_equal(again.coef_, model.coef_)


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in "ab":
        MODELS["names and folds"][0].save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_further_facts_travel_with_the_model(tmp_path):
    facts = {"target": "lpsa", "means": np.arange(3.0), "missing": float("nan"), "kinds": [("a", 1), None]}
    MODELS["criterion"][0].save(tmp_path / "m.rfit", extra=facts)
    found = load_extra(tmp_path / "m.rfit")
    assert found["target"] == "lpsa"
    assert found["kinds"] == [("a", 1), None]
    assert np.isnan(found["missing"])
    np.testing.assert_array_equal(found["means"], [0, 1, 2])


def test_nothing_is_overwritten_unasked(file):
    before = file.read_bytes()
    with pytest.raises(rf.ModelFileError, match=r"exists already and was left as it is.*overwrite=True"):
        MODELS["criterion"][0].save(file)
    assert file.read_bytes() == before
    MODELS["criterion"][0].save(file, overwrite=True)
    assert file.read_bytes() != before
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_file_that_appears_meanwhile_is_left_alone(file, monkeypatch):
    before = file.read_bytes()
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with pytest.raises(rf.ModelFileError, match="exists already"):
        MODELS["criterion"][0].save(file)
    monkeypatch.undo()
    assert file.read_bytes() == before


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(handle):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(rf.ModelFileError, match=r"cannot be written.*No space left"):
        MODELS["criterion"][0].save(tmp_path / "m.rfit")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(rf.ModelFileError, match=r"cannot be written.*Choose a folder"):
        MODELS["criterion"][0].save(tmp_path / "nowhere" / "m.rfit")


def test_only_fitted_models_are_saved(tmp_path):
    with pytest.raises(NotFittedError):
        rf.PenalizedRegressor().save(tmp_path / "m.rfit")


def _scorer(estimator, X, y):
    return -float(np.mean(np.abs(y - estimator.predict(X))))


def test_what_a_file_cannot_hold_is_said(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rf.GridEdgeWarning)
        model = rf.PenalizedRegressor(rf.L1(), cv=3, random_state=0, scoring=_scorer).fit(X, Y)
    model.save(tmp_path / "m.rfit")
    with pytest.warns(UserWarning, match=r"could not hold these parameters.*scoring=<function _scorer"):
        same = rf.load(tmp_path / "m.rfit")
    assert same.scoring is None
    np.testing.assert_array_equal(same.predict(X), model.predict(X))


# --- refused -------------------------------------------------------------------------------------


def test_missing_file(tmp_path):
    with pytest.raises(rf.ModelFileError, match="There is no file"):
        rf.load(tmp_path / "none.rfit")


def test_folder(tmp_path):
    with pytest.raises(rf.ModelFileError, match="is a folder"):
        rf.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x80\x04\x95pickle", b"\x00" * 500])
def test_files_of_other_programs(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(rf.ModelFileError, match=r"not a regularfit model file.*written by save"):
        rf.load(tmp_path / "x")


def test_zips_of_other_programs(tmp_path):
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("data.csv", "a,b")
    with pytest.raises(rf.ModelFileError, match="zip archive, but not a regularfit model file"):
        rf.load(tmp_path / "x")
    with zipfile.ZipFile(tmp_path / "y", "w") as archive:
        archive.writestr("model.json", json.dumps({"format": "other"}))
    with pytest.raises(rf.ModelFileError, match="written by another program"):
        rf.load(tmp_path / "y")


def _altered(file, change):
    """Rewrite the archive with its members changed by ``change(name, bytes) -> bytes | None``."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            new = change(name, content)
            if new is not None:
                archive.writestr(name, new)


def _edit_head(file, **changes):
    _altered(
        file, lambda name, c: json.dumps(json.loads(c) | changes).encode() if name == "model.json" else c
    )


def test_newer_format(file):
    _edit_head(file, version=99, written_by="regularfit 9.0")
    with pytest.raises(
        rf.ModelFileError, match=r"format 99 \(written by regularfit 9.0\).*Install a newer regularfit"
    ):
        rf.load(file)


@pytest.mark.parametrize("version", [None, 0, "1"])
def test_nonsense_version(file, version):
    _edit_head(file, version=version)
    with pytest.raises(rf.ModelFileError, match="damaged: its format version"):
        rf.load(file)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_short(file, share):
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(rf.ModelFileError, match="damaged"):
        rf.load(file)


def test_any_flipped_byte_is_refused_or_harmless(file):
    content = bytearray(file.read_bytes())
    expected = rf.load(file).predict(TABLE)
    for at in np.random.default_rng(0).integers(0, len(content), 150):
        broken = bytearray(content)
        broken[at] ^= 0xFF
        file.write_bytes(broken)
        try:
            found = rf.load(file).predict(TABLE)
        except rf.ModelFileError:
            continue
        np.testing.assert_array_equal(found, expected)  # a byte that means nothing, such as a time stamp


def test_missing_array(file):
    _altered(file, lambda name, c: None if name == "a0.npy" else c)
    with pytest.raises(rf.ModelFileError, match="damaged: its contents do not fit together"):
        rf.load(file)


@pytest.mark.parametrize("key", ["estimator", "params", "state", "winner"])
def test_missing_part(file, key):
    def change(name, content):
        if name != "model.json":
            return content
        head = json.loads(content)
        del head[key]
        return json.dumps(head).encode()

    _altered(file, change)
    with pytest.raises(rf.ModelFileError, match="damaged"):
        rf.load(file)


def test_foreign_classes_are_never_built(file):
    def change(name, content):
        if name != "model.json":
            return content
        head = json.loads(content)
        head["params"]["penalty"] = {"$kind": "value", "class": "Popen", "fields": {"args": "true"}}
        return json.dumps(head).encode()

    _altered(file, change)
    with pytest.raises(rf.ModelFileError, match=r"do not fit together.*Popen"):
        rf.load(file)


def test_arrays_that_promise_more_than_is_there(file):
    import io

    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**10,)})
    _altered(file, lambda name, c: header.getvalue() if name == "a0.npy" else c)
    with pytest.raises(rf.ModelFileError, match="promises 80000000000 bytes that are not there"):
        rf.load(file)


def test_pickled_arrays_are_refused(file):
    import io

    member = io.BytesIO()
    np.lib.format.write_array(member, np.array([{}], dtype=object), allow_pickle=True)
    _altered(file, lambda name, c: member.getvalue() if name == "a0.npy" else c)
    with pytest.raises(rf.ModelFileError, match="damaged"):
        rf.load(file)


def test_coefficients_that_do_not_fit_the_columns(file):
    def change(name, content):
        if name != "model.json":
            return content
        head = json.loads(content)
        head["state"]["n_features_in_"] = 3
        return json.dumps(head).encode()

    _altered(file, change)
    with pytest.raises(rf.ModelFileError, match="8 coefficients for 3 columns"):
        rf.load(file)
