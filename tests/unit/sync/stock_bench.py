"""What tests of catalogue and stock share: a TikTok with products and their stock, an Odoo that understands domains."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.errors import ConnectorError
from worker.state.catalog import ListedProduct, ListedSku, Listing
from worker.state.shops import Shop
from worker.sync.catalog_pull import listed_product
from worker.sync.runtime import Runtime
from worker.tiktok.client import OrderDetails, OrderPage, ProductPage
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import InvalidOrder, InventoryError, InventoryRecord, Order, OrderSummary, Product, Warehouse

MAIN = "W1"
MOST_LISTED = 10_000


def not_listed(code: str = "not_found") -> TikTokPermanentError:
    return TikTokPermanentError("TikTok Shop refused it.", code=code)


class TikTok:
    """One shop: its products by update time, the stock of each SKU by warehouse, and its orders.

    :param most: products that one search tells at most; what lists more says so in its ``total_count``.
    """

    def __init__(self, *, most: int = MOST_LISTED) -> None:
        self.products: dict[str, Product] = {}
        self.updated: dict[str, int] = {}
        self.unreadable: list[tuple[str, str]] = []
        self.most = most
        self.refuses_long_lists = False
        self.stock: dict[str, dict[str, int]] = {}
        self.committed: dict[str, int] = {}
        self.places = [_warehouse(MAIN, is_default=True)]
        self.orders: dict[str, Order] = {}
        self.unreadable_orders: set[str] = set()
        self.page_size = 100
        self.calls: list[str] = []
        self.pages: list[tuple[int, int, str]] = []
        self.asked: list[str] = []
        self.pushed: list[tuple[str, dict[str, dict[str, int]]]] = []
        self.refusals: dict[str, InventoryError] = {}
        self.errors: dict[str, ConnectorError] = {}
        self.meanwhile: Callable[[str], None] = lambda _: None

    def list(self, product_id: str, *skus: dict[str, Any], updated: int = 1_789_000_000, **fields: Any) -> None:
        """Put a product up; each SKU gets the warehouse of the shop, without stock."""
        rows = [sku(f"{product_id}1") if not skus else None, *skus]
        given = {"id": product_id, "title": f"Product {product_id}", "status": "ACTIVATE", **fields}
        product = Product.model_validate({**given, "skus": [row for row in rows if row]})
        self.products[product_id] = product
        self.updated[product_id] = updated
        for each in product.skus:
            self.stock.setdefault(each.id, {MAIN: 0})

    def _called(self, name: str) -> None:
        """Note the call, let the test do something before it, and fail if it was arranged to."""
        self.calls.append(name)
        self.meanwhile(name)
        if name in self.errors:
            raise self.errors[name]

    def search_products(
        self,
        *,
        status: str = "ALL",
        update_time_ge: int = 0,
        update_time_le: int = 2**40,
        page_size: int = 100,
        page_token: str = "",
    ) -> ProductPage:
        self.pages.append((update_time_ge, update_time_le, page_token))
        self._called("search_products")
        found = sorted(
            (moment, product_id)
            for product_id, moment in self.updated.items()
            if update_time_ge <= moment <= update_time_le and self.products[product_id].status == status
        )
        if len(found) > self.most and self.refuses_long_lists:
            raise TikTokPermanentError("Too many.", code="too_many_results")
        size = min(page_size, self.page_size)
        start = int(page_token or 0)
        page = [_without_barcodes(self.products[product_id]) for _, product_id in found[start : start + size]]
        unreadable = {product_id for product_id, _ in self.unreadable}
        token = str(start + size) if start + size < min(len(found), self.most) else ""
        rows = [product for product in page if product.id not in unreadable]
        return ProductPage(rows, self.unreadable if not start else [], token, len(found))

    def product_detail(self, product_id: str) -> Product:
        self.asked.append(product_id)
        self._called("product_detail")
        if product_id in self.errors:
            raise self.errors[product_id]
        if product_id not in self.products:
            raise not_listed()
        return self.products[product_id]

    def search_inventory(self, *, sku_ids: Sequence[str]) -> list[InventoryRecord]:
        self._called("search_inventory")
        owners = {each.id: product for product in self.products.values() for each in product.skus}
        return [self._record(owners[one].id, one) for one in sku_ids if one in owners]

    def _record(self, product_id: str, sku_id: str) -> InventoryRecord:
        places = [{"warehouse_id": place, "available_quantity": n} for place, n in self.stock[sku_id].items()]
        return InventoryRecord.model_validate(
            {
                "product_id": product_id,
                "id": sku_id,
                "total_committed_quantity": self.committed.get(sku_id, 0),
                "warehouse_inventory": places,
            }
        )

    def update_inventory(self, product_id: str, quantities: dict[str, dict[str, int]]) -> Sequence[InventoryError]:
        self._called("update_inventory")
        if product_id in self.errors:
            raise self.errors[product_id]
        self.pushed.append((product_id, quantities))
        refused = [self.refusals[one] for one in quantities if one in self.refusals]
        self.stock |= {one: dict(places) for one, places in quantities.items() if one not in self.refusals}
        return refused

    def warehouses(self) -> Sequence[Warehouse]:
        self._called("warehouses")
        return self.places

    def order_details(self, order_ids: Sequence[str]) -> OrderDetails:
        self._called("order_details")
        invalid = [InvalidOrder(one, "payment: Field required") for one in order_ids if one in self.unreadable_orders]
        found = [self.orders[one] for one in order_ids if one in self.orders]
        known = {*self.orders, *self.unreadable_orders}
        return OrderDetails(found, invalid, [one for one in order_ids if one not in known])

    def search_orders(self, *, update_time_ge: int = 0, update_time_lt: int = 2**40, **_: Any) -> OrderPage:
        self._called("search_orders")
        rows = [
            OrderSummary(id=each.id, update_time=each.update_time, create_time=each.create_time, status=each.status)
            for each in self.orders.values()
            if update_time_ge <= each.update_time.timestamp() < update_time_lt
        ]
        return OrderPage(rows, [], "", len(rows), [])


def _without_barcodes(product: Product) -> Product:
    """A product as the list tells it."""
    skus = [{**each.model_dump(), "identifier_code": None} for each in product.skus]
    return Product.model_validate({**product.model_dump(), "skus": skus})


def sku(sku_id: str, seller_sku: str = "", *, barcode: str = "", warehouses: Sequence[str] = (MAIN,)) -> dict[str, Any]:
    """A SKU as TikTok tells it."""
    return {
        "id": sku_id,
        "seller_sku": seller_sku,
        "price": {"currency": "GBP", "sale_price": "10.00"},
        "inventory": [{"warehouse_id": place, "quantity": 0} for place in warehouses],
        "identifier_code": {"code": barcode, "type": "EAN"},
    }


def _warehouse(one: str, *, is_default: bool = False) -> Warehouse:
    return Warehouse.model_validate(
        {"id": one, "name": f"Site {one}", "type": "SALES_WAREHOUSE", "is_default": is_default}
    )


def second_warehouse(one: str = "W2") -> Warehouse:
    return _warehouse(one)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, wanted: value in wanted,
    "ilike": lambda value, wanted: wanted.lower() in str(value).lower(),
    "=ilike": lambda value, wanted: wanted.lower() == str(value).lower(),
    "=like": lambda value, wanted: str(value).startswith(wanted.removesuffix("%")),
}


class Odoo(Gateway):
    """Records of any model, found by domains in Polish notation. It has no kits (no module ``mrp``)."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[int, dict[str, Any]]] = {}
        self.error: ConnectorError | None = None
        self.answers["product.product.fields_get"] = lambda _: {"is_storable": {"type": "boolean"}}

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        if self.error is not None:
            raise self.error
        self.answers.setdefault(f"{model}.search_read", self._search)
        return super().call(model, method, **arguments)

    def has(self, model: str, one: int, **fields: Any) -> None:
        self.records.setdefault(model, {})[one] = {"id": one, **fields}

    def product(self, one: int, code: Any = False, *, units: float = 0, **fields: Any) -> None:
        """A product variant with so many units on hand, none reserved."""
        quantities = {"free_qty": units, "qty_available": units, "outgoing_qty": 0.0, "virtual_available": units}
        given = {"default_code": code, "barcode": False, "active": True, "company_id": False, "is_storable": True}
        self.has("product.product", one, **{**given, **quantities, **fields})

    def _search(self, call: Call) -> list[dict[str, Any]]:
        keep_archived = (call.context or {}).get("active_test") is False
        found = [
            record
            for _, record in sorted(self.records.get(call.model, {}).items())
            if (keep_archived or record.get("active", True)) and _fits(record, iter(call.arguments["domain"]))
        ]
        if "write_date desc" in (call.arguments.get("order") or ""):
            found.sort(key=lambda record: record["write_date"], reverse=True)
        return found[: call.arguments.get("limit")]


def _fits(record: dict[str, Any], domain: Iterator[Any]) -> bool:
    """Whether all the terms that are left hold; each is evaluated, since evaluating takes it off the domain."""
    results = []
    for part in domain:
        results.append(_term(record, part, domain))
    return all(results)


def _term(record: dict[str, Any], part: Any, rest: Iterator[Any]) -> bool:
    if part in ("|", "&"):
        one, two = _term(record, next(rest), rest), _term(record, next(rest), rest)
        return one or two if part == "|" else one and two
    name, compare, value = part
    return _OPERATORS[compare](record.get(name), value)


class Bench:
    """One shop between a TikTok and an Odoo that a test arranges."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        if not runtime.accounts.all():
            add_account(runtime)
        self.runtime = runtime
        self.tiktok = TikTok()
        self.odoo = Odoo()
        self.clients = {SHOP_ID: self.tiktok}
        runtime.__dict__["odoo"] = self.odoo
        monkeypatch.setattr(runtime, "shop_client", lambda shop: self.clients[shop.id])
        self.shop: Shop = runtime.shops.claim(make_shop(**settings))
        self.catalog = runtime.catalog(SHOP_ID)
        self.products = runtime.product_queue(SHOP_ID)
        self.inventory = runtime.inventory_queue(SHOP_ID)
        self.orders = runtime.queue(SHOP_ID)
        runtime.cursors.polled(SHOP_ID)

    def settle(self, **settings: Any) -> None:
        """Change the shop's settings."""
        self.shop = self.shop.model_copy(update={"settings": self.shop.settings.model_copy(update=settings)})
        self.runtime.shops.save(self.shop)

    def other_shop(self, shop_id: str = "2", **settings: Any) -> Shop:
        """A second shop of the account, whose stock is pushed."""
        self.clients[shop_id] = TikTok()
        self.runtime.cursors.polled(shop_id)
        return self.runtime.shops.claim(make_shop(shop_id, push_stock="on", **settings))

    def know(self, product_id: str, **variants: int | None) -> None:
        """Have a product of TikTok's in the catalogue as it is listed, its SKUs (``s`` + id) bound as given."""
        product = listed_product(self.tiktok.products[product_id])
        self.catalog.keep_products([product])
        self.catalog.keep_listings(
            Listing(
                sku_id=each.id,
                product_id=product_id,
                seller_sku=each.seller_sku,
                title=product.title,
                variant_id=variants.get(f"s{each.id}"),
                found_by="seller_sku" if variants.get(f"s{each.id}") else "",
                code="" if variants.get(f"s{each.id}") else "unknown_sku",
            )
            for each in product.skus
        )

    def due(self) -> dict[str, bool]:
        """Products that the catalogue is to look at, and whether they were forced; they are claimed by this."""
        claim = self.products.claim(100_000, 1)
        return {one: one in claim.forced for one in claim.ids}

    def stock_due(self, shop_id: str = SHOP_ID) -> list[str]:
        return sorted(self.runtime.inventory_queue(shop_id).claim(100_000, 1).ids)

    def bound(self) -> dict[str, int | None]:
        return {one: listing.variant_id for one, listing in sorted(self.catalog.listings().items())}

    def problems(self) -> dict[str, str]:
        return {problem.scope: problem.code for problem in self.runtime.problems.all()}


def listed(product_id: str, *skus: str, title: str = "") -> ListedProduct:
    """A product in the catalogue, of SKUs by id."""
    return ListedProduct(id=product_id, title=title, skus=[ListedSku(id=one) for one in skus])
