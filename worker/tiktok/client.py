"""Typed calls of TikTok Shop's Open API. Each method names the page of the Partner Center that documents it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from worker.tiktok.after_sale import AfterSaleCalls
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.finance import FinanceCalls
from worker.tiktok.fulfillment import FulfillmentCalls
from worker.tiktok.models import (
    AuthorizedShop,
    ExternalOrder,
    ExternalOrderReference,
    InvalidOrder,
    InventoryError,
    InventoryRecord,
    ItemError,
    Order,
    OrderSummary,
    PriceDetail,
    Product,
    Warehouse,
    Webhook,
    parse_orders,
    parse_summaries,
)
from worker.tiktok.models.base import parse_each
from worker.tiktok.models.product import ProductInventory
from worker.tiktok.parsing import parse, parse_rows, rows
from worker.tiktok.signed import SignedClient
from worker.tiktok.times import ceiling, floor, page_token_of

MAX_ORDER_IDS = 50
MAX_REFERENCES = 100
MAX_INVENTORY_PRODUCTS = 100
MAX_INVENTORY_SKUS = 600
_FOREIGN_ORDER = 21008111

_SHOPS = "/authorization/202309/shops"
_ORDER_SEARCH = "/order/202309/orders/search"
_ORDERS = "/order/202507/orders"
_PRICE_DETAIL = "/order/202407/orders/{order_id}/price_detail"
_ADD_EXTERNAL = "/order/202406/orders/external_orders"
_EXTERNAL = "/order/202406/orders/{order_id}/external_orders"
_WAREHOUSES = "/logistics/202309/warehouses"
_PRODUCT_SEARCH = "/product/202502/products/search"
_PRODUCT = "/product/202309/products/{product_id}"
_INVENTORY_SEARCH = "/product/202309/inventory/search"
_INVENTORY_UPDATE = "/product/202309/products/{product_id}/inventory/update"
_WEBHOOKS = "/event/202309/webhooks"


@dataclass(frozen=True)
class OrderPage:
    """One page of the order list. ``invalid`` orders exist, too: they are to be looked at one by one.

    :param raw: the orders as TikTok sent them, for :func:`worker.tiktok.models.parse_orders`; personal data.
    :param next_page_token: empty on the last page.
    """

    summaries: list[OrderSummary]
    invalid: list[InvalidOrder]
    next_page_token: str
    total_count: int
    raw: list[Any] = field(repr=False)


@dataclass(frozen=True)
class OrderDetails:
    """Orders by id. ``missing`` are ids that TikTok does not know for this shop."""

    orders: list[Order]
    invalid: list[InvalidOrder]
    missing: list[str]


@dataclass(frozen=True)
class ProductPage:
    """One page of the product list; ``invalid`` holds (product id, reason). ``next_page_token`` is empty at the end."""

    products: list[Product]
    invalid: list[tuple[str, str]]
    next_page_token: str
    total_count: int


class AccountClient(SignedClient):
    """Calls for a whole authorization; they must not carry a ``shop_cipher``."""

    def authorized_shops(self) -> list[AuthorizedShop]:
        """Shops that the seller's authorization covers (*Get Authorized Shops*)."""
        return parse_rows(AuthorizedShop, self._call("GET", _SHOPS), "shops", _SHOPS)


class ShopClient(FulfillmentCalls, AfterSaleCalls, FinanceCalls):
    """Calls for one shop. All raise the three errors of ``worker.tiktok.errors``."""

    def search_orders(
        self,
        *,
        update_time_ge: datetime | int | None = None,
        update_time_lt: datetime | int | None = None,
        create_time_ge: datetime | int | None = None,
        create_time_lt: datetime | int | None = None,
        status: str | None = None,
        page_size: int = 100,
        page_token: str = "",
        sort_field: str = "update_time",
        sort_order: str = "ASC",
    ) -> OrderPage:
        """One page of orders (*Get Order List*). ``ge`` is inclusive, ``lt`` exclusive.

        Times are aware or in epoch seconds; fractions of a second are rounded outward.

        :param page_size: 1 to 100.
        """
        query = {"page_size": str(page_size), "page_token": page_token}
        query |= {"sort_field": sort_field, "sort_order": sort_order}
        times = {"update_time_ge": floor(update_time_ge), "update_time_lt": ceiling(update_time_lt)}
        times |= {"create_time_ge": floor(create_time_ge), "create_time_lt": ceiling(create_time_lt)}
        data = self._call("POST", _ORDER_SEARCH, query=query, body={"order_status": status, **times})
        raw = rows(data, "orders", _ORDER_SEARCH)
        return OrderPage(*parse_summaries(raw), page_token_of(data), _count(data), raw)

    def order_details(self, order_ids: Sequence[str]) -> OrderDetails:
        """Whole orders, 50 at most (*Get Order Detail*). An id that TikTok does not know spoils none of the others."""
        ids = list(dict.fromkeys(order_ids))
        _at_most(MAX_ORDER_IDS, ids, "orders")
        if not ids:
            return OrderDetails([], [], [])
        try:
            data = self._call("GET", _ORDERS, query={"ids": ",".join(ids)})
        except TikTokPermanentError as error:
            if error.tiktok_code != _FOREIGN_ORDER:
                raise
            return self._halves(ids)
        orders, invalid = parse_orders(rows(data, "orders", _ORDERS))
        found = {order.id for order in orders} | {order.id for order in invalid}
        return OrderDetails(orders, invalid, [order_id for order_id in ids if order_id not in found])

    def _halves(self, ids: list[str]) -> OrderDetails:
        """TikTok refuses a whole list for one foreign id and does not say which: halve until it stands alone."""
        if len(ids) == 1:
            return OrderDetails([], [], ids)
        middle = len(ids) // 2
        one, two = self.order_details(ids[:middle]), self.order_details(ids[middle:])
        return OrderDetails(one.orders + two.orders, one.invalid + two.invalid, one.missing + two.missing)

    def price_detail(self, order_id: str) -> PriceDetail:
        """How the order's amounts come about (*Get Price Detail*)."""
        return parse(PriceDetail, self._call("GET", _PRICE_DETAIL, ids={"order_id": order_id}), _PRICE_DETAIL)

    def add_external_order_references(self, references: Sequence[ExternalOrderReference]) -> list[ItemError]:
        """Note our order references at TikTok, 100 at most (*Add External Order References*); gives refused ones."""
        _at_most(MAX_REFERENCES, references, "references")
        body = {"orders": [reference.as_sent() for reference in references]}
        return parse_rows(ItemError, self._call("POST", _ADD_EXTERNAL, body=body), "errors", _ADD_EXTERNAL)

    def external_order_references(self, order_id: str, platform: str = "ERP_SYSTEM") -> list[ExternalOrder]:
        """Our references that TikTok keeps for an order (*Get External Order References*)."""
        data = self._call("GET", _EXTERNAL, ids={"order_id": order_id}, query={"platform": platform})
        return parse_rows(ExternalOrder, data, "external_orders", _EXTERNAL)

    def warehouses(self) -> list[Warehouse]:
        """All warehouses of the shop (*Get Warehouse List*)."""
        return parse_rows(Warehouse, self._call("GET", _WAREHOUSES), "warehouses", _WAREHOUSES)

    def search_products(
        self,
        *,
        status: str = "ALL",
        seller_skus: Sequence[str] = (),
        sku_ids: Sequence[str] = (),
        update_time_ge: datetime | int | None = None,
        update_time_le: datetime | int | None = None,
        page_size: int = 100,
        page_token: str = "",
    ) -> ProductPage:
        """One page of products (*Search Products*). Both times are inclusive; TikTok lists 10 000 at most.

        :param seller_skus: 10 at most, as are ``sku_ids``.
        """
        body: dict[str, Any] = {"status": status, "seller_skus": list(seller_skus) or None}
        body |= {"sku_ids": list(sku_ids) or None}
        body |= {"update_time_ge": floor(update_time_ge), "update_time_le": ceiling(update_time_le)}
        data = self._call("POST", _PRODUCT_SEARCH, query={"page_size": page_size, "page_token": page_token}, body=body)
        products, invalid = parse_each(Product, rows(data, "products", _PRODUCT_SEARCH))
        return ProductPage(products, invalid, page_token_of(data), _count(data))

    def product_detail(self, product_id: str) -> Product:
        """One product with all its SKUs (*Get Product*); not for frozen or deleted ones."""
        return parse(Product, self._call("GET", _PRODUCT, ids={"product_id": product_id}), _PRODUCT)

    def search_inventory(
        self, *, product_ids: Sequence[str] = (), sku_ids: Sequence[str] = ()
    ) -> list[InventoryRecord]:
        """Stock of up to 100 products or 600 SKUs, one record a SKU (*Inventory Search*)."""
        _at_most(MAX_INVENTORY_PRODUCTS, product_ids, "products")
        _at_most(MAX_INVENTORY_SKUS, sku_ids, "SKUs")
        if bool(product_ids) == bool(sku_ids):
            raise ValueError("Give either product_ids or sku_ids.")
        body = {"sku_ids": list(sku_ids)} if sku_ids else {"product_ids": list(product_ids)}
        records = []
        data = self._call("POST", _INVENTORY_SEARCH, body=body)
        for product in parse_rows(ProductInventory, data, "inventory", _INVENTORY_SEARCH):
            for sku in product.skus:
                records.append(parse(InventoryRecord, {**sku, "product_id": product.product_id}, _INVENTORY_SEARCH))
        return records

    def update_inventory(self, product_id: str, quantities: Mapping[str, Mapping[str, int]]) -> list[InventoryError]:
        """Set the units for sale of SKUs of one product (*Update Inventory*); gives the SKUs that were refused.

        :param quantities: SKU id → warehouse id → absolute quantity; every warehouse of the SKU must be listed.
        """
        if any(units < 0 for stock in quantities.values() for units in stock.values()):
            raise ValueError("A quantity is below zero.")
        skus = [
            {"id": sku, "inventory": [{"warehouse_id": place, "quantity": units} for place, units in stock.items()]}
            for sku, stock in quantities.items()
        ]
        data = self._call("POST", _INVENTORY_UPDATE, ids={"product_id": product_id}, body={"skus": skus})
        return parse_rows(InventoryError, data, "errors", _INVENTORY_UPDATE)

    def webhooks(self) -> list[Webhook]:
        """Where TikTok sends this shop's events (*Get Shop Webhooks*)."""
        return parse_rows(Webhook, self._call("GET", _WEBHOOKS), "webhooks", _WEBHOOKS)

    def set_webhook(self, event_type: str, address: str) -> None:
        """Send events of one kind to ``address``: https, a domain name, no port (*Update Shop Webhook*)."""
        self._call("PUT", _WEBHOOKS, body={"address": address, "event_type": event_type})

    def delete_webhook(self, event_type: str) -> None:
        """Send events of that kind no more; fine when none were sent (*Delete Shop Webhook*)."""
        self._call("DELETE", _WEBHOOKS, body={"event_type": event_type})


def _at_most(limit: int, things: Sequence[Any], name: str) -> None:
    if len(things) > limit:
        raise ValueError(f"TikTok takes {limit} {name} in one call, not {len(things)}.")


def _count(data: Mapping[str, Any]) -> int:
    count = data.get("total_count")
    return count if isinstance(count, int) else 0
