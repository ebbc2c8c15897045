def facts(*steps):
    sets = [
        {
            "name": f"set {k}",
            "step": own,
            "step_se": [0.01, 0.01],
            "all": sum(own),
            "all_se": 0.01,
            "best_rate": [1.0, 0.1],
        }
        for k, own in enumerate(steps)
    ]
    return {"rates": [1.0, 0.1, 0.01], "sizes": [20, 200], "sets": sets}


CASES = [
    (facts([0.1, 0.03], [0.05, 0.05]), "holds"),
    (facts([0.1, 0.015], [0.05, 0.05]), "holds when"),
    (facts([0.1, -0.02], [-0.1, 0.0]), "holds when"),
    (facts([0.1, -0.09], [0.0, 0.0]), "does not hold"),
    (facts([0.1, 0.1], [0.0, 0.0], [0.0, 0.0]), "does not hold"),
]
