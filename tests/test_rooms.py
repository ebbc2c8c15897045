"""What the import linter cannot see: who reaches the compiled core, and what a plain import loads."""

import ast
import subprocess
import sys
from pathlib import Path

import regularfit

PACKAGE = Path(regularfit.__file__).parent
MAY_IMPORT_CORE = {"lockstep", "designs"}
NEVER_LOADED = ("torch", "lightgbm", "xgboost", "matplotlib", "pandas", "pyarrow", "skrub", "rich")


def imports_core(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        if any("_core" in name.split(".") for name in names):
            return True
    return False


def test_only_the_engine_and_the_designs_import_the_core():
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0]
        assert room in MAY_IMPORT_CORE or not imports_core(file.read_text()), file


def test_core_imports_are_recognised():
    assert imports_core("from regularfit import _core")
    assert imports_core("from regularfit._core import solve")
    assert imports_core("import regularfit._core as core")
    assert imports_core("from .. import _core")
    assert not imports_core("from regularfit import core_of_it")


def test_a_plain_import_is_light():
    code = f"import regularfit, sys; print([m for m in {NEVER_LOADED!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
