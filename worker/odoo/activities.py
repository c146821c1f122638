"""Activities in Odoo that ask a person to do something: about an order or a delivery, or about the connector itself.

Those about the connector hang on the bot user's own contact: that is the one record which the bot may surely write and
everybody may read.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import date
from typing import Any

from worker.errors import ConfigurationError
from worker.odoo.gateway import Context, OdooGateway, search_read

#: How the summaries of all activities about the connector begin.
PREFIX = "TikTok Shop connector: "
_TYPE = "mail.mail_activity_data_warning"


def ask_a_person(
    gateway: OdooGateway,
    record: tuple[str, int],
    summary: str,
    note: str,
    *,
    deadline: date | None = None,
    context: Context,
) -> None:
    """Leave an activity on a record, once: an open one with the same summary is enough.

    :param record: model and id.
    :param note: plain text.
    """
    if _with_summary(gateway, record, summary, context):
        return
    model, record_id = record
    gateway.call(
        model,
        "activity_schedule",
        ids=[record_id],
        act_type_xmlid=_TYPE,
        summary=summary,
        note=html.escape(note),
        **({"date_deadline": deadline.isoformat()} if deadline else {}),
        context=context,
    )


def answered(gateway: OdooGateway, record: tuple[str, int], summary: str, *, context: Context) -> None:
    """The activity of that summary, if there is one, is no longer needed."""
    if found := _with_summary(gateway, record, summary, context):
        _close(gateway, found)


def _with_summary(gateway: OdooGateway, record: tuple[str, int], summary: str, context: Context) -> list[int]:
    domain = [("res_model", "=", record[0]), ("res_id", "=", record[1]), ("summary", "=", summary)]
    return [int(each["id"]) for each in search_read(gateway, "mail.activity", domain, ["summary"], context=context)]


def _close(gateway: OdooGateway, activity_ids: Sequence[int]) -> None:
    gateway.call("mail.activity", "action_feedback", ids=list(activity_ids), feedback="No longer needed.")


class Activities:
    """Activities of one person about the connector.

    :param bot: login of the bot user.
    :param assignee: login of the person.
    """

    def __init__(self, gateway: OdooGateway, *, bot: str, assignee: str) -> None:
        self._gateway = gateway
        self._bot = bot
        self._assignee = assignee

    def keep(self, wanted: dict[str, tuple[str, date]]) -> tuple[int, int]:
        """Make the open activities those that are ``wanted``; answers how many were opened and how many closed.

        :param wanted: (text, deadline) by summary, without the prefix.
        :raises ConfigurationError: there is no such person (``alert_user``).
        """
        contact = self._contact()
        open_: dict[str, list[int]] = {}
        domain = [("res_model", "=", "res.partner"), ("res_id", "=", contact), ("summary", "=like", f"{PREFIX}%")]
        for record in search_read(self._gateway, "mail.activity", domain, ["summary"]):
            open_.setdefault(str(record["summary"]).removeprefix(PREFIX), []).append(int(record["id"]))
        missing = {summary: what for summary, what in wanted.items() if summary not in open_}
        person = self._person() if missing else 0
        for summary, (text, deadline) in missing.items():
            self._open(contact, person, summary, text, deadline)
        # Of two that came about at once one is enough.
        surplus = [each for summary, ids in open_.items() for each in (ids[1:] if summary in wanted else ids)]
        if surplus:
            _close(self._gateway, surplus)
        return len(missing), len(surplus)

    def _open(self, contact: int, person: int, summary: str, text: str, deadline: date) -> None:
        values: dict[str, Any] = {
            "act_type_xmlid": _TYPE,
            "summary": PREFIX + summary,
            "note": html.escape(text),
            "date_deadline": deadline.isoformat(),
            "user_id": person,
        }
        self._gateway.call("res.partner", "activity_schedule", ids=[contact], **values)

    def _contact(self) -> int:
        bot = search_read(self._gateway, "res.users", [("login", "=", self._bot)], ["partner_id"], limit=1)
        if not bot:
            raise ConfigurationError(f"Odoo has no user {self._bot!r}.", remedy="Correct ODOO_USER.")
        return int(bot[0]["partner_id"][0])

    def _person(self) -> int:
        found = search_read(self._gateway, "res.users", [("login", "=", self._assignee)], ["id"], limit=1)
        if not found:
            raise ConfigurationError(
                f"Odoo has no user with the login {self._assignee!r} to be told of problems.",
                code="alert_user",
                remedy="Correct ODOO_ALERT_USER.",
            )
        return int(found[0]["id"])
