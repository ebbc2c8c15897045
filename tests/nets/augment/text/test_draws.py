"""Random numbers of texts against the published generator, and the choice of places against its law."""

import numpy as np
import pytest
from scipy import stats

from regularfit.nets.augment.text import _draws

# The first numbers of splitmix64 for seed 1234567, from its authors' reference program.
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_the_mixer_is_splitmix64():
    with np.errstate(over="ignore"):
        states = np.uint64(1234567) + np.arange(1, 6, dtype=np.uint64) * _draws._WEYL
    assert _draws._mixed(states).tolist() == PUBLISHED


def test_numbers_are_uniform_and_unrelated():
    keys = _draws.of_rows(1, 0, np.arange(400))
    counts = np.full(400, 50)
    u = _draws.uniforms(keys, counts, 1)
    v = _draws.uniforms(keys, counts, 2)
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert stats.kstest(_draws.one_each(keys, 1), "uniform").pvalue > 1e-3
    table = u.reshape(400, 50)
    for one, other in ((u, v), (u[:-1], u[1:]), (table[:-1].ravel(), table[1:].ravel())):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(one.size)


def test_every_part_of_a_key_matters():
    base = _draws.of_rows(3, 4, np.array([5]))
    others = [
        _draws.of_rows(seed, epoch, np.array([row])) for seed, epoch, row in ((4, 3, 5), (3, 5, 4), (5, 4, 3))
    ]
    others += [
        _draws.of_rows(seed, epoch, np.array([row])) for seed, epoch, row in ((2, 4, 5), (3, 3, 5), (3, 4, 6))
    ]
    assert len({int(key[0]) for key in [base, *others]}) == 7
    assert _draws.of_rows(-1, 0, np.array([0])).size == 1  # any whole number is a seed
    assert _draws.of_rows(2**80, 0, np.array([0])).size == 1


def test_a_text_has_its_numbers_whatever_stands_beside_it():
    keys = _draws.of_rows(0, 0, np.arange(3))
    together = _draws.uniforms(keys, np.array([2, 0, 3]), 1)
    assert together[2:].tolist() == _draws.uniforms(keys[2:], np.array([3]), 1).tolist()
    assert together[:2].tolist() == _draws.uniforms(keys[:1], np.array([5]), 1)[:2].tolist()


@pytest.mark.parametrize("wanted", [1, 3, 5])
def test_each_able_place_is_chosen_equally_often(wanted):
    n, places = 3000, 6
    able = np.tile(np.array([True, True, False, True, True, True]), n)
    counts = np.full(n, places)
    u = _draws.uniforms(_draws.of_rows(wanted, 0, np.arange(n)), counts, 1)
    text, place = _draws.choose(u, counts, able, np.full(n, wanted))
    assert np.bincount(text).tolist() == [wanted] * n
    often = np.bincount(place, minlength=places)
    assert often[2] == 0
    share = wanted / 5
    assert np.abs(often[[0, 1, 3, 4, 5]] - n * share).max() <= 4 * np.sqrt(n * share * (1 - share))


def test_choose_takes_what_there_is():
    u, able = np.array([0.5, 0.1, 0.7]), np.array([False, True, True])
    text, place = _draws.choose(u, np.array([1, 0, 2]), able, np.array([3, 3, 3]))
    assert (text.tolist(), place.tolist()) == ([2, 2], [0, 1])
    text, place = _draws.choose(u, np.array([1, 0, 2]), able, np.array([0, -1, -1]))
    assert text.size == place.size == 0
