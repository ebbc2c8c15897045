import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from regularfit.report.scale import Scale
from regularfit.report.svg import Chart, Label, spread


@pytest.mark.parametrize("seed", range(20))
def test_labels_keep_apart_and_inside(seed):
    rng = np.random.default_rng(seed)
    wanted = rng.uniform(-20, 320, rng.integers(1, 30)).tolist()
    placed = sorted(spread(wanted, 12.0, 4.0, 296.0))
    gap = min(12.0, 292.0 / max(len(wanted) - 1, 1))
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(placed))
    assert placed[0] >= 4.0 - 1e-9
    assert placed[-1] <= 296.0 + 1e-9


def test_labels_that_have_room_stay():
    assert spread([10.0, 100.0, 50.0], 12.0, 0.0, 300.0) == [10.0, 100.0, 50.0]


def chart() -> Chart:
    found = Chart(Scale(10.0, 0.1, log=True), Scale(0.0, 1.0), "A & B", 100)
    found.x_axis("strength", str)
    found.y_axis(str)
    found.line([10.0, 1.0, 0.1], [0.0, 0.5, 1.0], "c0", "up", "k0")
    found.band([10.0, 0.1], [0.0, 0.1], [0.5, 0.6], "band")
    found.upright(1.0, "<chosen>", "first")
    found.labels([Label(1.0, "<name>", "c0", "k0")])
    return found


def test_it_is_well_formed_and_named():
    root = ET.fromstring(chart().svg())
    assert root.get("aria-label") == "A & B"
    assert "<name>" in "".join(root.itertext())


def test_a_curve_goes_where_its_values_are():
    assert 'd="M0 100L500 50L1000 0"' in chart().svg()


def test_level_stretches_cost_nothing_and_gaps_are_skipped():
    flat = Chart(Scale(0.0, 99.0), Scale(0.0, 1.0), "flat", 100)
    flat.line(range(100), [0.0] * 99 + [math.nan], "c0")
    assert flat.svg().count("L") == 1


def test_huge_numbers_share_a_power_of_ten_on_both_axes():
    found = Chart(Scale(5e8, 1.3e9), Scale(0.0, 3e7), "huge", 100)
    found.x_axis("error", lambda x: f"{x:g}", 5)
    found.y_axis(lambda x: f"{x:g}", 4)
    texts = [element.text for element in ET.fromstring(found.svg()).iter() if element.text]
    assert "error, × 10⁹" in texts
    assert "× 10⁷" in texts
    assert {"0.6", "0.8", "1", "1.2"} <= set(texts)
    assert not any("10⁸" in text for text in texts)
