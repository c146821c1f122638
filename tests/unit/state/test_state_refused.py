"""Refused webhooks: seen by operators, and no way to fill Redis."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conftest import Clock
from worker.state import refused
from worker.state.inbox import counters
from worker.state.refused import NOTED_PER_SECOND, Refusals, network_of


@pytest.fixture
def refusals(redis: Any, clock: Clock) -> Refusals:
    return Refusals(redis)


def note(refusals: Refusals, name: str = "bad_signature", **values: Any) -> bool:
    return refusals.note(name, **{"status": 401, "size": 100, "address": "203.0.113.77", **values})


def test_a_refusal_is_noted_with_its_reason_and_network_and_counted(refusals: Refusals, redis: Any) -> None:
    assert note(refusals)
    (noted,) = refusals.latest()
    assert (noted.name, noted.status, noted.size, noted.network) == ("bad_signature", 401, 100, "203.0.113.0/24")
    assert noted.at.timestamp() == pytest.approx(1_790_000_000.25)
    assert counters(redis) == {"webhooks_bad_signature": 1}


def test_of_a_flood_a_sample_is_noted_and_everything_is_counted(refusals: Refusals, redis: Any, clock: Clock) -> None:
    noted = [note(refusals) for _ in range(100)]
    assert noted == [True] * NOTED_PER_SECOND + [False] * (100 - NOTED_PER_SECOND)
    assert len(refusals.latest()) == NOTED_PER_SECOND
    assert counters(redis) == {"webhooks_bad_signature": 100, "webhooks_refused_not_noted": 100 - NOTED_PER_SECOND}
    clock.forward(1.1)
    assert note(refusals)


def test_the_oldest_notes_make_room(
    refusals: Refusals, redis: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused, "KEPT", 10)
    for _ in range(300):
        note(refusals)
        clock.forward(1.1)
    # Redis cuts whole portions of about a hundred off, so that it costs nothing.
    assert redis.xlen("tts:refused") < 250


def test_refusals_are_read_page_by_page(refusals: Refusals, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        note(refusals, name)
        clock.forward(1)
    newest = refusals.latest(2)
    assert [each.name for each in newest] == ["c", "b"]
    assert [each.name for each in refusals.latest(2, before=newest[-1].id)] == ["a"]


@pytest.mark.parametrize("size", [None, 0, 10**4000])
def test_any_size_that_a_client_claims_is_borne(refusals: Refusals, size: int | None) -> None:
    assert note(refusals, size=size)
    (noted,) = refusals.latest()
    assert noted.size == (size if size is None else min(size, 2**40))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unix:", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_of_an_address_its_network_is_kept(address: str | None, network: str) -> None:
    assert network_of(address) == network
