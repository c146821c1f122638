"""``GET /tiktok/return_from_authorization``: the seller comes back from TikTok's consent page."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from web.receiver import receiver

log = structlog.get_logger(__name__)
blueprint = Blueprint("oauth", __name__)


def _page(
    status: int, title: str, *lines: str, refresh: bool = False, account_id: str | None = None
) -> ResponseReturnValue:
    """:param account_id: the account that it is about, where that is known; operators find a way back to it."""
    back = ""
    if receiver().settings.console and not refresh:
        account = url_for("console_accounts.account", account_id=account_id) if account_id else ""
        back = account or url_for("console_accounts.accounts")
    return render_template("link.html", title=title, lines=lines, refresh=refresh, back=back), status


def _anew() -> str:
    """How an operator gets another address for the seller."""
    command = "tiktok-odoo accounts link ACCOUNT"
    if receiver().settings.console:
        return f"press *Link with TikTok* on the account's page, or run: {command}"
    return command


@blueprint.get("/tiktok/return_from_authorization")
def returned() -> ResponseReturnValue:
    """Keep the code for a worker and show how it goes on; every refusal says in plain words what to do."""
    parts = receiver()
    state = request.args.get("state", "")
    code = request.args.get("code", "")
    error = request.args.get("error", "")
    try:
        account_id = parts.links.consume(state) if state else None
        if error or code in ("", "null"):
            return _refused(error, account_id)
        if not state:
            return _page(
                400,
                "Please start from your account",
                "You came from TikTok's App Store, so we cannot tell which account this authorization is for.",
                f"Nothing was changed. Start from the account instead: {_anew()}",
            )
        if account_id is None:
            return _page(
                400,
                "This link was used already or is too old",
                f"A link to TikTok works once, within {parts.settings.link_minutes} minutes. Nothing was changed.",
                f"Get a new one: {_anew()}",
            )
        link = parts.links.returned(account_id, code, parts.settings.link_minutes * 60)
    except RedisError:
        return _page(503, "We cannot keep this authorization now", "Our storage is away. Reload this page in a minute.")
    parts.sender.send("auth.complete_link", link.id)
    log.info("account.returned", account=account_id)
    return redirect(url_for("oauth.outcome", link_id=link.id))


def _refused(error: str, account_id: str | None) -> ResponseReturnValue:
    log.info("account.not_authorized", account=account_id or "", error="auth_denied" if error == "auth_denied" else "?")
    if error == "auth_denied":
        return _page(
            200,
            "The app was not authorized",
            "You declined, so nothing is synchronised and nothing was changed.",
            f"To try again, get a new link: {_anew()}",
            account_id=account_id,
        )
    return _page(
        400,
        "TikTok did not authorize the app",
        "TikTok sent you back without an authorization code.",
        f"Check the app's status in Partner Center, then get a new link: {_anew()}",
        account_id=account_id,
    )


@blueprint.get("/tiktok/link/<link_id>")
def outcome(link_id: str) -> ResponseReturnValue:
    """What became of an authorization; the page reloads itself while a worker is at it."""
    try:
        link = receiver().links.get(link_id)
    except RedisError:
        return _page(503, "Our storage is away", "This page tries again by itself.", refresh=True)
    if link is None:
        how = "The account's page, or `tiktok-odoo accounts list`, shows how it ended."
        return _page(404, "This authorization is no longer known", how)
    if link.outcome == "pending":
        return _page(200, "Linking with TikTok …", "Reading which shops the authorization covers.", refresh=True)
    if link.outcome == "failed":
        return _page(200, "Linking did not succeed", link.message, account_id=link.account_id)
    lines = [link.message] if link.message else []
    shops = link.shops or ["The authorization covers no shop."]
    return _page(200, "Linked with TikTok", *lines, *shops, account_id=link.account_id)
