import numpy as np
import pytest

from regularfit.nets.augment.text import Synonyms
from regularfit.nets.augment.text.synonyms import fitting, pick

ALL = Synonyms(p=1.0, source={"good": ["fine"], "film": ["movie"], "car": ["auto"], "egg": ["ovum"]})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("good film", "fine movie"),
        ("Good, FILM!", "Fine, MOVIE!"),
        ('He said "good film".', 'He said "fine movie".'),
        ("a  good\n\tfilm ", "a  fine\n\tmovie "),
        ("not good, no film", "not fine, no movie"),
        ("the Film Museum", "the Film Museum"),  # a name
        ("It is so. Film it", "It is so. Movie it"),
        ("good-film film2 film.org #film", "good-film film2 film.org #film"),
        ("a car an egg", "a car an ovum"),  # "a auto" would be wrong
        ("goodness", "goodness"),
    ],
)
def test_each_word_in_its_form_and_place(before, after):
    assert ALL([before]) == [after]


def test_labels_and_protected_words_are_left_and_never_put_in():
    source = {"ham": ["spam"], "meat": ["spam", "flesh"], "spams": ["meats"]}
    step = Synonyms(1.0, source, labels=["spam", "other"], protect=["ham"])
    assert step(["ham meat spams"]) == ["ham flesh spams"]
    assert Synonyms(1.0, {"good": ["not bad", "the", "two"]})(["good"]) == [
        "good"
    ]  # nor negations and numbers


def test_for_labels_takes_the_target():
    step = Synonyms.for_labels(np.array(["film", "car", "film"]), p=1.0, source=ALL.source)
    assert step.labels == ("car", "film")
    assert step(["good film car"]) == ["fine film car"]


@pytest.mark.parametrize("p", [0.1, 0.25, 0.3, 0.99])
def test_the_mean_share_of_words_is_p(p):
    words = ["good", "film", "car", "egg", "good", "film", "car"]  # all seven have a synonym
    n = 2000
    out = Synonyms(p, ALL.source)([" ".join(words)] * n)
    changed = np.array([sum(a != b for a, b in zip(words, text.split(), strict=True)) for text in out])
    expected = p * len(words)
    assert set(changed) <= {int(np.floor(expected)), int(np.ceil(expected))}
    spread = np.sqrt((expected % 1) * (1 - expected % 1) / n)
    assert abs(changed.mean() - expected) <= 4 * spread + 1e-12


def test_earlier_synonyms_are_likelier():
    options = ("a", "b", "c")
    u = (np.arange(9000) + 0.5) / 9000
    often = [sum(pick(options, x) == option for x in u) / 9000 for option in options]
    expected = np.diff(np.sqrt([0, 1 / 3, 2 / 3, 1]))  # option k has k <= 3 u^2 < k + 1
    assert np.allclose(often, expected, atol=2 / 9000)
    assert pick(options, np.nextafter(1.0, 0)) == "c"


def test_fitting():
    assert fitting(("auto", "car"), "An") == ("auto",)
    assert fitting(("auto",), "a") == ()
    assert fitting(("auto", "car"), "") == ("auto", "car")


def test_a_source_that_gives_nonsense_is_named():
    with pytest.raises(ValueError, match="source gives 3 for 'good'"):
        Synonyms(1.0, {"good": [3]})(["good"])
    with pytest.raises(ValueError, match="source gives '' for 'good'"):
        Synonyms(1.0, lambda word: [""])(["good"])
    assert Synonyms(1.0, lambda word: None)(["good"]) == ["good"]
