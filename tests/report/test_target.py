import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.report.target import target_facts


def test_a_number():
    y = np.arange(101.0)
    found = target_facts("y", y)
    assert found.quantiles == (0.0, 25.0, 50.0, 75.0, 100.0)
    assert found.null_error == pytest.approx(y.var())
    assert sum(found.histogram) == 101


def test_weights_count():
    found = target_facts("y", [0.0, 1.0], sample_weight=[3.0, 1.0])
    assert found.mean == pytest.approx(0.25)
    assert found.null_error == pytest.approx(0.1875)


def test_two_classes():
    found = target_facts("y", [0.0, 1.0, 1.0, 1.0], classes=("no", "yes"))
    assert found.score_name == "mean log-loss"
    assert found.null_error == pytest.approx(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)))


def test_three_classes():
    found = target_facts(
        "y", [0.0, 1.0, 1.0, 2.0], classes=("a", "b", "c"), sample_weight=[1.0, 1.0, 1.0, 2.0]
    )
    shares = np.array([0.2, 0.4, 0.4])
    assert found.counts == (1, 2, 1)
    assert found.null_error == pytest.approx(-(shares * np.log(shares)).sum())


def test_every_class_needs_a_name():
    with pytest.raises(InputError, match="class number 2, but classes has 2 names"):
        target_facts("y", [0.0, 1.0, 2.0], classes=("a", "b"))
