import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.experiments.data import CLASSES, NUMBERS, clothes, digits, numeric, simulate, split, table


@pytest.mark.parametrize("name", [*NUMBERS, *CLASSES])
def test_every_shipped_set_is_read(name):
    frame, target = table(name)
    assert len(frame) == len(target) > 100
    X, y = numeric(name)
    assert np.isfinite(X).all()
    assert len(X) == len(y)


def test_an_unknown_set_is_refused_with_what_there_is():
    with pytest.raises(InputError, match="there are diabetes"):
        table("iris")


def test_pictures_have_pixels_from_zero_to_one_and_ten_classes():
    for (pixels, classes), shape in ((digits(), (1797, 64)), (clothes(), (2000, 784))):
        assert pixels.shape == shape
        assert (pixels.min(), pixels.max()) == (0, 1)
        assert set(classes) == set(range(10))


@pytest.mark.parametrize(("structure", "correlation"), [("chain", 0.8), ("equal", 0.8), ("chain", 0.0)])
def test_simulated_columns_and_noise_are_as_asked_for(structure, correlation):
    drawn = simulate(
        40_000, 6, np.random.default_rng(0), relevant=3, correlation=correlation, structure=structure, snr=2.0
    )
    far = correlation**5 if structure == "chain" else correlation
    found = np.corrcoef(drawn.X.T)
    assert found[0, 1] == pytest.approx(correlation, abs=0.02)
    assert found[0, 5] == pytest.approx(far, abs=0.02)
    assert drawn.support.sum() == 3
    signal = drawn.X @ drawn.coef
    assert signal.var() == pytest.approx(2.0, rel=0.04)
    assert (drawn.y - signal).var() == pytest.approx(1.0, rel=0.03)


def test_a_split_has_every_row_once():
    train, test = split(10, 0.3, np.random.default_rng(0))
    assert sorted([*train, *test]) == list(range(10))
    assert len(test) == 3
    assert len(split(10, 4, np.random.default_rng(0))[1]) == 4
