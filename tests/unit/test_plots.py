"""Charts of benchmarks: valid SVG, bars as long as their values, labels and values in words."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from benchmarks.figures import Figure
from benchmarks.plots import bars

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_values() -> None:
    rows = [("one by one", Figure("a", "A", 5.0, "orders/s")), ("in batches", Figure("b", "B", 20.0, "orders/s"))]
    chart = ElementTree.fromstring(bars("Orders a second", rows))
    background, short, long = chart.findall(f"{SVG}rect")
    assert float(long.get("width", 0)) == 4 * float(short.get("width", 0))
    assert float(long.get("x", 0)) + float(long.get("width", 0)) < float(background.get("width", 0))


def test_labels_and_values_are_words_that_cannot_break_the_file() -> None:
    text = bars("<Orders> & more", [("a < b", Figure("a", "A", 1234.5, "orders/s"))])
    words = [each.text for each in ElementTree.fromstring(text).findall(f"{SVG}text")]
    assert words == ["<Orders> & more", "a < b", "1,234 orders/s"]
    assert re.search(r'aria-label="&lt;Orders&gt; &amp; more"', text)


def test_a_chart_of_nothing_but_zeros_is_drawn() -> None:
    assert ElementTree.fromstring(bars("None", [("none", Figure("a", "A", 0, "orders"))])).findall(f"{SVG}rect")
