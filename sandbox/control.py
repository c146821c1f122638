"""The control API under ``/_sandbox/``: set the scene, place and change orders, switch faults, look at the truth.

Everything is JSON. Refusals are HTTP 400 (or 404 for a path) with ``{"error": text}``. ``SandboxControl`` in
``sandbox/client.py`` is its Python client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import ValidationError

from sandbox.consent import consent_headless
from sandbox.control_body import json_answer, read_body
from sandbox.control_catalog import catalog_routes
from sandbox.control_delivery import delivery_routes
from sandbox.errors import ControlError
from sandbox.model import Order, Shop
from sandbox.packages import active_lines
from sandbox.simulator import Simulator
from sandbox.specs import (
    AppSpec,
    CancelSpec,
    ConsentSpec,
    FaultSpec,
    OrderSpec,
    SellerSpec,
    SlowSpec,
    TrafficSpec,
    WebhookFaultSpec,
)
from sandbox.tokens import expire_access_tokens, revoke


def control_api(simulator: Simulator) -> Blueprint:
    """The blueprint of the control API of one simulator."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

    @blueprint.errorhandler(ControlError)
    def refused(error: ControlError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @blueprint.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> tuple[Response, int]:
        problems = [f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()]
        return jsonify(error="; ".join(problems)), 400

    _scene(blueprint, simulator)
    catalog_routes(blueprint, simulator)
    delivery_routes(blueprint, simulator)
    _orders(blueprint, simulator)
    _faults(blueprint, simulator)
    _authorization(blueprint, simulator)
    _reports(blueprint, simulator)
    return blueprint


def _scene(blueprint: Blueprint, simulator: Simulator) -> None:
    world = simulator.world

    @blueprint.post("/reset")
    def reset() -> Response:
        simulator.reset()
        return jsonify({})

    @blueprint.post("/settings")
    def settings() -> Response:
        with world.lock:
            world.settings.update(read_body())
        return jsonify(asdict(world.settings))

    @blueprint.post("/apps")
    def create_app() -> Response:
        with world.lock:
            return jsonify(asdict(world.create_app(AppSpec(**read_body()))))

    @blueprint.post("/sellers")
    def create_seller() -> Response:
        with world.lock:
            seller = world.create_seller(SellerSpec(**read_body()))
            shops = [_shop(shop) for shop in seller.shops]
        return jsonify(username=seller.username, open_id=seller.open_id, shops=shops)


def _orders(blueprint: Blueprint, simulator: Simulator) -> None:
    world, desk, after_sale = simulator.world, simulator.desk, simulator.after_sale

    def cancel(order: Order, body: dict[str, Any]) -> Order:
        spec = CancelSpec(**body)
        lines = spec.line_ids or tuple(line["id"] for line in active_lines(order))
        return after_sale.cancel_lines(order, lines, by=spec.by, reason=spec.reason).order

    def set_status(order: Order, body: dict[str, Any]) -> Order:
        status = str(body.get("status"))
        return cancel(order, {}) if status == "CANCELLED" else desk.set_status(order, status)

    actions: dict[str, Callable[..., Any]] = {
        "set_status": set_status,
        "cancel": cancel,
        "change_address": desk.change_address,
        "touch": lambda order, body: desk.touch(order),
        "patch": desk.patch,
    }

    @blueprint.post("/shops/<shop_id>/orders")
    def place_order(shop_id: str) -> Response:
        spec = OrderSpec(**read_body())
        with world.lock:
            order = desk.place(world.shop(shop_id), spec)
            return json_answer(order.fields)

    @blueprint.post("/shops/<shop_id>/traffic")
    def place_orders(shop_id: str) -> Response:
        return jsonify(order_ids=simulator.traffic.place(world.shop(shop_id), TrafficSpec(**read_body())))

    @blueprint.get("/shops/<shop_id>/orders")
    def orders(shop_id: str) -> Response:
        with world.lock:
            shop = world.shop(shop_id)
            return json_answer({"orders": [order.fields for order in world.orders[shop.id]]})

    @blueprint.get("/orders/<order_id>")
    def one_order(order_id: str) -> Response:
        with world.lock:
            return json_answer(world.order(order_id).fields)

    @blueprint.post("/orders/<order_id>/<action>")
    def act(order_id: str, action: str) -> Response:
        if action not in actions:
            raise ControlError(f"no action {action!r} on orders; there are {', '.join(actions)}")
        with world.lock:
            return json_answer(actions[action](world.order(order_id), read_body()).fields)

    @blueprint.post("/orders/<order_id>/redeliver")
    def redeliver(order_id: str) -> Response:
        return jsonify(count=simulator.webhooks.redeliver(order_id))


def _faults(blueprint: Blueprint, simulator: Simulator) -> None:
    @blueprint.post("/faults/fail_next")
    def fail_next() -> Response:
        simulator.faults.fail_next(FaultSpec(**read_body()))
        return jsonify({})

    @blueprint.post("/faults/slow")
    def slow() -> Response:
        spec = SlowSpec(**read_body())
        simulator.faults.slow(spec.seconds, spec.path)
        return jsonify({})

    @blueprint.post("/faults/clear")
    def clear() -> Response:
        simulator.faults.clear()
        simulator.world.inventory_refusals.clear()
        return jsonify({})

    @blueprint.post("/webhooks")
    def webhooks() -> Response:
        simulator.webhooks.configure(WebhookFaultSpec(**read_body()))
        return jsonify({})


def _authorization(blueprint: Blueprint, simulator: Simulator) -> None:
    world = simulator.world

    @blueprint.post("/consent")
    def consent() -> Response:
        spec = ConsentSpec(**read_body())
        with world.lock:
            url = consent_headless(world, spec)
        return jsonify(redirect_url=url)

    @blueprint.post("/expire_access_token")
    def expire() -> Response:
        body = read_body()
        with world.lock:
            return jsonify(count=expire_access_tokens(world, body.get("app_key", ""), body.get("username", "")))

    @blueprint.post("/revoke")
    def revoke_all() -> Response:
        with world.lock:
            return jsonify(count=revoke(world, simulator.notifier, str(read_body().get("username"))))

    @blueprint.post("/warn_of_expiry")
    def warn_of_expiry() -> Response:
        body = read_body()
        with world.lock:
            expiration = int(body.get("expiration_time") or world.now() + 30 * 86_400)
            simulator.notifier.expiring(world.shop(str(body.get("shop_id"))), expiration)
        return jsonify({})


def _reports(blueprint: Blueprint, simulator: Simulator) -> None:
    world = simulator.world

    @blueprint.get("/shops")
    def shops() -> Response:
        with world.lock:
            return jsonify(shops=[_shop(shop) for shop in world.shops.values()])

    @blueprint.get("/calls")
    def calls() -> Response:
        """How often each call was answered, and how often refused and why."""
        counts = dict(world.counters)
        return jsonify(
            answered={name: n for name, n in counts.items() if " " in name and " refused " not in name},
            refused={name: n for name, n in counts.items() if " refused " in name},
            faults=dict(simulator.faults.counts),
        )

    @blueprint.get("/stats")
    def stats() -> Response:
        with world.lock:
            return jsonify(simulator.stats() | {"webhooks": simulator.webhooks.stats()})


def _shop(shop: Shop) -> dict[str, Any]:
    return {
        "id": shop.id,
        "cipher": shop.cipher,
        "code": shop.code,
        "name": shop.name,
        "region": shop.market.region,
        "currency": shop.currency,
        "seller": shop.seller.username,
        "warehouse_ids": [warehouse.id for warehouse in shop.sales_warehouses],
    }
