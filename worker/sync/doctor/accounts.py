"""Checks of TikTok: the host and its clock, and for each account its app, authorization, tokens and scopes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from worker.errors import ConnectorError, ReauthorizeError
from worker.state.accounts import Account
from worker.sync.doctor.clocks import skew, tiktok_clock
from worker.sync.doctor.finding import Finding, fail, failed_with, ok, skipped, warn
from worker.sync.doctor.probe import NoAnswerError, ask
from worker.sync.expiry import WARN_DAYS, days_left
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant
from worker.tiktok.scopes import missing_scopes

#: An access token lives for seven days and is renewed when less than one is left.
_RENEWAL_IS_LATE_HOURS = 20


def host(runtime: Runtime) -> Iterator[Finding]:
    """TikTok's host answers, and its clock and ours agree; any answer will do."""
    url = runtime.settings.tiktok_api_url
    try:
        answer = ask("GET", f"{url}/")
    except NoAnswerError as error:
        remedy = "Let this machine through to the internet, or correct TIKTOK_API_URL."
        yield fail("tiktok.server", f"TikTok Shop at {url}: {error}.", remedy)
        return
    yield ok("tiktok.server", f"TikTok Shop answers at {url}.")
    yield tiktok_clock("tiktok.clock", skew(answer.headers, answer.sent, answer.came))


def account(runtime: Runtime, account: Account) -> Iterator[Finding]:
    """One account; asks TikTok for the list of its shops, which needs app, token, scope and clock to be right."""
    where = account.id
    if account.authorization == "none":
        remedy = f"Let the shop's owner authorize it: `tiktok-odoo accounts link {account.id}`"
        yield warn("account.authorization", "The app was never authorized.", remedy, where=where)
        return
    if account.authorization == "needed":
        remedy = f"Let the shop's owner authorize it again: `tiktok-odoo accounts reauthorize {account.id}`"
        text = account.authorization_reason or "TikTok no longer accepts the tokens."
        yield fail("account.authorization", text, remedy, where=where)
        return
    grant = runtime.tiktok.tokens.load(account.id)
    if grant is None:
        remedy = f"Let the shop's owner authorize it: `tiktok-odoo accounts link {account.id}`"
        yield fail("account.tokens", "There are no tokens.", remedy, where=where)
        return
    yield _tokens(account, grant, datetime.now(UTC))
    yield _scopes(account, grant)
    yield from _app(runtime, account)


def _tokens(account: Account, grant: TokenGrant, now: datetime) -> Finding:
    name, where = "account.tokens", account.id
    hours = (grant.access_token_expires_at - now).total_seconds() / 3600
    again = f"Let the shop's owner authorize it again: `tiktok-odoo accounts reauthorize {account.id}`"
    access = f"The access token is good for {hours:.0f} more hours"
    if hours <= 0:
        access = "The access token has ended"
    lifetime = (grant.access_token_expires_at - grant.obtained_at).total_seconds() / 3600
    days = days_left(grant, now)
    refresh = "" if days is None else f", the authorization for {days} more days"
    if days is not None and days < 0:
        return fail(name, f"{access}, and so has the authorization.", again, where=where)
    if days is not None and days <= WARN_DAYS[0]:
        return warn(name, f"{access}{refresh}.", again, where=where)
    if hours < min(_RENEWAL_IS_LATE_HOURS, lifetime * 0.15):
        remedy = "It should have been renewed by now: is beat running, and does TIKTOK_AUTH_URL answer?"
        return warn(name, f"{access}{refresh}.", remedy, where=where)
    return ok(name, f"{access} and is renewed by itself{refresh}.", where=where)


def _scopes(account: Account, grant: TokenGrant) -> Finding:
    name, where = "account.scopes", account.id
    if not grant.granted_scopes:
        return skipped(name, "TikTok did not tell which scopes were granted.", where=where)
    missing = missing_scopes(grant.granted_scopes)
    used = [scope for scope in missing if scope.without]
    if not used:
        later = f"; not granted, and not used yet: {', '.join(scope.name for scope in missing)}" if missing else ""
        return ok(name, f"Every scope that is used was granted{later}.", where=where)
    text = "; ".join(f"without {scope.name} ({scope.id}) {scope.without}" for scope in used)
    remedy = "Enable it in Partner Center (Manage API), then let the shop's owner authorize the app again."
    make = fail if any(scope.vital for scope in used) else warn
    return make(name, f"{text[0].upper()}{text[1:]}.", remedy, where=where)


def _app(runtime: Runtime, account: Account) -> Iterator[Finding]:
    where = account.id
    try:
        shops = runtime.tiktok.account_client(account).authorized_shops()
    except ReauthorizeError as error:
        yield failed_with("account.authorization", error, where=where)
        return
    except ConnectorError as error:
        yield failed_with("account.app", error, where=where)
        return
    yield ok("account.app", "TikTok accepts App Key, App Secret, token and clock.", where=where)
    yield from _shops(runtime, account, {shop.id: shop.name for shop in shops})


def _shops(runtime: Runtime, account: Account, covered: dict[str, str]) -> Iterator[Finding]:
    where = account.id
    ours = {shop.id for shop in runtime.shops.all(account.id)}
    everybodys = {shop.id: shop.account_id for shop in runtime.shops.all()}
    name = "account.shops"
    for lost in sorted(ours - set(covered)):
        text = f"The authorization no longer covers shop {lost}."
        remedy = f"Let its owner authorize the app again, or `tiktok-odoo shops remove {lost}`"
        yield fail(name, text, remedy, where=where)
    for shop_id, shop_name in covered.items():
        owner = everybodys.get(shop_id)
        if owner is not None and owner != account.id:
            text = f"Shop {shop_name} ({shop_id}) is authorized here, too, and synchronised by account {owner}."
            remedy = "Nothing is done twice. Remove the account that is not needed."
            yield warn(name, text, remedy, where=where)
    shown = len(ours & set(covered))
    yield ok(name, f"The authorization covers {len(covered)} shops; {shown} are synchronised here.", where=where)
