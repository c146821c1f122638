"""What a person does about deliveries: have them looked at now. The command line and the console share it."""

from __future__ import annotations

from collections.abc import Sequence

from worker.state.audit import Audit
from worker.state.shops import Shop
from worker.sync.runtime import Runtime


def retry(runtime: Runtime, shop: Shop, order_ids: Sequence[str], *, by: str) -> int:
    """Follow these orders' deliveries and returns now, parked or not; answers how many. Callers send the message."""
    if not order_ids:
        return 0
    runtime.timeline(shop.id).add(order_ids, "operator", f"delivery looked at again, asked for by {by}")
    count = runtime.fulfillment_queue(shop.id).mark(order_ids)
    one = order_ids[0] if len(order_ids) == 1 else ""
    detail = f"shop {shop.id}" + ("" if one else f"; {len(order_ids)} orders")
    Audit(runtime.redis).note(by, "delivery.retry", one, detail)
    return count


def retry_parked(runtime: Runtime, shop: Shop, *, code: str | None = None, by: str) -> int:
    """Follow now every order of the shop whose delivery is parked, or parked for the reason ``code``."""
    parked = runtime.fulfillment_queue(shop.id).all_parked()
    return retry(runtime, shop, [entry.id for entry in parked if code in (None, entry.code)], by=by)
