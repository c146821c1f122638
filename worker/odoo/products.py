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
    """A SKU that is to be found in Odoo.

    :param seller_sku: the seller's own code; may be empty.
    :param product_id: the guide's *Item ID*.
    :param barcode: its identifier code, where that is known.
    :param alone: whether its product has no other SKU; an Item ID with several says nothing of a variant.
    :param variant_id: Odoo's product variant that it was bound to before.
    :param chosen: whether a person bound it: then nothing else will do.
    """

    sku_id: str
    seller_sku: str
    product_id: str
    barcode: str = ""
    alone: bool = True
    variant_id: int | None = None
    chosen: bool = False

    def __str__(self) -> str:
        return f"{self.seller_sku or 'without seller SKU'} (SKU ID {self.sku_id}, Item ID {self.product_id})"


@dataclass(frozen=True)
class Match:
    """The product variant that a SKU is, and how it was found: a field of :class:`Sku`, or ``binding``."""

    variant_id: int
    found_by: str


class ProductMatches:
    """Products found for a set of SKUs: by binding, then by seller SKU, SKU ID and Item ID as Internal Reference, then
    by barcode."""

    def __init__(self, gateway: OdooGateway, skus: Iterable[Sku], *, company_id: int | None = None) -> None:
        skus = list(skus)
        words = {word for sku in skus for word in (sku.seller_sku, sku.product_id, sku.sku_id, sku.barcode) if word}
        codes = sorted(words | set(SERVICE_CODES.values()))
        bound = sorted({sku.variant_id for sku in skus if sku.variant_id is not None})
        domain: list[Any] = ["|", ("default_code", "in", codes), ("barcode", "in", sorted(words))]
        if bound:
            domain = ["|", ("id", "in", bound), *domain]
        if company_id is not None:
            domain = [("company_id", "in", [False, company_id]), *domain]
        fields = ["default_code", "barcode", "active"]
        # Archived products are read too, so that the message can say "archived" instead of "unknown".
        records = search_read(gateway, "product.product", domain, fields, context={"active_test": False})
        self._active = {int(record["id"]): bool(record["active"]) for record in records}
        self._by_code: dict[str, list[int]] = {}
        self._by_barcode: dict[str, list[int]] = {}
        for record in records:
            self._by_code.setdefault(record["default_code"] or "", []).append(int(record["id"]))
            self._by_barcode.setdefault(record["barcode"] or "", []).append(int(record["id"]))

    def match(self, sku: Sku) -> Match:
        """The variant that ``sku`` is.

        :raises OrderError: ``unknown_sku``, ``ambiguous_sku``, ``archived_product`` or ``chosen_product_gone``; the
            message names the SKU.
        """
        archived = sku.variant_id in self._active
        if sku.variant_id is not None and self._active.get(sku.variant_id):
            return Match(sku.variant_id, "binding")
        if sku.chosen:
            raise OrderError(
                f"The Odoo product that was chosen for SKU {sku} is archived or gone.",
                code="chosen_product_gone",
                remedy="Unarchive it, or choose another: `tiktok-odoo catalog map`.",
            )
        for found_by, index, word in (
            ("seller_sku", self._by_code, sku.seller_sku),
            ("sku_id", self._by_code, sku.sku_id),
            ("item_id", self._by_code, sku.product_id if sku.alone else ""),
            ("barcode", self._by_barcode, sku.barcode),
            ("barcode", self._by_barcode, sku.seller_sku),
        ):
            found = index.get(word, []) if word else []
            active = [variant for variant in found if self._active[variant]]
            if len(active) == 1:
                return Match(active[0], found_by)
            if len(active) > 1:
                raise OrderError(
                    f"{len(active)} Odoo products have the reference {word!r} of SKU {sku}.",
                    code="ambiguous_sku",
                    remedy="Give each its own Internal Reference.",
                )
            archived = archived or bool(found)
        if archived:
            raise OrderError(
                f"The Odoo product of SKU {sku} is archived.",
                code="archived_product",
                remedy="Unarchive it, or give its Internal Reference to the product that replaces it.",
            )
        raise OrderError(
            f"No Odoo product matches SKU {sku}.",
            code="unknown_sku",
            remedy="Set the product's Internal Reference to the seller SKU, map the SKU (`tiktok-odoo catalog map`), "
            "or set the shop's default product.",
        )

    def product_for(self, sku: Sku, default_product_id: int | None = None) -> tuple[int, bool]:
        """The id of the variant that ``sku`` is, and whether it is only the default product in its place.

        :raises OrderError: as :meth:`match`; an ambiguous reference is never replaced by the default product.
        """
        try:
            return self.match(sku).variant_id, False
        except OrderError as error:
            if default_product_id is None or error.code in ("ambiguous_sku", "chosen_product_gone"):
                raise
            return default_product_id, True

    def service(self, kind: str) -> int:
        """The service product for a line of that kind (``shipping``, ``fee``, ``tax``).

        :raises OrderError: ``missing_service_product``.
        """
        code = SERVICE_CODES[kind]
        active = [variant for variant in self._by_code.get(code, []) if self._active[variant]]
        if not active:
            raise OrderError(
                f"Odoo has no service product with the Internal Reference {code}.",
                code="missing_service_product",
                remedy="`tiktok-odoo odoo prepare` creates it, or create it by hand: type service, no taxes.",
            )
        return active[0]
