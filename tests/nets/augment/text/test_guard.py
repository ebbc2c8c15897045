import pytest

from regularfit.nets.augment.text._guard import Guard, check_names, negates


@pytest.mark.parametrize(
    "word", ["not", "No", "never", "NOTHING", "don't", "Isn’t", "cannot", "dont", "without", "hardly"]
)
def test_negations(word):
    assert negates(word)
    assert negates(f"({word},")
    assert Guard.of().protects(word)


@pytest.mark.parametrize(
    "word",
    ["2", "3.5", "2nd", "two", "Twenty", "half", "£5", "10:30", "the", "I'm", "they’ll", "u", ":)", ""],
)
def test_numbers_stop_words_and_what_is_no_word(word):
    assert not negates(word)
    assert Guard.of().protects(word)


@pytest.mark.parametrize("word", ["note", "film", "Notary!", "nothingness", "well-known", "(good)"])
def test_other_words_are_free(word):
    assert not Guard.of().protects(word)


def test_the_words_of_labels_in_any_spelling():
    guard = Guard.of(labels=["talk.politics.guns", "sci_space", "SportNews", "ham", 3])
    for word in ("politics", "Guns", "gun", "space", "spaces", "sport", "news", "ham", "HAMS!", "talk"):
        assert guard.protects(word), word
    assert not guard.protects("shame")
    assert not Guard.of(labels=["1", 0, None]).protects("film")


def test_protected_words_of_several_pieces():
    guard = Guard.of(protect=["New York", "e-mail", "Ann's"])
    for word in ("york", "new", "e-mail", "Ann's"):
        assert guard.protects(word)


def test_no_guard_is_taken_for_another():
    assert Guard.of(["film"]).status["film"] != Guard.of(["car"]).status["film"]
    assert Guard.of(["film"]) == Guard.of(("FILM",))


def test_a_full_memory_begins_anew(monkeypatch):
    monkeypatch.setattr("regularfit.nets.augment.text._guard.REMEMBERED", 3)
    status = Guard.of(["memoryless"]).status
    assert [status[word] for word in ("film", "not", "the", "car", "film")] == [0, 2, 1, 0, 0]
    assert len(status) <= 3


def test_names_in_any_sequence():
    assert check_names({"a": 1}, "labels") == ("a",)
    assert check_names([], "labels") == ()
