"""The command line on the process' own Redis, with one linked shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_stubs import Messages, Run, run_command
from cryptography.fernet import Fernet

from tests.unit.builders import add_account, make_shop
from worker.settings import get_settings
from worker.sync import runtime as runtime_module
from worker.sync.runtime import Runtime, get_runtime
from worker.tasks import orders as order_tasks
from worker.tasks import triggers


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, quiet_log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of these tests alone, whatever the machine's are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEYS", Fernet.generate_key().decode())
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PUBLIC_URL", "https://sync.example")
    get_settings.cache_clear()
    get_runtime.cache_clear()


@pytest.fixture
def runtime(redis: Any, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """What the commands work on."""
    monkeypatch.setattr(runtime_module, "connect", lambda *_, **__: redis)
    return get_runtime()


@pytest.fixture
def shop(runtime: Runtime) -> None:
    """One account with one shop."""
    add_account(runtime)
    runtime.shops.claim(make_shop())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """Celery messages that the commands sent."""
    messages: Messages = []
    monkeypatch.setattr(order_tasks.poll_shop, "delay", lambda *ids: messages.append(("orders.poll", *ids)))
    monkeypatch.setattr(triggers.app, "send_task", lambda name, ids=(): messages.append((name, *ids)))
    return messages


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``tiktok-odoo`` as the shell does, down to its exit code."""
    return lambda *arguments, typed=None: run_command(monkeypatch, *arguments, typed=typed)
