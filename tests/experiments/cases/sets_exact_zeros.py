def facts(best=(25.0, 0.5), grow=(20.0, 0.5), wrong=(0.0, 0.0)):
    rows = [
        {
            "correlation": rho, "zeros_weak": (5.0, 0.2), "zeros_best": best, "zeros_grow": grow,
            "wrong_steps": (share, 0.01), "tables_with_wrong_steps": share, "precision_best": (0.4, 0.01),
        }
        for rho, share in zip((0.0, 0.9), wrong, strict=True)
    ]  # fmt: skip
    return {"simulated": rows, "columns": 50, "relevant": 10, "fits": 1}


CASES = [
    (facts(), "holds"),
    (facts(wrong=(0.0, 0.1)), "holds when"),
    (facts(best=(0.5, 0.5)), "does not hold"),
    (facts(grow=(0.5, 0.5)), "does not hold"),
]
