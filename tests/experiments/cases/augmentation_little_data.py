GOOD, NONE, GROWS = (
    ((0.1, 0.02), (0.0, 0.02), (0.1, 0.02)),
    ((0.01, 0.02),) * 3,
    ((0.1, 0.02), (0.1, 0.02), (0.0, 0.02)),
)


def facts(images=GOOD, texts=GOOD):
    made = [
        {"gain": few_many[:2], "shrinks": few_many[2], "sizes": (30, 1000)} for few_many in (images, texts)
    ]
    return dict(zip(("images", "texts"), made, strict=True))


CASES = [
    (facts(), "holds"),
    (facts(texts=NONE), "holds when"),
    (facts(images=GROWS), "holds when"),
    (facts(images=GROWS, texts=NONE), "does not hold"),
]
