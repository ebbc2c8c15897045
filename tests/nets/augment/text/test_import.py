"""Augmentation of texts needs no torch."""

import subprocess
import sys

from regularfit.nets.augment import text


def test_torch_is_not_loaded():
    code = "import regularfit.nets.augment.text, sys; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "False"


def test_every_public_name_is_there_and_documented():
    for name in text.__all__:
        assert len(getattr(text, name).__doc__) > 60, name
