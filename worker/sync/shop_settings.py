"""What a person changes about a shop: settings, warehouses, on or off. The command line and the console share it.

Each function checks, stores, makes due what the change may concern, writes the audit trail, and answers what follows
from it; callers send the messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from worker.errors import ConfigurationError
from worker.odoo.directory import check_exists, check_tax
from worker.odoo.gateway import OdooGateway
from worker.state.audit import Audit
from worker.state.inbox import Trigger
from worker.state.shops import Feed, Shop, ShopSettings
from worker.sync.inventory_marks import mark_all
from worker.sync.inventory_plan import known_warehouses
from worker.sync.inventory_targets import refuse_double_feeds
from worker.sync.runtime import Runtime
from worker.sync.shops import remove_shop

#: Settings after whose change every amount may be another.
_ABOUT_STOCK = {
    *("push_stock", "stock_warehouse_ids", "stock_location_id", "stock_buffer", "stock_maximum", "warehouse_feeds"),
    *("warehouse_id", "company_id"),
}
#: Setting → what it points to in Odoo, as ``worker.odoo.directory`` calls it.
RECORDS = {
    "company_id": "company",
    "warehouse_id": "warehouse",
    "sales_team_id": "sales_team",
    "pricelist_id": "pricelist",
    "tax_id": "tax",
    "default_product_id": "default_product",
    "default_carrier_id": "default_carrier",
    "stock_warehouse_ids": "warehouse",
    "stock_location_id": "stock_location",
    "payout_partner_id": "payout_partner",
    "payout_journal_id": "payout_journal",
}


@dataclass(frozen=True)
class Changed:
    """What was done to a shop.

    :param values: what was asked for, by setting, as it is now.
    :param names: those settings that were something else before.
    :param follows: what comes of it, a sentence each, for people.
    :param due: dirty sets of the shop in which something became due, so that a worker should be told.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    due: tuple[Trigger, ...] = ()


def fingerprint(settings: ShopSettings) -> str:
    """A short digest: two that are equal say that nothing was changed in between."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:16]


def change_settings(
    runtime: Runtime, shop_id: str, changes: Mapping[str, Any], *, by: str, seen: str = "", action: str = "shop.set"
) -> Changed:
    """Change some of a shop's settings. Odoo is asked only about records that are chosen anew.

    :param seen: the :func:`fingerprint` of the settings that the person looked at, if others may have changed them.
    :raises ConfigurationError: there is no such shop, a value cannot be, or others changed the settings meanwhile.
    :raises ConnectorError: Odoo does not answer.
    """
    shop = runtime.shops.get(shop_id)
    if seen and seen != fingerprint(shop.settings):
        raise ConfigurationError(
            "Somebody changed these settings since you opened the page, so nothing was changed.",
            remedy="Look at them as they are now, and make your change again.",
        )
    changes = {**changes, **_either_or(changes)}
    settings = _checked(shop.settings, changes)
    names = [name for name, value in settings if value != getattr(shop.settings, name)]
    _check_in_odoo(runtime, settings, names)
    values = {name: getattr(settings, name) for name in changes}
    if not names:
        return Changed(values)
    runtime.shops.save(shop.model_copy(update={"settings": settings}))
    Audit(runtime.redis).note(by, action, shop.id, _in_words({name: getattr(settings, name) for name in names}))
    follows, due = _consequences(runtime, shop, settings, names)
    return Changed(values, tuple(names), tuple(follows), tuple(due))


def _either_or(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Stock for sale lies in one location or in warehouses: choosing the one clears the other."""
    location, warehouses = changes.get("stock_location_id"), changes.get("stock_warehouse_ids")
    if location and warehouses:
        raise ConfigurationError(
            "Stock for sale lies in one location or in warehouses, not in both.", remedy="Choose one of the two."
        )
    if location:
        return {"stock_warehouse_ids": []}
    return {"stock_location_id": None} if warehouses else {}


def _checked(settings: ShopSettings, changes: Mapping[str, Any]) -> ShopSettings:
    try:
        return ShopSettings.model_validate({**dict(settings), **changes})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(f"The settings cannot be so. {faults}.", remedy="Correct them.") from None


def _check_in_odoo(runtime: Runtime, settings: ShopSettings, names: Sequence[str]) -> None:
    for name in names:
        chosen = getattr(settings, name)
        if name in RECORDS and chosen:
            check_exists(runtime.odoo, RECORDS[name], chosen if isinstance(chosen, list) else [chosen])
    if "tax_id" in names and settings.tax_id:
        check_tax(runtime.odoo, settings.tax_id)


def _in_words(values: Mapping[str, Any]) -> str:
    return ", ".join(name if isinstance(value, dict) else f"{name} = {value}" for name, value in values.items())


def _consequences(
    runtime: Runtime, shop: Shop, now: ShopSettings, names: Sequence[str]
) -> tuple[list[str], list[Trigger]]:
    """Have looked at again what the change may concern: more orders, all stock, SKUs that match no product."""
    follows: list[str] = []
    due: list[Trigger] = []
    if _covers_more(now, shop.settings):
        runtime.queue(shop.id).forget_seen()
        runtime.cursors.drop(shop.id)
        follows.append(
            "More orders are to be imported than before: the next poll reads the list from the go-live date."
        )
    if _ABOUT_STOCK & set(names) and mark_all(runtime, shop.model_copy(update={"settings": now})):
        due.append("inventory")
        follows.append("All stock of the shop is compared and pushed anew.")
    if "create_products" in names and now.create_products:
        listings = runtime.catalog(shop.id).listings().values()
        unbound = {listing.product_id for listing in listings if listing.variant_id is None}
        if runtime.product_queue(shop.id).mark(sorted(unbound)):
            due.append("products")
            follows.append(f"{len(unbound)} products that match none in Odoo are looked at again.")
    return follows, due


def _covers_more(now: ShopSettings, before: ShopSettings) -> bool:
    return (
        now.go_live < before.go_live
        or (now.import_fbt and not before.import_fbt)
        or (now.import_samples and not before.import_samples)
    )


def feed_warehouse(runtime: Runtime, shop_id: str, warehouse_id: str, feed: Feed | None, *, by: str) -> Changed:
    """Choose whose stock of Odoo a warehouse of TikTok shows; ``None``: it is no longer fed by itself.

    :raises ConfigurationError: TikTok has no such warehouse, Odoo no such place, or the same stock would be for sale
        twice.
    """
    shop = runtime.shops.get(shop_id)
    everywhere = known_warehouses(runtime, shop, runtime.shop_client(shop))
    known = {each.id: each for each in everywhere if each.for_sales}
    if warehouse_id not in known:
        raise ConfigurationError(
            f"{shop.name} has no sales warehouse {warehouse_id!r}.",
            remedy=f"`tiktok-odoo shops warehouses {shop.id}` shows them.",
        )
    feeds = {name: each for name, each in shop.settings.warehouse_feeds.items() if name != warehouse_id}
    if feed is not None:
        _check_feed(runtime.odoo, feed)
        feeds[warehouse_id] = feed
    refuse_double_feeds(feeds)
    done = change_settings(runtime, shop_id, {"warehouse_feeds": feeds}, by=by, action="shop.feed")
    now = f"{known[warehouse_id].name} ({warehouse_id}) is {'not fed by itself' if feed is None else 'fed'} now."
    return Changed(done.values, done.names, (now, *done.follows), done.due)


def _check_feed(gateway: OdooGateway, feed: Feed) -> None:
    check_exists(gateway, "warehouse", feed.warehouse_ids)
    if feed.location_id is not None:
        check_exists(gateway, "stock_location", [feed.location_id])


def agree_to_push(runtime: Runtime, shop_id: str, *, by: str) -> Changed:
    """Agree to the first push: all of the shop's stock becomes due, and from now on changes are pushed by themselves.

    :raises ConfigurationError: pushing is switched off.
    """
    shop = runtime.shops.get(shop_id)
    if shop.settings.push_stock == "off":
        raise ConfigurationError(
            f"Pushing {shop.name}'s stock is switched off.",
            remedy=f"Switch it on first: `tiktok-odoo shops set {shop.id} --push-stock ask`",
        )
    if shop.settings.push_stock != "on":
        return change_settings(runtime, shop_id, {"push_stock": "on"}, by=by, action="inventory.push")
    Audit(runtime.redis).note(by, "inventory.push", shop.id, "all stock")
    due: tuple[Trigger, ...] = ("inventory",) if mark_all(runtime, shop) else ()
    return Changed({"push_stock": "on"}, due=due)


def switch_shop(runtime: Runtime, shop_id: str, enabled: bool, *, by: str) -> Changed:
    """Switch a shop's synchronisation on or off; what comes in while it is off is kept for later."""
    shop = runtime.shops.get(shop_id)
    runtime.shops.save(shop.model_copy(update={"enabled": enabled}))
    Audit(runtime.redis).note(by, "shop.enable" if enabled else "shop.disable", shop.id)
    if not enabled:
        return Changed(follows=("What comes in meanwhile is kept for later.",))
    follows = ["Orders that came in meanwhile are imported now."]
    due: list[Trigger] = ["orders"]
    if mark_all(runtime, shop):  # nobody has watched its stock meanwhile
        follows.append("All stock of the shop is compared and pushed anew.")
        due.append("inventory")
    return Changed(follows=tuple(follows), due=tuple(due))


def take_out_shop(runtime: Runtime, shop_id: str, *, by: str) -> Shop:
    """Remove a shop with its queues, so that another account may have it. Odoo and TikTok stay as they are."""
    shop = runtime.shops.get(shop_id)
    remove_shop(runtime, shop.id)
    Audit(runtime.redis).note(by, "shop.remove", shop.id, shop.name)
    return shop
