def net(
    gain=(0.1, 0.01), kept=(0.99, 0.01), kept_loss=(1.0, 0.01), distance=(0.1, 0.01), name="digits, 12 units"
):
    return {
        "name": name, "gain_error": gain, "gain_loss": (0.5, 0.01), "kept_error": kept, "kept_loss": kept_loss,
        "distance": distance,
    }  # fmt: skip


def facts(*nets):
    return {"nets": list(nets), "rate": 0.5, "fits": 1}


CASES = [
    (facts(net(), net()), "holds"),
    (facts(net(), net(kept=(0.95, 0.04))), "holds when"),
    (facts(net(), net(kept_loss=(0.8, 0.01))), "holds when"),
    (facts(net(), net(distance=(0.3, 0.01))), "holds when"),
    (facts(net(kept=(0.5, 0.01)), net(kept_loss=(0.5, 0.01))), "does not hold"),
    (facts(net(), net(gain=(0.01, 0.01))), "does not hold"),
]
