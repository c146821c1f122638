"""What a person does with orders: retry, import, ignore, stop ignoring. The command line and the console share it.

Each marks, writes the timeline and the audit trail, and says what is to be set in motion; callers send the messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.ignored import IgnoredOrder
from worker.state.shops import Shop
from worker.sync.inventory_marks import mark_variants
from worker.sync.runtime import Runtime

LONGEST_NOTE = 500
_MOST_NAMED = 20


@dataclass(frozen=True)
class Asked:
    """How many orders it concerned, and the shops in which products became due for a push of stock."""

    orders: int
    push: tuple[str, ...] = ()


def is_order_id(text: str) -> bool:
    """Whether ``text`` can be a TikTok order id: digits only."""
    return text.isascii() and text.isdigit() and len(text) <= 32


def retry(runtime: Runtime, shop: Shop, order_ids: Sequence[str], *, by: str) -> Asked:
    """Look at these orders now, whether they are parked or not; ends their being ignored."""
    return _ask_for(runtime, shop, order_ids, "order.retry", f"retry asked for by {by}", by=by)


def retry_parked(runtime: Runtime, shop: Shop, *, code: str | None = None, by: str) -> Asked:
    """Look now at everything of the shop that is parked, or parked for the reason ``code``."""
    parked = runtime.queue(shop.id).all_parked()
    return retry(runtime, shop, [entry.id for entry in parked if code in (None, entry.code)], by=by)


def import_orders(runtime: Runtime, shop: Shop, order_ids: Sequence[str], *, force: bool = False, by: str) -> Asked:
    """Look at these orders now, known or not; ends their being ignored.

    :param force: also what the settings leave out, or a person deleted in Odoo.
    """
    action, text = ("order.import_forced", "forced import") if force else ("order.import", "import")
    return _ask_for(runtime, shop, order_ids, action, f"{text} asked for by {by}", force=force, by=by)


def stop_ignoring(runtime: Runtime, shop: Shop, order_ids: Sequence[str], *, by: str) -> Asked:
    """Let these orders come again, and look at them now."""
    return _ask_for(runtime, shop, order_ids, "order.stop_ignoring", f"no longer ignored, by {by}", by=by)


def ignore(runtime: Runtime, shop: Shop, order_ids: Sequence[str], *, note: str, by: str) -> Asked:
    """Leave these orders alone, whatever comes in about them; ``note`` says why.

    What Odoo has of them stays. They no longer count against stock, so the stock of what they hold becomes due.

    :raises ConfigurationError: there is no note, or it is too long.
    """
    note = " ".join(note.split())
    if not note or len(note) > LONGEST_NOTE:
        raise ConfigurationError(
            "An order is ignored with a note that says why.", remedy=f"Write one of at most {LONGEST_NOTE} characters."
        )
    if not order_ids:
        return Asked(0)
    queue = runtime.queue(shop.id)
    held = queue.sold()
    skus = {sku_id for order_id in order_ids if order_id in held for sku_id in held[order_id].units}
    count = queue.ignored.put(order_ids, IgnoredOrder(note=note, by=by))
    listings = runtime.catalog(shop.id).listings(sorted(skus)) if skus else {}
    variants = {listing.variant_id for listing in listings.values() if listing.variant_id is not None}
    push = tuple(mark_variants(runtime, variants))
    runtime.timeline(shop.id).add(order_ids, "operator", f"ignored by {by}: {note}")
    _audit(runtime, shop, order_ids, "order.ignore", note, by=by)
    return Asked(count, push)


def _ask_for(
    runtime: Runtime, shop: Shop, order_ids: Sequence[str], action: str, text: str, *, force: bool = False, by: str
) -> Asked:
    if not order_ids:
        return Asked(0)
    # Told first: a worker may have the order the moment that it is due.
    runtime.timeline(shop.id).add(order_ids, "operator", text)
    count = runtime.queue(shop.id).ask_for(order_ids, force=force)
    _audit(runtime, shop, order_ids, action, by=by)
    return Asked(count)


def _audit(runtime: Runtime, shop: Shop, order_ids: Sequence[str], action: str, detail: str = "", *, by: str) -> None:
    """One entry, however many orders it concerned."""
    if len(order_ids) == 1:
        words = [f"shop {shop.id}", detail]
        target = order_ids[0]
    else:
        more = " ..." if len(order_ids) > _MOST_NAMED else ""
        words = [f"shop {shop.id}", f"{len(order_ids)} orders", ", ".join(order_ids[:_MOST_NAMED]) + more, detail]
        target = ""
    Audit(runtime.redis).note(by, action, target, "; ".join(word for word in words if word))
