"""Facts with where they came from: what a finished experiment leaves on disk, as JSON."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import math
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..errors import InputError
from .experiment import Experiment, Facts, Verdict
from .index import experiment

__all__ = ["Record", "plain", "versions"]

_FORMAT = 1
_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "lightgbm", "xgboost", "xgboost-cpu")


@dataclass(frozen=True, slots=True)
class Record:
    """The facts of one experiment and how they were made.

    Parameters
    ----------
    name, seed, quick : what ran.
    facts : what it measured.
    seconds : of wall clock.
    versions : of everything that computed.
    digest : of the code that measured, so that facts of an older one are known for such.
    """

    name: str
    seed: int
    quick: bool
    facts: Facts
    seconds: float
    versions: dict[str, str]
    digest: str

    @property
    def experiment(self) -> Experiment:
        """The claim this belongs to."""
        return experiment(self.name)

    @property
    def verdict(self) -> Verdict:
        """What the facts say now; the rule is read anew, nothing is remembered."""
        return self.experiment.verdict(self.facts)

    @property
    def fits(self) -> int:
        """How many models were fitted."""
        return int(self.facts["fits"])

    @staticmethod
    def file_name(name: str, seed: int, quick: bool) -> str:
        """The file that holds such facts."""
        return f"{name}-seed{seed}{'-quick' if quick else ''}.json"

    def write(self, folder: Path) -> Path:
        """Write to ``folder`` at once or not at all, and return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / self.file_name(self.name, self.seed, self.quick)
        draft = target.with_name(f".{target.name}.part")
        try:
            draft.write_text(_to_text({"format": _FORMAT, **asdict(self)}), encoding="utf-8")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return target

    @classmethod
    def read(cls, file: Path) -> Record:
        """Read facts that were written before.

        Raises
        ------
        InputError
            Where the file is not such facts.
        """
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            if found.pop("format") != _FORMAT:
                raise ValueError("another format")
            record = cls(**found)
            experiment(record.name)
            record.fits  # noqa: B018 - refuses facts without it
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"'{file}' holds no facts of an experiment that this version can read ({error}); "
                "move it away and run the experiment again."
            ) from error
        return record


def digest_of(name: str) -> str:
    """Return a short digest of how a claim is measured; words, rule, table and picture may change without another."""
    module = import_module(experiment(name).run.__module__)
    return _digest(inspect.getsource(module))


def _digest(source: str) -> str:
    """Digest of the code that measures.

    Examples
    --------
    >>> one, same, other = "def run(): return 1  # so", "def run():  return (1)", "def run(): return 2"
    >>> _digest(one) == _digest(same), _digest(one) == _digest(other)
    (True, False)
    """
    tree = ast.parse(source)
    measuring = [node for node in tree.body if not _renders(node)]
    for node in (
        inner for part in measuring for inner in ast.walk(part) if isinstance(inner, ast.FunctionDef)
    ):
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return hashlib.sha256("".join(map(ast.dump, measuring)).encode()).hexdigest()[:12]


def _renders(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name in {"verdict", "table", "plot"}
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == "EXPERIMENT" for target in node.targets)
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr, ast.If))


def versions() -> dict[str, str]:
    """Return the versions of everything that computes, and of Python."""
    from .. import __version__

    return {"regularfit": __version__, "python": platform.python_version(), **dict(_installed())}


def plain(value: Any, where: str = "facts") -> Any:
    """Return facts as plain JSON values with six significant digits; NumPy's types are turned into Python's.

    Raises
    ------
    ValueError
        For a number that is not finite: facts that were not measured have no place among them.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"error": np.float64(0.12345678), "counts": np.arange(2)})
    {'error': 0.123457, 'counts': [0, 1]}
    """
    if isinstance(value, dict):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if hasattr(value, "tolist"):
        return plain(value.tolist(), where)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}; an experiment states finite numbers only.")
        return float(f"{value:.6g}")
    if value is None or isinstance(value, (str, bool, int)):
        return value
    raise ValueError(f"{where} is a {type(value).__name__}; facts hold numbers, texts, lists and dicts.")


def _installed() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _to_text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
