def facts(corner=0.5, rare=0.5, smooth=0.0, turned=0.0, ball=0.0):
    def losses(share):
        return {"has_zero": [share, smooth, 0.0], "has_zero_se": [0.1, 0.0, 0.0]}

    fits = {"dimension": 5, "turned": turned, "ball": ball, "corner": 0.9}
    return {"balls": [losses(corner), losses(rare)], "turned": [fits], "fits": 1}


CASES = [
    (facts(), "holds"),
    (facts(rare=0.1), "holds when"),
    (facts(turned=0.2), "holds when"),
    (facts(corner=0.1, rare=0.1), "does not hold"),
    (facts(smooth=0.01), "does not hold"),
    (facts(ball=0.01), "does not hold"),
]
