"""The whole state of the simulator in memory, under one lock, with the look-ups that several modules need."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable

from sandbox.catalog import Catalog
from sandbox.errors import ControlError
from sandbox.ids import IdFactory, new_cipher
from sandbox.markets import market
from sandbox.model import (
    App,
    AuthorizationCode,
    CancelCase,
    Grant,
    Order,
    Package,
    Product,
    ReturnCase,
    Seller,
    Shop,
    Sku,
    Warehouse,
)
from sandbox.order_book import OrderBook
from sandbox.settings import Settings
from sandbox.specs import AppSpec, SellerSpec, ShopSpec
from sandbox.stock import StockRoom


class World:
    """Everything that is known. Hold ``lock`` around whatever reads or changes more than one thing.

    :param clock: epoch seconds; tests give their own.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = threading.RLock()
        self.ids = IdFactory()
        self.clear()

    def clear(self) -> None:
        """Forget everything but the settings."""
        with self.lock:
            self.apps: dict[str, App] = {}
            self.sellers: dict[str, Seller] = {}
            self.shops: dict[str, Shop] = {}
            self.products: dict[str, Product] = {}
            self.skus: dict[str, Sku] = {}
            self.catalogs: dict[str, Catalog] = {}
            self.stock = StockRoom(self.clock)
            self.inventory_refusals: dict[str, tuple[int, str]] = {}
            self.orders: dict[str, OrderBook] = {}
            self.packages: dict[str, Package] = {}
            self.label_tokens: dict[str, tuple[str, int]] = {}
            self.idempotency_keys: dict[str, tuple[str, bool]] = {}
            self.cancellations: dict[str, CancelCase] = {}
            self.returns: dict[str, ReturnCase] = {}
            self.codes: dict[str, AuthorizationCode] = {}
            self.grants_by_access: dict[str, Grant] = {}
            self.grants_by_refresh: dict[str, Grant] = {}
            self.counters: Counter[str] = Counter()
            self.sequence = itertools.count(1)

    def now(self) -> int:
        return int(self.clock())

    def create_app(self, spec: AppSpec) -> App:
        """Register an app; the same app key again replaces its registration and keeps the grants of its sellers."""
        app = App(
            spec.app_key or f"6{secrets.token_hex(6)}",
            spec.app_secret or secrets.token_hex(20),
            spec.service_id or self.ids.new("seller"),
            spec.name,
            spec.redirect_url,
            spec.webhook_url,
            spec.scopes,
        )
        known = self.apps.get(app.app_key)
        if known is not None:
            vars(known).update(vars(app))
            return known
        self.apps[app.app_key] = app
        return app

    def create_seller(self, spec: SellerSpec) -> Seller:
        """A seller account with its shops.

        :raises ControlError: when the user name is taken or a region is unknown.
        """
        if spec.username in self.sellers:
            raise ControlError(f"there is a seller {spec.username!r} already")
        seller = Seller(spec.username, spec.password, self.ids.new("seller"))
        seller.shops = [self._new_shop(seller, shop) for shop in spec.shops]
        self.sellers[spec.username] = seller
        for shop in seller.shops:
            self.shops[shop.id] = shop
            self.orders[shop.id] = OrderBook()
            self.catalogs[shop.id] = Catalog()
        return seller

    def _new_shop(self, seller: Seller, spec: ShopSpec) -> Shop:
        place = market(spec.region)
        city = place.places[0][1]
        entities = [self.ids.new("warehouse") for _ in range(spec.warehouses)]
        warehouses = [
            Warehouse(self.ids.new("warehouse"), entity, f"{city} {number}", "SALES_WAREHOUSE", number == 1)
            for number, entity in enumerate(entities, 1)
        ]
        warehouses.append(Warehouse(self.ids.new("warehouse"), entities[0], f"{city} 1", "RETURN_WAREHOUSE", False))
        return Shop(
            id=self.ids.new("shop"),
            cipher=new_cipher(),
            code=f"{spec.region}LC{secrets.token_hex(4).upper()}",
            name=spec.name,
            market=place,
            currency=spec.currency or place.currency,
            seller=seller,
            seller_type=spec.seller_type,
            warehouses=warehouses,
            mask_addresses=spec.mask_addresses,
        )

    def shop(self, shop_id: str) -> Shop:
        """A shop of the control API.

        :raises ControlError: when there is no such shop.
        """
        try:
            return self.shops[shop_id]
        except KeyError:
            raise ControlError(f"no shop {shop_id!r}") from None

    def product(self, product_id: str) -> Product:
        """A product of the control API, in whichever shop.

        :raises ControlError: when there is no such product.
        """
        try:
            return self.products[product_id]
        except KeyError:
            raise ControlError(f"no product {product_id!r}") from None

    def sku(self, sku_id: str) -> Sku:
        """A SKU of the control API, in whichever shop.

        :raises ControlError: when there is no such SKU.
        """
        try:
            return self.skus[sku_id]
        except KeyError:
            raise ControlError(f"no SKU {sku_id!r}") from None

    def warehouse(self, warehouse_id: str) -> Warehouse:
        """A warehouse of the control API, in whichever shop.

        :raises ControlError: when there is no such warehouse.
        """
        for shop in self.shops.values():
            for warehouse in shop.warehouses:
                if warehouse.id == warehouse_id:
                    return warehouse
        raise ControlError(f"no warehouse {warehouse_id!r}")

    def skus_of(self, shop: Shop) -> list[Sku]:
        return self.catalogs[shop.id].skus()

    def grants_for(self, shop: Shop) -> list[Grant]:
        """The grants that cover a shop, that is whose apps hear of it."""
        return [grant for grant in self.grants_by_access.values() if grant.seller is shop.seller]

    def package(self, package_id: str) -> Package:
        """A package of the control API, in whichever shop.

        :raises ControlError: when there is no such package.
        """
        try:
            return self.packages[package_id]
        except KeyError:
            raise ControlError(f"no package {package_id!r}") from None

    def label_token(self, package: Package) -> str:
        """What the address of a package's label holds; it works for 24 hours."""
        if not package.document_token or self.label_tokens[package.document_token][1] <= self.now():
            package.document_token = secrets.token_urlsafe(24)
            self.label_tokens[package.document_token] = (package.id, self.now() + 86_400)
        return package.document_token

    def order(self, order_id: str) -> Order:
        """An order of the control API, in whichever shop.

        :raises ControlError: when there is no such order.
        """
        for book in self.orders.values():
            order = book.get(order_id)
            if order is not None:
                return order
        raise ControlError(f"no order {order_id!r}")
