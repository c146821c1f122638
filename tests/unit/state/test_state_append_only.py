"""When Redis is asked to write its append-only file anew: once after each time in which it could not write to it."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from worker.state.append_only import mend_append_only_file


class StubRedis:
    """Says of itself what a test wants; fakeredis knows no append-only file."""

    def __init__(self) -> None:
        self.persistence: dict[str, Any] = {"aof_enabled": 1, "aof_last_write_status": "ok"}
        self.refused = 0
        self.run_id = "first"
        self.rewrites = 0
        self.error: Exception | None = None
        self._kept: dict[str, str] = {}

    def info(self, section: str) -> dict[str, Any]:
        errors = {"errorstat_ERR": {"count": 7}}
        if self.refused:
            errors["errorstat_MISCONF"] = {"count": self.refused}
        return {"persistence": self.persistence, "errorstats": errors, "server": {"run_id": self.run_id}}[section]

    def get(self, name: str) -> str | None:
        return self._kept.get(name)

    def set(self, name: str, value: str) -> None:
        self._kept[name] = value

    def bgrewriteaof(self) -> None:
        if self.error:
            raise self.error
        self.rewrites += 1


def test_a_redis_that_always_wrote_is_left_alone() -> None:
    redis = StubRedis()
    assert not mend_append_only_file(redis)
    assert redis.rewrites == 0


def test_after_a_full_disk_the_file_is_written_anew_once() -> None:
    redis = StubRedis()
    redis.refused = 12
    assert mend_append_only_file(redis)
    assert not mend_append_only_file(redis)
    assert redis.rewrites == 1


def test_a_second_full_disk_is_another_reason() -> None:
    redis = StubRedis()
    redis.refused = 12
    mend_append_only_file(redis)
    redis.refused = 20
    assert mend_append_only_file(redis)
    redis.run_id, redis.refused = "second", 12  # counted anew after a restart
    assert mend_append_only_file(redis)
    assert redis.rewrites == 3


@pytest.mark.parametrize("state", [{"aof_enabled": 0}, {"aof_last_write_status": "err"}, {}])
def test_nothing_is_asked_for_while_the_disk_is_full_or_without_a_file(state: dict[str, Any]) -> None:
    redis = StubRedis()
    redis.persistence = {**redis.persistence, **state} if state else {}
    redis.refused = 12
    assert not mend_append_only_file(redis)
    assert redis.rewrites == 0


@pytest.mark.parametrize("text", ["Background append only file rewriting already in progress", "unknown command"])
def test_a_refusal_is_no_failure_and_it_is_tried_again(text: str) -> None:
    redis = StubRedis()
    redis.refused, redis.error = 12, ResponseError(text)
    assert not mend_append_only_file(redis)
    redis.error = None
    assert mend_append_only_file(redis)
