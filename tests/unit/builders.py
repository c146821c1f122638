"""Builders for unit tests: settings, accounts, shops, and orders as TikTok tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet

from worker.settings import Settings
from worker.state.accounts import Account
from worker.state.connection import key
from worker.state.shops import Shop, ShopSettings
from worker.sync.runtime import Runtime
from worker.tiktok.models import Order

SHOP_ID = "7495540735365777507"
APP_KEY = "6demoappkey01"
APP_SECRET = "9f1c0d2e4b6a8877665544332211ffeeddccbbaa"
PLACED_AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

# Bodies of webhooks whose signatures are known: TikTok's own example (W0), and two made with APP_KEY and APP_SECRET.
W0 = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
    b'"update_time":1718305585}}'
)
W1 = (
    b'{"type":1,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621","timestamp":1700000000,'
    b'"data":{"order_id":"576461413038785752","order_status":"AWAITING_SHIPMENT","is_on_hold_order":false,'
    b'"update_time":1700000000}}'
)
W2 = (
    '{"type": 15, "shop_id": "7494049642642441621", "timestamp": 1700000005, "data": '
    '{"product_id": "1729592969712207008", "changed_fields": ["title"], "note": "Größe ✓"}}\n'
).encode()


def make_settings(**values: Any) -> Settings:
    """Settings that do not depend on the machine's environment."""
    given = {"redis_url": "redis://127.0.0.1:1/0", "secret_keys": Fernet.generate_key().decode(), **values}
    return Settings(_env_file=None, **given)


def add_account(runtime: Runtime, name: str = "Demo", **values: str) -> Account:
    """An authorized account."""
    given = {"market": "GB", "service_id": "7100", "app_key": APP_KEY, "app_secret": APP_SECRET, **values}
    account = runtime.accounts.add(name=name, **given)
    runtime.accounts.set_authorization(account.id, "authorized")
    return runtime.accounts.get(account.id)


def make_shop(shop_id: str = SHOP_ID, account_id: str = "demo", **settings: Any) -> Shop:
    """A shop whose go-live date is before every order of these tests."""
    chosen = {"go_live": datetime(2026, 1, 1, tzinfo=UTC), **settings}
    return Shop(
        id=shop_id,
        account_id=account_id,
        name="Demo GB",
        region="GB",
        cipher=f"GCP_{shop_id}",
        settings=ShopSettings(**chosen),
    )


def item(number: int = 1, price: str = "10.00", **fields: Any) -> dict[str, Any]:
    """One unit; ``price`` is what the buyer pays for it."""
    return {
        "id": f"57700000000000{number:04}",
        "sku_id": "2729382476852921560",
        "product_id": "1729582718312380123",
        "seller_sku": "SKU-1",
        "product_name": "Crochet dress",
        "sku_name": "Red",
        "currency": "GBP",
        "original_price": price,
        "sale_price": price,
        "display_status": "AWAITING_SHIPMENT",
        **fields,
    }


def address(**fields: Any) -> dict[str, Any]:
    return {
        "name": "David Kong",
        "address_line1": "12 Borough High Street",
        "address_line2": "Flat 3",
        "postal_code": "SE1 9QG",
        "post_town": "London",
        "region_code": "GB",
        "phone_number": "(+44)20 7946 0000",
        "full_address": "12 Borough High Street, Flat 3, London SE1 9QG",
        "district_info": [
            {"address_level": "L0", "address_level_name": "Country", "address_name": "United Kingdom"},
            {"address_level": "L1", "address_level_name": "State", "address_name": "England"},
        ],
        **fields,
    }


def make_order(
    order_id: str = "576461413038785752",
    *,
    items: Sequence[dict[str, Any]] | None = None,
    payment: dict[str, str] | None = None,
    **fields: Any,
) -> Order:
    """A paid order; without ``payment``, TikTok's sums are those of its items."""
    items = [item()] if items is None else items
    goods = sum(float(unit["sale_price"]) for unit in items)
    paid = {"currency": "GBP", "sub_total": f"{goods:.2f}", "total_amount": f"{goods:.2f}"}
    return Order.model_validate(
        {
            "id": order_id,
            "status": "AWAITING_SHIPMENT",
            "create_time": int(PLACED_AT.timestamp()),
            "update_time": int(PLACED_AT.timestamp()) + 60,
            "user_id": "7021436810468230477",
            "buyer_nickname": "david.k",
            "buyer_email": "v2b2V5@chat.seller.tiktok.com",
            "fulfillment_type": "FULFILLMENT_BY_SELLER",
            "recipient_address": address(),
            "line_items": items,
            "payment": paid if payment is None else {"currency": "GBP", **payment},
            **fields,
        }
    )


def long_since_any_turn(runtime: Runtime) -> None:
    """Nothing was done for any shop for so long that the next tick of every kind takes all shops."""
    for kind in ("orders.poll", "fulfillment.watch", "fulfillment.poll", "inventory.reconcile", "catalog.pull"):
        runtime.redis.set(key("turns", kind), "0")
