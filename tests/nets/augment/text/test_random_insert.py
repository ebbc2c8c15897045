from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit.nets.augment.text import RandomInsert

SOURCE = {"good": ["fine"], "film": ["movie"]}


def is_within(short, long):
    rest = iter(long)
    return all(word in rest for word in short)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["good", "film", "a", "not", "house", "An"]), min_size=1, max_size=9),
    st.integers(0, 99),
)
def test_words_are_added_and_none_is_lost(words, seed):
    out = RandomInsert(1.0, SOURCE)([" ".join(words)], seed)[0].split()
    assert is_within(words, out)
    added = [word for word in out if word in ("fine", "movie")]
    assert sorted(added) == sorted(SOURCE[word][0] for word in words if word in SOURCE)
    for before, after in pairwise(out):
        assert not (before in ("not", "a", "An") and after in ("fine", "movie"))


def test_every_place_is_taken_also_the_ends():
    out = RandomInsert(0.5, {"good": ["fine"]})(["good  house "] * 200)
    assert set(out) == {"fine good  house ", "good  fine house ", "good  house fine "}


@pytest.mark.parametrize("text", ["not", "a", "house", "12 34"])
def test_texts_without_synonyms_stay(text):
    assert RandomInsert(1.0, SOURCE)([text]) == [text]
