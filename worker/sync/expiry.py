"""The two clocks that stop a connector silently: TikTok's authorization and Odoo's API key.

Both are watched. What ends soon is shown as a problem from 30 days on (its text changes at 14, 7 and 1 days), and a
person is asked by an activity in Odoo. Problems of these scopes stop nothing: everything works until the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import structlog

from worker.errors import ConfigurationError, ConnectorError
from worker.odoo import needs
from worker.odoo.activities import Activities
from worker.state.accounts import Account
from worker.state.problems import authorization_scope
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant

log = structlog.get_logger(__name__)

#: Days before the end at which is warned, the first one first.
WARN_DAYS = (30, 14, 7, 1)
#: Days before the end from which on somebody has an activity in Odoo.
_ACTIVITY_DAYS = 14
ODOO_KEY_SCOPE = "odoo api key"
ALERT_SCOPE = "odoo alert user"


@dataclass(frozen=True)
class Ending:
    """What ends soon or has ended.

    :param scope: the problem's.
    :param days: whole days left; below zero when it has ended.
    :param task: what a person has to do, in a few words; the summary of the activity.
    :param problem: what is shown; ``None`` where it is shown already (an account that must be authorized anew).
    """

    scope: str
    days: int
    ends_on: date
    task: str
    text: str
    problem: ConnectorError | None

    @property
    def wants_a_person(self) -> bool:
        """Whether an activity is due."""
        return self.days <= _ACTIVITY_DAYS


def days_left(grant: TokenGrant, now: datetime) -> int | None:
    """Whole days until the authorization ends (below zero: it has); ``None`` when TikTok told no end."""
    if grant.refresh_token_expires_at is None:
        return None
    return (grant.refresh_token_expires_at - now).days


def within(days: int) -> int | None:
    """The smallest of :data:`WARN_DAYS` that ``days`` is within; ``None`` when the end is far away."""
    return min((limit for limit in WARN_DAYS if days <= limit), default=None)


def authorizations(runtime: Runtime, now: datetime) -> list[Ending]:
    """Accounts whose authorization ends soon or has ended; reads Redis only."""
    found = (_authorization(runtime, account, now) for account in runtime.accounts.all())
    return [ending for ending in found if ending is not None]


def _authorization(runtime: Runtime, account: Account, now: datetime) -> Ending | None:
    scope, task = authorization_scope(account.id), f"renew the authorization of account {account.id}"
    how = "Let the shop's owner use Re-Authorize App in the console"
    remedy = f"{how}, or open what this prints: tiktok-odoo accounts reauthorize {account.id}"
    if account.authorization == "needed":
        text = f"TikTok no longer accepts the authorization of account {account.id}: nothing of it runs. {remedy}"
        return Ending(scope, -1, now.date(), task, text, None)
    grant = runtime.tiktok.tokens.load(account.id) if account.authorization == "authorized" else None
    ends = grant.refresh_token_expires_at if grant is not None else None
    if grant is None or ends is None:
        return None
    days = (ends - now).days
    limit = within(days)
    if limit is None:
        return None
    what = f"The authorization of account {account.id} ends on {ends:%Y-%m-%d}, {_in(limit, days)}."
    problem = ConfigurationError(what, code="authorization_ends", remedy=remedy)
    return Ending(scope, days, ends.date(), task, str(problem), problem)


def odoo_key(runtime: Runtime, now: datetime) -> Ending | None:
    """The bot's API key when it ends soon. Of several, Odoo does not tell which one is in use: the first end counts.

    :raises ConnectorError: Odoo cannot be asked.
    """
    settings = runtime.settings
    if not needs.looks_like_api_key(settings.odoo_password.get_secret_value()):
        return None
    user = needs.user_id(runtime.odoo, settings.odoo_user)
    keys = needs.api_keys(runtime.odoo, user) if user is not None else None
    first = needs.ends_first(keys or [])
    if first is None:
        return None
    ends = first[1]
    days = (ends - now).days
    limit = within(days)
    if limit is None:
        return None
    what = f"An API key of Odoo's user {settings.odoo_user} ends on {ends:%Y-%m-%d}, {_in(limit, days)}."
    remedy = "Make a new one as that user, put it into ODOO_PASSWORD, restart, and delete the old one."
    problem = ConfigurationError(what, code="odoo_key_ends", remedy=remedy)
    return Ending(ODOO_KEY_SCOPE, days, ends.date(), "make a new API key for the bot user", str(problem), problem)


def _in(limit: int, days: int) -> str:
    if days < 0:
        return "so it has ended"
    return f"within {limit} day{'s' if limit > 1 else ''}"


def warn(runtime: Runtime) -> None:
    """Show what ends soon, ask a person in Odoo, and take both back when it is cured; may be repeated.

    :raises ConnectorError: Odoo cannot be asked; what concerns TikTok is shown all the same.
    """
    now = datetime.now(UTC)
    endings = authorizations(runtime, now)
    _show(runtime, endings, [authorization_scope(account.id) for account in runtime.accounts.all()])
    key = odoo_key(runtime, now)
    _show(runtime, [key] if key else [], [ODOO_KEY_SCOPE])
    _ask(runtime, [*endings, *([key] if key else [])])


def _show(runtime: Runtime, endings: list[Ending], scopes: list[str]) -> None:
    known = {problem.scope: problem.message for problem in runtime.problems.all()}
    problems = {ending.scope: ending.problem for ending in endings if ending.problem is not None}
    for scope in scopes:
        problem = problems.get(scope)
        if problem is None:
            if scope in known:
                runtime.problems.clear(scope)
        elif known.get(scope) != problem.message:
            log.warning("expiry.near", scope=scope, code=problem.code, reason=problem.message)
            runtime.problems.report(scope, problem, pause=0)


def _ask(runtime: Runtime, endings: list[Ending]) -> None:
    settings = runtime.settings
    if not settings.odoo_alert_user:
        runtime.problems.clear(ALERT_SCOPE)
        return
    activities = Activities(runtime.odoo, bot=settings.odoo_user, assignee=settings.odoo_alert_user)
    wanted = {ending.task: (ending.text, ending.ends_on) for ending in endings if ending.wants_a_person}
    try:
        opened, closed = activities.keep(wanted)
    except ConfigurationError as error:
        if error.code == "alert_user":
            runtime.problems.report(ALERT_SCOPE, error, pause=0)
        raise
    runtime.problems.clear(ALERT_SCOPE)
    if opened or closed:
        log.info("expiry.activities", opened=opened, closed=closed)
