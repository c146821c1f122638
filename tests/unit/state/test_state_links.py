"""Authorizations under way: a state works once and for a while, a code is never readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.conftest import Clock
from worker.state.links import OUTCOME_SECONDS, Links
from worker.state.secrets import SecretBox

CODE = "TTP_FeBoANmHP3yqdoUI9fZOCw"


@pytest.fixture
def links(redis: Any, box: SecretBox, clock: Clock) -> Links:
    return Links(redis, box)


def test_a_state_works_once(links: Links) -> None:
    state = links.begin("demo", 1800)
    assert links.consume(state) == "demo"
    assert links.consume(state) is None


def test_a_state_works_for_its_time_only(links: Links, clock: Clock) -> None:
    early, late = links.begin("demo", 1800), links.begin("demo", 1800)
    clock.forward(1799)
    assert links.consume(early) == "demo"
    clock.forward(2)
    assert links.consume(late) is None


@pytest.mark.parametrize("state", ["", "guess", "x" * 9000, "\0", "*", "tts:accounts"])
def test_a_state_that_was_not_given_out_is_unknown(links: Links, state: str) -> None:
    links.begin("demo", 1800)
    assert links.consume(state) is None


def test_states_cannot_be_guessed(links: Links) -> None:
    states = {links.begin("demo", 1800) for _ in range(100)}
    assert len(states) == 100
    assert min(map(len, states)) >= 43  # 256 bits


def test_a_code_is_never_readable_in_redis(links: Links, dump: Callable[[], str]) -> None:
    link = links.returned("demo", CODE, 1800)
    assert CODE not in dump()
    assert links.take_code(link.id) == CODE


def test_a_code_is_taken_by_one_worker(links: Links) -> None:
    link = links.returned("demo", CODE, 1800)
    assert links.pending() == [link.id]
    assert links.take_code(link.id) == CODE
    assert links.take_code(link.id) is None
    assert links.pending() == []


def test_a_code_that_could_not_be_used_yet_is_taken_again(links: Links, dump: Callable[[], str]) -> None:
    link = links.returned("demo", CODE, 1800)
    links.take_code(link.id)
    links.put_code_back(link.id, CODE, 60)
    assert CODE not in dump()
    assert links.pending() == [link.id]
    assert links.take_code(link.id) == CODE


def test_a_code_that_tiktok_would_refuse_by_now_is_forgotten(links: Links, clock: Clock) -> None:
    link = links.returned("demo", CODE, 1800)
    clock.forward(1801)
    assert links.take_code(link.id) is None


def test_the_outcome_can_be_looked_at_for_an_hour(links: Links, clock: Clock) -> None:
    link = links.returned("demo", CODE, 1800)
    assert links.get(link.id) == link
    assert link.outcome == "pending"
    link.outcome, link.shops = "linked", ["Demo GB (GB, 1): synchronised"]
    links.finish(link)
    clock.forward(OUTCOME_SECONDS - 1)
    assert links.get(link.id) == link
    clock.forward(2)
    assert links.get(link.id) is None
