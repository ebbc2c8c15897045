"""Every readable format gives the same table."""

import gzip

import numpy as np
import pandas as pd
import pytest

from regularfit.errors import TableError
from regularfit.table import read_table


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"a": [1.5, None, 3.0], "b": ["x", "NA", None], "c": [True, False, True], "d": [1, 2, 3]}
    )


@pytest.mark.parametrize(
    "name", ["t.csv", "t.csv.gz", "t.tsv", "t.txt", "t.parquet", "t.feather", "t.arrow", "t.CSV"]
)
def test_formats_agree(tmp_path, frame, name):
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith(("feather", "arrow")):
        frame.to_feather(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if "tsv" in name else ",")
    table = read_table(path)
    pd.testing.assert_frame_equal(table.frame, frame, check_dtype=False)
    assert table.rows == 3
    assert table.names == ["a", "b", "c", "d"]
    assert table.bytes == path.stat().st_size
    assert len(table.sha256) == 64


def test_arrow_stream(tmp_path, frame):
    import pyarrow as pa

    path, made = tmp_path / "t.arrow", pa.Table.from_pandas(frame)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_table(made)
    assert read_table(path).rows == 3


def test_only_the_empty_field_and_named_markers_are_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\nNA,?\nNone,\nnan,x\n")
    assert read_table(path).frame.isna().sum().sum() == 1
    marked = read_table(path, missing=("NA", "?")).frame
    assert marked.isna().to_numpy().tolist() == [[True, True], [False, True], [False, False]]
    marked.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", missing=("None",)).frame["a"].isna().sum() == 2


def test_svmlight_plain_and_compressed(tmp_path):
    text = b"1 1:0.5 3:2\n-1 2:1\n"
    (tmp_path / "t.svmlight").write_bytes(text)
    (tmp_path / "t.svm.gz").write_bytes(gzip.compress(text))
    for name in ("t.svmlight", "t.svm.gz"):
        table = read_table(tmp_path / name)
        assert table.matrix.shape == (2, 3)
        assert table.target.tolist() == [1, -1]
        assert table.names == ["x1", "x2", "x3"]
    assert read_table(tmp_path / "t.svmlight", columns=5).matrix.shape == (2, 5)
    assert read_table(tmp_path / "t.svmlight", columns=2).matrix.shape == (2, 2)


def test_numbers_are_read_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.random(2000) * 10.0 ** rng.integers(-20, 20, 2000)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "\n".join(f"{x!r},0" for x in numbers.tolist()) + "\n")
    np.testing.assert_array_equal(read_table(path).frame["a"], numbers)


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.gz", "t.parquet.gz"])
def test_unknown_endings(tmp_path, name):
    (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"does not end in a format.*\.csv.*Rename"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("kind", ["csv", "parquet", "feather"])
def test_header_only(tmp_path, kind):
    frame, path = pd.DataFrame({"a": [], "b": []}), tmp_path / f"t.{kind}"
    getattr(frame, f"to_{kind}")(path, **({"index": False} if kind == "csv" else {}))
    with pytest.raises(TableError, match="no rows below it"):
        read_table(path)
