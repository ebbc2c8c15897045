import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit.nets.augment.text import RandomSwap

FREE = ["film", "house", "city", "car", "tree", "river", "stone"]


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([*FREE, "the", "not", "7"]), max_size=12), st.floats(0, 1), st.integers(0, 99)
)
def test_the_same_words_and_the_guarded_ones_where_they_were(words, p, seed):
    out = RandomSwap(p)([" ".join(words)], seed)[0].split()
    assert sorted(out) == sorted(words)
    for place, word in enumerate(words):
        if word not in FREE or (place and words[place - 1] == "not"):
            assert out[place] == word


def test_at_one_all_change_places():
    words = FREE[:6]
    for seed in range(20):
        out = RandomSwap(1.0)([" ".join(words)], seed)[0].split()
        assert all(a != b for a, b in zip(words, out, strict=True))
        assert all(out[words.index(b)] == a for a, b in zip(words, out, strict=True))  # in pairs


def test_punctuation_and_space_stay():
    assert RandomSwap(1.0)(["(Film),\t car!"]) == ["(car),\t Film!"]


def test_what_follows_a_negation_stays():
    assert RandomSwap(1.0)(["not good but cheap"]) == ["not good but cheap"]
    assert RandomSwap(1.0)(["isn't", "good film"]) == [
        "isn't",
        "film good",
    ]  # in another text it follows nothing


def test_the_mean_number_of_swaps_is_p_of_the_words():
    n, p = 2000, 0.15
    out = RandomSwap(p)([" ".join(FREE)] * n)
    moved = np.array([sum(a != b for a, b in zip(FREE, text.split(), strict=True)) for text in out])
    expected = p * len(FREE)  # 1.05 swaps of two words each
    assert abs(moved.mean() / 2 - expected) <= 4 * np.sqrt(0.05 * 0.95 / n)
