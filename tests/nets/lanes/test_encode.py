"""Tables of folds: read once, and to the bit what each fold's rows alone teach."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.inputs import raw_table  # noqa: E402
from regularfit.inputs.raw_table import read_raw_table  # noqa: E402
from regularfit.nets.encoding import TableEncoding  # noqa: E402
from regularfit.nets.encoding.columns import CategoryColumn  # noqa: E402
from regularfit.nets.estimators.rows import taken  # noqa: E402
from regularfit.nets.lanes.encode import FoldEncodings  # noqa: E402
from regularfit.nets.lanes.lockstep import lockstep  # noqa: E402
from regularfit.nets.lanes.settings import NetSettings  # noqa: E402


def a_table(n=300, seed=0):
    rng = np.random.default_rng(seed)
    numbers = rng.lognormal(size=n)
    numbers[rng.random(n) < 0.1] = np.nan
    number_or_text = rng.integers(5, size=n).astype(object)
    number_or_text[7] = "many"
    colour = rng.choice(["red", "green", None], n)
    colour[11] = "mauve"  # a level that one fold alone does not train on
    return pd.DataFrame(
        {
            "size": numbers,
            "colour": pd.Categorical(colour),
            "many": rng.choice([f"level {j}" for j in range(90)], n),
            "old": rng.random(n) < 0.3,
            "mixed": number_or_text,
            "count": rng.integers(9, size=n),
        }
    )


FOLDS = [np.setdiff1d(np.arange(300), np.arange(k, 300, 4)) for k in range(4)]


@pytest.mark.parametrize("scaling", ["robust", "standard", "piecewise", "none"])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.from_pandas])
def test_a_fold_is_what_its_rows_alone_teach(scaling, library):
    X = a_table() if library is pd.DataFrame else pl.from_pandas(a_table().drop(columns="mixed"))
    new = library(a_table(40, seed=1)) if library is pd.DataFrame else X[:40]
    folds = FoldEncodings.learn(read_raw_table(X), FOLDS, scaling)
    whole = TableEncoding.learn(X, scaling=scaling).columns
    levels = {c.name: c for c in whole if isinstance(c, CategoryColumn)}
    edges = {c.name: c.edges for c in whole if not isinstance(c, CategoryColumn)}
    for fold, rows in enumerate(FOLDS):
        alone = TableEncoding.learn(taken(X, rows), scaling=scaling)
        # every fold has the columns of all levels and bins; numbers are scaled by the fold's own rows
        columns = [levels.get(c.name) or replace(c, edges=edges[c.name]) for c in alone.columns]
        same = TableEncoding(tuple(columns), alone.names)
        seen = np.abs(same.encode(taken(X, rows)).numpy()).max(axis=0) > 0
        expected = np.where(seen, same.encode(new).numpy(), 0)
        np.testing.assert_array_equal(folds.encode(read_raw_table(new), fold).numpy(), expected)


def test_all_folds_at_once():
    raw = read_raw_table(a_table())
    folds = FoldEncodings.learn(raw, FOLDS, "robust")
    table = folds.table(raw)
    assert table.shape == (4, 300, folds.encodings[0].width)
    for fold in range(4):
        np.testing.assert_array_equal(table[fold], folds.encode(raw, fold))
    mauve = next(b for b in folds.blocks if b.name == "colour").start + 2  # after (missing) and green
    assert [float(table[fold][:, mauve].max()) for fold in range(4)] == [1, 1, 1, 0]


def test_a_table_is_read_once_in_fit_and_once_in_predict(monkeypatch):
    X = a_table()
    y = np.where((X["colour"].to_numpy() == "red") & (X["count"] > 3), "yes", "no")
    reads = []
    inside = raw_table._from_frame
    monkeypatch.setattr(raw_table, "_from_frame", lambda *given: reads.append(1) or inside(*given))
    found = lockstep(
        NetSettings((8,), epochs=3, batch_size=32), {"lr": [1e-3, 1e-2]}, X, y, cv=3, scaling="robust"
    )
    assert len(reads) == 1
    ensemble = found.ensemble(4)
    p = ensemble.predict_proba(X)
    assert len(reads) == 2
    by_hand = sum(w * found.averaged(s, X).numpy() for s, w in enumerate(ensemble.weights))
    np.testing.assert_allclose(p, by_hand, atol=1e-6)


def test_nets_without_bins_are_those_of_a_table_without():
    X = a_table(120)
    y = np.where((X["size"].fillna(1) > 1) & (X["count"] > 3), "yes", "no")
    base = NetSettings((8,), epochs=4, batch_size=32, lr=1e-2)
    plain = lockstep(base, [{"lr": 1e-2}], X, y, cv=3, scaling="robust")
    both = lockstep(base, {"bins": [False, True]}, X, y, cv=3, scaling="piecewise")
    assert both.data.columns == plain.data.columns + 16  # 8 bins each of size and count
    np.testing.assert_array_equal(both.scores[0], plain.scores[0])
    assert (both.scores[1] != plain.scores[0]).all()
    np.testing.assert_array_equal(both.averaged(0, X[:20]), plain.averaged(0, X[:20]))
    np.testing.assert_array_equal(both.held_out([0])[0], plain.held_out([0])[0])
    assert both.data.seen(False).blocks == plain.data.blocks
    assert both.data.seen(False).blocks[-1].stop == plain.data.columns
