import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from regularfit.errors import ModelFileError
from regularfit.nets.augment.text._cache import TranslationCache


def cache(path, model="m", src="en", pivot="de"):
    return TranslationCache(path, model, src, pivot)


@pytest.mark.parametrize("there", [False, True], ids=["new file", "empty file"])
def test_what_is_kept_is_known(tmp_path, there):
    path = tmp_path / "cache.sqlite"
    if there:
        path.touch()
    assert cache(path).known(["a"]) == {}
    cache(path).keep({"a": "b", "çé\n😀": "", "x" * 10_000: "y"})
    assert cache(path).known(["a", "a", "z", "çé\n😀"]) == {"a": "b", "çé\n😀": ""}
    assert cache(path, model="other").known(["a"]) == {}
    assert cache(path, pivot="fr").known(["a"]) == {}
    assert cache(path, src="nl").known(["a"]) == {}


def test_nothing_is_written_before_there_is_something_to_keep(tmp_path):
    cache(tmp_path / "c").known(["a"])
    assert list(tmp_path.iterdir()) == []


def test_more_texts_than_one_question_can_hold(tmp_path):
    many = {f"text {i}": f"back {i}" for i in range(2_345)}
    cache(tmp_path / "c").keep(many)
    assert cache(tmp_path / "c").known(list(many)) == many


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path):
    cache(tmp_path / "c").keep({"a": "b"})
    with pytest.raises(ModelFileError, match="the cache cannot be used"):
        cache(tmp_path / "c").keep({"d": "e", "f": None})  # None is refused by the table
    assert cache(tmp_path / "c").known(["a", "d", "f"]) == {"a": "b"}


def foreign_text(path):
    path.write_text("text,label\n")


def foreign_database(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE back (a)")


def damaged(path):
    cache(path).keep({"a": "b"})
    path.write_bytes(path.read_bytes()[:50])


def torn(path):
    cache(path).keep({str(i): "b" * 1000 for i in range(100)})
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def test_a_cache_that_is_torn_inside_is_named(tmp_path):
    torn(tmp_path / "mine.dat")
    with pytest.raises(ModelFileError, match=r"mine\.dat: the cache cannot be used \(.*malformed"):
        cache(tmp_path / "mine.dat").known([str(i) for i in range(100)])


def newer(path):
    cache(path).keep({"a": "b"})
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA user_version = 9")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (foreign_text, "is not a cache of translations; it is left as it is"),
        (foreign_database, "is a database of something else; it is left as it is"),
        (damaged, "is damaged: it ends after 50 bytes"),
        (newer, r"newer regularfit \(format 9\)"),
        (lambda path: path.mkdir(), "is not a file"),
    ],
)
def test_other_files_are_refused_by_name_and_left_alone(tmp_path, make, message):
    path = tmp_path / "mine.dat"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ModelFileError, match=f"mine.dat .*{message}"):
        cache(path)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine.dat"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="there is no folder"):
        cache(tmp_path / "no" / "c")


def test_what_no_file_can_hold_is_named(tmp_path):
    with pytest.raises(ValueError, match="holds a character that no file can hold"):
        cache(tmp_path / "c").keep({"good": "fine", "\ud800": "x"})
    assert cache(tmp_path / "c").known(["good"]) == {}


def test_many_may_write_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: cache(tmp_path / "c").keep({f"t{i}": f"b{i}"}), range(24)))
    assert len(cache(tmp_path / "c").known([f"t{i}" for i in range(24)])) == 24
