import numpy as np
import pytest

from regularfit.nets.augment.text import (
    EDA,
    BackTranslation,
    RandomDelete,
    RandomSwap,
    Synonyms,
    TextAugmentation,
)

SOURCE = {"good": ["fine"], "film": ["movie"], "fine": ["great"]}


def test_steps_follow_each_other():
    one, two = Synonyms(1.0, {"good": ["fine"]}), Synonyms(1.0, {"fine": ["great"]})
    assert TextAugmentation([one, two])(["good film"]) == ["great film"]
    assert TextAugmentation([two, one])(["good film"]) == ["fine film"]


def test_two_equal_steps_draw_different_numbers():
    step, texts = RandomSwap(0.2), ["film house city car tree"] * 50
    twice = TextAugmentation([step, step])(texts)
    assert sum(text == texts[0] for text in twice) < 10  # the same swap twice would undo itself


def test_share_leaves_texts_alone():
    texts = ["good"] * 1000
    out = TextAugmentation([Synonyms(1.0, SOURCE)], share=0.3)(texts)
    assert abs(np.mean([text == "fine" for text in out]) - 0.3) <= 4 * np.sqrt(0.21 / 1000)
    assert TextAugmentation([EDA(1.0)], share=0)(texts) == texts


def test_a_chain_in_a_chain():
    inner = TextAugmentation([Synonyms(1.0, {"good": ["fine"]})])
    assert TextAugmentation([inner, RandomDelete(0.0)])(["good"]) == ["fine"]


def test_what_cannot_be_chained():
    translation = BackTranslation.examples()[0]
    with pytest.raises(ValueError, match="BackTranslation must be the first step"):
        TextAugmentation([Synonyms(), translation])
    TextAugmentation([translation, Synonyms()])
    with pytest.raises(ValueError, match="is empty"):
        TextAugmentation([])
    with pytest.raises(ValueError, match=r"takes augmentations of texts.*'synonyms' was given"):
        TextAugmentation(["synonyms"])
    with pytest.raises(ValueError, match=r"TextAugmentation\(share\) must lie between 0 and 1"):
        TextAugmentation([Synonyms()], share=2)


def test_one_step_need_not_be_in_a_list():
    assert TextAugmentation(Synonyms(0.2)) == TextAugmentation([Synonyms(0.2)])
