import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regularfit.errors import TableError
from regularfit.table import read_table, source


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_damaged_files(tmp_path, name, keep):
    path = tmp_path / name
    frame = pd.DataFrame({"a": range(1000)})
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_feather(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)] or b"a,b\n1,2\n")
    with pytest.raises(TableError, match="cannot be read as"):
        read_table(path)


def test_duplicate_names(tmp_path):
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(TableError, match="more than once: 'a'"):
        read_table(tmp_path / "t.parquet")


def test_lists_are_refused_by_name(tmp_path):
    pq.write_table(pa.table({"a": [[1, 2], [3]]}), tmp_path / "t.parquet")
    with pytest.raises(TableError, match=r"Column 'a'.*holds list<.*--drop"):
        read_table(tmp_path / "t.parquet")


def test_a_declared_size_beyond_memory_is_refused_before_reading(tmp_path, monkeypatch):
    pq.write_table(pa.table({"a": range(100)}), tmp_path / "t.parquet")
    monkeypatch.setattr(source, "physical_memory", lambda: 100)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda self: 1 / 0)
    with pytest.raises(TableError, match="declares 100 rows and 1 columns"):
        read_table(tmp_path / "t.parquet")


def test_categories_and_dates_survive(tmp_path):
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y"]), "d": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    frame.to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet").frame
    assert isinstance(read["c"].dtype, pd.CategoricalDtype)
    assert read["d"].dtype.kind == "M"
