"""Typed calls of the Fulfillment API: packages, handover, shipping, labels, splits; and carriers (Logistics API)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.tiktok.models import (
    HandoverSlots,
    PackageDetail,
    PickupSlot,
    ShippedPackage,
    ShippingDocument,
    ShippingProvider,
)
from worker.tiktok.models.base import parse_each
from worker.tiktok.parsing import parse, parse_rows, rows
from worker.tiktok.signed import SignedClient
from worker.tiktok.times import ceiling, floor, page_token_of

_SEARCH = "/fulfillment/202309/packages/search"
_PACKAGE = "/fulfillment/202309/packages/{package_id}"
_SLOTS = "/fulfillment/202309/packages/{package_id}/handover_time_slots"
_SHIP = "/fulfillment/202309/packages/{package_id}/ship"
_DOCUMENTS = "/fulfillment/202309/packages/{package_id}/shipping_documents"
_UPDATE = "/fulfillment/202309/packages/{package_id}/shipping_info/update"
_MARK_AS_SHIPPED = "/fulfillment/202309/orders/{order_id}/packages"
_SPLIT = "/fulfillment/202309/orders/{order_id}/split"
_PROVIDERS = "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers"


@dataclass(frozen=True)
class PackagePage:
    """One page of packages; ``invalid`` holds (package id, reason). ``next_page_token`` is empty at the end."""

    packages: list[PackageDetail]
    invalid: list[tuple[str, str]]
    next_page_token: str


class FulfillmentCalls(SignedClient):
    """Calls for one shop. All raise the three errors of ``worker.tiktok.errors``."""

    def search_packages(
        self,
        *,
        update_time_ge: datetime | int | None = None,
        update_time_lt: datetime | int | None = None,
        status: str | None = None,
        page_size: int = 50,
        page_token: str = "",
    ) -> PackagePage:
        """One page of packages, those that changed first come first (*Search Package*).

        :param page_size: 1 to 50.
        """
        query = {
            "page_size": str(page_size),
            "page_token": page_token,
            "sort_field": "update_time",
            "sort_order": "ASC",
        }
        times = {"update_time_ge": floor(update_time_ge), "update_time_lt": ceiling(update_time_lt)}
        data = self._call("POST", _SEARCH, query=query, body={"package_status": status, **times})
        packages, invalid = parse_each(PackageDetail, rows(data, "packages", _SEARCH))
        return PackagePage(packages, invalid, page_token_of(data))

    def package_detail(self, package_id: str) -> PackageDetail:
        """One package (*Get Package Detail*)."""
        return parse(PackageDetail, self._call("GET", _PACKAGE, ids={"package_id": package_id}), _PACKAGE)

    def handover_time_slots(self, package_id: str) -> HandoverSlots:
        """How the package can be handed over to the carrier (*Get Package Handover Time Slots*)."""
        return parse(HandoverSlots, self._call("GET", _SLOTS, ids={"package_id": package_id}), _SLOTS)

    def ship_package(
        self,
        package_id: str,
        *,
        handover_method: str | None = None,
        pickup_slot: PickupSlot | None = None,
        tracking_number: str = "",
        shipping_provider_id: str = "",
    ) -> None:
        """Arrange the shipping of a package (*Ship Package*). Never repeat it blindly: read the package first.

        :param handover_method: PICKUP or DROP_OFF, where TikTok ships.
        :param tracking_number: with ``shipping_provider_id`` where the seller ships.
        """
        own = {"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id}
        body = {
            "handover_method": handover_method,
            "pickup_slot": pickup_slot.as_sent() if pickup_slot else None,
            "self_shipment": own if tracking_number else None,
        }
        self._call("POST", _SHIP, ids={"package_id": package_id}, body=body)

    def mark_as_shipped(
        self, order_id: str, *, tracking_number: str, shipping_provider_id: str, line_item_ids: Sequence[str]
    ) -> ShippedPackage:
        """Make a shipped package of some lines of an order that the seller ships (*Mark Package As Shipped*; markets
        US, UK, ES, IE, IT, DE, FR, JP)."""
        body = {
            "tracking_number": tracking_number,
            "shipping_provider_id": shipping_provider_id,
            "order_line_item_ids": list(line_item_ids),
        }
        data = self._call("POST", _MARK_AS_SHIPPED, ids={"order_id": order_id}, body=body)
        return parse(ShippedPackage, data, _MARK_AS_SHIPPED)

    def update_shipping_info(self, package_id: str, *, tracking_number: str, shipping_provider_id: str) -> None:
        """Correct the tracking of a package that the seller shipped, within 72 hours (*Update Package Shipping
        Info*)."""
        body = {"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id}
        self._call("POST", _UPDATE, ids={"package_id": package_id}, body=body)

    def shipping_document(
        self, package_id: str, *, document_type: str = "SHIPPING_LABEL", document_size: str = "A6"
    ) -> ShippingDocument:
        """Where the label of a package that TikTok ships can be fetched (*Get Package Shipping Document*).

        :raises TikTokRetryableError: ``label_pending``: it is still being made.
        """
        query = {"document_type": document_type, "document_size": document_size, "document_format": "PDF"}
        data = self._call("GET", _DOCUMENTS, ids={"package_id": package_id}, query=query)
        return parse(ShippingDocument, data, _DOCUMENTS)

    def split_order(self, order_id: str, groups: Sequence[Sequence[str]]) -> None:
        """Cut an order's lines into a package for each group of line ids (*Split Orders*); package ids change."""
        body = {
            "splittable_groups": [
                {"id": str(number), "order_line_item_ids": list(group)} for number, group in enumerate(groups, 1)
            ]
        }
        self._call("POST", _SPLIT, ids={"order_id": order_id}, body=body)

    def shipping_providers(self, delivery_option_id: str) -> list[ShippingProvider]:
        """Carriers that can be named for orders of that delivery option (*Get Shipping Providers*)."""
        data = self._call("GET", _PROVIDERS, ids={"delivery_option_id": delivery_option_id})
        return parse_rows(ShippingProvider, data, "shipping_providers", _PROVIDERS)
