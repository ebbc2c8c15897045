def facts(*cells):
    names = ("gain", "gain_se", "little", "little_se")
    rest = {"design": "d", "penalty": "L2", "bias": 0.1, "bias_se": 0.1, "variance": 1.0, "variance_se": 0.1}
    return {"cells": [{**rest, **dict(zip(names, cell, strict=True))} for cell in cells], "fits": 1}


TRADES, NO_GAIN, MUCH_BIAS = (0.5, 0.1, 0.3, 0.1), (0.5, 0.3, 0.3, 0.1), (0.5, 0.1, 0.1, 0.1)

CASES = [
    (facts(TRADES, TRADES), "holds"),
    (facts(TRADES, NO_GAIN), "holds when"),
    (facts(TRADES, MUCH_BIAS), "holds when"),
    (facts(NO_GAIN, MUCH_BIAS), "does not hold"),
]
