import gzip

import pytest

from regularfit.errors import TableError
from regularfit.table import source


def test_what_is_not_there(tmp_path):
    (tmp_path / "prices.csv").write_text("a\n1\n")
    with pytest.raises(TableError, match=r"no file '.*price\.csv'.*'prices.csv'"):
        source.check_file(tmp_path / "price.csv")
    with pytest.raises(TableError, match="does not exist either"):
        source.check_file(tmp_path / "nowhere" / "price.csv")
    with pytest.raises(TableError, match="is a folder"):
        source.check_file(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "t.csv").touch()
    with pytest.raises(TableError, match="is empty"):
        source.check_file(tmp_path / "t.csv")


def test_fingerprint_and_compression(tmp_path):
    path = tmp_path / "t.csv"  # compressed without saying so in its name
    path.write_bytes(gzip.compress(b"a\n1\n"))
    assert source.is_gzip(path)
    assert source.open_bytes(path).read() == b"a\n1\n"
    assert source.fingerprint(path) == source.fingerprint(path)


@pytest.mark.parametrize(
    ("rows", "columns", "words"), [(1, 10**7, "10,000,000 columns"), (10**12, 10, "GB of memory")]
)
def test_sizes_that_cannot_be_held(tmp_path, rows, columns, words):
    with pytest.raises(TableError, match=words):
        source.check_declared_size(tmp_path / "t.csv", rows, columns)
