"""Which shops a token covers: ``/authorization/…`` and ``/seller/…`` (reference sections 2.4 and 5.1)."""

from __future__ import annotations

from typing import Any

from sandbox.routing import Call, Endpoint

SCOPE = "seller.authorization.info"


def authorized_shops(call: Call) -> dict[str, Any]:
    return {
        "shops": [
            {
                "id": shop.id,
                "name": shop.name,
                "region": shop.market.region,
                "seller_type": shop.seller_type,
                "cipher": shop.cipher,
                "code": shop.code,
            }
            for shop in call.grant.seller.shops
        ]
    }


def active_shops(call: Call) -> dict[str, Any]:
    return {"shops": [{"id": shop.id, "region": shop.market.region} for shop in call.grant.seller.shops]}


def permissions(call: Call) -> dict[str, Any]:
    cross_border = any(shop.seller_type == "CROSS_BORDER" for shop in call.grant.seller.shops)
    return {"permissions": ["MANAGE_GLOBAL_PRODUCT"] if cross_border else []}


ENDPOINTS = [
    Endpoint("/authorization/202309/shops", "GET", SCOPE, authorized_shops, needs_cipher=False),
    Endpoint("/seller/202309/shops", "GET", SCOPE, active_shops, needs_cipher=False),
    Endpoint("/seller/202309/permissions", "GET", SCOPE, permissions, needs_cipher=False),
]
