def one(name, rise, gain):
    gains = [gain] * 4
    return {"name": name, "rise": rise, "rise_se": 0.01, "gain": gains, "gain_se": [0.01] * 4}


def facts(*sets):
    return {"sets": list(sets), "cures": ["best depth", "rows of a leaf", "pruning", "shrinkage"]}


CASES = [
    (facts(one("a", 0.1, -0.1), one("b", 0.1, -0.1)), "holds"),
    (facts(one("a", 0.1, -0.1), one("b", 0.01, -0.1)), "holds when"),
    (facts(one("a", 0.1, -0.1), one("b", 0.1, -0.01)), "holds when"),
    (facts(one("a", 0.1, 0.0)), "does not hold"),
    (facts(one("a", 0.0, -0.1)), "does not hold"),
]
