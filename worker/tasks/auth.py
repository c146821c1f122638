"""Authorization tasks: finish a link, refresh tokens well before they end, warn of what ends all the same."""

from __future__ import annotations

from typing import Any

import structlog

from worker.app import app
from worker.errors import ConnectorError, RetryableError
from worker.sync.expiry import warn
from worker.sync.inventory_marks import mark_all
from worker.sync.linking import complete_link, end_authorization, refresh_tokens
from worker.sync.runtime import get_runtime
from worker.tasks.catalog import pull
from worker.tasks.orders import poll_shop
from worker.tasks.triggers import trigger_push

log = structlog.get_logger(__name__)

_UNTIL_TIKTOK_ANSWERS: dict[str, Any] = {
    "autoretry_for": (RetryableError,),
    "retry_backoff": 2,
    "retry_backoff_max": 120,
    "retry_jitter": True,
    "max_retries": 15,
}


@app.task(name="auth.complete_link", **_UNTIL_TIKTOK_ANSWERS)
def complete_link_task(link_id: str) -> None:
    """Trade a seller's authorization code for tokens and start the shops that they cover."""
    runtime = get_runtime()
    link = complete_link(runtime, link_id)
    if link is not None and link.outcome == "linked":
        for shop in runtime.shops.all(link.account_id):
            poll_shop.delay(shop.id)
            pull.delay(shop.id)
            # While the authorization was away TikTok's stock was not kept: after a renewal all of it is pushed again.
            if mark_all(runtime, shop):
                trigger_push(runtime, shop.id)
        warn_expiry.delay()  # takes back what was said of the authorization that has just been renewed


@app.task(name="auth.deauthorized", **_UNTIL_TIKTOK_ANSWERS)
def deauthorized(shop_id: str) -> None:
    """Find out whether the seller has taken the authorization back, as a webhook says; if not, go on as ever."""
    runtime = get_runtime()
    if end_authorization(runtime, shop_id):
        warn_expiry.delay()
    else:
        poll_shop.delay(shop_id)


@app.task(name="auth.resume_links")
def resume_links() -> None:
    """Finish links whose message was lost between the receiver and the workers."""
    for link_id in get_runtime().links.pending():
        complete_link_task.delay(link_id)


@app.task(name="auth.refresh_tokens")
def refresh_tokens_task() -> None:
    """Refresh every account's tokens that end soon."""
    refresh_tokens(get_runtime())


@app.task(name="auth.warn_expiry")
def warn_expiry() -> None:
    """Show what ends soon, and ask a person in Odoo; what could not be said now, the next one says."""
    try:
        warn(get_runtime())
    except ConnectorError as error:
        log.warning("expiry.not_told", code=error.code, reason=error.message)
