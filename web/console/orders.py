"""``/console/orders``: find orders, see what happened to one, compare its amounts, retry it or leave it alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, operator, outside, runtime, trigger
from worker.errors import ConnectorError
from worker.state.order_index import LISTED, State
from worker.state.shops import Shop
from worker.sync import order_actions, order_view
from worker.sync.order_compare import compare, odoo_address, seller_center_address

blueprint = Blueprint("console_orders", __name__, url_prefix="/console/orders")

#: State → its word and the tone of its badge.
STATES: dict[State, tuple[str, str]] = {
    "due": ("Due", "busy"),
    "waiting": ("Waiting for TikTok", "quiet"),
    "in_odoo": ("In Odoo", "good"),
    "parked": ("Parked", "bad"),
    "ignored": ("Ignored", "quiet"),
    "left_out": ("Not for Odoo", "quiet"),
}


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"order_states": STATES, "reason_of": order_view.reason_of, "map_address": map_address}


def map_address(shop_id: str) -> str:
    """Where the shop's unmapped SKUs are mapped."""
    return url_for("console_products.unmapped", shop=shop_id)


@blueprint.get("")
def orders() -> ResponseReturnValue:
    """Search, and the newest orders of a state; ``?before=`` goes back."""
    shop = chosen_shop()
    text = request.args.get("q", "").strip()
    page: dict[str, Any] = {"shop": shop, "q": text, "shops": runtime().shops.all(), "names": _names()}
    if text:
        return _found(page, text, shop)
    state = next((each for each in LISTED if each == request.args.get("state")), None)
    since, until = _day("since"), _day("until")
    before = request.args.get("before", "")
    found = order_view.search(
        runtime(),
        shop=shop,
        state=state,
        since=since,
        until=until + timedelta(days=1) if until else None,
        before=before,
    )
    chosen: dict[str, Any] = {
        name: request.args[name] for name in ("shop", "state", "since", "until") if request.args.get(name)
    }
    return render_template(
        "console/orders/orders.html",
        **page,
        state=state,
        since=since,
        until=until,
        found=found.orders,
        newer=url_for(".orders", **chosen) if before else "",
        older=url_for(".orders", **chosen, before=found.older) if found.older else "",
    )


def _found(page: dict[str, Any], text: str, shop: Shop | None) -> ResponseReturnValue:
    """What was searched for by name; the one order's own page at once, when there is one."""
    fault = None
    try:
        if order_actions.is_order_id(text):
            found = order_view.find(runtime(), text, shop=shop)
        else:
            with outside():
                found = order_view.find(runtime(), text, shop=shop)
    except ConnectorError as error:
        found, fault = [], error
    if len(found) == 1:
        return redirect(url_for(".order", shop_id=found[0].shop_id, order_id=found[0].order_id), 303)
    unknown = order_actions.is_order_id(text) and not found
    return render_template("console/orders/orders.html", **page, found=found, fault=fault, unknown=unknown)


def _names() -> dict[str, str]:
    return {shop.id: shop.name for shop in runtime().shops.all()}


def _day(name: str) -> datetime | None:
    """Midnight (UTC) of the day that a field gives."""
    try:
        return datetime.combine(date.fromisoformat(request.args.get(name, "")), time(), UTC)
    except ValueError:
        return None


def _shop(shop_id: str, order_id: str) -> Shop:
    shop = runtime().shops.find(shop_id)
    if shop is None or not order_actions.is_order_id(order_id):
        abort(404, "There is no such shop, or this is not an order id of TikTok's.")
    return shop


@blueprint.get("/<shop_id>/<order_id>")
def order(shop_id: str, order_id: str) -> ResponseReturnValue:
    """One order: where it is, why, and what happened to it."""
    shop = _shop(shop_id, order_id)
    story = order_view.story_of(runtime(), shop, order_id)
    seller_center = seller_center_address(shop.region, order_id)
    return render_template(
        "console/orders/order.html", story=story, version=_version(story), seller_center=seller_center
    )


@blueprint.get("/<shop_id>/<order_id>/progress")
def progress(shop_id: str, order_id: str) -> ResponseReturnValue:
    """What the order's page shows anew while a worker is at it; 204 when nothing has changed since ``?seen=``."""
    story = order_view.story_of(runtime(), _shop(shop_id, order_id), order_id)
    version = _version(story)
    if request.args.get("seen") == version:
        return "", 204
    return render_template("console/orders/progress.html", story=story, version=version, again=True)


def _version(story: order_view.OrderStory) -> str:
    state = f"{story.place.state}.{story.place.at_work}.{story.place.moving}" if story.place else ""
    last = story.timeline[-1].at.timestamp() if story.timeline else 0
    return f"{state}.{len(story.timeline)}.{last:.3f}"


@blueprint.get("/<shop_id>/<order_id>/totals")
def totals(shop_id: str, order_id: str) -> ResponseReturnValue:
    """The amounts on TikTok and in Odoo now: a part of the order's page, or a page of its own without JavaScript."""
    shop = _shop(shop_id, order_id)
    comparison = fault = None
    try:
        with outside():
            comparison = compare(runtime(), shop, order_id)
    except ConnectorError as error:
        fault = error
    addresses = {sale.id: odoo_address(runtime(), sale.id) for sale in comparison.sales} if comparison else {}
    template = "totals_part" if "HX-Request" in request.headers else "totals"
    return render_template(
        f"console/orders/{template}.html",
        shop=shop,
        order_id=order_id,
        comparison=comparison,
        fault=fault,
        addresses=addresses,
    )


@blueprint.post("/<shop_id>/<order_id>/retry")
def retry(shop_id: str, order_id: str) -> ResponseReturnValue:
    """Look at the order now."""
    shop = _shop(shop_id, order_id)
    order_actions.retry(runtime(), shop, [order_id], by=operator().name)
    return _asked(shop, order_id, f"Order {order_id} is looked at now.")


@blueprint.post("/<shop_id>/<order_id>/import")
def force_import(shop_id: str, order_id: str) -> ResponseReturnValue:
    """Import the order although the settings leave it out, or a person deleted it in Odoo."""
    shop = _shop(shop_id, order_id)
    order_actions.import_orders(runtime(), shop, [order_id], force=True, by=operator().name)
    return _asked(shop, order_id, f"Order {order_id} is imported now, whatever the shop's settings leave out.")


@blueprint.post("/<shop_id>/<order_id>/stop-ignoring")
def stop_ignoring(shop_id: str, order_id: str) -> ResponseReturnValue:
    """Let the order come again."""
    shop = _shop(shop_id, order_id)
    order_actions.stop_ignoring(runtime(), shop, [order_id], by=operator().name)
    return _asked(shop, order_id, f"Order {order_id} is no longer ignored, and is looked at now.")


@blueprint.post("/<shop_id>/<order_id>/ignore")
def ignore(shop_id: str, order_id: str) -> ResponseReturnValue:
    """Leave the order alone."""
    shop = _shop(shop_id, order_id)
    note = request.form.get("note", "")
    asked = order_actions.ignore(runtime(), shop, [order_id], note=note, by=operator().name)
    for other in asked.push:
        trigger("inventory", other)
    flash(f"Order {order_id} is ignored.", "done")
    return redirect(url_for(".order", shop_id=shop_id, order_id=order_id), 303)


def _asked(shop: Shop, order_id: str, text: str) -> ResponseReturnValue:
    trigger("orders", shop.id)
    flash(text, "done")
    if request.form.get("back") == "parked":
        return redirect(url_for("console_parked.parked"), 303)
    return redirect(url_for(".order", shop_id=shop.id, order_id=order_id), 303)
