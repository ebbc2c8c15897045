def facts(gains, more):
    sets = [
        {
            "name": f"set {k}", "gain": own, "gain_se": [0.01] * 3, "more": better, "more_se": 0.01,
            "halved": 0.0, "halved_se": 0.01, "seconds": [0.1, 1.0, 3.0, 9.0],
        }
        for k, (own, better) in enumerate(zip(gains, more, strict=True))
    ]  # fmt: skip
    return {"arms": ["default", "10 nets", "9 nets, halved", "9 nets"], "sets": sets}


CASES = [
    (facts([[0.1, 0.1, 0.2], [0.0, 0.0, 0.03]], [0.05, 0.0]), "holds"),
    (facts([[0.1, 0.1, 0.2], [0.0, 0.0, 0.03]], [0.01, 0.0]), "holds when"),
    (facts([[0.1, 0.1, 0.2], [0.0, 0.0, 0.015]], [0.05, 0.05]), "holds when"),
    (facts([[0.03, -0.1, 0.0], [0.0, 0.0, 0.0]], [0.0, 0.0]), "holds when"),
    (facts([[0.01, 0.0, 0.015], [-0.1, -0.1, -0.1]], [0.05, 0.05]), "does not hold"),
]
