def facts(norm=(-0.1, 0.01), norm_test=(-0.1, 0.01), noise=(-0.1, 0.01), noise_test=(0.01, 0.01)):
    return {"norm": {"gap": norm, "test": norm_test}, "noise": {"gap": noise, "test": noise_test}, "fits": 1}


CASES = [
    (facts(), "holds"),
    (facts(norm=(-0.01, 0.01)), "holds when"),
    (facts(norm_test=(0.1, 0.01)), "holds when"),
    (facts(noise=(0.1, 0.01)), "holds when"),
    (facts(noise_test=(0.03, 0.01)), "holds when"),
    (facts(norm=(0.1, 0.01), noise=(0.1, 0.01)), "does not hold"),
]
