"""What the pages about products share: their blueprint, words for states, and where to go back to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, runtime
from worker.state.catalog import FoundBy
from worker.state.shops import Shop
from worker.sync.product_live import product_address
from worker.sync.product_view import SkuRow, Wanted

blueprint = Blueprint("console_products", __name__, url_prefix="/console/products")

#: What a list can be narrowed down to, in words.
WANTED: dict[Wanted, str] = {
    "": "All",
    "unmapped": "Not mapped",
    "mapped": "Mapped",
    "refused": "Stock refused by TikTok",
    "choice": "Mapped: chosen",
    "seller_sku": "Mapped: by seller SKU",
    "sku_id": "Mapped: by SKU ID",
    "item_id": "Mapped: by Item ID",
    "barcode": "Mapped: by barcode",
    "created": "Mapped: created in Odoo",
    "not_looked_at": "Not looked at yet",
}
_FOUND_BY: dict[FoundBy, str] = {
    **{"choice": "chosen", "seller_sku": "by seller SKU", "sku_id": "by SKU ID", "item_id": "by Item ID"},
    **{"barcode": "by barcode", "created": "created in Odoo"},
}


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "state_of": state_of,
        "odoo_product": lambda variant_id: product_address(runtime(), variant_id),
    }


@blueprint.app_template_filter("units")
def units(quantity: Decimal) -> str:
    """A quantity of Odoo's: whole units without a fraction."""
    return f"{quantity.normalize():f}"


def state_of(row: SkuRow) -> tuple[str, str]:
    """How a SKU is bound: a word, and the tone of its badge."""
    listing, chosen = row.listing, row.choice.variant_id
    if chosen is not None and chosen != listing.variant_id and listing.code != "chosen_product_gone":
        return ("Being mapped", "busy") if row.product is not None else ("Chosen, not listed", "quiet")
    if listing.variant_id is not None:
        how = _FOUND_BY.get(listing.found_by, "")
        return f"Mapped {how}".strip(), "good"
    return ("Not mapped", "bad") if row.looked_at else ("Not looked at yet", "quiet")


def the_shop(shop_id: str) -> Shop:
    """The shop of an address; the page is not there when the shop is not."""
    return runtime().shops.find(shop_id) or abort(404, "There is no such shop.")


def shops_shown() -> list[Shop]:
    """The shop of ``?shop=``, or every shop."""
    shop = chosen_shop()
    return [shop] if shop is not None else runtime().shops.all()


def page_number() -> int:
    """``?page=``, counted from 1."""
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def part(name: str, title: str, **context: Any) -> ResponseReturnValue:
    """What a page loads by itself: the part alone, or, without JavaScript, a page of its own."""
    template = f"console/products/{name}.html"
    if "HX-Request" in request.headers:
        return render_template(template, **context)
    return render_template("console/products/part.html", part=template, title=title, **context)


def tried_again(orders: int) -> str:
    """What is said of orders that had waited for a product."""
    return f" {orders} {'order' if orders == 1 else 'orders'} that waited for it: tried again now." if orders else ""
