CLEAR, NONE = (0.05, 0.01), (0.01, 0.01)
BOTH, END, MATCHED = (CLEAR, CLEAR), (CLEAR, NONE), (NONE, CLEAR)


def facts(few=BOTH, many=BOTH, moved=BOTH):
    shuffled = ((NONE, NONE), (NONE, NONE))
    return {"sizes": (50, 1000), "gain": (few, many), "gain_moved": (moved, moved), "gain_shuffled": shuffled}


CASES = [
    (facts(), "holds"),
    (facts(few=END), "holds when"),
    (facts(moved=MATCHED), "holds when"),
    (facts(few=END, many=MATCHED), "holds when"),
    (facts(few=END, many=MATCHED, moved=END), "does not hold"),
]
