"""The list of products, with a search."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, outside, runtime
from web.console.products.base import WANTED, blueprint, page_number, part, shops_shown
from worker.errors import ConnectorError
from worker.sync.mapping import Variants
from worker.sync.product_view import Wanted, search


def _list() -> dict[str, Any]:
    text = request.args.get("q", "").strip()[:200]
    wanted: Wanted = next((each for each in WANTED if each == request.args.get("state")), "")
    shop, page = chosen_shop(), page_number()
    found = search(runtime(), shops_shown(), text=text, wanted=wanted, page=page)
    asked: dict[str, Any] = {"shop": shop.id if shop else None, "q": text or None, "state": wanted or None}
    return {
        "found": found,
        "asked": asked,
        "shop": shop,
        "shops": runtime().shops.all(),
        "q": text,
        "wanted": wanted,
        "words": WANTED,
        "newer": url_for(".products", **asked, page=page - 1) if page > 1 else "",
        "older": url_for(".products", **asked, page=page + 1) if found.more else "",
    }


@blueprint.get("")
def products() -> ResponseReturnValue:
    """Search by product name, Item ID, SKU ID or seller SKU; narrow down by shop and state."""
    return render_template("console/products/products.html", **_list(), variants=None)


@blueprint.get("/names")
def names() -> ResponseReturnValue:
    """The list once more, with the names that Odoo's products have."""
    page, variants = _list(), Variants(runtime().odoo)
    fault = None
    try:
        with outside():
            variants.read(row.listing.variant_id for row in page["found"].rows)
    except ConnectorError as error:
        fault = error
    return part("list_part", "Products", **page, variants=None if fault else variants, fault=fault)
