"""Chromium as a person uses it: things are found by what is written on them, and every complaint of its is kept."""

from __future__ import annotations

import base64
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from sandbox.stack.paths import StackError
from sandbox.stack.processes import wait_for

logging.getLogger("selenium").setLevel(logging.INFO)  # each of its calls would fill a page of a failed test's report

Scheme = Literal["light", "dark"]
DESKTOP = (1280, 900)
PHONE = (360, 740)
#: Pixels of a picture for the documents.
_HIGHEST = 850
#: Seconds; an idle machine needs less than one for a page.
PATIENCE = 30

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers; it opens nothing but our own pages
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,900",
)
#: Whether everything that the page asks for by itself has come.
_SETTLED = "return document.readyState === 'complete' && !document.querySelector('.htmx-request')"
_HEADING = """
const heading = document.querySelector("h1")?.cloneNode(true);
heading?.querySelectorAll("button").forEach(button => button.remove());
return heading?.textContent ?? "";
"""
#: Where an element begins and where the last thing on the page ends, in pixels from the top.
_EXTENT = """
const at = selector => document.querySelector(selector).getBoundingClientRect();
return [Math.max(0, at(arguments[0]).top + window.scrollY - 8), at("footer").bottom + window.scrollY + 8];
"""


class Browser:
    """One window.

    :param site: where relative addresses lead.
    :param profile: an empty folder.
    """

    def __init__(self, site: str, profile: Path) -> None:
        program, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if program is None or driver is None:
            raise StackError("Chromium or its driver is missing; run `make setup`.")
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.site = site
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(driver))
        self.driver.set_script_timeout(PATIENCE)
        self.driver.set_page_load_timeout(PATIENCE)
        self.look()

    def close(self) -> None:
        self.driver.quit()

    def look(self, size: tuple[int, int] = DESKTOP, scheme: Scheme = "light") -> None:
        """Become a screen of that size whose owner likes that colour scheme, and no moving things."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    # Where one is, and what is there

    def open(self, path: str) -> None:
        """Go to a page and wait until all of it is there."""
        self.driver.get(path if "://" in path else self.site + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page and the parts that it loads by itself are there."""
        wait_for(lambda: self.script(_SETTLED), PATIENCE, f"{self.driver.current_url} to be there")

    def script(self, text: str, *arguments: Any) -> Any:
        """What the JavaScript answers; the content policy does not concern it."""
        return self.driver.execute_script(text, *arguments)

    @property
    def path(self) -> str:
        """The address in the window, without the host."""
        parts = urlsplit(self.driver.current_url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def heading(self) -> str:
        """The page's main heading without buttons that stand in it; empty while there is none."""
        return " ".join(str(self.script(_HEADING)).split())

    @property
    def text(self) -> str:
        """What can be read on the page, in one line."""
        return " ".join(str(self.script("return document.body?.innerText ?? ''")).split())

    def see(self, *texts: str, reload: bool = False, seconds: float = PATIENCE) -> None:
        """Wait until every text can be read.

        :param reload: load the page again and again, as people do.
        """

        def there() -> bool:
            if all(text in self.text for text in texts):
                return True
            if reload:
                self.driver.refresh()
                self.settle()
            return False

        try:
            wait_for(there, seconds, f"{texts} on {self.path}")
        except TimeoutError as error:
            raise AssertionError(f"{error} It says: {self.text}") from None

    def complaints(self) -> list[str]:
        """What the console of the developer's tools has to say since the last call: errors, breaches of the policy."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    # What one does

    def click(self, name: str, *, within: str = "body", leads_to: str | None = None) -> None:
        """Press the link or button of that name.

        :param within: a CSS selector of where to look.
        :param leads_to: the heading of the page that comes.
        """
        try:
            wait_for(lambda: self._clicked(name, within), PATIENCE, f"{name!r} on {self.path}")
        except TimeoutError as error:
            raise AssertionError(f"{error} It says: {self.text}") from None
        if leads_to is not None:
            self.on(leads_to)
        self.settle()

    def on(self, heading: str) -> None:
        """Wait for the page with that heading."""
        try:
            wait_for(lambda: self.heading == heading, PATIENCE, f"the page {heading!r}")
        except TimeoutError as error:
            raise AssertionError(f"{error} It is {self.path}: {self.text}") from None

    def fill(self, label: str, value: str) -> None:
        """Type into the field of that label, instead of what is there."""
        field = self.field(label)
        field.clear()
        field.send_keys(value)

    def choose(self, label: str, option: str) -> None:
        """Choose from the list of that label."""
        Select(self.field(label)).select_by_visible_text(option)

    def row(self, header: str) -> list[str]:
        """The cells of the table's row that has this header, the header first."""
        for row in self.driver.find_elements(By.CSS_SELECTOR, "tbody tr"):
            cells = [" ".join(cell.text.split()) for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]
            if cells[0] == header:
                return cells
        raise AssertionError(f"{self.path} has no row {header!r}: {self.text}")

    def pick(self, label: str, *, within: str = "body") -> None:
        """Pick the radio button whose label begins so."""
        for each in self.driver.find_elements(By.CSS_SELECTOR, f"{within} label"):
            if " ".join(each.text.split()).startswith(label):
                each.click()
                return
        raise AssertionError(f"{self.path} has no choice {label!r}: {self.text}")

    def field(self, label: str) -> WebElement:
        """The field of that label."""
        for each in self.driver.find_elements(By.TAG_NAME, "label"):
            if " ".join(each.text.split()) == label:
                found: WebElement | None = self.script("return arguments[0].control", each)
                if found is not None:
                    return found
        raise AssertionError(f"{self.path} has no field {label!r}: {self.text}")

    def keys(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.focused.send_keys(*keys)

    @property
    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def tab_to(self, name: str) -> WebElement:
        """Press Tab until the focus is on the thing of that name."""
        for _ in range(200):
            self.keys(Keys.TAB)
            if self._name(self.focused) == name:
                return self.focused
        raise AssertionError(f"Tab never comes to {name!r} on {self.path}.")

    def picture(self, file: Path, part: str) -> None:
        """The page from the element of the CSS selector ``part`` on, down to its end or as far as a picture goes."""
        top, end = self.script(_EXTENT, part)
        clip = {"x": 0, "y": top, "width": DESKTOP[0], "height": min(_HIGHEST, end - top), "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
        file.write_bytes(base64.b64decode(shot["data"]))

    @contextmanager
    def expected(self, *parts: str) -> Iterator[None]:
        """What is done inside makes the browser complain, once for each of ``parts`` and of nothing else."""
        assert self.complaints() == []
        yield
        found = self.complaints()
        assert len(found) == len(parts), found
        assert all(part in complaint for part, complaint in zip(parts, found, strict=True)), found

    def _clicked(self, name: str, within: str) -> bool:
        things = f"{within} a, {within} button, {within} summary"
        try:
            for each in self.driver.find_elements(By.CSS_SELECTOR, things):
                if each.is_displayed() and self._name(each) == name:
                    each.click()
                    return True
        except StaleElementReferenceException:  # a part of the page was just renewed
            return False
        return False

    def _name(self, element: WebElement) -> str:
        """What a screen reader calls it."""
        return " ".join(str(element.accessible_name).split())
