"""``tiktok-odoo doctor``: what it looks at, what it prints, and how it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from typing import Any

import pytest
from cli_stubs import Run

from worker.cli import doctor as command
from worker.sync import doctor
from worker.sync.doctor import Finding
from worker.sync.doctor.finding import fail, ok, skipped, warn
from worker.sync.runtime import Runtime

WELL = [ok("redis.server", "Redis 7 answers."), ok("redis.clock", "They agree.")]
WARNED = warn("redis.persistence", "The append-only file is off.", "Set `appendonly yes`.")
FAILED = fail("account.app", "TikTok refuses.", "Compare the App Secret.", where="demo")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> list[tuple[set[str], str | None]]:
    """The groups and the account that the doctor was asked for."""
    return []


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch, runtime: Runtime, asked: list[tuple[set[str], str | None]]) -> Any:
    """Lets the doctor find what a test gives."""

    def let(*findings: Finding) -> None:
        def examine(_: Runtime, groups: Collection[str], *, account_id: str | None, progress: Any) -> list[Finding]:
            asked.append((set(groups), account_id))
            return list(findings)

        monkeypatch.setattr(command, "examine", examine)

    return let


def test_warnings_are_shown_and_are_no_failure(run: Run, finds: Any) -> None:
    finds(*WELL, WARNED, skipped("odoo.login", "Odoo does not answer."))
    done = run("doctor")
    assert done.code == 0
    assert "Set `appendonly yes`." in done.out
    assert "0 failed, 1 warnings, 2 well, 1 skipped." in done.err


def test_one_failure_ends_it_with_one_and_names_where_and_the_remedy(run: Run, finds: Any) -> None:
    finds(*WELL, FAILED)
    done = run("doctor", "--json")
    assert done.code == 1
    assert json.loads(done.out)[-1] == {
        "result": "fail",
        "what": "account.app",
        "where": "demo",
        "finding": "TikTok refuses.",
        "remedy": "Compare the App Secret.",
    }


def test_only_what_was_asked_for_is_looked_at_and_counts(run: Run, finds: Any, asked: Any) -> None:
    finds(*WELL, FAILED)
    done = run("doctor", "--only", "redis.clock", "--account", "demo", "--json")
    assert asked == [({"redis"}, "demo")]
    assert [each["what"] for each in json.loads(done.out)] == ["redis.clock"]
    assert done.code == 0


def test_a_name_that_is_none_is_answered_with_those_there_are(run: Run, finds: Any) -> None:
    finds(*WELL)
    done = run("doctor", "--only", "weather")
    assert done.code == 2
    assert "redis" in done.err
    gone = run("doctor", "--only", "redis.weather")
    assert gone.code == 1
    assert "There is no check redis.weather" in gone.out


def test_with_nothing_there_it_tells_all_of_it_soon_and_without_a_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ODOO_URL", "TIKTOK_API_URL", "PUBLIC_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    begin = time.monotonic()
    done = run("doctor", "--json")
    assert time.monotonic() - begin < 15
    assert done.code == 1
    assert "Traceback" not in done.err
    found = json.loads(done.out)
    failed = {each["what"] for each in found if each["result"] == "fail"}
    assert {"redis.server", "celery.broker", "odoo.server", "receiver.live", "tiktok.server"} <= failed
    assert all(each["remedy"] for each in found if each["result"] in ("fail", "warn"))
    assert doctor.GROUPS[0] == found[0]["what"].partition(".")[0]
