"""Who gets into the console, and who may press its buttons."""

from __future__ import annotations

import pytest
from flask import Flask
from web_stubs import PASSWORD, Console, Desk, text_of

from web.app import create_app
from web.console.access import OPEN
from worker.settings import Settings
from worker.state.operators import Operators


def addresses(app: Flask) -> list[tuple[str, str]]:
    """Every address that an endpoint has without arguments, with a method it takes."""
    found = []
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "").replace(">", "")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint not in OPEN:
                found.append((method, path))
    return found


def test_every_address_is_closed_to_strangers_unless_it_is_named_as_open(desk: Desk) -> None:
    desk.app.config["WTF_CSRF_ENABLED"] = False  # else the missing token would refuse first
    closed = addresses(desk.app)
    assert len(closed) >= 5
    for method, path in closed:
        answer = desk.client.open(path, method=method)
        assert (answer.status_code, answer.headers.get("Location", "")[:14]) == (303, "/console/login"), path


def test_a_viewer_can_change_nothing(viewer: Console) -> None:
    viewer.desk.app.config["WTF_CSRF_ENABLED"] = False
    own = ("/console/logout", "/console/password")
    posts = [path for method, path in addresses(viewer.desk.app) if method != "GET" and path not in own]
    for path in posts:
        assert viewer.client.post(path).status_code == 403, path
    assert viewer.get("/console/").status_code == 200


def test_every_form_needs_its_token(console: Console) -> None:
    posts = [path for method, path in addresses(console.desk.app) if method == "POST"]
    assert posts
    for path in posts:
        answer = console.client.post(path)
        assert (answer.status_code, "too old" in text_of(answer)) == (400, True), path


def test_the_login_form_needs_its_token_too(desk: Desk) -> None:
    Operators(desk.redis).add("anna", "operator", PASSWORD)
    answer = desk.client.post("/console/login", data={"name": "anna", "password": PASSWORD})
    assert answer.status_code == 400
    assert desk.client.get("/console/").status_code == 303


def test_a_webhook_needs_neither_login_nor_token(desk: Desk) -> None:
    assert desk.tell().status_code == 200


def test_given_a_wrong_password_when_logging_in_then_it_is_refused_and_audited(console: Console) -> None:
    answer = console.log_in("anna", "another long password")
    assert answer.status_code == 403
    assert "no operator with this name and password" in text_of(answer)
    assert console.audited()[0] == ("anna", "login.refused", "")


def test_a_name_that_nobody_has_does_not_reach_the_trail(console: Console) -> None:
    """People type passwords into the wrong field."""
    console.log_in("my-secret-password", "anna")
    assert console.audited()[0] == ("somebody", "login.refused", "")


def test_given_ten_wrong_passwords_then_the_right_one_is_not_listened_to_either(console: Console) -> None:
    for _ in range(10):
        assert console.log_in("anna", "wrong").status_code == 403
    assert console.log_in("anna", PASSWORD).status_code == 429
    assert console.audited()[0] == ("anna", "login.throttled", "")


def test_given_thirty_wrong_passwords_from_one_address_then_other_names_are_refused_too(console: Console) -> None:
    for number in range(30):
        console.log_in(f"name{number}", "wrong")
    assert console.log_in("anna", PASSWORD).status_code == 429


def test_logging_out_ends_the_session_for_every_copy_of_its_cookie(console: Console) -> None:
    cookie = console.client.get_cookie("tiktok_odoo_console")
    assert cookie is not None
    assert console.post("/console/logout").status_code == 303
    console.client.set_cookie("tiktok_odoo_console", cookie.value)
    assert console.get("/console/").status_code == 303


def test_a_change_of_password_ends_all_other_sessions(desk: Desk) -> None:
    here = Console(desk, "anna", "operator")
    elsewhere = desk.app.test_client()
    cookie = here.client.get_cookie("tiktok_odoo_console")
    assert cookie is not None
    elsewhere.set_cookie("tiktok_odoo_console", cookie.value)
    assert elsewhere.get("/console/").status_code == 200
    new = "an even longer password"
    assert "Your password is changed" in here.press("/console/password", present=PASSWORD, new=new, again=new)
    assert elsewhere.get("/console/").status_code == 303
    assert here.log_in("anna", PASSWORD).status_code == 403
    assert here.log_in("anna", new).status_code == 303


def test_a_change_of_password_needs_the_present_one_twice_the_new_one_and_twelve_characters(console: Console) -> None:
    new = "an even longer password"
    for fields in (
        {"present": "wrong", "new": new, "again": new},
        {"present": PASSWORD, "new": new, "again": new + "!"},
        {"present": PASSWORD, "new": "short", "again": "short"},
    ):
        assert console.post("/console/password", **fields).status_code == 400
    assert console.log_in("anna", PASSWORD).status_code == 303


def test_a_removed_operator_is_out_with_the_next_click(console: Console) -> None:
    Operators(console.redis).remove("anna")
    assert console.get("/console/").status_code == 303


def test_an_operator_who_becomes_a_viewer_can_change_nothing_with_the_next_click(console: Console) -> None:
    Operators(console.redis).set_role("anna", "viewer")
    console.desk.app.config["WTF_CSRF_ENABLED"] = False
    own = ("/console/login", "/console/logout", "/console/password")  # these stay
    posts = [path for method, path in addresses(console.desk.app) if method == "POST" and path not in own]
    assert posts
    for path in posts:
        assert console.client.post(path).status_code == 403, path


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/console", "/\\evil.example", "javascript:alert(1)", "/tiktok"],
)
def test_a_login_never_leads_to_another_site(desk: Desk, elsewhere: str) -> None:
    Operators(desk.redis).add("anna", "operator", PASSWORD)
    console = Console.__new__(Console)
    console.client = desk.app.test_client()
    path = f"/console/login?next={elsewhere}"
    answer = console.post(path, form_at="/console/login", name="anna", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")


def test_after_the_login_one_is_where_one_wanted_to_be(desk: Desk) -> None:
    Operators(desk.redis).add("anna", "operator", PASSWORD)
    wanted = desk.client.get("/console/audit?before=1-0").headers["Location"]
    console = Console.__new__(Console)
    console.client = desk.app.test_client()
    answer = console.post(wanted, form_at="/console/login", name="anna", password=PASSWORD)
    assert answer.headers["Location"] == "/console/audit?before=1-0"


def test_a_part_that_loads_by_itself_does_not_keep_an_unattended_session_alive(console: Console) -> None:
    [session] = console.redis.keys("tts:session:*")
    console.redis.expire(session, 100)
    console.get("/console/", headers={"HX-Request": "true"})
    assert console.redis.ttl(session) <= 100
    console.get("/console/")
    assert console.redis.ttl(session) > 100


def test_a_part_of_a_page_whose_session_has_ended_leads_the_page_to_the_login(desk: Desk) -> None:
    answer = desk.client.get("/console/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/console/login")


def test_the_cookie_is_hidden_from_scripts_and_kept_off_other_sites(settings: Settings, console: Console) -> None:
    cookie = console.log_in("anna", PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # PUBLIC_URL of the tests is http


def test_behind_https_the_cookie_is_sent_over_https_only(settings: Settings, desk: Desk) -> None:
    app = create_app(settings.model_copy(update={"public_url": "https://shop.example"}))
    answer = app.test_client().get("/console/login")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_neither_the_password_nor_the_session_token_can_be_read_in_redis(console: Console) -> None:
    with console.client.session_transaction() as session:
        token = session["token"]
    stored = str([(name, console.redis.type(name)) for name in console.redis.keys("*")])
    stored += str(console.redis.hgetall("tts:operators"))
    assert PASSWORD not in stored
    assert token not in stored


def test_under_a_prefix_behind_a_proxy_every_address_carries_it(settings: Settings, desk: Desk) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": 1}))
    headers = {"X-Forwarded-Prefix": "/connector", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}
    answer = app.test_client().get("/console/audit", headers=headers)
    assert answer.headers["Location"] == "/connector/console/login?next=/console/audit"
    page = app.test_client().get("/console/login", headers=headers).get_data(as_text=True)
    assert 'href="/connector/static/console.css"' in page


def test_forwarded_headers_are_not_believed_unless_a_setting_says_so(desk: Desk) -> None:
    answer = desk.client.get("/console/audit", headers={"X-Forwarded-Prefix": "/evil"})
    assert answer.headers["Location"].startswith("/console/login")


def test_pages_allow_nothing_but_our_own_files(console: Console) -> None:
    policy = console.get("/console/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "form-action 'self' https://services.tiktokshop.com" in policy


def test_without_the_console_only_the_receiver_answers(settings: Settings, desk: Desk) -> None:
    client = create_app(settings.model_copy(update={"console": False})).test_client()
    assert client.get("/console/").status_code == 404
    assert client.get("/").status_code == 404
    assert client.get("/healthz/live").status_code == 200
