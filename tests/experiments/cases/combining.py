def facts(*gains):
    rest = {"gain_se": 0.01, "all_gain": 0.1, "all_gain_se": 0.1}
    sets = [{"name": f"set {k}", "gain": gain, **rest} for k, gain in enumerate(gains)]
    return {"sets": sets}


CASES = [
    (facts(0.1, 0.03), "holds"),
    (facts(0.1, 0.015), "holds when"),
    (facts(0.1, -0.1), "holds when"),
    (facts(0.0, 0.015), "does not hold"),
    (facts(-0.1, -0.1), "does not hold"),
]
