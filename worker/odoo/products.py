"""Finds Odoo's products for TikTok's SKUs, many at once, and never by guessing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from worker.errors import OrderError
from worker.odoo.gateway import OdooGateway, search_read

#: Internal References of the service products for the lines beside the goods; `tiktok-odoo odoo prepare` makes them.
SERVICE_CODES = {"shipping": "TIKTOK-SHIPPING", "fee": "TIKTOK-FEE", "tax": "TIKTOK-TAX"}


@dataclass(frozen=True)
class Sku:
    """What an order tells about a SKU. ``seller_sku`` may be empty; ``product_id`` is the guide's *Item ID*."""

    sku_id: str
    seller_sku: str
    product_id: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.seller_sku or 'without seller SKU'} (SKU ID {self.sku_id}, Item ID {self.product_id})"


class ProductMatches:
    """Products found for a set of SKUs: by seller SKU, then by Item ID as Internal Reference, then by barcode."""

    def __init__(self, gateway: OdooGateway, skus: Iterable[Sku], *, company_id: int | None = None) -> None:
        skus = list(skus)
        words = {word for sku in skus for word in (sku.seller_sku, sku.product_id, sku.sku_id) if word}
        codes = sorted(words | set(SERVICE_CODES.values()))
        domain: list[Any] = ["|", ("default_code", "in", codes), ("barcode", "in", sorted(words))]
        if company_id is not None:
            domain = [("company_id", "in", [False, company_id]), *domain]
        fields = ["default_code", "barcode", "active"]
        # Archived products are read too, so that the message can say "archived" instead of "unknown".
        records = search_read(gateway, "product.product", domain, fields, context={"active_test": False})
        self._by_code: dict[str, list[dict[str, Any]]] = {}
        self._by_barcode: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            self._by_code.setdefault(record["default_code"] or "", []).append(record)
            self._by_barcode.setdefault(record["barcode"] or "", []).append(record)

    def product_for(self, sku: Sku, default_product_id: int | None = None) -> tuple[int, bool]:
        """The id of the variant that ``sku`` is, and whether it is only the default product in its place.

        :raises OrderError: ``unknown_sku``, ``ambiguous_sku`` or ``archived_product``; the message names the SKU.
        """
        archived = False
        for index, word in (
            (self._by_code, sku.seller_sku),
            (self._by_code, sku.sku_id),
            (self._by_code, sku.product_id),
            (self._by_barcode, sku.seller_sku),
        ):
            found = index.get(word, []) if word else []
            active = [record for record in found if record["active"]]
            if len(active) == 1:
                return int(active[0]["id"]), False
            if len(active) > 1:
                raise OrderError(
                    f"{len(active)} Odoo products have the reference {word!r} of SKU {sku}.",
                    code="ambiguous_sku",
                    remedy="Give each its own Internal Reference.",
                )
            archived = archived or bool(found)
        if default_product_id is not None:
            return default_product_id, True
        if archived:
            raise OrderError(
                f"The Odoo product of SKU {sku} is archived.",
                code="archived_product",
                remedy="Unarchive it, or give its Internal Reference to the product that replaces it.",
            )
        raise OrderError(
            f"No Odoo product matches SKU {sku}.",
            code="unknown_sku",
            remedy="Set the product's Internal Reference to the seller SKU, or the shop's default product.",
        )

    def service(self, kind: str) -> int:
        """The service product for a line of that kind (``shipping``, ``fee``, ``tax``).

        :raises OrderError: ``missing_service_product``.
        """
        code = SERVICE_CODES[kind]
        active = [record for record in self._by_code.get(code, []) if record["active"]]
        if not active:
            raise OrderError(
                f"Odoo has no service product with the Internal Reference {code}.",
                code="missing_service_product",
                remedy="`tiktok-odoo odoo prepare` creates it, or create it by hand: type service, no taxes.",
            )
        return int(active[0]["id"])
