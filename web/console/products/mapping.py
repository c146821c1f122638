"""What is not mapped, with candidates; one SKU: choose its Odoo product, and how much of its stock to show."""

from __future__ import annotations

import threading
import time
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, operator, outside, runtime, trigger
from web.console.products.base import blueprint, page_number, part, shops_shown, the_shop, tried_again
from worker.errors import ConfigurationError, ConnectorError
from worker.state.shops import Shop
from worker.sync import mapping_actions as actions
from worker.sync.candidates import Candidate, Likeness, find_products, products_for_sale
from worker.sync.mapping_import import variant_by_id
from worker.sync.product_view import sku_row
from worker.sync.product_view import unmapped as unmapped_page

_MOST_UNITS = 999_999_999
#: Seconds for which Odoo's products are kept to find candidates among; to read and index ten thousand takes seconds,
#: and who maps one SKU goes on to the next.
_KEPT = 120.0
_lock = threading.Lock()


def _likeness(shop: Shop) -> Likeness:
    """Odoo's products that the shop may sell, ready to be compared with.

    :raises ConnectorError: Odoo does not answer.
    """
    kept: dict[int | None, tuple[float, Likeness]] = current_app.extensions.setdefault("odoo_products", {})
    company = shop.settings.company_id
    with _lock:  # one thread reads them; the others would only make Odoo slower
        found = kept.get(company)
        if found is None or time.monotonic() - found[0] > _KEPT:
            found = time.monotonic(), Likeness(products_for_sale(runtime().odoo, company))
            kept[company] = found
    return found[1]


def _list() -> dict[str, Any]:
    shop, page = chosen_shop(), page_number()
    found = unmapped_page(runtime(), shops_shown(), page=page)
    chosen: dict[str, Any] = {"shop": shop.id if shop else None}
    return {
        "found": found,
        "shop": shop,
        "shops": runtime().shops.all(),
        "newer": url_for(".unmapped", **chosen, page=page - 1) if page > 1 else "",
        "older": url_for(".unmapped", **chosen, page=page + 1) if found.more else "",
    }


@blueprint.get("/unmapped")
def unmapped() -> ResponseReturnValue:
    """SKUs that are no product of Odoo's; ``?shop=&sku=`` leads to one SKU."""
    sku_id, shop = request.args.get("sku", ""), chosen_shop()
    if sku_id and shop is not None:
        return redirect(url_for(".sku", shop_id=shop.id, sku_id=sku_id), 303)
    return render_template("console/products/unmapped.html", **_list(), likely=None)


@blueprint.get("/unmapped/candidates")
def candidates() -> ResponseReturnValue:
    """The list once more, with the products that each SKU may be."""
    page = _list()
    likely: dict[tuple[str, str], list[Candidate]] = {}
    fault = None
    try:
        with outside():
            for each in page["found"].skus:
                listing = each.row.listing
                best = _likeness(each.row.shop).candidates([listing]) if listing.title or listing.seller_sku else {}
                likely[each.row.shop.id, listing.sku_id] = best.get(listing.sku_id, [])
    except ConnectorError as error:
        fault = error
    return part("unmapped_part", "Not mapped", **page, likely=None if fault else likely, fault=fault)


@blueprint.get("/<shop_id>/skus/<sku_id>")
def sku(shop_id: str, sku_id: str) -> ResponseReturnValue:
    """One SKU: what it is mapped to or why to nothing, and what can be chosen."""
    shop = the_shop(shop_id)
    row = sku_row(runtime(), shop, sku_id)
    text = request.args.get("q", "").strip()[:200]
    return render_template("console/products/sku.html", row=row, shop=shop, q=text)


@blueprint.get("/<shop_id>/skus/<sku_id>/options")
def options(shop_id: str, sku_id: str) -> ResponseReturnValue:
    """Products of Odoo's to choose from: what a search finds, or else candidates."""
    shop = the_shop(shop_id)
    row = sku_row(runtime(), shop, sku_id)
    text = request.args.get("q", "").strip()[:200]
    found: list[Any] = []
    fault = None
    try:
        with outside():
            if text:
                found = list(find_products(runtime().odoo, text, shop.settings.company_id))
            elif row.listing.title or row.listing.seller_sku:
                found = list(_likeness(shop).candidates([row.listing], limit=8)[sku_id])
    except ConnectorError as error:
        fault = error
    return part("options_part", f"Products for SKU {sku_id}", row=row, shop=shop, q=text, options=found, fault=fault)


@blueprint.post("/<shop_id>/skus/<sku_id>/map")
def map_sku(shop_id: str, sku_id: str) -> ResponseReturnValue:
    """Choose the SKU's product in Odoo; an empty ``variant`` leaves it to the rules again."""
    shop, chosen = the_shop(shop_id), request.form.get("variant", "")
    if not (sku_id.isascii() and sku_id.isdigit() and len(sku_id) <= 32):
        raise ConfigurationError(f"{sku_id[:40]!r} is not a SKU ID of TikTok's; they are digits only.")
    if "variant" not in request.form:
        raise ConfigurationError("No product was chosen.", remedy="Choose one of the list, then press the button.")
    variant = None
    if chosen:
        with outside():
            variant = variant_by_id(runtime(), shop, _number(chosen, 2**31 - 1, "product"))
    done = actions.map_sku(runtime(), shop, sku_id, variant, by=operator().name)
    if done.listing is not None:
        trigger("products", shop.id)
    if done.orders:
        trigger("orders", shop.id)
    what = f"is {variant} now" if variant is not None else "is left to the rules now"
    unlisted = "" if done.listing is not None else " TikTok does not list it; the choice holds for orders all the same."
    flash(f"SKU ID {sku_id} {what}.{tried_again(done.orders)}{unlisted}", "done")
    if request.form.get("back") == "unmapped":
        return redirect(url_for(".unmapped", shop=request.form.get("shop") or None), 303)
    return redirect(url_for(".sku", shop_id=shop_id, sku_id=sku_id), 303)


@blueprint.post("/<shop_id>/skus/<sku_id>/limits")
def limits(shop_id: str, sku_id: str) -> ResponseReturnValue:
    """Set how many units of the SKU to keep back, and how many to show at most; empty fields take the shop's."""
    shop = the_shop(shop_id)
    buffer, maximum = (
        _number(text, _MOST_UNITS, name) if (text := request.form.get(name, "").strip()) else None
        for name in ("buffer", "maximum")
    )
    listing = actions.limit_sku(runtime(), shop, sku_id, buffer=buffer, maximum=maximum, by=operator().name)
    pushed = listing is not None and shop.settings.push_stock == "on"
    if pushed:
        trigger("inventory", shop.id)
    flash(f"Buffer and maximum are kept.{' Its stock is pushed now.' if pushed else ''}", "done")
    return redirect(url_for(".sku", shop_id=shop_id, sku_id=sku_id), 303)


def _number(text: str, most: int, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= most):
        raise ConfigurationError(f"The {name} {text[:40]!r} is not a whole number from 0 to {most}.")
    return int(text)
