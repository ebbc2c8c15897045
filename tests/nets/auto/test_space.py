"""Cocktails: everything that can be drawn can be trained, and children have what their parents have."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.auto.search import DEFAULTS, WITH_BINS  # noqa: E402
from regularfit.nets.auto.space import Ingredient, cocktails  # noqa: E402
from regularfit.nets.lanes.grid import grid_settings  # noqa: E402
from regularfit.nets.lanes.reading import changes_of, lane_row, proxes_of  # noqa: E402
from regularfit.nets.lanes.settings import NetSettings  # noqa: E402


@pytest.mark.parametrize("classification", [True, False])
def test_every_cocktail_can_be_a_lane(classification):
    space, rng = cocktails(classification, bins=True), np.random.default_rng(0)
    points = [space.draw(rng) for _ in range(300)]
    points += [space.child(points[:20], rng) for _ in range(300)]
    settings = grid_settings(NetSettings(), [*DEFAULTS, *WITH_BINS, *points])
    for one in settings:
        row = lane_row(one)
        assert classification or not row.get("smoothing")
    assert {one.bins for one in settings[-600:]} == {False, True}
    assert all("bins" not in cocktails(classification).draw(rng) for _ in range(10))
    assert set(changes_of(settings)) == {"swap", "mixup", "noise"}
    assert proxes_of(settings) == ("decay", "l1")


def test_spikes_and_slabs_have_their_chances():
    space, rng = cocktails(True), np.random.default_rng(1)
    points = [space.draw(rng) for _ in range(4000)]
    for name, chance in {
        "Dropout.p": 0.7,
        "FeatureSwap.p": 0.6,
        "L1.strength": 0.2,
        "EMA.decay": 0.6,
    }.items():
        share = np.mean([name in point for point in points])
        assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / 4000)
    rates = [point["WeightDecay.rate"] for point in points if "WeightDecay.rate" in point]
    assert min(rates) >= 1e-3
    assert max(rates) <= 1.0
    assert abs(np.median(np.log10(rates)) + 1.5) < 0.1
    assert not any("EMA.decay" in point and "SWA.after" in point for point in points)


def test_a_child_has_each_ingredient_of_one_parent():
    space, rng = cocktails(True), np.random.default_rng(2)
    parents = [space.draw(rng) for _ in range(2)]
    for _ in range(50):
        child = space.child(parents, rng, fresh=0.0)
        for ingredient in space.ingredients:
            own = {name: child.get(name) for name in ingredient.names}
            assert own in [{name: parent.get(name) for name in ingredient.names} for parent in parents]


def test_what_is_off_says_nothing():
    assert Ingredient.on(0.0, Dropout__p=lambda rng: 0.5).draw(np.random.default_rng(0)) == {}
