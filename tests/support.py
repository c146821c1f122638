"""Builders for tests: a linked shop, an order on TikTok, what Odoo holds of it."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from celery import Celery

from sandbox.client import SandboxApp, SandboxControl
from sandbox.installation import Installation
from sandbox.scene import link, open_shops
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway
from worker.state.broker import CELERY_PREFIX
from worker.state.connection import connect
from worker.state.dirty_set import Parked
from worker.state.orders import OrderQueue
from worker.state.shops import Shop
from worker.sync.catalog_drain import CatalogDrain
from worker.sync.catalog_pull import pull
from worker.sync.drain import Drain
from worker.sync.fulfillment.drain import FulfillmentDrain
from worker.sync.inventory_push import InventoryPush
from worker.sync.inventory_watch import watch
from worker.sync.linking import complete_link, consent_url
from worker.sync.order_mapper import order_external_id
from worker.sync.poll import poll
from worker.sync.reconcile import Report, reconcile
from worker.sync.runtime import Runtime


def since_odoo(version: int) -> pytest.MarkDecorator:
    """Marks a test of what older versions of Odoo do not have."""
    older = int(os.environ.get("TEST_ODOO", "19")) < version
    return pytest.mark.skipif(older, reason=f"Odoo has this since {version}")


def in_english(column: str) -> str:
    """SQL of a text of Odoo's that may be translated: before 16 it is no JSON, and of some models later."""
    return f"COALESCE(to_jsonb({column})->>'en_US', to_jsonb({column})#>>'{{}}')"


#: ``tiktok-odoo`` as an operator runs it: ``command("shops", "list")``; unless ``check=False`` it must end with 0.
Command = Callable[..., CompletedProcess[str]]

#: Products that every test's Odoo has, with stock: Internal Reference, name, list price, units.
PRODUCTS = [(f"SKU-{number}", f"Product {number}", 10.0 + number, 100_000) for number in range(1, 21)]


@dataclass
class LinkedShop:
    """A shop on TikTok together with its account in the connector."""

    shop: Shop
    app: SandboxApp
    username: str
    password: str


def linked_shop(simulator: SandboxControl, running: Installation) -> str:
    """The id of a new seller's shop that sells SKU-1, linked and bound; receiver and a worker must be running."""
    seller = open_shops(simulator, running, [{"name": "Test", "region": "GB"}])
    [shop] = seller.shops
    simulator.add_products(shop.id, [{"seller_sku": "SKU-1", "title": "One", "price": "11.00", "quantity": 1000}])
    link(simulator, running, seller)
    wait_for(lambda: running.cli_json("catalog", "list")[0]["mapped"] == 1, 60, "the product to be bound")
    return shop.id


def celery_client(stack: Stack) -> Celery:
    """Celery as another process of the connector's would use it."""
    client = Celery("test", broker=stack.redis.broker_url, set_as_current=False)
    client.conf.broker_transport_options = {"global_keyprefix": CELERY_PREFIX}
    client.conf.task_default_queue = "orders"
    return client


def unacknowledged(stack: Stack) -> int:
    """Messages that a worker took and has not acknowledged."""
    return int(connect(stack.redis.broker_url).hlen(f"{CELERY_PREFIX}unacked"))


def good_weather(simulator: SandboxControl) -> None:
    """TikTok as it should be: it refuses nothing, and each webhook comes at once and once."""
    simulator.configure(requests_per_second=500)
    simulator.clear_faults()
    simulator.webhooks(lose=0, duplicate=0, reorder=0, paused=False)


def wait_until_well(running: Installation) -> None:
    """Wait until the doctor has looked at Redis, beat and a worker, and finds no fault."""
    looked_at = {"redis.server", "celery.beat", "celery.heartbeat"}

    def well() -> bool:
        told = running.cli("doctor", "--only", "redis", "--only", "celery", "--json", check=False)
        results = {each["what"]: each["result"] for each in json.loads(told.stdout)}
        return looked_at <= results.keys() and "fail" not in results.values()

    wait_for(well, 90, "the doctor to find nothing")


class World:
    """One connector with its Odoo and its TikTok; drains and polls happen when a test says so."""

    def __init__(self, runtime: Runtime, stack: Stack, tiktok: SandboxControl) -> None:
        self.runtime = runtime
        self.stack = stack
        self.tiktok = tiktok

    def with_settings(self, **settings: Any) -> World:
        """The same connector, with the same Redis, after its operator changed ``settings``."""
        return World(Runtime(self.runtime.settings.model_copy(update=settings)), self.stack, self.tiktok)

    def command_line(self, folder: Path) -> Command:
        """``tiktok-odoo`` of the same connector: ``command_line(folder)("shops", "list", check=False)``."""
        settings = self.runtime.settings
        own = {
            "SECRET_KEYS": settings.secret_keys.get_secret_value(),
            "ODOO_USER": settings.odoo_user,
            "ODOO_PASSWORD": settings.odoo_password.get_secret_value(),
        }
        return Installation(folder, {**self.stack.environment(), **own}, self.tiktok.base_url).cli

    @property
    def odoo(self) -> OdooGateway:
        return self.runtime.odoo

    def link_shop(
        self, region: str = "GB", *, products: bool = True, go_live: datetime | None = None, **settings: Any
    ) -> Shop:
        """A new seller's only shop, linked; it sells the session's products at their Odoo list price."""
        return self.link_seller([region], products=products, go_live=go_live, **settings)[0].shop

    def link_seller(
        self,
        regions: list[str],
        *,
        products: bool = True,
        go_live: datetime | None = None,
        shop: dict[str, Any] | None = None,
        **settings: Any,
    ) -> list[LinkedShop]:
        """A new seller with one shop per region, linked through consent, redirect code and token exchange."""
        tag = secrets.token_hex(4)
        app = self.tiktok.create_app(
            app_key=f"key{tag}",
            app_secret=secrets.token_hex(20),
            service_id=f"7{secrets.randbelow(10**17)}",
            redirect_url="http://127.0.0.1:9/tiktok/return_from_authorization",
        )
        username, password = f"seller-{tag}", secrets.token_hex(8)
        opened = self.tiktok.create_seller(
            username, password, [{"name": f"{r} {tag}", "region": r, **(shop or {})} for r in regions]
        )
        account = self.runtime.accounts.add(
            name=f"Seller {tag}",
            market=regions[0],
            service_id=app.service_id,
            app_key=app.app_key,
            app_secret=app.app_secret,
        )
        self.authorize(account.id, app, username, password)
        linked = []
        for remote in opened:
            if products:
                self.list_products(remote.id)
            known = self.runtime.shops.get(remote.id)
            changes = {"go_live": go_live or datetime.now(UTC) - timedelta(minutes=1), **settings}
            known = known.model_copy(update={"settings": known.settings.model_copy(update=changes)})
            self.runtime.shops.save(known)
            linked.append(LinkedShop(known, app, username, password))
        return linked

    def authorize(self, account_id: str, app: SandboxApp, username: str, password: str) -> None:
        """The seller logs in at TikTok and agrees; the connector trades the code."""
        state = re.search(r"state=([^&]+)", consent_url(self.runtime, account_id))
        assert state is not None
        redirect = self.tiktok.consent(app.service_id, username, password, state[1])
        code = re.search(r"code=([^&]+)", redirect)
        assert code is not None, redirect
        assert self.runtime.links.consume(state[1]) == account_id
        link = complete_link(self.runtime, self.runtime.links.returned(account_id, code[1], 60).id)
        assert link is not None
        assert link.outcome == "linked", link.message

    def list_products(self, shop_id: str, count: int = len(PRODUCTS)) -> None:
        """Put the session's products up for sale."""
        self.tiktok.add_products(
            shop_id,
            [
                {"seller_sku": code, "title": name, "price": str(price), "quantity": 10_000}
                for code, name, price, _ in PRODUCTS[:count]
            ],
        )

    def sell_unknown(self, shop: Shop) -> str:
        """Put a SKU up for sale that Odoo does not know; answers its seller SKU."""
        sku = f"LOST-{shop.id[-6:]}"
        self.tiktok.add_products(shop.id, [{"seller_sku": sku, "title": "Not in Odoo", "price": "12"}])
        return sku

    def order(self, shop: Shop, *lines: tuple[str, int], **options: Any) -> str:
        """Place an order of ``(seller SKU, units)`` on TikTok; answers its id."""
        wanted = [{"seller_sku": sku, "quantity": quantity} for sku, quantity in lines or (("SKU-1", 1),)]
        return str(self.tiktok.place_order(shop.id, wanted, **options)["id"])

    def queue(self, shop: Shop) -> OrderQueue:
        return self.runtime.queue(shop.id)

    def drain_once(self, shop: Shop) -> bool:
        """One batch, as the task ``orders.drain`` does it."""
        shop = self.runtime.shops.get(shop.id)
        return Drain(self.runtime, shop, queue=self.queue(shop)).run()

    def import_orders(self, shop: Shop, *order_ids: str, force: bool = False) -> None:
        """Make the orders due and work off the dirty set."""
        self.queue(shop).mark(order_ids, force=force)
        while self.drain_once(shop):
            pass

    def is_waiting(self, shop: Shop, *order_ids: str) -> bool:
        """Whether the orders, and no others, are due; none is parked, and none came into Odoo."""
        counts = self.queue(shop).counts()
        queued = (counts.due + counts.later, counts.leased, counts.parked) == (len(order_ids), 0, 0)
        return queued and not any(self.sales(order_id) for order_id in order_ids)

    def catch_up(self, shop: Shop) -> None:
        """Work on as the sweep does: when the pauses are over, until nothing but parked orders is due."""

        def caught_up() -> bool:
            self.drain_once(shop)
            counts = self.queue(shop).counts()
            return counts.due + counts.later + counts.leased == counts.parked

        wait_for(caught_up, 30, "all orders to be worked on")

    def follow(self, shop: Shop, *order_ids: str) -> None:
        """Import the orders, and work off what follows from them, as the tasks ``orders.drain`` and
        ``fulfillment.drain`` do it; also what is parked."""
        self.import_orders(shop, *order_ids)
        self.runtime.fulfillment_queue(shop.id).mark(order_ids)
        self.follow_due(shop)

    def follow_due(self, shop: Shop) -> None:
        """Work off what follows from orders and is due by itself."""
        while FulfillmentDrain(self.runtime, self.runtime.shops.get(shop.id)).run():
            pass

    def delivery_parked(self, shop: Shop, order_id: str) -> Parked | None:
        """What is in the way of following an order."""
        return self.runtime.fulfillment_queue(shop.id).parked(order_id)

    def deliveries(self, order_id: str) -> list[dict[str, Any]]:
        """Odoo's outgoing pickings of an order that are not cancelled, oldest first, read by SQL."""
        columns = ("id", "name", "state", "carrier_tracking_ref")
        rows = self.stack.sql(
            f"SELECT {', '.join(f'p.{name}' for name in columns)} FROM stock_picking p "
            "JOIN sale_order s ON s.id = p.sale_id JOIN stock_picking_type t ON t.id = p.picking_type_id "
            "WHERE s.client_order_ref = %s AND t.code = 'outgoing' AND p.state <> 'cancel' ORDER BY p.id",
            order_id,
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def notes(self, model: str, record_id: int) -> list[str]:
        """What stands in a record's chatter, as HTML."""
        rows = self.stack.sql("SELECT body FROM mail_message WHERE model = %s AND res_id = %s", model, record_id)
        return [body or "" for (body,) in rows]

    def notes_of_delivery(self, order_id: str) -> list[str]:
        """What stands in the chatter of an order's deliveries."""
        return [note for each in self.deliveries(order_id) for note in self.notes("stock.picking", each["id"])]

    @property
    def is_new(self) -> bool:
        """Whether the tests' Odoo is of version 17 or newer."""
        return features_of(self.odoo).picked

    @property
    def open_activity(self) -> str:
        """The condition that a ``mail_activity`` is open: Odoo before 17 deletes those that are done."""
        return "a.active" if self.is_new else "true"

    @property
    def moved_column(self) -> str:
        """Where a ``stock_move`` keeps what has left."""
        return "m.quantity" if self.is_new else "m.product_qty"

    def pricelist(self, name: str) -> int:
        """The pricelist of that name."""
        found: list[int] = self.stack.admin().execute_kw("product.pricelist", "search", [[("name", "=", name)]])
        return found[0]

    def tax_on_top(self) -> int:
        """A sales tax that comes on top of the price."""
        domain = [("price_include", "=", False), ("type_tax_use", "=", "sale"), ("amount", ">", 0)]
        found: list[int] = self.stack.admin().execute_kw("account.tax", "search", [domain], {"limit": 1})
        return found[0]

    def moved(self, order_id: str) -> dict[str, int]:
        """Units that have left for an order, by Internal Reference."""
        rows = self.stack.sql(
            f"SELECT pp.default_code, sum({self.moved_column}) FROM stock_move m "
            "JOIN stock_picking p ON p.id = m.picking_id "
            "JOIN sale_order s ON s.id = p.sale_id JOIN product_product pp ON pp.id = m.product_id "
            "JOIN stock_picking_type t ON t.id = p.picking_type_id "
            "WHERE m.state = 'done' AND t.code = 'outgoing' AND s.client_order_ref = %s GROUP BY 1",
            order_id,
        )
        return {code: int(units) for code, units in rows}

    def validate(self, delivery_id: int, units: Mapping[str, int] | None = None) -> None:
        """As a person in the warehouse does: all of a delivery, or units by Internal Reference, and a backorder."""
        admin = self.stack.admin()
        if units is not None or not self.is_new:  # before Odoo 17 a person types in what leaves
            fields = ["product_id", "product_uom_qty"]
            moves = admin.execute_kw("stock.move", "search_read", [[("picking_id", "=", delivery_id)], fields])
            codes = dict(self.stack.sql("SELECT id, default_code FROM product_product"))
            for move in moves:
                left = move["product_uom_qty"] if units is None else units.get(codes[move["product_id"][0]], 0)
                values = {"quantity": left, "picked": bool(left)} if self.is_new else {"quantity_done": left}
                admin.execute_kw("stock.move", "write", [[move["id"]], values])
        context = {"context": {"skip_backorder": True, "skip_sms": True}}
        admin.execute_kw("stock.picking", "button_validate", [[delivery_id]], context)

    def labels(self, order_id: str) -> list[tuple[str, str]]:
        """(delivery, file name) of every PDF on an order's deliveries."""
        return self.stack.sql(
            "SELECT p.name, a.name FROM ir_attachment a JOIN stock_picking p ON p.id = a.res_id "
            "JOIN sale_order s ON s.id = p.sale_id WHERE a.res_model = 'stock.picking' "
            "AND a.mimetype = 'application/pdf' AND s.client_order_ref = %s ORDER BY a.id",
            order_id,
        )

    def activities(self, order_id: str) -> list[str]:
        """Summaries of the open activities on an order and its deliveries."""
        rows = self.stack.sql(
            "SELECT a.summary FROM mail_activity a JOIN sale_order s ON s.client_order_ref = %s "
            f"WHERE {self.open_activity} AND "
            "((a.res_model = 'sale.order' AND a.res_id = s.id) OR (a.res_model = 'stock.picking' AND a.res_id IN "
            "(SELECT id FROM stock_picking WHERE sale_id = s.id))) AND a.summary IS NOT NULL ORDER BY a.id",  # ours
            order_id,
        )
        return [summary for (summary,) in rows]

    def poll(self, shop: Shop) -> int:
        """As the task ``orders.poll`` does it; answers how many orders became due."""
        shop = self.runtime.shops.get(shop.id)
        overlap = self.runtime.settings.poll_overlap
        return poll(shop, self.runtime.shop_client(shop), self.queue(shop), self.runtime.cursors, overlap=overlap)

    def reconcile(self, shop: Shop) -> Report:
        shop = self.runtime.shops.get(shop.id)
        client = self.runtime.shop_client(shop)
        return reconcile(shop, client, self.odoo, self.queue(shop), shop.settings.go_live)

    def pull_catalog(self, shop: Shop) -> None:
        """As the tasks ``catalog.pull`` and ``catalog.drain`` do it, until nothing is due."""
        shop = self.runtime.shops.get(shop.id)
        pull(self.runtime, shop)
        while CatalogDrain(self.runtime, shop).run().more:
            pass

    def push_stock(self, shop: Shop) -> int:
        """As the task ``inventory.push`` does it, until nothing is due; answers how many SKUs were set."""
        pushed = 0
        while True:
            done = InventoryPush(self.runtime, self.runtime.shops.get(shop.id)).run()
            pushed += done.pushed
            if not done.more:
                return pushed

    def watch_stock(self) -> list[str]:
        """As the task ``inventory.watch`` does it; answers the shops in which something became due."""
        return watch(self.runtime)

    def on_tiktok(self, shop: Shop) -> dict[str, int]:
        """Units for sale by seller SKU, as the simulator knows them."""
        stock = self.tiktok.stock(shop.id)
        return {each["seller_sku"]: sum(each["available"].values()) for each in stock.values()}

    def warehouses(self, shop: Shop) -> tuple[str, ...]:
        """Ids of the shop's sales warehouses on TikTok, the default one first."""
        return next(each.warehouse_ids for each in self.tiktok.shops() if each.id == shop.id)

    def change(self, shop: Shop, **settings: Any) -> Shop:
        """Change a shop's settings."""
        shop = self.runtime.shops.get(shop.id)
        changed = shop.model_copy(update={"settings": shop.settings.model_copy(update=settings)})
        self.runtime.shops.save(changed)
        return changed

    def sales(self, order_id: str) -> list[dict[str, Any]]:
        """Odoo's sales orders for a TikTok order id, read by SQL: nothing of ours is between the test and the truth."""
        columns = ("id", "name", "state", "amount_total", "date_order", "partner_shipping_id", "partner_id", "origin")
        rows = self.stack.sql(
            f"SELECT {', '.join(columns)} FROM sale_order WHERE client_order_ref = %s ORDER BY id", order_id
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def sale(self, order_id: str) -> dict[str, Any]:
        """The one sales order of a TikTok order id."""
        found = self.sales(order_id)
        assert len(found) == 1, f"{len(found)} sales orders for {order_id}; parked: {self.parked_anywhere(order_id)}"
        return found[0]

    def parked_anywhere(self, order_id: str) -> Parked | None:
        for shop in self.runtime.shops.all():
            if (entry := self.queue(shop).parked(order_id)) is not None:
                return entry
        return None

    def pickings(self, order_id: str) -> list[tuple[str, str]]:
        """(state, picking type) of the order's pickings."""
        return self.stack.sql(
            "SELECT p.state, t.code FROM stock_picking p JOIN sale_order s ON s.id = p.sale_id "
            "JOIN stock_picking_type t ON t.id = p.picking_type_id WHERE s.client_order_ref = %s",
            order_id,
        )

    def total_on_tiktok(self, order_id: str) -> Decimal:
        """What the seller gets by TikTok's own figures: the default of the shop setting ``total``."""
        payment = self.tiktok.order(order_id)["payment"]
        funded = ("platform_discount", "shipping_fee_platform_discount", "payment_platform_discount")
        return Decimal(payment["total_amount"]) + sum((Decimal(payment.get(name) or "0") for name in funded), Decimal())

    def external_id(self, shop: Shop, order_id: str) -> str:
        return order_external_id(shop.id, order_id)
