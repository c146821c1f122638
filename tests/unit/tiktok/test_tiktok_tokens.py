"""Tokens: renewed ahead of time, by one at a time, never lost, and said so when only the seller can help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import fakeredis
import pytest
import redis
from cryptography.fernet import Fernet
from tiktok_stubs import grant

from worker.errors import PermanentError, ReauthorizeError, RetryableError
from worker.state.secrets import SecretBox
from worker.state.tokens import TokenStore
from worker.tiktok.models import TokenGrant
from worker.tiktok.tokens import TokenManager, needs_refresh

OLD = timedelta(days=6, hours=1)


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
def client(server: fakeredis.FakeServer) -> redis.Redis:
    return fakeredis.FakeRedis(server=server, decode_responses=True)


@pytest.fixture
def store(client: redis.Redis) -> TokenStore[TokenGrant]:
    return TokenStore(client, SecretBox(Fernet.generate_key().decode()), TokenGrant)


@dataclass
class TokenHost:
    """Answers renewals with a grant or an error, and counts them."""

    answer: TokenGrant | Exception = field(default_factory=lambda: grant("second"))
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def refresh(self, refresh_token: str) -> TokenGrant:
        self.asked.append(refresh_token)
        self.meanwhile()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def host() -> TokenHost:
    return TokenHost()


@pytest.fixture
def alarms() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def manager(store: TokenStore[TokenGrant], host: TokenHost, alarms: list[tuple[str, str]]) -> TokenManager:
    return TokenManager("acme", store, host.refresh, lambda account, reason: alarms.append((account, reason)))


def near_its_end() -> TokenGrant:
    return grant(ends_in=timedelta(hours=23), age=OLD)


def ended() -> TokenGrant:
    return grant(ends_in=timedelta(seconds=-1), age=OLD)


@pytest.mark.parametrize(
    ("lifetime", "left", "due"),
    [
        (timedelta(days=7), timedelta(hours=25), False),
        (timedelta(days=7), timedelta(hours=23), True),
        (timedelta(minutes=10), timedelta(minutes=3), False),
        (timedelta(minutes=10), timedelta(seconds=119), True),
        (timedelta(0), timedelta(0), True),
        (timedelta(days=-1), timedelta(seconds=-1), True),
    ],
)
def test_a_token_is_due_a_day_or_a_fifth_of_its_life_before_its_end(
    lifetime: timedelta, left: timedelta, due: bool
) -> None:
    ends = datetime(2027, 1, 8, tzinfo=UTC)
    one = TokenGrant.model_validate(
        {
            "access_token": "a",
            "refresh_token": "r",
            "access_token_expire_in": int(ends.timestamp()),
            "obtained_at": ends - lifetime,
        }
    )
    assert needs_refresh(one, ends - left) is due


def test_a_good_token_is_used_as_it_is(manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost) -> None:
    store.save("acme", grant())
    assert manager.access_token() == "ROW_first"
    assert host.asked == []


@pytest.mark.parametrize("stored", [near_its_end, ended])
def test_a_token_near_or_past_its_end_is_renewed_and_kept(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost, stored: Callable[[], TokenGrant]
) -> None:
    store.save("acme", stored())
    assert [manager.access_token(), manager.access_token()] == ["ROW_second", "ROW_second"]
    assert host.asked == ["refresh-first"]
    kept = store.load("acme")
    assert kept is not None
    assert kept.refresh_token == "refresh-second"


@pytest.mark.parametrize("ask", ["access_token", "refreshed_after"])
def test_workers_that_need_a_token_at_the_same_time_renew_it_once(
    server: fakeredis.FakeServer, host: TokenHost, ask: str
) -> None:
    box = SecretBox(Fernet.generate_key().decode())
    at_the_lock = threading.Barrier(4)
    got: list[str] = []

    class Store(TokenStore[TokenGrant]):
        """All four have found the token wanting before the first gets the lock."""

        def refresh_lock(self, account_id: str, *, wait: float = 30.0) -> AbstractContextManager[None]:
            at_the_lock.wait(5)
            return super().refresh_lock(account_id, wait=wait)

    def store() -> Store:
        return Store(fakeredis.FakeRedis(server=server, decode_responses=True), box, TokenGrant)

    def worker() -> None:
        manager = TokenManager("acme", store(), host.refresh, lambda *_: None)
        got.append(manager.access_token() if ask == "access_token" else manager.refreshed_after("ROW_first"))

    store().save("acme", ended())
    host.meanwhile = lambda: time.sleep(0.1)  # a token host takes its time; without a lock the others would come in
    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["ROW_second"] * 4
    assert host.asked == ["refresh-first"]


def test_a_refused_token_that_another_worker_has_renewed_already_is_not_renewed_again(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost
) -> None:
    store.save("acme", grant("newer"))
    assert manager.refreshed_after("ROW_first") == "ROW_newer"
    assert host.asked == []


@pytest.mark.parametrize("failure", [RetryableError("away"), PermanentError("refused", code="ip_not_allowed")])
def test_while_the_token_host_is_away_a_token_that_still_works_is_used_and_the_host_left_alone(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost, client: redis.Redis, failure: Exception
) -> None:
    store.save("acme", near_its_end())
    host.answer = failure
    assert [manager.access_token() for _ in range(3)] == ["ROW_first"] * 3
    assert len(host.asked) == 1
    client.delete("tts:token_pause:acme")  # the pause is over
    host.answer = grant("second")
    assert manager.access_token() == "ROW_second"


def test_an_ended_token_and_a_token_host_that_is_away_make_the_call_wait(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost, alarms: list[tuple[str, str]]
) -> None:
    store.save("acme", ended())
    host.answer = RetryableError("away")
    with pytest.raises(RetryableError):
        manager.access_token()
    assert alarms == []


def test_a_renewal_by_another_worker_does_not_hold_up_calls_with_a_token_that_works(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost
) -> None:
    store.save("acme", near_its_end())
    with store.refresh_lock("acme"):
        assert manager.access_token() == "ROW_first"
    assert host.asked == []
    assert not store.is_refresh_postponed("acme")


def test_a_renewal_that_fails_for_good_is_reported_with_its_reason(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost, alarms: list[tuple[str, str]]
) -> None:
    store.save("acme", near_its_end())
    host.answer = ReauthorizeError("The refresh token has ended.", code="refresh_token_expired")
    with pytest.raises(ReauthorizeError):
        manager.access_token()
    assert alarms == [("acme", "The refresh token has ended.")]
    with store.refresh_lock("acme", wait=0):
        pass  # the lock was given back


def test_a_seller_who_authorizes_during_a_failing_renewal_is_not_asked_again(
    manager: TokenManager, store: TokenStore[TokenGrant], host: TokenHost, alarms: list[tuple[str, str]]
) -> None:
    store.save("acme", ended())
    host.answer = ReauthorizeError("gone")
    host.meanwhile = lambda: store.save("acme", grant("linked-anew"))
    assert manager.access_token() == "ROW_linked-anew"
    assert alarms == []


def test_an_account_without_tokens_asks_to_be_linked(manager: TokenManager, alarms: list[tuple[str, str]]) -> None:
    with pytest.raises(ReauthorizeError, match="Link with TikTok") as caught:
        manager.access_token()
    assert caught.value.code == "not_linked"
    assert alarms[0][0] == "acme"


def test_tokens_are_unreadable_in_redis(store: TokenStore[TokenGrant], client: redis.Redis) -> None:
    store.save("acme", grant())
    stored = client.get("tts:tokens:acme")
    assert isinstance(stored, str)
    assert "ROW_first" not in stored
    assert "refresh-first" not in stored
    store.delete("acme")
    assert store.load("acme") is None


def test_new_tokens_outlast_a_redis_that_is_away_for_a_moment(
    store: TokenStore[TokenGrant], server: fakeredis.FakeServer
) -> None:
    store.save("acme", grant())
    server.connected = False
    back = threading.Timer(0.3, setattr, (server, "connected", True))
    back.start()
    store.save("acme", grant("second"))
    kept = store.load("acme")
    assert kept is not None
    assert kept.access_token == "ROW_second"


def test_only_the_holder_gives_a_lock_back(store: TokenStore[TokenGrant], client: redis.Redis) -> None:
    with store.refresh_lock("acme"):
        with pytest.raises(RetryableError) as caught, store.refresh_lock("acme", wait=0.1):
            raise AssertionError("two held the lock")
        client.set("tts:token_lock:acme", "somebody else, after ours ran out")
    assert caught.value.code == "refresh_busy"
    assert client.get("tts:token_lock:acme") == "somebody else, after ours ran out"


def test_the_lock_of_a_worker_that_vanished_ends_by_itself(store: TokenStore[TokenGrant], client: redis.Redis) -> None:
    with store.refresh_lock("acme"):
        left = client.pttl("tts:token_lock:acme")
    assert isinstance(left, int)
    assert 80_000 < left <= 90_000
