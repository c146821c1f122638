"""A receiver on the process' own Redis, and webhooks as TikTok signs them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from web_stubs import Console, Desk
from werkzeug.security import generate_password_hash

import web.app
import web.receiver
import worker.state.operators
from tests.unit.builders import APP_KEY, APP_SECRET, make_shop
from worker.settings import Settings
from worker.state.accounts import Accounts
from worker.state.secrets import SecretBox
from worker.state.shops import Shops


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed once, not slowly on purpose as in earnest: each test logs in."""
    quick = partial(generate_password_hash, method="pbkdf2:sha256:1")
    monkeypatch.setattr(worker.state.operators, "generate_password_hash", quick)


@pytest.fixture
def desk(settings: Settings, redis: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The receiver of an installation with one account and one shop."""
    box = SecretBox(settings.secret_keys.get_secret_value())
    account = Accounts(redis, box).add(
        name="Demo", market="GB", service_id="7100", app_key=APP_KEY, app_secret=APP_SECRET
    )
    Accounts(redis, box).set_authorization(account.id, "authorized")
    Shops(redis).claim(make_shop())
    monkeypatch.setattr(web.app, "configure", lambda _: None)
    monkeypatch.setattr(web.receiver, "connect", lambda *_, **__: redis)
    app = web.app.create_app(settings)
    app.testing = True  # what a view raises reaches the test, instead of becoming a 500
    return Desk(app, redis)


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return desk.client


@pytest.fixture
def console(desk: Desk) -> Console:
    """The console, with somebody logged in who may press every button."""
    return Console(desk, "anna", "operator")


@pytest.fixture
def viewer(desk: Desk) -> Console:
    """The console, with somebody logged in who may only look."""
    return Console(desk, "vera", "viewer")
