"""Every page of the console, found by its links, in a real browser: usable by everybody, on a phone, without faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from sandbox.installation import Installation
from tests.browser.accessibility import LOOKS, faults
from tests.browser.chromium import Browser
from tests.browser.conftest import AfterSale, Login, Trade
from web.app import create_app
from worker.settings import Settings

#: No link leads there while all is quiet: the login, what a file that was sent would change, work on its way.
ELSEWHERE = {
    *("access.login", "console_products.checked", "console_products.check"),
    *("console_orders.progress", "console_shops.work"),
}

_LINKS = """
return [...document.links].filter(a => !a.hasAttribute("download") && a.origin === location.origin).map(a => a.href)
"""
#: What the page loads by itself, now or later, and what it offers to keep.
_PARTS = """
const parts = [...document.querySelectorAll("[hx-get]")].map(each => each.getAttribute("hx-get"));
const loaded = performance.getEntriesByType("resource").map(entry => entry.name);
const downloads = [...document.links].filter(a => a.hasAttribute("download")).map(a => a.href);
return [...parts, ...loaded, ...downloads].map(address => new URL(address, location.href).href);
"""
_TOO_WIDE = """
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide <= 0) return "";
const room = document.documentElement.clientWidth + 1;
const guilty = [...document.querySelectorAll("body *")].filter(
  each => each.getBoundingClientRect().right > room &&
    (!each.closest(".table-wrap") || getComputedStyle(each).position === "absolute"));
return wide + " px too wide: " + guilty.slice(0, 3).map(each => each.outerHTML.slice(0, 120)).join(" | ");
"""
_OUTLINE = "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(each => Number(each.tagName[1]))"
_ENABLED = """
return [...document.forms].filter(form => form.method === "post").flatMap(
  form => [...form.querySelectorAll("button:enabled")].map(
    button => new URL(form.action).pathname + ": " + button.textContent.trim()));
"""


class Walk:
    """Visits one page of each kind, by the links that lead to it."""

    def __init__(self, browser: Browser, app: Flask) -> None:
        self._browser = browser
        self._addresses = app.url_map.bind("")
        self.reached: set[str] = set()

    def pages(self) -> Iterator[str]:
        """Each page's path, when the browser has it open; the login comes first, then what links lead to."""
        todo, seen = ["/console/"], set()
        while todo:
            path = todo.pop(0)
            if (kind := self._kind(path)) is None or kind in seen:
                continue
            seen.add(kind)
            self.reached.add(kind[0])
            self._browser.open(path)
            todo += map(_path, self._browser.script(_LINKS))
            for part in map(_path, self._browser.script(_PARTS)):
                if found := self._kind(part):
                    self.reached.add(found[0])
            yield path

    def _kind(self, path: str) -> tuple[str, frozenset[str]] | None:
        """The endpoint and the names of its query; pages that differ in values only are of one kind."""
        path, _, query = path.partition("?")
        try:
            endpoint = self._addresses.match(path, "GET")[0]
        except HTTPException:
            return None
        if not path.startswith("/console"):
            return None
        return endpoint, frozenset(part.partition("=")[0] for part in query.split("&") if part)


@pytest.fixture
def app(connector: Installation) -> Flask:
    """For the list of its addresses only."""
    names = {name.lower(): value for name, value in connector.environment.items()}
    return create_app(Settings(_env_file=None, **{k: v for k, v in names.items() if k in Settings.model_fields}))


def faults_of(browser: Browser) -> list[str]:
    """What is wrong with the page that the browser has open, on any screen."""
    found = []
    outline = browser.script(_OUTLINE)
    if outline.count(1) != 1 or any(after - before > 1 for before, after in pairwise(outline)):
        found.append(f"headings are not in order: {outline}")
    for look, size, scheme, rules in LOOKS:
        browser.look(size, scheme)
        found += [f"{look}: {fault}" for fault in faults(browser, rules)]
        if too_wide := browser.script(_TOO_WIDE):
            found.append(f"{look}: {too_wide}")
    browser.look()
    found += browser.complaints()
    return [f"{browser.path}, {each}" for each in found]


def send_a_spreadsheet(browser: Browser, file: Path, sku_id: str) -> None:
    """Choose a product for a SKU by a file, and look at what that would change."""
    file.write_text(f"SKU ID,Internal Reference\n{sku_id},MUG-WHITE\n")
    browser.open("/console/products/mapping")
    browser.field("File (*.xlsx or *.csv, 10 MB at most)").send_keys(str(file))
    browser.choose("Shop of rows that name none", "London Mugs")
    browser.click("Check the file", leads_to=f"What {file.name} would change")
    browser.see("1 would change")


def test_every_page_is_usable_by_everybody_on_every_screen(
    browser: Browser,
    app: Flask,
    trade: Trade,
    *,
    after_sale: AfterSale,
    enter: Callable[..., Login],
    tmp_path: Path,
) -> None:
    found = faults_of(browser)  # the login's, which is open now
    enter("anna")
    walk = Walk(browser, app)
    for _ in walk.pages():
        found += faults_of(browser)
    for order_id in (after_sale.untracked, after_sale.asks, after_sale.returned):
        browser.open(f"/console/orders/{trade.seller.shops[1].id}/{order_id}")
        found += faults_of(browser)
    send_a_spreadsheet(browser, tmp_path / "mapping.csv", trade.sku_id("MUG-WITHE"))
    found += faults_of(browser)
    assert not found, "\n    ".join([f"{len(found)} faults:", *found])
    addresses = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")]
    pages = {rule.endpoint for rule in addresses if "GET" in (rule.methods or ())}
    assert pages - walk.reached == ELSEWHERE, "no link leads there, or one does now"


def test_given_a_viewer_then_no_button_can_be_pressed_on_any_page(
    browser: Browser, app: Flask, trade: Trade, enter: Callable[..., Login]
) -> None:
    enter("vera", "viewer")
    walk = Walk(browser, app)
    own = ("/console/logout", "/console/password")
    enabled = {path: [b for b in browser.script(_ENABLED) if not b.startswith(own)] for path in walk.pages()}
    assert len(enabled) > 3
    assert {path: buttons for path, buttons in enabled.items() if buttons} == {}


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
