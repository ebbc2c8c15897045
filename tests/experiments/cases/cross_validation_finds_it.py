def facts(*regrets):
    return {
        "cases": [
            {"name": "d", "n": 30 * 2**k, "min": mean, "min_se": error, "paired": 0.01, "paired_se": 0.002}
            for k, (mean, error) in enumerate(regrets)
        ],
        "fits": 1,
    }


CLOSE, UNSURE, FAR = (0.02, 0.005), (0.045, 0.005), (0.2, 0.01)

CASES = [
    (facts(CLOSE, CLOSE), "holds"),
    (facts(UNSURE, CLOSE), "holds when"),
    (facts(FAR, CLOSE), "holds when"),
    (facts(FAR, UNSURE), "does not hold"),
]
