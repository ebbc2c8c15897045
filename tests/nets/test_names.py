"""What ``regularfit.nets`` offers by name."""

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit import nets


def test_every_name_is_there_and_none_is_a_module():
    for name in nets.__all__:
        assert type(getattr(nets, name)).__name__ != "module", name


def test_a_function_is_not_hidden_by_the_module_of_its_name():
    """Importing a module sets it in its package; ``nets.roles`` and ``nets.audit`` are functions all the same."""
    code = (
        "import regularfit.nets.parameters.audit, regularfit.nets.parameters.roles; from regularfit import nets; "
        "nets.Proximal; "
        "assert callable(nets.audit) and callable(nets.roles) and callable(nets.recipe)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
