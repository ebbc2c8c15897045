"""Follow 'Add a penalty in ten minutes' of CONTRIBUTING.md word for word."""

import doctest
import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from regularfit import penalties
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1
from tests.laws.penalty_laws import check

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
MODULE = "regularfit.penalties.asymmetric_l1"


def block(name):
    found = re.search(
        rf"<!-- block: {name} -->\n```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S
    )
    assert found, f"CONTRIBUTING.md has lost its block {name!r}"
    return found[1]


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
