"""What a command has counted belongs to the metrics, as what workers count does."""

from __future__ import annotations

from typing import Any

import pytest
from cli_stubs import Run

import worker.cli
from worker import metrics
from worker.errors import RetryableError
from worker.metrics import TIKTOK_CALLS, count
from worker.state.metrics import read
from worker.sync.runtime import Runtime


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_command_counted_is_in_redis_however_it_ends(
    run: Run, runtime: Runtime, redis: Any, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def shops() -> list[Any]:
        count(TIKTOK_CALLS, api="x", result="ok")
        if fails:
            raise RetryableError("TikTok does not answer.")
        return []

    metrics.take()
    monkeypatch.setattr(worker.cli, "connect", lambda *_, **__: redis)
    monkeypatch.setattr(runtime.shops, "all", shops)
    assert run("shops", "list").code == fails
    assert read(redis).total(TIKTOK_CALLS) == 1


def test_a_command_that_counted_nothing_asks_no_redis_for_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.take()
    monkeypatch.setattr(worker.cli, "connect", None)
    assert run("keys", "generate").code == 0


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense"])
def test_a_redis_that_is_away_changes_nothing_about_how_a_command_ends(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    count(TIKTOK_CALLS, api="x", result="ok")
    ended = run("keys", "generate")
    metrics.take()
    assert (ended.code, ended.err) == (0, "")
