import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit.nets.augment.text import RandomDelete

FREE = ["film", "house,", "city", "car", "tree"]


def is_within(short, long):
    rest = iter(long)
    return all(word in rest for word in short)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([*FREE, "the", "not", "7"]), min_size=1, max_size=12),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_some_words_are_gone_but_no_guarded_one(words, p, seed):
    out = RandomDelete(p)([" ".join(words)], seed)[0].split()
    assert out
    assert is_within(out, words)
    assert [w for w in out if w not in FREE] == [w for w in words if w not in FREE]


def test_at_one_only_the_guarded_are_left_or_one_word():
    assert RandomDelete(1.0)(["the film is not good at 7"]) == ["the is not good at 7"]
    out = RandomDelete(1.0)(["film city car"] * 100)
    assert set(out) == {"film", "city", "car"}


def test_white_space_goes_with_the_word_behind_it():
    assert RandomDelete(1.0)(["  the film\n\nis old "]) == ["  the\n\nis "]


def test_the_mean_share_is_p():
    n, p = 2000, 0.25
    out = RandomDelete(p)([" ".join(FREE)] * n)
    gone = np.array([len(FREE) - len(text.split()) for text in out])
    assert set(gone) == {1, 2}
    assert abs(gone.mean() - 1.25) <= 4 * np.sqrt(0.25 * 0.75 / n)
