"""Every bad input to the commands, one by one: the right exit code, one paragraph, and nothing written.

The paragraph says what was given, what is allowed and what to do.
"""

import gzip
import io
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.data import FAST, houses

Y = ("-t", "y")


def csv(text):
    return lambda path: path.write_text(text)


def many(header, row, n=30):
    return csv(header + "\n" + "\n".join(row(i) for i in range(n)) + "\n")


def endless_header(path):
    """90 MB of header in 90 kB, as a decompression bomb would have it."""
    with gzip.open(path, "wb") as file:
        for _ in range(90):
            file.write(b"a" * 2**20)


#: what it is: (file, options, what was given, what is allowed, what to do)
BAD = {
    "missing target": (
        many("price,size", lambda i: f"{i},{i * i % 7}"), ("-t", "prise"), "no column 'prise' .given as --target",
        "2 columns are price, size", "Did you mean 'price'",
    ),
    "missing weight": (
        many("y,size", lambda i: f"{i},{i * i % 7}"), (*Y, "--weight", "sice"), "no column 'sice' .given as --weight",
        "2 columns are", "Did you mean 'size'",
    ),
    "no target": (many("a,b", lambda i: f"{i},{i * i % 7}"), (), "No target was named", "a, b", "--target NAME"),
    "empty file": (csv(""), Y, r"is empty \(0 bytes\)", "header and at least two rows", "Give a table"),
    "blank first line": (csv("\n1,2\n"), Y, "empty first line", "must name the columns", "remove the lines"),
    "header only": (csv("a,y\n"), Y, "header with 2 columns but no rows", "two rows to fit", "Give a table"),
    "one row": (csv("a,y\n1,2\n"), Y, "has 1 row with a value", "at least two", "Give more rows"),
    "one value": (many("a,y", lambda i: f"{i % 5},1"), Y, "same value in every row .1", "two different",
        "Choose another"),
    "one class": (many("a,y", lambda i: f"{i % 5},yes"), Y, "every row .yes", "two different values", "Choose another"),
    "rare classes": (many("a,y", lambda i: f"{i % 5},{'abc'[i % 2 if i else 2]}"), Y, "1 has a single row: 'c'",
        "at least two rows", "join or drop"),
    "a number as classes": (many("a,y", lambda i: f"{i % 5},{i}"), (*Y, "--task", "classification"),
        "have a single row", "at least two rows", "leave out --task for a regression"),
    "one of three classes": (
        many("a,y", lambda i: f"{i % 5},{'abc'[i % 3]}"), (*Y, "--positive", "b"), "names one of two classes", "has 3",
        "Leave --positive out",
    ),
    "text as a number": (
        many("a,y", lambda i: f"{i % 5},{'ab'[i % 2]}"), (*Y, "--task", "regression"), "holds text .such as 'a'",
        "needs numbers", "leave out --task",
    ),
    "one row of a class": (
        many("a,y", lambda i: f"{i % 5},{'ab'[i == 3]}"), Y, "One class .* a single row", "at least two",
        "Give more rows",
    ),
    "no columns": (many("y", str), Y, "no column to predict from", "At least one column", "Add columns"),
    "constant columns": (
        many("a,b,y", lambda i: f"1,x,{i}"), Y, "'a' is constant.*'b' is constant", "At least one column must vary",
        "Add columns",
    ),
    "only an id": (many("id,y", lambda i: f"k{i:04d},{i * i % 7}"), Y, "'id' is like an id",
        "At least one column must vary", "Add columns"),
    "all missing": (many("a,y", lambda i: f",{i}"), Y, "'a' has no values", "At least one column must vary",
        "Add columns"),
    "duplicate names": (many("a,a,y", lambda i: f"{i},1,{i % 7}"), Y, "more than once: 'a'", "of its own", "Rename"),
    "negative weights": (
        many("a,w,y", lambda i: f"{i % 5},{i - 2},{i}"), (*Y, "--weight", "w"), "holds -2 in row 1", "or positive",
        "Mend",
    ),
    "zero weights": (
        many("a,w,y", lambda i: f"{i % 5},0,{i}"), (*Y, "--weight", "w"), "All weights .* are zero", "positive",
        "must have",
    ),
    "infinite": (
        many("a,y", lambda i: f"{'inf' if i == 3 else i % 5},{i}"), Y, "infinite value in row 4", "finite or missing",
        "Replace",
    ),
    "infinite target": (
        many("a,y", lambda i: f"{i % 5},{'-inf' if i == 3 else i}"), Y, "'y' holds an infinite", "finite", "Replace",
    ),
    "more folds than rows": (many("a,y", lambda i: f"{i % 5},{i}", 8), Y, "cv=10 folds", "only 8 rows", "give cv <= 8"),
    "more folds than members": (
        many("a,y", lambda i: f"{i % 5},{'yes' if i < 3 else 'no'}"), Y, "cv=10 folds", "'yes' has only 3 members",
        "give cv <= 3",
    ),
    "more folds than groups": (
        many("a,g,y", lambda i: f"{i % 5},{i % 4},{i}"), (*Y, "--group", "g"), "cv=10 folds", "only 4 groups",
        "cv <= 4",
    ),
    "more folds than times": (
        many("a,t,y", lambda i: f"{i % 5},{i % 4},{i}"), (*Y, "--time", "t"), "4 different times", "at least 11",
        "--cv",
    ),
    "truncated gzip": (
        lambda path: path.write_bytes(gzip.compress(os.urandom(3000))[:-9]), Y, "damaged or cut short", "gzip", "again",
    ),
    "not utf-8": (lambda path: path.write_bytes(b"a,y\n1,caf\xe9\n"), Y, "byte 9 .* is 0xe9", "not utf-8",
        "--encoding"),
    "utf-16": (lambda path: path.write_text("a,y\n1,2\n", encoding="utf-16"), Y, "UTF-16", "its first two",
        "--encoding"),
    "not text": (lambda path: path.write_bytes(b"a,\x00y\n1,2\n"), Y, "zero bytes", "Readable are .csv", "the ending"),
    "unknown encoding": (
        csv("a,y\n1,2\n"), (*Y, "--encoding", "utf-99"), "no text encoding 'utf-99'", "Common ones are utf-8", "are",
    ),
    "ragged rows": (csv("a,y\n1,2\n1,2,3\n"), Y, "header of 2 columns", "as many fields", "Mend that line"),
    "a million names": (
        lambda path: path.write_bytes(b"a," * 1_100_000 + b"y\n"), Y, "1,100,001 columns", "1,000,000", "Check",
    ),
    "an endless header": (endless_header, Y, "first line .* longer than 64 MB", "line of column names", "Check"),
}  # fmt: skip


def one_paragraph(error, parts):
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1
    for part in parts:
        assert re.search(part, error), error


@pytest.mark.parametrize("case", BAD)
def test_tables_that_cannot_be_fitted(run, tmp_path, case):
    make, options, *parts = BAD[case]
    path = tmp_path / "bad.csv"
    make(path)
    ran = run("fit", path, *options)
    assert (ran.code, ran.out) == (3, "")
    one_paragraph(ran.err.splitlines()[-1], parts)
    assert list(tmp_path.iterdir()) == [path]


def test_a_parquet_file_that_promises_more_than_memory_holds(run, tmp_path, monkeypatch):
    """The size is read from the file's own description; one that would need 10 GB is stood in for by a small limit."""
    pq.write_table(pa.table({"a": np.arange(100), "y": np.arange(100)}), "big.parquet")
    monkeypatch.setattr("regularfit.table.source.physical_memory", lambda: 1000)
    ran = run("fit", "big.parquet", *Y)
    assert ran.code == 3
    one_paragraph(
        ran.err, ["declares 100 rows and 2 columns", "machine has .* of memory", "Choose fewer rows"]
    )


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("nothing.csv", *Y), ["no file 'nothing.csv'", "Give the path"]),
        ((".", *Y), ["is a folder, not a table", "one file inside"]),
        (("houses.xlsx", *Y), ["The name 'houses.xlsx'", "Readable are .csv", "convert it"]),
    ],
)
def test_what_is_no_table(run, table, arguments, parts):
    Path("houses.xlsx").write_bytes(b"PK")
    ran = run("fit", *arguments)
    assert ran.code == 3
    one_paragraph(ran.err, parts)


def model_with(fitted, **changes):
    """A copy of a model file whose head says something else."""
    target = Path("changed.rfit")
    with zipfile.ZipFile(fitted / "model.rfit") as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".json"):
                content = json.dumps(json.loads(content) | changes).encode()
            new.writestr(name, content)
    return target


def other_program(fitted):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("weights.bin", b"0" * 100)
    Path("other.zip").write_bytes(archive.getvalue())
    return Path("other.zip")


def pickled(fitted):
    import pickle

    Path("model.pkl").write_bytes(pickle.dumps({"coef_": [1.0]}))
    return Path("model.pkl")


def cut(fitted):
    Path("cut.rfit").write_bytes((fitted / "model.rfit").read_bytes()[:-200])
    return Path("cut.rfit")


MODELS = {
    "newer": (
        lambda fitted: model_with(fitted, version=99, written_by="regularfit 9.0"),
        r"has format 99 \(written by regularfit 9.0\)", "reads formats up to 1", "Install a newer regularfit",
    ),
    "of another program": (
        lambda fitted: model_with(fitted, format="sounds"), "written by another program", "not by regularfit", "Give a",
    ),
    "a zip of another program": (other_program, "is a zip archive, but not", "regularfit model file", "Give a file"),
    "a pickle": (pickled, "not a zip archive", "not a regularfit model file", "Give a file written by"),
    "cut short": (cut, "is damaged", "cut short or altered", "Copy it again"),
    "missing": (lambda fitted: Path("nothing.rfit"), "no file nothing.rfit", "model file", "Give the path"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["predict", "inspect"])
@pytest.mark.parametrize("case", MODELS)
def test_models_that_cannot_be_read(run, table, fitted, case, command):
    make, *parts = MODELS[case]
    model = make(fitted)
    before = sorted(path.name for path in table.parent.iterdir())
    ran = run(command, model, *([table, "-o", "p.csv"] if command == "predict" else []))
    assert (ran.code, ran.out) == (3, "")
    one_paragraph(ran.err, parts)
    assert sorted(path.name for path in table.parent.iterdir()) == before


NEW = {
    "lacking a column": (
        lambda frame: frame.drop(columns="town"), "lacks 1 of the 4 columns", "town", "Add|Rename",
    ),
    "lacking all columns": (lambda frame: frame[["price"]], "lacks 4 of the 4 columns", "size", "Add|Rename"),
    "text for a number": (
        lambda frame: frame.assign(size="large"), "'size' should hold numbers, but row 1 holds the text 'large'",
        "numbers", "Mend them",
    ),
    "infinite": (lambda frame: frame.assign(size=np.inf), "'size' holds an infinite value in row 1", "finite",
        "Replace"),
    "no rows": (lambda frame: frame[:0], "no rows below it", "at least one row", "Give a table"),
}  # fmt: skip


@pytest.mark.parametrize("case", NEW)
def test_new_rows_that_cannot_be_predicted(run, fitted, case):
    change, *parts = NEW[case]
    change(houses(20)).to_csv("new.csv", index=False)
    ran = run("predict", fitted, "new.csv", "-o", "p.csv")
    assert ran.code == 3
    one_paragraph(ran.err, parts)
    assert not Path("p.csv").exists()


def test_unseen_categories_are_allowed_and_told(run, fitted):
    houses(20).assign(town="Bregenz").to_csv("new.csv", index=False)
    ran = run("predict", fitted, "new.csv", "--json")
    assert ran.code == 0
    assert "'Bregenz' (20)" in ran.err
    assert np.isfinite(pd.DataFrame(json.loads(ran.out)["predictions"])["prediction"]).all()


OPTIONS = {
    "strengths": (("--strengths", "0"), "0 is not in the range x>=2"),
    "folds": (("--cv", "1"), "1 is not in the range x>=2"),
    "candidates": (
        ("--candidates", "forest"),
        "'forest' is not a candidate.*Known are ridge, lasso, elastic",
    ),
    "a mixture": (("--candidates", "elastic:2"), "'elastic:2' does not name a mixture.*0 < R < 1"),
    "a delimiter": (("--delimiter", "ab"), "'ab' is not one character.*Give one such as"),
    "a task": (("--task", "clustering"), "'clustering' is not one of 'regression', 'classification'"),
    "a folder": (("-o", "nowhere/else"), "folder 'nowhere' does not exist"),
    "a loss": (
        ("--loss", "logistic"),
        "logistic does not suit a regression, whose loss is squared.*Leave --loss out",
    ),
    "threads": (("--threads", "0"), "0 is not in the range x>=1"),
    "a rule": (("--select", "best"), "'best' is not one of 'min', '1se'"),
    "two ways to split": (("--time", "size", "--group", "town"), "cannot be combined"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_wrong_options_are_wrong_usage(run, table, case):
    arguments, words = OPTIONS[case]
    ran = run("fit", table, "-t", "price", *FAST, *arguments)
    assert ran.code == 2
    assert re.search(words, " ".join(ran.err.split())), ran.err
    assert list(table.parent.iterdir()) == [table]
