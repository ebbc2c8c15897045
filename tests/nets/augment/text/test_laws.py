"""What holds for every augmentation of texts: none empties, guarded words stay, p = 0 does nothing, seeds decide."""

import pickle
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit.nets.augment.text import (
    EDA,
    BackTranslation,
    RandomDelete,
    RandomInsert,
    RandomSwap,
    Synonyms,
    TextAugmentation,
)

CLASSES = [Synonyms, RandomInsert, RandomSwap, RandomDelete, EDA, TextAugmentation, BackTranslation]
STEPS = [step for one in CLASSES for step in one.examples()]
BY_WORD = [step for step in STEPS if not isinstance(step, BackTranslation)]

# What may never be touched, by any of the examples; and words that all of them may touch.
KEPT = ["not", "don't", "NEVER", "2", "12:30", "two", "the", "and", "www.x.com/film", ":-)", "it's", "@you"]
FREE = ["good", "film,", "happy", "buy", "Terrible", "quickly", "children", "car.", "CITY", "(old)", "house"]
SPACES = [" ", "  ", "\n", "\t"]

words = st.lists(st.tuples(st.sampled_from(KEPT + FREE), st.sampled_from(SPACES)), max_size=12)
texts_of_words = words.map(lambda pairs: "".join(word + gap for word, gap in pairs))
texts = st.lists(st.one_of(texts_of_words, texts_of_words.map(str.strip), st.text(max_size=30)), max_size=6)
few = settings(max_examples=30)
steps = pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)


def off(step):
    return replace(step, share=0.0) if isinstance(step, TextAugmentation) else replace(step, p=0.0)


def kept_in(text):
    return [chunk for chunk in text.split() if chunk in KEPT]


@steps
@few
@given(texts, st.integers(0, 2**63))
def test_one_text_for_each_and_none_empties(step, given_texts, seed):
    out = step(given_texts, seed)
    assert len(out) == len(given_texts)
    for before, after in zip(given_texts, out, strict=True):
        assert isinstance(after, str)
        assert bool(after) == bool(before)
        assert bool(after.strip()) == bool(before.strip())


@steps
@few
@given(texts, st.integers(0, 2**63))
def test_nothing_changes_at_zero(step, given_texts, seed):
    assert off(step)(given_texts, seed) == given_texts


@pytest.mark.parametrize("step", BY_WORD, ids=lambda step: type(step).__name__)
@few
@given(st.lists(texts_of_words, max_size=6), st.integers(0, 1000))
def test_guarded_words_stay_in_order(step, given_texts, seed):
    for before, after in zip(given_texts, step(given_texts, seed), strict=True):
        assert kept_in(after) == kept_in(before)


@pytest.mark.parametrize(
    "step", [s for s in STEPS if getattr(s, "labels", None) == ("car",)], ids=lambda s: type(s).__name__
)
@few
@given(st.lists(texts_of_words, max_size=6), st.integers(0, 1000))
def test_the_words_of_labels_and_the_protected_ones_are_neither_lost_nor_gained(step, given_texts, seed):
    own = {"car."} | ({"film,"} if "film" in step.protect else set())
    for before, after in zip(given_texts, step(given_texts, seed), strict=True):
        assert [w for w in after.split() if w in own] == [w for w in before.split() if w in own]
        assert after.lower().count("car") == before.lower().count("car")


@steps
@few
@given(texts, st.integers(0, 1000), st.integers(0, 5), st.integers(0, 100))
def test_the_seed_decides_and_the_order_does_not(step, given_texts, seed, epoch, shuffle):
    whole = step(given_texts, seed, epoch=epoch)
    assert step(tuple(given_texts), seed, epoch=epoch) == whole
    rows = list(range(len(given_texts)))
    Random(shuffle).shuffle(rows)
    assert step([given_texts[i] for i in rows], seed, epoch=epoch, rows=rows) == [whole[i] for i in rows]
    for i, text in enumerate(given_texts):  # and a batch of one gives the same
        assert step([text], seed, epoch=epoch, rows=[i]) == [whole[i]]


def step_words(step, name):
    return getattr(step, name, ())


LONG = " ".join(
    ["the children buy a terrible car quickly and a good house in the old city with happy friends"] * 4
)


@steps
def test_it_bites_and_differs_between_epochs_and_seeds(step):
    rows = [LONG] * 8
    first = step(rows)
    assert sum(text != LONG for text in first) >= 2  # half of the texts, where only half are to change
    if isinstance(step, BackTranslation):
        assert len({*first, LONG}) == 2
    elif step != RandomDelete(
        1.0, step_words(step, "protect"), step_words(step, "labels")
    ):  # that has no choice
        assert len(set(first)) > 2
        assert step(rows, epoch=1) != first
        assert step(rows, seed=1) != first


@steps
def test_a_generator_gives_one_number(step):
    rows = [LONG] * 8
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    assert step(rows, one) == step(rows, int(other.integers(2**63)))
    assert one.integers(2**63) == other.integers(2**63)
    assert one.integers(2**63) != np.random.default_rng(3).integers(2**63)


@steps
def test_what_is_given_stays_and_nothing_is_fine(step):
    rows = [LONG, "", "  ", "?"]
    step(rows)
    assert rows == [LONG, "", "  ", "?"]
    assert step(rows)[1:] == ["", "  ", "?"]
    assert step([]) == []


@steps
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("one text",), "one string was given. Put it into a list"),
        ((["a", 3],), r"number 1 \(counted from 0\) is 3"),
        ((7,), "must be a sequence of strings; 7 was given"),
        ((["a"], 0.5), "seed must be a whole number; 0.5"),
        ((["a"], None), "seed must be a whole number; None"),
    ],
)
def test_wrong_arguments_are_named(step, arguments, message):
    with pytest.raises(ValueError, match=message):
        step(*arguments)


@steps
def test_wrong_epochs_and_rows_are_named(step):
    with pytest.raises(ValueError, match="epoch must be at least 0; -1"):
        step(["a"], epoch=-1)
    for rows in ([0, 1], [0.5], [[0]]):
        with pytest.raises(ValueError, match=r"one whole number a text, shape \(1,\)"):
            step(["a"], rows=rows)


@pytest.mark.parametrize("one", [Synonyms, RandomInsert, RandomSwap, RandomDelete, EDA])
def test_wrong_settings_are_named(one):
    name = one.__name__
    with pytest.raises(ValueError, match=rf"{name}\(p\) must lie between 0 and 1; 1.5"):
        one(1.5)
    with pytest.raises(ValueError, match=rf"{name}\(p\) must be a number"):
        one("much")
    with pytest.raises(ValueError, match=rf"{name}\(labels\).*'spam' is one string, so give \['spam'\]"):
        one(labels="spam")
    with pytest.raises(ValueError, match=rf"{name}\(protect\) must hold strings; it holds 3"):
        one(protect=["a", 3])
    with pytest.raises(ValueError, match=rf"{name}\(protect\) must be a sequence of names; 5"):
        one(protect=5)
    if hasattr(one(), "source"):
        with pytest.raises(ValueError, match=rf"{name}\(source\) must be None"):
            one(source=3)


@steps
def test_they_are_values(step):
    assert step == replace(step)
    copy = pickle.loads(pickle.dumps(step))
    assert type(copy) is type(step)
    assert copy([LONG]) == step([LONG])
    with pytest.raises(AttributeError):
        setattr(step, "share" if isinstance(step, TextAugmentation) else "p", 0.9)
