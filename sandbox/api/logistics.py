"""Warehouses, delivery options and shipping providers (reference section 5.5)."""

from __future__ import annotations

from typing import Any

from sandbox.api.parameters import one_of
from sandbox.errors import invalid_parameter
from sandbox.model import Shop, Warehouse
from sandbox.ordering import DELIVERY_OPTION
from sandbox.packages import PROVIDERS
from sandbox.routing import Call, Endpoint

SCOPE = "seller.logistics"


def warehouses(call: Call) -> dict[str, Any]:
    return {"warehouses": [_warehouse(call.shop, warehouse) for warehouse in call.shop.warehouses]}


def global_warehouses(call: Call) -> dict[str, Any]:
    """Only cross-border sellers have them."""
    return {
        "global_warehouses": [
            {"id": warehouse.id, "name": warehouse.name, "ownership": "SELLER"}
            for shop in call.grant.seller.shops
            if shop.seller_type == "CROSS_BORDER"
            for warehouse in shop.sales_warehouses
        ]
    }


def delivery_options(call: Call) -> dict[str, Any]:
    one_of(call.query, "scope", ("WAREHOUSE", "PRODUCT"))
    if call.path["warehouse_id"] not in {warehouse.id for warehouse in call.shop.warehouses}:
        raise invalid_parameter("warehouse_id", "is not a warehouse of this shop")
    size = {"max_height": 100, "max_length": 100, "max_width": 100, "unit": "CM"}
    option = DELIVERY_OPTION | {
        "description": DELIVERY_OPTION["name"],
        "type": "STANDARD",
        "platform": ["TIKTOK_SHOP"],
        "dimension_limit": size,
        "weight_limit": {"min_weight": 1, "max_weight": 30000, "unit": "GRAM"},
    }
    return {"delivery_options": [option]}


def shipping_providers(call: Call) -> dict[str, Any]:
    if call.path["delivery_option_id"] != DELIVERY_OPTION["id"]:
        raise invalid_parameter("delivery_option_id", "is not a delivery option of this shop")
    return {"shipping_providers": list(PROVIDERS)}


def _warehouse(shop: Shop, warehouse: Warehouse) -> dict[str, Any]:
    market = shop.market
    state, city, postal_code = market.places[0]
    return {
        "id": warehouse.id,
        "entity_id": warehouse.entity_id,
        "name": warehouse.name,
        "type": warehouse.type,
        "sub_type": "DOMESTIC_WAREHOUSE",
        "effect_status": warehouse.effect_status,
        "is_default": warehouse.is_default,
        "address": {
            "region": market.country,
            "region_code": market.region,
            "state": state,
            "city": city,
            "distict": city,
            "town": "",
            "contact_person": "Warehouse",
            "postal_code": postal_code,
            "full_address": f"1 Harbour Road, {city}, {state} {postal_code}, {market.country}",
            "address_line1": "1 Harbour Road",
            "phone_number": f"(+{market.dial_code})188****2234",
            "geolocation": {"latitude": "0.0", "longitude": "0.0"},
        },
    }


ENDPOINTS = [
    Endpoint("/logistics/202309/warehouses", "GET", SCOPE, warehouses),
    Endpoint("/logistics/202309/global_warehouses", "GET", SCOPE, global_warehouses, needs_cipher=False),
    Endpoint("/logistics/202309/warehouses/<warehouse_id>/delivery_options", "GET", SCOPE, delivery_options),
    Endpoint(
        "/logistics/202309/delivery_options/<delivery_option_id>/shipping_providers", "GET", SCOPE, shipping_providers
    ),
]
