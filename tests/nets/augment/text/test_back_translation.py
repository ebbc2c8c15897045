import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from regularfit.errors import ModelFileError
from regularfit.nets.augment.text import BackTranslation, PhraseTable, Prepared
from regularfit.nets.augment.text.back_translation import _f1


class Counting:
    """A translator that marks its direction by what it appends, counts its texts and can be told to fail."""

    model = "counting"

    def __init__(self, back=lambda text: text.replace("good", "fine"), fail_after=10**9):
        self.back, self.fail_after, self.seen = back, fail_after, []

    def __call__(self, texts, src, tgt):
        if tgt == "en":
            assert all(text.startswith("<de>") for text in texts)
            return [self.back(text.removeprefix("<de>")) for text in texts]
        self.seen += texts
        if len(self.seen) > self.fail_after:
            raise RuntimeError("out of breath")
        return ["<de>" + text for text in texts]


TEXTS = [f"good film number {word}" for word in ("alpha", "beta", "gamma", "delta", "epsilon")]


def test_every_text_is_translated_once_and_never_again(tmp_path):
    translate = Counting()
    step = BackTranslation(translate, cache=tmp_path / "c", p=1.0)
    assert step.prepare([*TEXTS, TEXTS[0], "", "  "]) == Prepared(texts=5, translated=5, usable=5)
    assert step.prepare(TEXTS) == Prepared(texts=5, translated=0, usable=5)
    expected = [text.replace("good", "fine") for text in TEXTS]
    assert step(TEXTS) == step(TEXTS, epoch=1) == expected
    assert translate.seen == TEXTS

    again = Counting()
    assert BackTranslation(again, cache=tmp_path / "c", p=1.0)(TEXTS) == expected  # another process, say
    assert again.seen == []


def test_texts_that_were_not_prepared_are_translated_when_met():
    translate = Counting()
    step = BackTranslation(translate, p=1.0)
    assert step([TEXTS[0]]) == ["fine film number alpha"]
    step(TEXTS)
    assert translate.seen == TEXTS
    assert BackTranslation(translate).cache is None


def test_p_is_the_share_of_texts():
    texts = [f"good film {i}x" for i in range(1000)]
    out = BackTranslation(Counting(), p=0.3)(texts)
    assert abs(np.mean([a != b for a, b in zip(texts, out, strict=True)]) - 0.3) <= 4 * np.sqrt(0.21 / 1000)


@pytest.mark.parametrize(
    ("back", "kept"),
    [
        ("the film was good", True),
        ("A Good Film!", False),  # the same words
        ("the weather in spring", False),  # other words
        ("", False),
        ("this good film 3", False),  # a number more
        ("this not good film", False),  # negated
        ("this good film about cars", False),  # a word of a label
        ("this fine film", True),
    ],
)
def test_what_says_the_same_or_something_else_is_dropped(back, kept):
    step = BackTranslation(Counting(lambda text: back), p=1.0, labels=["car"])
    assert step(["a good film"]) == ([back] if kept else ["a good film"])
    assert step.prepare(["a good film"]).usable == kept


def test_numbers_and_protected_words_keep_their_order():
    step = BackTranslation(Counting(lambda text: "call 20 at 10 or Ann"), p=1.0, protect=["Ann"])
    assert step(["call 10 at 20 or Ann"]) == ["call 10 at 20 or Ann"]
    step = BackTranslation(Counting(lambda text: "phone 10 at 20 or bob"), p=1.0, protect=["Ann"])
    assert step(["call 10 at 20 or Ann"]) == ["call 10 at 20 or Ann"]
    step = BackTranslation(Counting(lambda text: "phone 10 at 20 or ann"), p=1.0, protect=["Ann"])
    assert step(["call 10 at 20 or Ann"]) == ["phone 10 at 20 or ann"]


def test_the_band_can_be_changed_without_translating_again(tmp_path):
    def back(text):
        return "one film more"

    strict = BackTranslation(Counting(back), cache=tmp_path / "c", p=1.0, min_f1=0.9)
    assert strict(["a good film"]) == ["a good film"]
    loose = BackTranslation(silent := Counting(back), cache=tmp_path / "c", p=1.0, min_f1=0.0)
    assert loose(["a good film"]) == ["one film more"]
    assert silent.seen == []


def test_f1_by_hand():
    assert _f1(["a", "b", "b"], ["b", "c"]) == pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3))
    assert _f1(["a"], ["a"]) == 1
    assert _f1([], []) == _f1(["a"], []) == 0


def test_a_failure_keeps_the_batches_before_it(tmp_path):
    failing = BackTranslation(Counting(fail_after=4), cache=tmp_path / "c", batch_size=2)
    with pytest.raises(RuntimeError, match="out of breath"):
        failing.prepare(TEXTS)
    again = Counting()
    step = BackTranslation(again, cache=tmp_path / "c", batch_size=2)
    assert step.prepare(TEXTS) == Prepared(texts=5, translated=1, usable=5)
    assert again.seen == TEXTS[4:]


def test_a_killed_run_keeps_the_batches_before(tmp_path):
    code = f"""
        import os, signal
        from regularfit.nets.augment.text import BackTranslation
        calls = []
        def translate(texts, src, tgt):
            calls.append(texts)
            if len(calls) == 5:  # there and back twice, then there
                os.kill(os.getpid(), signal.SIGKILL)
            return [text.replace("good", "fine") for text in texts]
        step = BackTranslation(translate, cache={str(tmp_path / "c")!r}, model="counting", batch_size=2)
        step.prepare({TEXTS!r})
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, env=os.environ)
    assert ran.returncode == -signal.SIGKILL
    again = Counting()
    assert BackTranslation(again, cache=tmp_path / "c").prepare(TEXTS).translated == 1
    assert again.seen == TEXTS[4:]


@pytest.mark.parametrize("given", [None, ["a"] * 7, [1] * 5])
def test_nothing_is_kept_of_a_wrong_answer(tmp_path, given):
    step = BackTranslation(lambda texts, src, tgt: given, cache=tmp_path / "c", model="wrong")
    with pytest.raises(ValueError, match="must return one string for each of 5 texts"):
        step.prepare(TEXTS)
    assert not (tmp_path / "c").exists()


def test_models_and_languages_do_not_mix(tmp_path):
    first = BackTranslation(Counting(), cache=tmp_path / "c", p=1.0)
    first(TEXTS)
    other = Counting()
    BackTranslation(other, cache=tmp_path / "c", model="another", p=1.0)(TEXTS)
    BackTranslation(other, cache=tmp_path / "c", pivot="fr", p=1.0)(TEXTS)
    assert other.seen == TEXTS + TEXTS


def test_wrong_settings_are_named(tmp_path):
    with pytest.raises(ValueError, match="must be callable"):
        BackTranslation("opus")
    with pytest.raises(ValueError, match="src and pivot are both 'en'"):
        BackTranslation(Counting(), pivot="en")
    with pytest.raises(ValueError, match=r"\(min_f1\) must lie between 0 and 1"):
        BackTranslation(Counting(), min_f1=30)
    for wrong in (0, 1.5, True):
        with pytest.raises(ValueError, match=r"\(batch_size\) must be a whole number >= 1"):
            BackTranslation(Counting(), batch_size=wrong)
    with pytest.raises(ValueError, match=r"has no name under which.*give one, such as model="):
        BackTranslation(lambda texts, src, tgt: texts, cache=tmp_path / "c")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ModelFileError, match=r"mine\.txt is not a cache"):
        BackTranslation(Counting(), cache=tmp_path / "mine.txt")


def test_a_phrase_table_there_and_back():
    table = PhraseTable({("en", "nl"): {"buy": "kopen"}, ("nl", "en"): {"kopen": "purchase"}})
    assert BackTranslation(table, pivot="nl", p=1.0)(["I Buy it"]) == ["I Purchase it"]
