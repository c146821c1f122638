"""Finance tasks: read payout statements once a day, check them, and book them where a shop is set to."""

from __future__ import annotations

from worker.app import app
from worker.state.problems import shop_finance_scope
from worker.sync.payouts import pull_payouts
from worker.sync.reporting import reporting
from worker.sync.runtime import get_runtime
from worker.sync.shops import active_shop, next_shops

#: Seconds of one message's share of many statements; well below a task's time limit.
_SHARE = 60.0


@app.task(name="finance.pull_all")
def pull_all() -> None:
    """Read the payouts of the shops whose turn has come, one message each."""
    runtime = get_runtime()
    for shop in next_shops(runtime, "finance.pull", runtime.settings.payout_interval):
        if shop.settings.payouts != "off":
            pull.delay(shop.id)


@app.task(name="finance.pull")
def pull(shop_id: str) -> None:
    """Read the shop's payout statements; many in several messages, each going on where the last left off."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None or shop.settings.payouts == "off":
        return
    with reporting(runtime, shop, shop_finance_scope(shop_id)):
        if not pull_payouts(runtime, shop, seconds=_SHARE).finished:
            pull.delay(shop_id)
