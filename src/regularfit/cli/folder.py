"""Run folders: they appear whole or not at all, and only a run folder is ever replaced."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

MODEL, REPORT, RUN, FACTS = "model.rfit", "report.html", "run.json", "facts.json"


def default_folder(data: Path) -> Path:
    """Return NAME.run in the working folder, for data called NAME.csv.gz.

    >>> default_folder(Path("/data/prices.csv.gz")).as_posix()
    'prices.run'
    """
    name = data.name
    while Path(name).suffix and Path(name).stem:
        name = Path(name).stem
    return Path(f"{name}.run")


def check_folder(folder: Path, force: bool) -> None:
    """Refuse a folder that exists; with `force`, one that is not a run folder.

    Raises
    ------
    click.UsageError
        Saying which of the two it was.
    """
    if not folder.parent.is_dir():
        raise click.UsageError(
            f"The folder '{folder.parent}' does not exist, so '{folder}' cannot be made in it."
        )
    if not (folder.exists() or folder.is_symlink()):
        return
    if not force:
        raise click.UsageError(
            f"'{folder}' exists already and nothing is overwritten. Choose another folder with -o, or add "
            "--force to "
            "replace it."
        )
    if folder.is_symlink() or not folder.is_dir() or (any(folder.iterdir()) and not (folder / RUN).is_file()):
        raise click.UsageError(
            f"'{folder}' is not a run folder (it holds no {RUN}), so --force does not replace it. Choose "
            "another with -o."
        )


@contextmanager
def new_folder(folder: Path, force: bool) -> Iterator[Path]:
    """Give a temporary folder beside the wanted one; rename it if the block ends well, else remove it."""
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o777 & ~_umask())
        check_folder(folder, force)
        _move(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(draft: Path, folder: Path) -> None:
    if not folder.exists():
        draft.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    folder.rename(aside / "old")
    try:
        draft.rename(folder)
    except OSError:
        (aside / "old").rename(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _umask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


def model_in(path: Path) -> Path:
    """Return the model file for what the user named: the file itself, or the run folder that holds it."""
    return path / MODEL if path.is_dir() and (path / MODEL).exists() else path
