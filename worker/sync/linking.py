"""Linking an account with TikTok: the seller's authorization becomes tokens, a list of shops, and work that starts."""

from __future__ import annotations

import structlog

from worker.errors import ConfigurationError, ConnectorError, ReauthorizeError, RetryableError
from worker.state.accounts import Account
from worker.state.links import Link
from worker.state.shops import Shop
from worker.sync.runtime import Runtime

log = structlog.get_logger(__name__)


def consent_url(runtime: Runtime, account_id: str) -> str:
    """Where the seller authorizes the app; works once, for ``LINK_MINUTES``."""
    account = runtime.accounts.get(account_id)
    state = runtime.links.begin(account.id, runtime.settings.link_minutes * 60)
    return runtime.tiktok.consent_url(account, state)


def complete_link(runtime: Runtime, link_id: str) -> Link | None:
    """Trade the authorization code for tokens and start every shop that they cover.

    :raises RetryableError: TikTok does not answer; the next attempt goes on from there.
    """
    link = runtime.links.get(link_id)
    code = runtime.links.take_code(link_id)
    if link is None or link.outcome != "pending" or (code is None and not link.has_tokens):
        return link
    account = runtime.accounts.get(link.account_id)
    if code is not None and not _exchange(runtime, account, link, code):
        return link
    try:
        link.shops = refresh_shops(runtime, account.id)
        link.outcome = "linked"
        log.info("account.linked", account=account.id, shops=len(link.shops))
    except RetryableError:
        raise
    except ConnectorError as error:
        link.outcome, link.message = "failed", f"The app is authorized, but its shops could not be listed: {error}"
        log.warning("account.shops_not_listed", account=account.id, code=error.code, reason=error.message)
    runtime.links.finish(link)
    return link


def _exchange(runtime: Runtime, account: Account, link: Link, code: str) -> bool:
    """Trade the code for tokens; ``False`` when TikTok refuses it, which is noted in ``link``."""
    try:
        runtime.tiktok.exchange_code(account, code)
    except RetryableError:
        runtime.links.put_code_back(link.id, code, runtime.settings.link_minutes * 60)
        raise
    except ConnectorError as error:
        link.outcome, link.message = "failed", str(error)
        runtime.links.finish(link)
        log.warning("account.link_failed", account=account.id, code=error.code, reason=error.message)
        return False
    runtime.accounts.set_authorization(account.id, "authorized")
    link.has_tokens = True
    runtime.links.finish(link)
    return True


def refresh_shops(runtime: Runtime, account_id: str) -> list[str]:
    """Read which shops the account's tokens cover and start the new ones; answers one line per shop, for people.

    A shop that an operator removed is claimed again only here, that is after the seller authorized anew.
    """
    account = runtime.accounts.get(account_id)
    lines = []
    for covered in runtime.tiktok.account_client(account).authorized_shops():
        shop = Shop(
            id=covered.id, account_id=account.id, name=covered.name, region=covered.region, cipher=covered.cipher
        )
        try:
            shop = runtime.shops.claim(shop)
            lines.append(
                f"{shop.name} ({shop.region}, {shop.id}): {'synchronised' if shop.enabled else 'switched off'}"
            )
        except ConfigurationError as error:
            lines.append(str(error))
            log.warning("shop.refused", account=account.id, shop=covered.id, code=error.code)
    return lines


def end_authorization(runtime: Runtime, shop_id: str) -> bool:
    """A seller is said to have taken the authorization back (SELLER_DEAUTHORIZATION): ask TikTok, and if it is so, let
    the account rest and forget its tokens.

    :return: whether it is so.
    :raises RetryableError: TikTok does not answer.
    """
    shop = runtime.shops.find(shop_id)
    grant = runtime.tiktok.tokens.load(shop.account_id) if shop else None
    if shop is None or grant is None:
        return False
    account = runtime.accounts.get(shop.account_id)
    try:
        runtime.tiktok.account_client(account).authorized_shops()
    except ReauthorizeError as error:
        if not runtime.tiktok.tokens.delete_if(account.id, grant):
            return False  # renewed or given anew meanwhile
        runtime.accounts.set_authorization(account.id, "needed", str(error))
        log.warning("account.deauthorized", account=account.id, code=error.code, tokens="forgotten")
        return True
    return False


def refresh_tokens(runtime: Runtime) -> None:
    """Refresh every authorized account's tokens that end soon; one account's failure does not stop the others."""
    for account in runtime.accounts.all():
        if account.authorization != "authorized":
            continue
        try:
            runtime.tiktok.token_source(account).access_token()
        except ConnectorError as error:
            log.warning("account.not_refreshed", account=account.id, code=error.code, reason=error.message)
