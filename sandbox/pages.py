"""A page for people at ``/``: the shops, their orders and products, with buttons to make things happen."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.errors import ControlError
from sandbox.packages import active_lines
from sandbox.simulator import Simulator
from sandbox.specs import TrafficSpec, WebhookFaultSpec
from sandbox.status import CANCELLED, FLOW

SHOWN_ORDERS = 30
SHOWN_PRODUCTS = 10


def human_pages(simulator: Simulator) -> Blueprint:
    """``/`` and the targets of its buttons under ``/_sandbox/page/``."""
    blueprint = Blueprint("pages", __name__)
    world = simulator.world

    @blueprint.errorhandler(ControlError)
    def refused(error: ControlError) -> tuple[str, int]:
        return render_template("message.html", title="This does not work", text=str(error)), 400

    @blueprint.get("/")
    def index() -> str:
        with world.lock:
            newest = {
                shop.id: world.orders[shop.id].window("create_time", None, None)[: -SHOWN_ORDERS - 1 : -1]
                for shop in world.shops.values()
            }
            products = {shop.id: world.catalogs[shop.id].newest_first([]) for shop in world.shops.values()}
            return render_template(
                "index.html",
                shops=list(world.shops.values()),
                books=world.orders,
                newest=newest,
                products=products,
                shown_products=SHOWN_PRODUCTS,
                apps=list(world.apps.values()),
                stats=simulator.stats(),
                webhooks=simulator.webhooks.stats(),
                faults=simulator.webhooks.faults,
                next_status=next_status,
                time_text=lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}",
            )

    @blueprint.post("/_sandbox/page/shops/<shop_id>/place")
    def place(shop_id: str) -> Response:
        count = request.form.get("count", "1")
        if not count.isdigit():
            raise ControlError("the number of orders must be a number")
        seed = world.now()
        simulator.traffic.place(world.shop(shop_id), TrafficSpec(count=min(int(count), 500) or 1, seed=seed))
        return redirect(url_for("pages.index"))

    @blueprint.post("/_sandbox/page/orders/<order_id>/<action>")
    def act(order_id: str, action: str) -> Response:
        with world.lock:
            order = world.order(order_id)
            if action == "cancel":
                lines = [line["id"] for line in active_lines(order)]
                simulator.after_sale.cancel_lines(order, lines, by="BUYER", reason="Change of mind")
            elif action == "next":
                simulator.desk.set_status(order, next_status(order.status))
            elif action == "redeliver":
                simulator.webhooks.redeliver(order_id)
            else:
                raise ControlError(f"no action {action!r}")
        return redirect(url_for("pages.index"))

    @blueprint.post("/_sandbox/page/webhooks")
    def webhooks() -> Response:
        wanted = {name: 0.5 if request.form.get(name) else 0.0 for name in ("lose", "duplicate", "reorder")}
        simulator.webhooks.configure(WebhookFaultSpec(paused=bool(request.form.get("paused")), **wanted))
        return redirect(url_for("pages.index"))

    return blueprint


def next_status(status: str) -> str:
    """The usual next step of an order; '' at the end of its life."""
    steps = [step for step in FLOW if step != "PARTIALLY_SHIPPING"]
    if status == CANCELLED or status == steps[-1] or status not in FLOW:
        return ""
    return FLOW[FLOW.index(status) + 1] if status == "PARTIALLY_SHIPPING" else steps[steps.index(status) + 1]
