"""The token bucket that all workers share."""

from __future__ import annotations

import time

import fakeredis
import pytest
import redis

from worker.errors import RetryableError
from worker.state.rate_limits import RateLimits

BUCKET = "key:749:GET /logistics/202309/warehouses"


@pytest.fixture
def client() -> redis.Redis:
    return fakeredis.FakeRedis(decode_responses=True)


@pytest.fixture
def waits() -> list[float]:
    """Seconds that callers were made to wait, in place of sleeping."""
    return []


def limits(client: redis.Redis, waits: list[float], **changes: float) -> RateLimits:
    options = {"per_second": 2.0, "burst": 3, "max_wait": 5.0, **changes}
    return RateLimits(client, sleep=waits.append, **options)  # type: ignore[arg-type]


def test_a_burst_passes_and_then_calls_come_at_the_rate(client: redis.Redis, waits: list[float]) -> None:
    for _ in range(7):
        limits(client, waits).acquire(BUCKET)  # another worker each time
    assert waits == pytest.approx([0.5, 1.0, 1.5, 2.0], abs=0.2)


def test_buckets_do_not_share(client: redis.Redis, waits: list[float]) -> None:
    for shop in ("749", "750"):
        for _ in range(3):
            limits(client, waits).acquire(f"key:{shop}:GET /x")
    assert waits == []


def test_a_wait_that_is_too_long_is_an_error_and_takes_no_place(client: redis.Redis, waits: list[float]) -> None:
    short = limits(client, waits, max_wait=0.6)
    for _ in range(4):
        short.acquire(BUCKET)
    for _ in range(5):
        with pytest.raises(RetryableError) as caught:
            short.acquire(BUCKET)
    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after == pytest.approx(1.0, abs=0.2)
    assert "key:" not in str(caught.value)


def test_a_penalty_holds_every_worker_back_and_then_lets_them_go_one_by_one(
    client: redis.Redis, waits: list[float]
) -> None:
    limits(client, waits).penalize(BUCKET, 3.0)
    for _ in range(3):
        limits(client, waits).acquire(BUCKET)
    assert waits == pytest.approx([3.0, 3.5, 4.0], abs=0.2)


def test_a_shorter_penalty_does_not_end_a_longer_one(client: redis.Redis, waits: list[float]) -> None:
    limits(client, waits).penalize(BUCKET, 4.0)
    limits(client, waits).penalize(BUCKET, 1.0)
    limits(client, waits).penalize(BUCKET, 0.0)
    limits(client, waits).acquire(BUCKET)
    assert waits == pytest.approx([4.0], abs=0.2)


def test_a_bucket_fills_again_and_is_then_forgotten(client: redis.Redis) -> None:
    fast = RateLimits(client, per_second=50, burst=2)
    started = time.monotonic()
    for _ in range(12):
        fast.acquire(BUCKET)
    assert time.monotonic() - started >= 0.19  # two at once, ten at 50 a second, really slept
    left = client.pttl(f"tts:rate:{BUCKET}")
    assert isinstance(left, int)
    assert 0 < left <= 1200
