def facts(lower=1.0, by_l2=0.8, growth=1.2):
    moved = [
        {"growth": 3.0, "growth_se": 0.1},
        {"growth": growth, "growth_se": 0.1},
        {"growth": 1.0, "growth_se": 0.1},
        {"growth": 1.0, "growth_se": 0.1},
    ]
    return {
        "strengths": [1.0, 1e-4], "outliers": [0.0, 30.0, 100.0], "moved": moved, "lower": lower, "lower_se": 0.1,
        "by_l2": by_l2, "by_l2_se": 0.01, "by_huber": 0.9, "by_huber_se": 0.01, "fits": 1,
    }  # fmt: skip


CASES = [
    (facts(), "holds"),
    (facts(by_l2=0.1), "holds when"),
    (facts(growth=3.3), "holds when"),
    (facts(lower=0.1), "does not hold"),
]
