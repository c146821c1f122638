"""Products of which TikTok refused the stock."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, operator, runtime, trigger
from web.console.products.base import blueprint, shops_shown, the_shop
from worker.sync import mapping_actions as actions


@blueprint.get("/refused")
def refused() -> ResponseReturnValue:
    """What TikTok refused, why, and what to do."""
    rows = []
    for shop in shops_shown():
        entries = runtime().inventory_queue(shop.id).all_parked()
        products = runtime().catalog(shop.id).products([entry.id for entry in entries])
        rows += [(shop, entry, products.get(entry.id)) for entry in entries]
    return render_template("console/products/refused.html", rows=rows, shop=chosen_shop(), shops=runtime().shops.all())


@blueprint.post("/refused/retry")
def retry() -> ResponseReturnValue:
    """Try it again now: one ``product`` of a ``shop``, all of a shop, or everything."""
    shop_id, product_id = request.form.get("shop", ""), request.form.get("product", "")
    shops = [the_shop(shop_id)] if shop_id else runtime().shops.all()
    count, by = 0, operator().name
    for shop in shops:
        if product_id and shop_id:
            tried = actions.push_now(runtime(), shop, [product_id], by=by)
        else:
            tried = actions.retry_refused(runtime(), shop, by=by)
        if tried:
            trigger("inventory", shop.id)
        count += tried
    flash(f"{count} {'product is' if count == 1 else 'products are'} tried again now.", "done" if count else "note")
    return redirect(url_for(".refused", shop=shop_id or None), 303)
