import gzip

import pytest

from regularfit.errors import TableError
from regularfit.table import read_table


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1 a:b\n", "not in the SVMlight format"),
        (b"1 3:1 2:1\n", "not in the SVMlight format"),
        (b"# nothing\n", "no rows"),
        (b"1 1:1 900000000:1\n-1 2:1\n", "largest index"),
        (b"1 1:1 99999999999999999999:1\n", "SVMlight|largest index"),
    ],
)
def test_broken_files(tmp_path, content, words):
    (tmp_path / "t.svmlight").write_bytes(content)
    with pytest.raises(TableError, match=words):
        read_table(tmp_path / "t.svmlight")


def test_truncated_gzip(tmp_path):
    (tmp_path / "t.svmlight.gz").write_bytes(gzip.compress(b"1 1:1\n" * 1000)[:-9])
    with pytest.raises(TableError, match="cut short"):
        read_table(tmp_path / "t.svmlight.gz")
