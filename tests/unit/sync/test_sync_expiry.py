"""What ends soon is shown in time, asked for in Odoo once, and taken back when it is cured."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import add_account
from worker.errors import ConfigurationError
from worker.odoo.activities import PREFIX
from worker.odoo.errors import OdooUnavailableError
from worker.state.problems import authorization_scope
from worker.sync.expiry import ALERT_SCOPE, ODOO_KEY_SCOPE, authorizations, warn, within
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant

KEY = "ab" * 20


class Odoo:
    """An Odoo with a bot, its API key, and the activities on its contact."""

    def __init__(self) -> None:
        self.users = {"tiktok-bot": 5, "anna": 2}
        self.key_ends: datetime | None = None
        self.open: dict[int, dict[str, Any]] = {}
        self.away = False

    def call(self, model: str, method: str, **given: Any) -> Any:
        if self.away:
            raise OdooUnavailableError("Odoo does not answer.")
        match f"{model}.{method}":
            case "res.users.search_read":
                user = self.users.get(given["domain"][0][2])
                return [{"id": user, "partner_id": [user + 100, "x"]}] if user else []
            case "res.users.apikeys.search_read":
                ends = self.key_ends.strftime("%Y-%m-%d %H:%M:%S") if self.key_ends else False
                return [{"id": 1, "name": "connector", "expiration_date": ends}]
            case "mail.activity.search_read":
                return [{"id": each, "summary": values["summary"]} for each, values in self.open.items()]
            case "res.partner.activity_schedule":
                assert given["ids"] == [105]
                self.open[len(self.open) + 1] = given
                return [len(self.open)]
            case "mail.activity.action_feedback":
                for each in given["ids"]:
                    del self.open[each]
                return True
        raise AssertionError(f"{model}.{method}")

    def summaries(self) -> list[str]:
        return [values["summary"].removeprefix(PREFIX) for values in self.open.values()]


@pytest.fixture
def odoo(runtime: Runtime) -> Odoo:
    stub = Odoo()
    runtime.__dict__["odoo"] = stub
    runtime.settings = runtime.settings.model_copy(
        update={"odoo_password": type(runtime.settings.odoo_password)(KEY), "odoo_alert_user": "anna"}
    )
    add_account(runtime)
    authorize(runtime, days=300)
    return stub


def authorize(runtime: Runtime, *, days: float) -> None:
    """The account's authorization ends in so many days."""
    now = datetime.fromtimestamp(time.time(), UTC)
    grant = TokenGrant(
        access_token="a",
        access_token_expires_at=now + timedelta(days=5),
        refresh_token="r",
        refresh_token_expires_at=now + timedelta(days=days),
    )
    runtime.tiktok.tokens.save("demo", grant)
    runtime.accounts.set_authorization("demo", "authorized")


def shown(runtime: Runtime) -> dict[str, str]:
    return {problem.scope: problem.code for problem in runtime.problems.all()}


@pytest.mark.parametrize(
    ("days", "limit"), [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 1), (-3, 1)]
)
def test_warnings_come_at_thirty_fourteen_seven_and_one_day(days: int, limit: int | None) -> None:
    assert within(days) == limit


def test_an_end_that_is_far_away_is_no_problem(runtime: Runtime, odoo: Odoo) -> None:
    warn(runtime)
    assert shown(runtime) == {}
    assert odoo.open == {}


def test_an_authorization_near_its_end_is_shown_with_its_remedy(runtime: Runtime, odoo: Odoo) -> None:
    authorize(runtime, days=20.5)
    warn(runtime)
    (problem,) = runtime.problems.all()
    assert (problem.scope, problem.code) == (authorization_scope("demo"), "authorization_ends")
    assert "within 30 days" in problem.message
    assert "accounts reauthorize demo" in problem.remedy
    assert odoo.open == {}  # not yet a person's work


def test_the_text_changes_only_when_a_limit_is_passed(runtime: Runtime, odoo: Odoo) -> None:
    texts = []
    for days in (20.5, 19.5, 13.5, 12.5, 6.5, 0.5):
        authorize(runtime, days=days)
        warn(runtime)
        texts.append(runtime.problems.all()[0].message.rpartition("within ")[2])
    assert texts == ["30 days.", "30 days.", "14 days.", "14 days.", "7 days.", "1 day."]


def test_a_person_is_asked_once_and_no_more_when_it_is_renewed(runtime: Runtime, odoo: Odoo) -> None:
    authorize(runtime, days=13.5)
    warn(runtime)
    warn(runtime)
    assert odoo.summaries() == ["renew the authorization of account demo"]
    assert odoo.open[1]["user_id"] == 2
    authorize(runtime, days=300)
    warn(runtime)
    assert (odoo.open, shown(runtime)) == ({}, {})


def test_an_authorization_that_was_lost_is_asked_for_at_once(runtime: Runtime, odoo: Odoo) -> None:
    runtime.accounts.set_authorization("demo", "needed", "TikTok refuses <our> token.")
    (ending,) = authorizations(runtime, datetime.now(UTC))
    assert ending.problem is None  # the account itself says so already
    warn(runtime)
    assert odoo.summaries() == ["renew the authorization of account demo"]


def test_two_activities_that_came_about_at_once_become_one(runtime: Runtime, odoo: Odoo) -> None:
    authorize(runtime, days=1.5)
    summary = f"{PREFIX}renew the authorization of account demo"
    odoo.open = {7: {"summary": summary}, 8: {"summary": summary}}
    warn(runtime)
    assert list(odoo.open) == [7]


def test_the_bots_own_api_key_is_watched_like_an_authorization(runtime: Runtime, odoo: Odoo) -> None:
    odoo.key_ends = datetime.now(UTC) + timedelta(days=6, hours=12)
    warn(runtime)
    assert shown(runtime) == {ODOO_KEY_SCOPE: "odoo_key_ends"}
    assert odoo.summaries() == ["make a new API key for the bot user"]


def test_without_a_person_to_tell_only_the_problem_is_shown(runtime: Runtime, odoo: Odoo) -> None:
    runtime.settings = runtime.settings.model_copy(update={"odoo_alert_user": ""})
    authorize(runtime, days=1.5)
    warn(runtime)
    assert shown(runtime) == {authorization_scope("demo"): "authorization_ends"}
    assert odoo.open == {}


def test_a_person_whom_odoo_does_not_know_is_a_problem_itself(runtime: Runtime, odoo: Odoo) -> None:
    runtime.settings = runtime.settings.model_copy(update={"odoo_alert_user": "nobody"})
    authorize(runtime, days=1.5)
    with pytest.raises(ConfigurationError, match="nobody"):
        warn(runtime)
    assert shown(runtime)[ALERT_SCOPE] == "alert_user"
    odoo.users["nobody"] = 3
    warn(runtime)
    assert ALERT_SCOPE not in shown(runtime)


def test_while_odoo_is_away_tiktoks_end_is_shown_all_the_same(runtime: Runtime, odoo: Odoo) -> None:
    odoo.away = True
    authorize(runtime, days=1.5)
    with pytest.raises(OdooUnavailableError):
        warn(runtime)
    assert shown(runtime) == {authorization_scope("demo"): "authorization_ends"}
