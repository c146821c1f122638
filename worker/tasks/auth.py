"""Authorization tasks: finish a link, refresh tokens well before they end."""

from __future__ import annotations

from worker.app import app
from worker.errors import RetryableError
from worker.sync.inventory_marks import mark_all
from worker.sync.linking import complete_link, refresh_tokens
from worker.sync.runtime import get_runtime
from worker.tasks.catalog import pull
from worker.tasks.orders import poll_shop
from worker.tasks.triggers import trigger_push


@app.task(
    name="auth.complete_link",
    autoretry_for=(RetryableError,),
    retry_backoff=2,
    retry_backoff_max=120,
    retry_jitter=True,
    max_retries=15,
)
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


@app.task(name="auth.resume_links")
def resume_links() -> None:
    """Finish links whose message was lost between the receiver and the workers."""
    for link_id in get_runtime().links.pending():
        complete_link_task.delay(link_id)


@app.task(name="auth.refresh_tokens")
def refresh_tokens_task() -> None:
    """Refresh every account's tokens that end soon."""
    refresh_tokens(get_runtime())
