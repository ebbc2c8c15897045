"""Binary tables: Parquet and Arrow (Feather) files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from regularfit.errors import TableError
from regularfit.table.delimited import check_names
from regularfit.table.source import check_declared_size

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file after its declared size and names have been checked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        rows, names = file.metadata.num_rows, file.schema_arrow.names
        check_declared_size(path, rows, len(names))
        check_names(path, names)
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, "Parquet", error) from error
    return _to_frame(path, table)


def read_arrow(path: Path) -> pd.DataFrame:
    """Read an Arrow file (Feather, or the stream format) after its names and size have been checked."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            reader = _open_arrow(pa, source)
            check_declared_size(path, 1, len(reader.schema.names))
            check_names(path, reader.schema.names)
            table = reader.read_all()
            return _to_frame(path, table)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, "Arrow", error) from error


def _open_arrow(pa: Any, source: Any) -> Any:
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def _unreadable(path: Path, kind: str, error: Exception) -> TableError:
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return TableError(
        f"The file '{path}' cannot be read as {kind} ({reason}). It may be cut short, damaged, or of "
        "another kind than its "
        "name says. Write it again, or rename it to what it is."
    )


def _to_frame(path: Path, table: Any) -> pd.DataFrame:
    import pyarrow as pa

    for field in table.schema:
        if pa.types.is_nested(field.type):
            raise TableError(
                f"Column '{field.name}' of '{path}' holds {field.type} values; a column must hold numbers, "
                "booleans, text, "
                "categories or dates. Unpack it into columns of its own, or leave it out with `--drop`."
            )
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, date_as_object=False)
    return frame
