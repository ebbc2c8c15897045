"""Follow 'Add a penalty in ten minutes' of CONTRIBUTING.md: step by step in a copy, then piece by piece here."""

import doctest
import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import regularfit as rf
from regularfit import _core, penalties
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1, Penalty, Traits
from tests.laws.penalty_laws import check

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "CONTRIBUTING.md"
MODULE = "regularfit.penalties.asymmetric_l1"


def block(name):
    found = re.search(
        rf"<!-- block: {name} -->\n```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S
    )
    assert found, f"CONTRIBUTING.md has lost its block {name!r}"
    return found[1]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the repository with its compiled core, as somebody who contributes has it."""
    folder = tmp_path_factory.mktemp("clone")
    for part in ("src", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("pyproject.toml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copy(_core.__file__, folder / "src" / "regularfit")
    return folder


def in_clone(folder, code):
    """Run Python in the copy; finders of an editable installation would lead back here, so only the usual ones stay."""
    start = (
        "import sys; from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder\n"
        "sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]; sys.path[:0] = ['src', '.']\n"
        "import regularfit; assert 'clone' in regularfit.__file__\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", start + code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def run_pytest(folder, *arguments):
    return in_clone(
        folder, f"import pytest; sys.exit(pytest.main({['-p', 'no:cacheprovider', *arguments]!r}))"
    )


def test_the_guide_step_by_step(clone):
    """Its files where it puts them, its lines where it asks for them, its commands as they stand there."""
    text = GUIDE.read_text(encoding="utf-8")
    steps = dict(
        re.findall(r"^\*\*(\d)\. (.*?)(?=^\*\*\d\. |^\*And faster|\Z)", text, re.MULTILINE | re.DOTALL)
    )
    assert list(steps) == list("1234567")

    made = clone / re.search(r"`(src/\S+\.py)`", steps["1"])[1]
    made.write_text(block("penalty"), encoding="utf-8")

    export = clone / re.search(r"one line in `(src/\S+)`", steps["3"])[1]
    lines = export.read_text(encoding="utf-8").replace("__all__ = [", '__all__ = [\n    "AsymmetricL1",', 1)
    export.write_text(
        lines.replace("from .l1 ", f"from .{made.stem} import AsymmetricL1\nfrom .l1 ", 1), encoding="utf-8"
    )

    laws = re.search(r"`pytest (tests/laws -k \S+)`", steps["4"])[1].split()
    out = run_pytest(clone, "-v", *laws)
    assert out.count("PASSED") >= 10
    assert out.count("AsymmetricL1") >= 10

    test = clone / re.search(r"`(tests/\S+\.py)`", steps["5"])[1]
    test.write_text(block("test"), encoding="utf-8")
    assert "2 passed" in run_pytest(clone, str(test.relative_to(clone)))
    assert "1 passed" in run_pytest(clone, str(made.relative_to(clone)))  # its doctest

    assert "converged" in in_clone(clone, block("fit"))


def test_what_the_guide_writes_passes_the_linter(clone):
    ruff = shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    made, test = clone / "src/regularfit/penalties/lint_me.py", clone / "tests/penalties/test_lint_me.py"
    made.write_text(block("penalty"), encoding="utf-8")
    test.write_text(block("test"), encoding="utf-8")
    for command in (["check"], ["format", "--check"]):
        ran = subprocess.run(
            [ruff, *command, "--no-cache", str(made), str(test)],
            cwd=clone, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
    made.unlink()
    test.unlink()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The guide's file, imported as if it lay where the guide puts it, and exported as the guide says."""
    file = tmp_path / "asymmetric_l1.py"
    file.write_text(block("penalty"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(MODULE, file)
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, MODULE, made)
    spec.loader.exec_module(made)
    monkeypatch.setattr(penalties, "AsymmetricL1", made.AsymmetricL1, raising=False)
    return made


def test_the_penalty_obeys_the_laws(module):
    for example in module.AsymmetricL1.examples():
        check(example)
        check(0.5 * example, cases=5)


def test_its_doctest_holds(module):
    attempted = doctest.testmod(module)
    assert attempted.attempted == 2
    assert attempted.failed == 0


def test_the_tests_of_the_guide_pass(module):
    names = {}
    exec(block("test"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_the_engine_fits_it_as_it_fits_the_lasso(module):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 5))
    y = X @ np.array([2.0, -1.0, 0.0, 0.0, 0.5]) + rng.normal(size=60)
    problem = make_problem(X, y, "squared")
    lanes = [Lane(np.arange(60), keep=True)]
    grid = strength_grid(problem, L1(), 10)
    np.testing.assert_allclose(strength_grid(problem, module.AsymmetricL1(1.0, 1.0), 10), grid, rtol=1e-9)
    ours, lasso = fit_lanes(problem, [module.AsymmetricL1(1.0, 1.0), L1()], [grid, grid], lanes)
    assert ours[0].converged.all()
    np.testing.assert_allclose(ours[0].path.coefs, lasso[0].path.coefs, atol=1e-3)
    dear = fit_lanes(problem, [module.AsymmetricL1(1.0, 1e6)], [grid], lanes)[0][0].path.coefs
    assert (dear >= 0).all()
    assert dear[-1, 0] > 1


def test_the_fit_of_the_guide_runs(module, capsys):
    names = {}
    exec(block("fit"), names)
    model = names["model"]
    assert model.certificate_.converged
    assert model.coef_[0] > 1
    assert "converged" in capsys.readouterr().out


def test_value_and_prox_alone_are_enough(capsys):
    names = {}
    exec(block("least"), names)
    X, y, ramp = names["X"], names["y"], names["Ramp"]()
    lasso = rf.PenalizedRegressor(L1(), cv=5).fit(X, y)
    assert names["model"].certificate_.converged
    assert "converged=True" in capsys.readouterr().out
    np.testing.assert_allclose(names["model"].coef_, lasso.coef_, atol=1e-5)
    np.testing.assert_allclose(names["model"].strength_, lasso.strength_, rtol=1e-9)
    for loss in ("logistic", "huber"):
        path = rf.fit_path(X, y > 0, ramp, loss=loss, strengths=5, min_ratio=0.05)
        wanted = rf.fit_path(X, y > 0, L1(), loss=loss, strengths=path.strengths)
        assert path.converged.all()
        np.testing.assert_allclose(path.coefs, wanted.coefs, atol=1e-5)


@dataclass(frozen=True)
class Plain(Penalty):
    """A penalty with nothing but what is asked for."""

    def value(self, w):
        return float(np.abs(w).sum())

    def prox(self, v, step):
        return v - np.clip(v, -step, step).astype(v.dtype)

    @property
    def traits(self):
        return Traits(convex=True, separable=True, sparse=True)


def test_what_stands_in_for_kkt_obeys_the_laws():
    check(Plain())
    rng = np.random.default_rng(0)
    w, g = rng.normal(size=(2, 9)) * (rng.random((2, 9)) < 0.6)
    np.testing.assert_allclose(Plain().kkt(w, g), L1().kkt(w, g), atol=1e-10)
