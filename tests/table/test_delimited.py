"""Text tables, above all those that are broken."""

import gzip
import re
import tracemalloc

import pytest

from regularfit.errors import TableError
from regularfit.table import read_table
from regularfit.table.source import MAX_HEADER_BYTES

ROWS = b"a,b\n" + b"1,2\n" * 1000


def read(tmp_path, content: bytes, name="t.csv", **options):
    (tmp_path / name).write_bytes(content)
    return read_table(tmp_path / name, **options)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b,a\n1,2,3\n", "1 column name appears more than once: 'a'"),
        (b"a,b\n1,2\n1,2,3\n", "do not fit its header of 2 columns .*line 3"),
        (b"a,b\n1,2,3\n1,2,3\n", "do not fit its header"),
        (b"\n\n", "empty first line"),
        (b"a,b\n1,\x00\n", "zero bytes"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16.*--encoding utf-16"),
        (b"a,b\n1,caf\xe9\n", r"not utf-8 text: byte 9 .*0xe9.*--encoding cp1252"),
        (b"a," + "ü".encode() * 70_000 + b"\n" + b"1,2\n" * 500_000 + b"caf\xe9,1\n", r"byte 2,140,006 "),
    ],
)
def test_broken_text(tmp_path, content, words):
    with pytest.raises(TableError, match=words):
        read(tmp_path, content)


@pytest.mark.parametrize("keep", [20, -20, -4])
def test_truncated_gzip(tmp_path, keep):
    with pytest.raises(TableError, match=r"damaged or cut short.*gzip -t"):
        read(tmp_path, gzip.compress(ROWS)[:keep], "t.csv.gz")


def test_damaged_gzip(tmp_path):
    packed = bytearray(gzip.compress(bytes(range(1, 250)) * 100))
    packed[40:60] = b"x" * 20
    with pytest.raises(TableError):
        read(tmp_path, bytes(packed), "t.csv.gz")


def test_a_header_of_gigabytes_is_refused_before_it_is_held(tmp_path):
    with gzip.open(tmp_path / "t.csv.gz", "wb", 1) as file:
        for _ in range(20):
            file.write(b"x" * (MAX_HEADER_BYTES // 8))
    tracemalloc.start()
    with pytest.raises(TableError, match="longer than 64 MB"):
        read_table(tmp_path / "t.csv.gz")
    assert tracemalloc.get_traced_memory()[1] < 6 * MAX_HEADER_BYTES
    tracemalloc.stop()


def test_millions_of_columns_are_refused(tmp_path):
    with pytest.raises(TableError, match=re.escape("names 1,500,000 columns; at most 1,000,000")):
        read(tmp_path, b"a," * 1_499_999 + b"a\n1\n")


def test_encodings(tmp_path):
    assert read(tmp_path, "a,b\n1,é\n".encode("cp1252"), encoding="cp1252").frame["b"][0] == "é"
    assert read(tmp_path, "a,b\n1,é\n".encode("utf-16"), encoding="utf-16").frame["b"][0] == "é"
    assert read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n").names == ["a", "b"]
    with pytest.raises(TableError, match="no text encoding 'klingon'"):
        read(tmp_path, ROWS, encoding="klingon")


@pytest.mark.parametrize("mark", [";", "\t", "|", ","])
def test_the_delimiter_is_guessed(tmp_path, mark):
    assert read(tmp_path, f"a{mark}b\n1{mark}2\n".encode()).names == ["a", "b"]


def test_the_delimiter_can_be_said(tmp_path):
    assert read(tmp_path, b"a,1;b\n1;2\n", delimiter=";").names == ["a,1", "b"]


def test_quoted_names_with_line_ends_and_unnamed_columns(tmp_path):
    table = read(tmp_path, b'"a\nb",,"c,d"\n1,2,3\n')
    assert table.names == ["a\nb", "column 2", "c,d"]
    assert table.frame.to_numpy().tolist() == [[1, 2, 3]]
