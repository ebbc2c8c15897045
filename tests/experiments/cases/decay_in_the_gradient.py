def facts(plain=1e-15, after=0.001, momentum=0.001, adam=0.5, less=0.2):
    return {
        "cases": [
            {
                "name": "c",
                "apart": apart,
                "apart_se": 0.01 * apart,
                "less": less,
                "less_se": 0.02,
                "falls": 0.4,
            }
            for apart in (plain, after, momentum, adam)
        ],
        "fits": 1,
    }


CASES = [
    (facts(), "holds"),
    (facts(momentum=0.1), "holds when"),
    (facts(after=0.1), "holds when"),
    (facts(plain=1e-6), "does not hold"),
    (facts(adam=0.005), "does not hold"),
    (facts(less=0.01), "does not hold"),
]
