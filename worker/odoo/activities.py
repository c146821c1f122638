"""Activities in Odoo that ask a person to do something about the connector itself: one for each cause.

They hang on the bot user's own contact: that is the one record which the bot may surely write and everybody may read.
"""

from __future__ import annotations

import html
from datetime import date
from typing import Any

from worker.errors import ConfigurationError
from worker.odoo.gateway import OdooGateway, search_read

#: How the summaries of all our activities begin.
PREFIX = "TikTok Shop connector: "
_TYPE = "mail.mail_activity_data_warning"


class Activities:
    """Activities of one person.

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
            self._gateway.call("mail.activity", "action_feedback", ids=surplus, feedback="No longer needed.")
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
