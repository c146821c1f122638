"""``/console/deliveries``: who asks to cancel, what is in the way of deliveries, what has still to be shipped or comes
back; one order's parcels on both sides; retry one, a group or all."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, operator, outside, runtime, trigger
from worker.errors import ConnectorError
from worker.state.shops import Shop
from worker.sync import delivery_actions, delivery_view
from worker.sync.delivery_live import delivery_address, look_now
from worker.sync.order_actions import is_order_id
from worker.sync.order_compare import seller_center_address

#: Where a button leads back to, by what its form says.
_LISTS = {"deliveries": ".deliveries", "parked": "console_parked.parked"}
#: Rows of each list that the page shows, the most urgent ones; narrowing it down shows the others.
_SHOWN = 100

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
    code = request.args.get("code", "")
    found = delivery_view.look(runtime(), [shop] if shop else shops)
    addresses = {each.order_id: seller_center_address(owner.region, each.order_id) for owner, each in found.requests}
    return render_template(
        "console/deliveries/deliveries.html",
        found=found,
        parked=[row for row in found.parked if code in ("", row[1].code)],
        codes=sorted({entry.code for _, entry in found.parked} | ({code} - {""})),
        code=code,
        shop=shop,
        shops=shops,
        addresses=addresses,
        shown=_SHOWN,
    )


def _shop(shop_id: str, order_id: str) -> Shop:
    shop = runtime().shops.find(shop_id)
    if shop is None or not is_order_id(order_id):
        abort(404, "There is no such shop, or this is not an order id of TikTok's.")
    return shop


@blueprint.get("/<shop_id>/<order_id>/parcels")
def parcels(shop_id: str, order_id: str) -> ResponseReturnValue:
    """The parcels on TikTok and in Odoo now: a part of the order's page, or a page of its own without JavaScript."""
    shop = _shop(shop_id, order_id)
    live = fault = None
    try:
        with outside():
            live = look_now(runtime(), shop, order_id)
    except ConnectorError as error:
        fault = error
    known = [*(parcel.delivery for parcel in live.parcels), *live.loose] if live else []
    template = "parcels_part" if "HX-Request" in request.headers else "parcels"
    return render_template(
        f"console/deliveries/{template}.html",
        shop=shop,
        order_id=order_id,
        live=live,
        fault=fault,
        addresses={each.id: delivery_address(runtime(), each.id) for each in known if each is not None},
    )


@blueprint.post("/retry")
def retry() -> ResponseReturnValue:
    """Look now at all that is parked: for one reason (``code``) or for any, in one shop (``shop``) or in all."""
    code = request.form.get("code") or None
    shop_id = request.form.get("shop", "")
    shops = [runtime().shops.get(shop_id)] if shop_id else runtime().shops.all()
    count = 0
    for shop in shops:
        due = delivery_actions.retry_parked(runtime(), shop, code=code, by=operator().name)
        if due:
            trigger("fulfillment", shop.id)
        count += due
    flash(f"{count} {'delivery is' if count == 1 else 'deliveries are'} tried again.", "done" if count else "note")
    return redirect(url_for(_LISTS.get(request.form.get("back", ""), ".deliveries"), shop=shop_id or None), 303)


@blueprint.post("/<shop_id>/<order_id>/retry")
def retry_one(shop_id: str, order_id: str) -> ResponseReturnValue:
    """Look at one order's delivery and returns now."""
    shop = _shop(shop_id, order_id)
    delivery_actions.retry(runtime(), shop, [order_id], by=operator().name)
    trigger("fulfillment", shop.id)
    flash(f"The delivery of order {order_id} is looked at now.", "done")
    if (back := request.form.get("back", "")) in _LISTS:
        return redirect(url_for(_LISTS[back]), 303)
    return redirect(url_for("console_orders.order", shop_id=shop_id, order_id=order_id), 303)
