def sets(kind, helped, same, harmed):
    gains = [(0.2, 0.01)] * helped + [(0.005, 0.01)] * same + [(-0.2, 0.01)] * harmed
    return [{"kind": kind, "gain": gain} for gain in gains]


def facts(shipped, simulated):
    return {"sets": [*sets("shipped", *shipped), *sets("simulated", *simulated)], "fits": 1}


CASES = [
    (facts((10, 0, 0), (95, 5, 0)), "holds"),
    (facts((8, 2, 0), (95, 5, 0)), "holds when"),
    (facts((10, 0, 0), (60, 36, 4)), "holds when"),
    (facts((9, 0, 1), (95, 5, 0)), "does not hold"),
    (facts((10, 0, 0), (80, 10, 10)), "does not hold"),
]
