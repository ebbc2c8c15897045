"""Reading one table from one file, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regularfit.errors import TableError
from regularfit.table.source import check_file, fingerprint

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: File name endings and the reader each one asks for.
READABLE = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".svmlight": "svmlight", ".svm": "svmlight", ".libsvm": "svmlight",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One table and where it came from.

    Exactly one of `frame` (named columns of any kind) and `matrix` (sparse numbers without names, with their
    `target`) is there.
    """

    path: str
    format: str
    bytes: int
    sha256: str
    frame: pd.DataFrame | None = None
    matrix: Any = None
    target: np.ndarray | None = field(default=None)

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return int(self.matrix.shape[0]) if self.frame is None else len(self.frame)

    @property
    def names(self) -> list[str]:
        """The names of the columns; a sparse table numbers them from 1."""
        if self.frame is None:
            return [f"x{i}" for i in range(1, self.matrix.shape[1] + 1)]
        return [str(name) for name in self.frame.columns]


def read_table(
    path: str | Path,
    *,
    missing: tuple[str, ...] = (),
    encoding: str = "utf-8",
    delimiter: str | None = None,
    columns: int | None = None,
) -> Table:
    r"""Read a table from a CSV (also compressed by gzip), Parquet, Arrow/Feather or SVMlight file.

    Parameters
    ----------
    path : str or Path
        The file; the ending of its name says the format.
    missing : tuple of str
        Fields that mean "missing" besides the empty one. Text such as ``NA`` or ``None`` is kept as text
        unless it is named here.
    encoding : str
        Text encoding of a CSV file.
    delimiter : str, optional
        What stands between the fields of a CSV file; guessed from the header unless given.
    columns : int, optional
        For SVMlight: how many columns the model knows.

    Raises
    ------
    TableError
        Where the file cannot be read as a table; the message says why and what to do.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = pathlib.Path(folder.name, "small.csv")
    >>> _ = file.write_text("age,town\n31,NA\n47,\n")
    >>> table = read_table(file)
    >>> table.rows, table.names, table.frame["town"].isna().tolist()
    (2, ['age', 'town'], [False, True])
    >>> folder.cleanup()
    """
    path = Path(path)
    size = check_file(path)
    kind = _format_of(path)
    facts = {"path": str(path), "format": kind, "bytes": size, "sha256": fingerprint(path)}
    if kind == "svmlight":
        from regularfit.table.svmlight import read_svmlight

        matrix, target = read_svmlight(path, columns)
        return Table(**facts, matrix=matrix, target=target)
    frame = _read_frame(path, kind, missing, encoding, delimiter)
    if frame.shape[1] == 0 or len(frame) == 0:
        raise TableError(
            f"The file '{path}' has a header with {frame.shape[1]} columns but no rows below it. Give a "
            "table with at "
            "least one row to predict, or two rows to fit."
        )
    return Table(**facts, frame=frame)


def _format_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    kind = READABLE.get(suffixes[-1]) if suffixes else None
    compressed = path.suffix.lower() == ".gz"
    if kind is None or (compressed and kind in ("parquet", "arrow")):
        raise TableError(
            f"The name '{path.name}' does not end in a format that is read here. Readable are "
            f"{', '.join(READABLE)}; text "
            "formats also with .gz after it. Rename the file to what it is, or convert it."
        )
    return kind


def _read_frame(
    path: Path, kind: str, missing: tuple[str, ...], encoding: str, delimiter: str | None
) -> pd.DataFrame:
    from regularfit.table import columnar, delimited

    if kind == "csv":
        return delimited.read_delimited(path, missing=missing, encoding=encoding, delimiter=delimiter)
    frame = columnar.read_parquet(path) if kind == "parquet" else columnar.read_arrow(path)
    if missing:
        text = frame.select_dtypes(include=["object", "string"]).columns
        frame[text] = frame[text].mask(frame[text].isin(missing))
    return frame
