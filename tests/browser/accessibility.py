"""What axe-core finds on a page that keeps somebody from using it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.browser.chromium import DESKTOP, PHONE, Browser, Scheme

#: All that axe judges: WCAG 2.2 up to AA, and its own good practice.
_ALL: dict[str, Any] = {}
_CONTRAST: dict[str, Any] = {"runOnly": ["color-contrast", "link-in-text-block"]}
#: Every rule on both screens; in the dark only colours can differ.
LOOKS: tuple[tuple[str, tuple[int, int], Scheme, dict[str, Any]], ...] = (
    ("desktop", DESKTOP, "light", _ALL),
    ("desktop, dark", DESKTOP, "dark", _CONTRAST),
    ("phone, dark", PHONE, "dark", _CONTRAST),
    ("phone", PHONE, "light", _ALL),
)
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"], ...arguments[0]}).then(
  found => done(found.violations), error => done([{id: String(error), impact: "critical", nodes: []}]));
"""


@lru_cache
def _axe() -> str:
    return Path(__file__).with_name("vendor").joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(browser: Browser, rules: dict[str, Any]) -> list[str]:
    """Serious and critical faults of the page as it looks now: the rule, the element, and what is wrong with it."""
    if not browser.script("return typeof axe === 'object'"):
        browser.script(_axe())
    found = browser.driver.execute_async_script(_RUN, rules)
    return [
        f"{rule['id']} ({rule['impact']}): {_told(node)}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"] or [{}]
    ]


def _told(node: dict[str, Any]) -> str:
    reasons = [check["message"] for kind in ("any", "all", "none") for check in node.get(kind, [])]
    return f"{' '.join(map(str, node.get('target', [])))}: {'; '.join(reasons)}\n        {node.get('html', '')[:200]}"
