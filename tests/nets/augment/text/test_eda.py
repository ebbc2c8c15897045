import numpy as np

from regularfit.nets.augment.text import EDA, RandomDelete, RandomInsert, RandomSwap, Synonyms

SOURCE = {"good": ["fine"], "film": ["movie"]}


def test_each_text_is_changed_in_one_of_four_ways_equally_often():
    n, text = 2000, "good film house"
    out = EDA(0.34, SOURCE)([text] * n)
    kinds = {"synonym": 0, "insert": 0, "swap": 0, "delete": 0}
    for changed in out:
        words = changed.split()
        known = {"fine", "movie"} & set(words)
        kind = {4: "insert", 5: "insert", 2: "delete", 1: "delete"}.get(
            len(words), "synonym" if known else "swap"
        )
        kinds[kind] += changed != text
    assert sum(kinds.values()) == n  # 1.02 of three words: at least one changes
    assert max(abs(often - n / 4) for often in kinds.values()) <= 4 * np.sqrt(n * 3 / 16)


def test_its_ways_have_its_settings():
    eda = EDA(0.2, SOURCE, protect=["house"], labels=["car"])
    own = {"protect": ("house",), "labels": ("car",)}
    assert eda.ways == (
        Synonyms(0.4, SOURCE, **own),
        RandomInsert(0.2, SOURCE, **own),
        RandomSwap(0.2, **own),
        RandomDelete(0.2, **own),
    )
