def facts(*worse, saves=(0.2, 0.02)):
    return {"worse": worse, "patiences": (5, 0), "sizes": (10, 400), "saves": (saves, saves)}


CASES = [
    (facts((0.1, 0.02), (0.05, 0.02)), "holds"),
    (facts((0.1, 0.02), (0.05, 0.02), saves=(-0.1, 0.02)), "holds"),
    (facts((0.03, 0.02), (0.05, 0.02)), "holds when"),
    (facts((0.03, 0.02), (-0.05, 0.02)), "does not hold"),
]
