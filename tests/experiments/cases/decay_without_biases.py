def net(best=(0.05, 0.01), strong=(0.2, 0.01)):
    return {"best_test": best, "strong_test": strong}


def facts(**nets):
    return {"rates": [0.1, 10.0], "nets": nets, "fits": 1}


CASES = [
    (facts(none=net(), layer=net()), "holds"),
    (facts(none=net((0.001, 0.01)), layer=net()), "holds when"),
    (facts(none=net((0.001, 0.01)), layer=net((-0.01, 0.01))), "holds when"),
    (facts(none=net(), layer=net((-0.05, 0.01))), "does not hold"),
    (facts(none=net((0.001, 0.01), (0.0, 0.1)), transformer=net((0.0, 0.01), (-0.2, 0.01))), "does not hold"),
]
