"""`import regularfit` is light, and the front door offers what it promises."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import regularfit as rf

HEAVY = [
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "polars",
    "pyarrow",
    "narwhals",
    "matplotlib",
    "rich",
    "click",
    "skrub",
    "torch",
    "lightgbm",
    "xgboost",
]


def fresh(code: str) -> str:
    """Run code in a new interpreter and return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_importing_loads_nothing_heavy():
    loaded = fresh("import sys, regularfit; print(*sorted({m.split('.')[0] for m in sys.modules}))").split()
    assert not set(loaded) & set(HEAVY)


def test_fitting_loads_no_drawing_and_no_engine():
    code = (
        "import sys, numpy as np, regularfit as rf; X = np.random.default_rng(0).normal(size=(30, 3));"
        "rf.PenalizedRegressor(strength=0.1).fit(X, X[:, 0]).predict(X);"
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = set(fresh(code).split())
    assert not loaded & {"matplotlib", "torch", "lightgbm", "xgboost", "skrub", "click", "polars"}


@pytest.mark.parametrize("name", rf.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(rf, name) is not None
    assert name in dir(rf)


def test_version_is_that_of_the_package():
    assert rf.__version__ == version("regularfit")


def test_unknown_names_say_what_there_is():
    with pytest.raises(AttributeError, match=r"no attribute 'Lasso'.*PenalizedRegressor"):
        rf.Lasso  # noqa: B018 - reading it is the point


def test_lists_in_the_front_door_agree():
    assert {n for n in rf.__all__ if n != "__version__"} == set(rf._HOME_OF)
