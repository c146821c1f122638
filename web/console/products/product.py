"""One product: its SKUs as they are known here, and both sides as they are now."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import operator, outside, runtime, trigger
from web.console.products.base import blueprint, part, the_shop
from worker.state.shops import Shop
from worker.sync import mapping_actions as actions
from worker.sync.product_live import ask
from worker.sync.product_view import SkuRow, product_rows


def _product(shop_id: str, product_id: str) -> tuple[Shop, list[SkuRow]]:
    shop = the_shop(shop_id)
    rows = product_rows(runtime(), shop, product_id)
    if not rows:
        abort(404, "The shop does not list this product, or it was not pulled yet.")
    return shop, rows


@blueprint.get("/<shop_id>/<product_id>")
def product(shop_id: str, product_id: str) -> ResponseReturnValue:
    """One product, from what is known here."""
    shop, rows = _product(shop_id, product_id)
    warehouses = {each.id: each.name or each.id for each in runtime().inventory(shop.id).warehouses()}
    return render_template("console/products/product.html", shop=shop, rows=rows, warehouses=warehouses)


@blueprint.get("/<shop_id>/<product_id>/live")
def live(shop_id: str, product_id: str) -> ResponseReturnValue:
    """The product on TikTok and in Odoo now, and how the units for sale come about."""
    shop, rows = _product(shop_id, product_id)
    with outside():
        found = ask(runtime(), shop, rows)
    return part("live_part", rows[0].listing.title, shop=shop, live=found, product_id=product_id)


@blueprint.post("/<shop_id>/<product_id>/push")
def push(shop_id: str, product_id: str) -> ResponseReturnValue:
    """Push the product's stock now."""
    shop = the_shop(shop_id)
    actions.push_now(runtime(), shop, [product_id], by=operator().name)
    trigger("inventory", shop.id)
    flash("A worker pushes its stock now. Reload in a few seconds to see what came of it.", "done")
    return redirect(url_for(".product", shop_id=shop_id, product_id=product_id), 303)


@blueprint.post("/<shop_id>/<product_id>/look-again")
def look_again(shop_id: str, product_id: str) -> ResponseReturnValue:
    """Ask TikTok for the product anew, and bind its SKUs."""
    return _looked_again(shop_id, product_id, create=False)


@blueprint.post("/<shop_id>/<product_id>/create")
def create(shop_id: str, product_id: str) -> ResponseReturnValue:
    """Have Odoo products made for what matches none."""
    return _looked_again(shop_id, product_id, create=True)


def _looked_again(shop_id: str, product_id: str, *, create: bool) -> ResponseReturnValue:
    shop = the_shop(shop_id)
    actions.look_again(runtime(), shop, [product_id], by=operator().name, create=create)
    trigger("products", shop.id)
    what = "creates in Odoo what it lacks" if create else "asks TikTok for it"
    flash(f"A worker {what} now. Reload in a few seconds to see what came of it.", "done")
    return redirect(url_for(".product", shop_id=shop_id, product_id=product_id), 303)
