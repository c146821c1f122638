"""Real parts for the integration tests, started once a session; small builders that read like the stories they tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from cryptography.fernet import Fernet

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.serving import serving
from sandbox.stack.releases import RELEASES
from sandbox.stack.stack import GIVEN, Stack
from tests.command_server import CommandServer
from tests.support import PRODUCTS, World, good_weather
from worker.logs import configure
from worker.settings import Settings, get_settings
from worker.sync.runtime import Runtime

# How fast random input is made says nothing about our code, and a busy machine makes it slow.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

# The tests kill Odoo, put triggers into its database and count by SQL: never those of somebody's own Odoo.
for _name in (*GIVEN, "ODOO_ADMIN_USER", "ODOO_ADMIN_PASSWORD", "REDIS_URL", "SECRET_KEYS"):
    os.environ.pop(_name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything but tests/unit needs the stack; unit tests run first: they fail fast."""
    for item in items:
        if {"integration", "browser", "chaos"} & set(Path(str(item.path)).parts):
            item.add_marker(pytest.mark.integration)
    items.sort(key=lambda item: item.get_closest_marker("integration") is not None)


@pytest.fixture(scope="session")
def _quick_commands() -> Iterator[None]:
    """Tests run ``tiktok-odoo`` hundreds of times: each is a fork of one process that has loaded it."""
    with CommandServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Installation, "runner", server.run)
        yield


@pytest.fixture(scope="session")
def stack(_quick_commands: None) -> Iterator[Stack]:
    """Redis, PostgreSQL and Odoo of this session."""
    with Stack(
        os.environ.get("TEST_STACK_NAME", "test"),
        workers=3,
        release=RELEASES[os.environ.get("TEST_ODOO", "19")],
        report=lambda text: print(text, file=sys.__stderr__),
    ) as running:
        running.products = running.add_products(PRODUCTS)  # type: ignore[attr-defined]
        yield running


@pytest.fixture(scope="session")
def simulator(stack: Stack) -> Iterator[SandboxControl]:
    """TikTok Shop, simulated; webhook retries come 200 times as fast."""
    with serving(stack.folder, "--time-scale", "0.005") as url:
        yield SandboxControl(url)


@pytest.fixture
def redis_url(stack: Stack) -> str:
    """An empty Redis; what another test left running must not work on this test's shops."""
    from worker.state.connection import connect

    connect(stack.redis.url).flushall()
    return stack.redis.url


@pytest.fixture
def settings(stack: Stack, simulator: SandboxControl, redis_url: str) -> Settings:
    """Settings of a connector on the session's stack."""
    environment = stack.environment()
    url = simulator.base_url
    made = Settings(
        _env_file=None,
        redis_url=redis_url,
        secret_keys=Fernet.generate_key().decode(),
        odoo_url=environment["ODOO_URL"],
        odoo_db=environment["ODOO_DB"],
        odoo_user=environment["ODOO_USER"],
        odoo_password=environment["ODOO_PASSWORD"],
        tiktok_api_url=url,
        tiktok_auth_url=url,
        tiktok_consent_url=url,
        tiktok_consent_url_us=url,
        tiktok_rate_limit=200,
        image_hosts="127.0.0.1",
        document_hosts="127.0.0.1",
        retry_first=5,
    )
    good_weather(simulator)
    configure(made)
    return made


@pytest.fixture
def world(settings: Settings, stack: Stack, simulator: SandboxControl) -> World:
    """The connector inside this process, with the session's Odoo and simulator: one step at a time."""
    return World(Runtime(settings), stack, simulator)


@pytest.fixture
def installation(
    stack: Stack, simulator: SandboxControl, redis_url: str, tmp_path: Path
) -> Iterator[Callable[..., Installation]]:
    """Makes the connector as processes of its own, with settings as keywords: ``installation(POLL_INTERVAL="2")``."""
    made: list[Installation] = []

    def make(**variables: str) -> Installation:
        running = Installation(tmp_path, {**stack.environment(), **variables}, simulator.base_url)
        made.append(running)
        return running

    good_weather(simulator)
    yield make
    for running in made:
        running.stop()


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
