"""Addresses of Redis: a server, or a master that Sentinels know."""

from __future__ import annotations

import pytest

from worker.errors import ConfigurationError
from worker.redis_address import SentinelAddress, celery_settings, place, sentinels_of
from worker.state.connection import connect

SENTINELS = "sentinel://bot:p%40ss@one:26379,two,three:26380/3?master=shop&sentinel_password=s3cret"


def test_a_server_has_no_sentinels() -> None:
    assert sentinels_of("redis://:pw@redis:6379/0") is None


def test_an_address_of_sentinels_is_taken_apart() -> None:
    hosts = (("one", 26379), ("two", 26379), ("three", 26380))
    assert sentinels_of(SENTINELS) == SentinelAddress(hosts, "shop", 3, "bot", "p@ss", "s3cret")
    assert sentinels_of("sentinel://one/?master=shop") == SentinelAddress((("one", 26379),), "shop")


@pytest.mark.parametrize(
    "url",
    ["sentinel://one:26379/0", "sentinel:///0?master=shop", "sentinel://one:x/0?master=a", "sentinel://a/b?master=a"],
)
def test_one_that_cannot_be_understood_says_how_to_write_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        connect(url)
    assert "?master=NAME" in caught.value.remedy


def test_a_client_of_sentinels_asks_them_for_the_master_and_logs_in_there() -> None:
    pool = connect(SENTINELS, timeout=2.0).connection_pool
    assert (pool.service_name, pool.is_master) == ("shop", True)
    given = pool.connection_kwargs
    assert (given["db"], given["username"], given["password"], given["socket_timeout"]) == (3, "bot", "p@ss", 2.0)
    [first, *_] = pool.sentinel_manager.sentinels
    asked = first.connection_pool.connection_kwargs
    assert (asked["host"], asked["password"], asked["socket_timeout"]) == ("one", "s3cret", 2.0)
    assert asked["username"] is None


def test_celery_and_its_scheduler_are_told_in_their_own_words() -> None:
    told = celery_settings(SENTINELS)
    assert told["broker_url"] == (
        "sentinel://bot:p%40ss@one:26379/3;sentinel://bot:p%40ss@two:26379/3;sentinel://bot:p%40ss@three:26380/3"
    )
    assert told["transport_options"] == {"master_name": "shop", "sentinel_kwargs": {"password": "s3cret"}}
    scheduler = told["redbeat_redis_options"]
    assert (scheduler["service_name"], scheduler["db"], scheduler["password"]) == ("shop", 3, "p@ss")
    assert celery_settings("redis://redis/1")["broker_url"] == "redis://redis/1"
    assert celery_settings("sentinel://a/0?master=m")["transport_options"] == {"master_name": "m"}


def test_the_place_has_no_secrets() -> None:
    assert place("redis://bot:pw@redis/2") == "redis:6379/2"
    assert place(SENTINELS) == "shop/3 (Sentinels one:26379, two:26379, three:26380)"
