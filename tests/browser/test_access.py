"""Who gets in, and who may press a button: as a browser shows it and holds to it."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.chromium import Browser
from tests.browser.conftest import Login

_POST = """
const done = arguments[arguments.length - 1];
fetch(arguments[0], {method: "POST", body: new URLSearchParams(arguments[1])})
  .then(async answer => done([answer.status, await answer.text()]), error => done([0, String(error)]));
"""


def test_given_a_wrong_password_when_logging_in_then_one_is_told_and_stays_outside(
    browser: Browser, enter: Callable[..., Login]
) -> None:
    login = enter("anna")
    browser.click("anna")
    browser.click("Log out", leads_to="Log in")
    browser.fill("Name", login.name)
    browser.fill("Password", "not anna's password")
    with browser.expected("403"):
        browser.click("Log in")
    browser.see("There is no operator with this name and password.")
    browser.open("/console/audit")
    assert browser.path == "/console/login?next=/console/audit"


def test_given_a_page_of_the_console_when_it_posts_without_the_forms_token_then_it_is_refused(
    browser: Browser, enter: Callable[..., Login]
) -> None:
    enter("anna")
    browser.open("/console/password")
    with browser.expected("400"):
        status, text = browser.driver.execute_async_script(_POST, "/console/logout", {})
    assert status == 400
    assert "This form is too old" in text
    browser.open("/console/audit")
    assert browser.heading == "Audit trail"
