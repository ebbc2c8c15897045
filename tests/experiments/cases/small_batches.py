def arm(error=(-0.01, 0.001), sharpness=(-5.0, 1.0)):
    return {"change": {"test_error": error, "test": (0.0, 0.1), "sharpness": sharpness}}


def facts(**arms):
    return {"sizes": [4, 256], "target": 0.03, "arms": arms, "fits": 1}


CASES = [
    (facts(rate=arm(), noise=arm((0.0, 0.01))), "holds"),
    (facts(rate=arm(sharpness=(-1.5, 1.0)), noise=arm()), "holds when"),
    (facts(rate=arm(error=(0.001, 0.001))), "holds when"),
    (facts(rate=arm((0.001, 0.001), (1.0, 1.0)), noise=arm()), "does not hold"),
]
