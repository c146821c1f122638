"""What a person does with SKUs and products: map, limit, look again, push. The command line and the console share it.

Each changes, writes the audit trail, and says what is to be set in motion; callers send the messages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.catalog import Choice, Listing, choice_key
from worker.state.shops import Shop
from worker.sync.inventory_marks import mark_products
from worker.sync.mapping import Mapped, Variant
from worker.sync.mapping_import import Plan, apply_import, choose
from worker.sync.runtime import Runtime
from worker.sync.waiting_orders import waiting_orders


@dataclass(frozen=True)
class Chosen:
    """What came of a choice.

    :param listing: the SKU as TikTok lists it, if it does: its product is due in the catalogue.
    :param orders: parked orders that are due now because they hold the SKU.
    """

    listing: Listing | None
    orders: int = 0


@dataclass(frozen=True)
class Imported:
    """The shops in which an import made products due, orders that had waited, and products' stock."""

    catalog: tuple[str, ...] = ()
    orders: dict[str, int] = field(default_factory=dict)
    stock: tuple[str, ...] = ()

    @property
    def waited(self) -> int:
        """How many orders are tried again."""
        return sum(self.orders.values())


def map_sku(runtime: Runtime, shop: Shop, sku_id: str, variant: Variant | None, *, by: str) -> Chosen:
    """Bind a SKU to a product of Odoo's, or leave it to the rules again (``None``).

    Orders that were parked for want of a binding are tried again at once, even if TikTok lists the SKU no more.
    """
    listing = choose(runtime, shop, sku_id, None if variant is None else variant.id)
    orders = 0
    if variant is not None:
        text = f"tried again: SKU ID {sku_id} was mapped by {by}"
        orders = _retry(runtime, shop, [sku_id], text)
    action, what = ("sku.map", f"to {variant}") if variant is not None else ("sku.unmap", "left to the rules")
    again = f"; {orders} orders tried again" if orders else ""
    _audit(runtime, shop, action, sku_id, f"{what}{again}", by=by)
    return Chosen(listing, orders)


def _retry(runtime: Runtime, shop: Shop, sku_ids: Collection[str], text: str) -> int:
    order_ids = waiting_orders(runtime, shop, sku_ids)
    if order_ids:
        runtime.timeline(shop.id).add(order_ids, "operator", text)
    return runtime.queue(shop.id).mark(order_ids)


def limit_sku(
    runtime: Runtime, shop: Shop, sku_id: str, *, buffer: int | None, maximum: int | None, by: str
) -> Listing | None:
    """Set how many units of a SKU are kept back and shown at most; ``None`` takes the shop's.

    Its stock is due then. Answers the SKU as TikTok lists it, if it does.
    """
    catalog = runtime.catalog(shop.id)
    mapped = Mapped(catalog, shop)
    listing = mapped.listings.get(sku_id)
    product_id = listing.product_id if listing is not None else ""
    key, item_key = choice_key(sku_id=sku_id), choice_key(product_id=product_id)
    replaced = {item_key: Choice()} if item_key in mapped.choices else {}
    limits = {"buffer": buffer, "maximum": maximum}
    catalog.set_choices(replaced | {key: mapped.choice(key, product_id).model_copy(update=limits)})
    if listing is not None:
        mark_products(runtime, shop, {product_id})
    words = (f"{name} {'of the shop' if value is None else value}" for name, value in limits.items())
    _audit(runtime, shop, "sku.limits", sku_id, ", ".join(words), by=by)
    return listing


def import_mapping(runtime: Runtime, plan: Plan, *, by: str) -> Imported:
    """Take over a spreadsheet that was checked, all of it or nothing.

    Changed buffers and maxima make the stock due, newly chosen products the orders that wait for them.

    :raises ConfigurationError: the plan has refusals.
    """
    catalog = tuple(apply_import(runtime, plan))
    orders: dict[str, int] = {}
    stock: list[str] = []
    for shop_id in catalog:
        shop = runtime.shops.get(shop_id)
        changes = [change for change in plan.changes if change.shop_id == shop_id]
        limited = {
            change.product_id
            for change in changes
            if change.product_id
            and (change.before.buffer, change.before.maximum) != (change.after.buffer, change.after.maximum)
        }
        if mark_products(runtime, shop, limited):
            stock.append(shop_id)
        chosen = [
            change.key.removeprefix("sku:")
            for change in changes
            if change.key.startswith("sku:") and change.after.variant_id not in (None, change.before.variant_id)
        ]
        if waiting := _retry(runtime, shop, chosen, f"tried again: its SKUs were mapped by {by}"):
            orders[shop_id] = waiting
        _audit(runtime, shop, "catalog.import", shop_id, f"{len(changes)} SKUs changed", by=by)
    return Imported(catalog, orders, tuple(stock))


def look_again(runtime: Runtime, shop: Shop, product_ids: Sequence[str], *, by: str, create: bool = False) -> int:
    """Ask TikTok for these products anew and bind their SKUs; answers how many are due.

    :param create: it is asked for so that Odoo gets what it lacks.
    :raises ConfigurationError: the shop does not let products be created.
    """
    if create and not shop.settings.create_products:
        raise ConfigurationError(
            f"{shop.name} does not let products be created.",
            remedy=f"`tiktok-odoo shops set {shop.id} --create-products` allows it.",
        )
    count = runtime.product_queue(shop.id).mark(product_ids, force=True)
    _audit_products(runtime, shop, "product.create" if create else "product.look_again", product_ids, by=by)
    return count


def push_now(runtime: Runtime, shop: Shop, product_ids: Sequence[str], *, by: str) -> int:
    """Make the stock of these products due now, refused or not; answers how many.

    :raises ConfigurationError: the shop's stock is not pushed.
    """
    if not product_ids:
        return 0
    if not mark_products(runtime, shop, product_ids):
        off = shop.settings.push_stock == "off"
        first = f"`tiktok-odoo inventory push --shop {shop.id} --apply` agrees to the first push."
        raise ConfigurationError(
            f"The stock of {shop.name} is not pushed: " + ("it is switched off." if off else "nobody has agreed yet."),
            remedy=f"`tiktok-odoo shops set {shop.id} --push-stock on` switches it on." if off else first,
        )
    _audit_products(runtime, shop, "stock.push", product_ids, by=by)
    return len(product_ids)


def retry_refused(runtime: Runtime, shop: Shop, *, by: str) -> int:
    """Push now everything of the shop of which TikTok refused the stock; answers how many products."""
    return push_now(runtime, shop, [entry.id for entry in runtime.inventory_queue(shop.id).all_parked()], by=by)


def _audit_products(runtime: Runtime, shop: Shop, action: str, product_ids: Sequence[str], *, by: str) -> None:
    """One entry, however many products it concerned."""
    one = len(product_ids) == 1
    _audit(runtime, shop, action, product_ids[0] if one else "", "" if one else f"{len(product_ids)} products", by=by)


def _audit(runtime: Runtime, shop: Shop, action: str, target: str, detail: str, *, by: str) -> None:
    Audit(runtime.redis).note(by, action, target, "; ".join(word for word in (f"shop {shop.id}", detail) if word))
