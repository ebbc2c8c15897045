"""The page in a real browser: nothing said on the console, nothing asked of the network, nothing sticks out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from regularfit.report.render import render
from tests.report.builder import diabetes, from_arrays, three_classes

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium (pip install selenium)")
CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and chromedriver on the path"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
NAME = "<script>document.title = 'broken'</script> and a name of some length"


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 300))
    wide = from_arrays(X, X[:, :3].sum(1) + rng.normal(size=50), [f"{NAME} {j}" for j in range(300)])
    two = from_arrays(X[:, :2], X[:, 0] + rng.normal(size=50), ("a", "b"), (1.0,))
    long = replace(
        wide, target=replace(wide.target, name="unbroken" * 30), table=replace(wide.table, source="x" * 200)
    )
    found = {"diabetes": diabetes(), "wide": wide, "two": two, "long": long}
    found |= {
        "three": three_classes(),
        "classes": three_classes([f"{NAME} {'unbroken' * 9} {k}" for k in range(15)]),
    }
    for name, data in found.items():
        (folder / f"{name}.html").write_text(render(data), encoding="utf-8")
    return folder


def show(browser, page, width, scheme="light", media=""):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    browser.get_log("performance")
    browser.get(page.as_uri())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["diabetes", "wide", "two", "long", "three", "classes"])
def test_quiet_alone_and_inside_its_width(browser, pages, name, width, scheme):
    show(browser, pages / f"{name}.html", width, scheme)
    assert browser.get_log("browser") == []
    assert requests(browser) == {(pages / f"{name}.html").as_uri()}
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.title != "broken"


def requests(browser):
    """Every address asked for, icons in the page itself aside."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return {url for url in sent if not url.startswith("data:")}


def test_on_paper_nothing_is_cut_off(browser, pages):
    show(browser, pages / "diabetes.html", 700, media="print")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 700


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_the_page(browser, pages, scheme):
    """Every colour that letters use has a contrast of at least 4.5 to the page."""
    show(browser, pages / "diabetes.html", 1280, scheme)
    script = "const s = getComputedStyle(document.documentElement); return arguments[0].map(n => s.getPropertyValue(n))"
    letters = [
        "--ink",
        "--soft",
        "--faint",
        "--blue",
        "--red",
        "--green",
        "--purple",
        "--amber",
        "--sky",
        "--slate",
    ]
    page, *colours = browser.execute_script(script, ["--page", *letters])
    assert {n: c for n, c in zip(letters, colours, strict=True) if contrast(c, page) < 4.5} == {}


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    parts = [int(colour.strip().lstrip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_pointing_follows_a_column_and_reads_a_strength(browser, pages):
    show(browser, pages / "diabetes.html", 1280)
    label = browser.find_element("css selector", "#path .label")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", label)
    webdriver.ActionChains(browser).move_to_element(label).perform()
    readout = browser.find_element("css selector", "#path .readout")
    assert readout.text.startswith("bmi")
    assert len(browser.find_elements("css selector", "#path g.s.hot")) == 1
    curve = browser.find_element("css selector", "#curve svg.curves")
    webdriver.ActionChains(browser).move_to_element(curve).perform()
    assert browser.find_element("css selector", "#curve .readout").text.startswith("strength")


def test_labels_do_not_cover_each_other(browser, pages):
    show(browser, pages / "diabetes.html", 1280)
    script = (
        "return [...document.querySelectorAll('#path .label .wide')]"
        ".map(t => t.getBoundingClientRect()).map(b => [b.top, b.bottom])"
    )
    boxes = sorted(browser.execute_script(script))
    assert len(boxes) == 10
    assert all(upper[0] + 10 <= lower[0] for upper, lower in pairwise(boxes))
