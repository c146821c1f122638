"""``/console/parked``: what could not be brought into Odoo, and what is in the way of deliveries, by reason, with what
to do; retry one, a group or all."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, operator, runtime, trigger
from worker.sync import delivery_view, order_actions
from worker.sync.order_view import parked_groups

blueprint = Blueprint("console_parked", __name__, url_prefix="/console/parked")

#: Orders of one group that the page shows; the list of orders has them all.
_SHOWN = 50


@blueprint.get("")
def parked() -> ResponseReturnValue:
    """Everything parked, by reason; first what must ship first."""
    shop = chosen_shop()
    shops = runtime().shops.all()
    chosen = [shop] if shop else shops
    return render_template(
        "console/parked/parked.html",
        groups=parked_groups(runtime(), chosen),
        deliveries=delivery_view.parked_groups(runtime(), chosen),
        shop=shop,
        shops=shops,
        names={each.id: each.name for each in shops},
        shown=_SHOWN,
    )


@blueprint.post("/retry")
def retry() -> ResponseReturnValue:
    """Look now at all that is parked: for one reason (``code``) or for any, in one shop (``shop``) or in all."""
    code = request.form.get("code") or None
    shop_id = request.form.get("shop", "")
    shops = [runtime().shops.get(shop_id)] if shop_id else runtime().shops.all()
    orders = 0
    for shop in shops:
        asked = order_actions.retry_parked(runtime(), shop, code=code, by=operator().name)
        if asked.orders:
            trigger("orders", shop.id)
        orders += asked.orders
    flash(f"{orders} {'order is' if orders == 1 else 'orders are'} tried again.", "done" if orders else "note")
    return redirect(url_for(".parked", shop=shop_id or None), 303)
