def facts(train=(0.4, 0.2, 0.1), rise=(5.0, 0.5), cure=(-4.0, 0.5)):
    return {
        "degrees": [1, 3, 25], "train": train, "test": [0.5, 0.3, 40.0], "rise": rise, "cure": cure, "noise": 0.25,
    }  # fmt: skip


CASES = [
    (facts(), "holds"),
    (facts(cure=(0.1, 0.5)), "holds when"),
    (facts(rise=(0.5, 0.5)), "does not hold"),
    (facts(train=(0.4, 0.45, 0.1)), "does not hold"),
]
