"""Operators, their sessions, and the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.operators import Operators
from worker.state.sessions import Sessions

PASSWORD = "a long enough password"


@pytest.fixture
def operators(redis: Any) -> Operators:
    return Operators(redis)


@pytest.fixture
def sessions(redis: Any, operators: Operators) -> Sessions:
    return Sessions(redis, operators, idle=600)


def test_given_the_right_password_then_the_operator_is_known(operators: Operators) -> None:
    operators.add("anna", "operator", PASSWORD)
    found = operators.check("anna", PASSWORD)
    assert found is not None
    assert (found.name, found.role, found.may_change) == ("anna", "operator", True)


def test_given_a_wrong_password_or_nobody_then_nobody_is_known(operators: Operators) -> None:
    operators.add("anna", "viewer", PASSWORD)
    assert operators.check("anna", PASSWORD + " ") is None
    assert operators.check("bert", PASSWORD) is None


def test_a_password_is_nowhere_in_redis(operators: Operators, dump: Callable[[], str]) -> None:
    operators.add("anna", "operator", PASSWORD)
    assert "anna" in dump()
    assert PASSWORD not in dump()


def test_two_operators_with_one_password_have_different_hashes(operators: Operators) -> None:
    first, second = (operators.add(name, "viewer", PASSWORD) for name in ("anna", "bert"))
    assert first.password_hash != second.password_hash


@pytest.mark.parametrize("name", ["", "Anna", "an na", "-anna", "a" * 65, "cli:root", "änna", "anna\n"])
def test_a_name_that_cannot_be_one_is_refused(operators: Operators, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be an operator's name"):
        operators.add(name, "viewer", PASSWORD)


def test_a_short_password_is_refused_with_the_number_that_is_needed(operators: Operators) -> None:
    with pytest.raises(ConfigurationError, match="Use 12 or more"):
        operators.add("anna", "viewer", "elevenchars")
    assert operators.all() == []


def test_a_name_is_given_once(operators: Operators) -> None:
    operators.add("anna", "viewer", PASSWORD)
    with pytest.raises(ConfigurationError, match="already an operator"):
        operators.add("anna", "operator", "another long password")
    assert operators.get("anna").role == "viewer"


def test_an_operator_who_is_removed_and_added_again_has_no_old_session(
    operators: Operators, sessions: Sessions
) -> None:
    token = sessions.begin(operators.add("anna", "operator", PASSWORD))
    assert sessions.operator(token) is not None
    operators.remove("anna")
    assert sessions.operator(token) is None
    operators.add("anna", "operator", PASSWORD)
    assert sessions.operator(token) is None


def test_a_new_password_ends_every_session(operators: Operators, sessions: Sessions) -> None:
    tokens = [sessions.begin(operators.add("anna", "operator", PASSWORD)) for _ in range(1)]
    operators.set_password("anna", "another long password")
    assert [sessions.operator(token) for token in tokens] == [None]


def test_a_new_role_holds_in_sessions_that_are_open(operators: Operators, sessions: Sessions) -> None:
    token = sessions.begin(operators.add("anna", "operator", PASSWORD))
    operators.set_role("anna", "viewer")
    found = sessions.operator(token)
    assert found is not None
    assert not found.may_change


def test_a_session_ends_when_nobody_clicks(operators: Operators, sessions: Sessions, redis: Any) -> None:
    sessions.begin(operators.add("anna", "operator", PASSWORD))
    [name] = redis.keys("tts:session:*")
    assert 590 < redis.ttl(name) <= 600


@pytest.mark.parametrize("token", ["", "guess", "*"])
def test_a_token_that_nobody_got_is_nobodys(sessions: Sessions, token: str) -> None:
    assert sessions.operator(token) is None


def test_what_is_missing_is_said_with_the_command_that_shows_what_is_there(operators: Operators) -> None:
    for change in (
        lambda: operators.get("bert"),
        lambda: operators.remove("bert"),
        lambda: operators.set_password("bert", PASSWORD),
    ):
        with pytest.raises(ConfigurationError, match="operators list"):
            change()


def test_the_trail_tells_the_newest_first_and_goes_back_page_by_page(redis: Any) -> None:
    audit = Audit(redis)
    for number in range(5):
        audit.note("anna", "order.retry", str(number))
    newest = audit.latest(2)
    assert [entry.target for entry in newest] == ["4", "3"]
    assert [entry.target for entry in audit.latest(10, before=newest[-1].id)] == ["2", "1", "0"]
    assert newest[0].at.tzinfo is not None


def test_the_trail_does_not_grow_for_ever(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.state.audit.KEPT", 10)
    audit = Audit(redis)
    for number in range(500):
        audit.note("anna", "order.retry", str(number))
    assert redis.xlen("tts:audit") < 200
