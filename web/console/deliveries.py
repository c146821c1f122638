"""``/console/deliveries``: who asks to cancel, what is in the way of deliveries, what comes back; retry one or all."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, operator, runtime, trigger
from worker.sync import delivery_actions, delivery_view
from worker.sync.order_actions import is_order_id
from worker.sync.order_compare import seller_center_address

blueprint = Blueprint("console_deliveries", __name__, url_prefix="/console/deliveries")


@blueprint.app_template_global("delivery_of")
def delivery_of(shop_id: str, order_id: str) -> delivery_view.OrderDelivery:
    """What is known of an order's delivery, for its own page."""
    return delivery_view.of_order(runtime(), runtime().shops.get(shop_id), order_id)


@blueprint.get("")
def deliveries() -> ResponseReturnValue:
    """Deadlines first, then what is parked, then returns."""
    shop = chosen_shop()
    shops = runtime().shops.all()
    found = delivery_view.look(runtime(), [shop] if shop else shops)
    addresses = {each.order_id: seller_center_address(owner.region, each.order_id) for owner, each in found.requests}
    return render_template(
        "console/deliveries/deliveries.html", found=found, shop=shop, shops=shops, addresses=addresses
    )


@blueprint.post("/retry")
def retry() -> ResponseReturnValue:
    """Look now at all that is parked, in one shop (``shop``) or in all."""
    shop_id = request.form.get("shop", "")
    shops = [runtime().shops.get(shop_id)] if shop_id else runtime().shops.all()
    count = 0
    for shop in shops:
        due = delivery_actions.retry_parked(runtime(), shop, by=operator().name)
        if due:
            trigger("fulfillment", shop.id)
        count += due
    flash(f"{count} {'delivery is' if count == 1 else 'deliveries are'} tried again.", "done" if count else "note")
    return redirect(url_for(".deliveries", shop=shop_id or None), 303)


@blueprint.post("/<shop_id>/<order_id>/retry")
def retry_one(shop_id: str, order_id: str) -> ResponseReturnValue:
    """Look at one order's delivery and returns now."""
    shop = runtime().shops.find(shop_id)
    if shop is None or not is_order_id(order_id):
        abort(404, "There is no such shop, or this is not an order id of TikTok's.")
    delivery_actions.retry(runtime(), shop, [order_id], by=operator().name)
    trigger("fulfillment", shop.id)
    flash(f"The delivery of order {order_id} is looked at now.", "done")
    if request.form.get("back") == "deliveries":
        return redirect(url_for(".deliveries"), 303)
    return redirect(url_for("console_orders.order", shop_id=shop_id, order_id=order_id), 303)
