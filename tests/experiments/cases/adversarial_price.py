def facts(gain=((0.4, 0.02), (0.5, 0.02)), price=((0.03, 0.01), (0.02, 0.005))):
    return {
        "radii": (0.0, 0.1, 0.3), "sizes": (150, 1000), "best": (1, 1), "gain": gain, "price": price,
        "largest_price": price,
    }  # fmt: skip


CASES = [
    (facts(), "holds"),
    (facts(price=((-0.03, 0.01), (0.02, 0.005))), "holds when"),
    (facts(price=((0.01, 0.01), (0.001, 0.005))), "holds when"),
    (facts(gain=((0.4, 0.02), (0.01, 0.02))), "does not hold"),
]
