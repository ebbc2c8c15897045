"""The fixtures are what the committed script makes, where R and glmnet are at hand."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest

from tests.reference.test_glmnet import GENERAL
from tests.reference.translate import FIXTURES, ROOT, load, names

SCRIPT = "tests/reference/make_fixtures.R"


def has_glmnet() -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", "stopifnot(requireNamespace('glmnet', quietly = TRUE))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    if not has_glmnet():
        pytest.skip("R with the package glmnet is not installed")
    folder = tmp_path_factory.mktemp("fixtures")
    subprocess.run(["Rscript", SCRIPT, str(folder)], cwd=ROOT, check=True, capture_output=True, timeout=300)
    return folder


def test_the_script_makes_the_fixtures(remade):
    assert {file.name for file in remade.iterdir()} == {file.name for file in FIXTURES.iterdir()}
    for file in sorted(FIXTURES.iterdir()):
        kept, new = json.loads(file.read_text()), json.loads((remade / file.name).read_text())
        assert kept.keys() == new.keys()
        for key in kept.keys() - {"glmnet"}:
            if key in {"support", "coefs"}:
                continue
            if words(kept[key]):
                assert new[key] == kept[key], f"{file.name}: {key}"
            elif isinstance(kept[key], list | float):
                np.testing.assert_allclose(new[key], kept[key], rtol=1e-6, err_msg=f"{file.name}: {key}")


def words(value):
    """Whether something says names, not numbers."""
    return isinstance(value, str) or (isinstance(value, list) and any(words(one) for one in value))


@pytest.mark.parametrize("name", names("gaussian") + names("binomial") + GENERAL)
def test_a_case_says_all_that_is_needed(name):
    case = load(name)
    assert len(case.strengths) == len(case.answers["support"]) == len(case.intercepts)
    assert (np.diff(case.strengths) < 0).all()
    assert ((case.coefs >= case.lower - 1e-9) & (case.coefs <= case.upper + 1e-9)).all()
    assert (case.coefs[:, np.isinf(case.factors)] == 0).all()
