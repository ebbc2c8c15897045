from functools import partial

import pytest

from regularfit.errors import UnsupportedError
from regularfit.nets.augment.text import PhraseTable, Translator
from regularfit.nets.augment.text.translators import check_translated, model_of

TABLE = PhraseTable(
    {
        ("en", "de"): {
            "very good": "ausgezeichnet",
            "good": "gut",
            "C++": "C++ (Sprache)",
            "a film": "ein Film",
        }
    }
)


def test_the_longest_phrase_is_taken_and_case_kept():
    out = TABLE(["Very GOOD, good; goodness!", "VERY GOOD", ""], "en", "de")
    assert out == ["Ausgezeichnet, gut; goodness!", "AUSGEZEICHNET", ""]
    assert isinstance(TABLE, Translator)


def test_what_a_table_cannot_do():
    with pytest.raises(UnsupportedError, match="no table from 'de' to 'en'; it has en to de"):
        TABLE(["gut"], "de", "en")
    for wrong in ({"en": {"a": "b"}}, {("en", "de"): {}}, {("en", "de"): {"": "b"}}, {("en", "de"): ["a"]}):
        with pytest.raises(ValueError, match="maps pairs of languages to phrases"):
            PhraseTable(wrong)


def translate(texts, src, tgt):
    return texts


def test_names_of_models():
    assert model_of(TABLE) == "phrase table"
    assert model_of(translate).endswith("test_translators.translate")
    assert model_of(partial(translate)) is None
    assert model_of(lambda texts, src, tgt: texts) is None


@pytest.mark.parametrize("given", [None, "ab", ["a"], ["a", None], ["a", "b", "c"], 3])
def test_wrong_translations_are_named(given):
    with pytest.raises(
        ValueError, match=r"translate\('en' to 'de'\) must return one string for each of 2 texts"
    ):
        check_translated(given, ["x", "y"], "en", "de")


def test_tuples_of_texts_will_do():
    assert check_translated(("a", "b"), ["x", "y"], "en", "de") == ["a", "b"]
