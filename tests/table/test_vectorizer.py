"""What the recipes make is what skrub's TableVectorizer makes, in more digits."""

import warnings

import numpy as np
import pandas as pd

from regularfit.table.encoder import stack
from regularfit.table.recipes import Date, Levels
from regularfit.table.values import is_number
from regularfit.table.vectorizer import learn_recipes, make_vectorizer, prepare


def by_skrub(frame: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    other = [name for name in frame if not is_number(frame[name])]
    ready, ready_new = frame.copy(), new.copy()
    ready[other], ready_new[other] = prepare(frame[other])[0], prepare(new[other])[0]
    vectorizer = make_vectorizer().fit(ready)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Found unknown categories")
        return vectorizer.transform(ready_new).to_numpy(np.float64)


def in_days(recipes, made):
    """skrub counts seconds since 1970, the recipes days."""
    names = [name for recipe in recipes for name in recipe.names]
    return made * np.where([name.endswith(": days") for name in names], 86400.0, 1.0)


def test_recipes_equal_the_vectorizer(mixed):
    recipes, _ = learn_recipes(mixed)
    ours = in_days(recipes, stack(recipes, mixed))
    theirs = by_skrub(mixed, mixed)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def test_recipes_equal_the_vectorizer_on_new_rows_with_new_levels(mixed):
    recipes, _ = learn_recipes(mixed)
    new = mixed.iloc[::3].copy()
    new.iloc[:4, new.columns.get_indexer(["town", "size", "shop"])] = "never seen"
    np.testing.assert_allclose(
        in_days(recipes, stack(recipes, new)), by_skrub(mixed, new), rtol=1e-6, atol=1e-6
    )


def test_many_levels_are_grouped_and_all_of_them_known(mixed):
    recipes, known = learn_recipes(mixed)
    shop = next(r for r in recipes if r.column == "shop")
    assert isinstance(shop, Levels)
    assert shop.other > 0
    assert len(shop.levels) + shop.other == mixed["shop"].nunique() == len(known["shop"])
    made = shop.apply(mixed["shop"])
    assert (made.sum(axis=1) == 1).all()


def test_missing_values_among_the_rare_levels_count_as_other():
    frame = pd.DataFrame({"c": [f"l{i // 4}" for i in range(240)]})
    frame.loc[5, "c"] = None
    recipes, known = learn_recipes(frame)
    np.testing.assert_allclose(stack(recipes, frame), by_skrub(frame, frame))
    assert not recipes[0].missing
    assert None not in known["c"]


def test_text_that_other_readers_take_for_missing_stays_a_level(mixed):
    town = next(r for r in learn_recipes(mixed)[0] if r.column == "town")
    assert town.levels == ("Graz", "Linz", "NA", "None")
    assert town.missing


def test_dates_keep_time_zones():
    when = pd.Series(pd.date_range("2024-01-01", periods=30, freq="7h", tz="Europe/Vienna"))
    frame = pd.DataFrame({"when": when})
    (recipe,) = learn_recipes(frame)[0]
    assert isinstance(recipe, Date)
    assert recipe.timezone == "Europe/Vienna"
    same_in_utc = when.dt.tz_convert("UTC")
    np.testing.assert_allclose(recipe.apply(same_in_utc), recipe.apply(when))


def test_only_numbers_need_no_skrub(monkeypatch):
    import regularfit.table.vectorizer as module

    monkeypatch.setattr(module, "_ask_skrub", lambda frame: 1 / 0)
    recipes, known = learn_recipes(pd.DataFrame({"a": [1, 2], "b": [0.5, None]}))
    assert [r.kind for r in recipes] == ["number", "number"]
    assert known == {}
