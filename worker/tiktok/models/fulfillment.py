"""Packages of the Fulfillment API: what is in them, when they can be handed over, their documents and carriers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import AliasChoices, Field, field_validator

from worker.tiktok.models.base import Id, OptionalTime, Status, TikTokModel, Time


class PackageDetail(TikTokModel):
    """A package (*Search Package*, *Get Package Detail*); it may hold lines of several orders.

    ``status`` is PROCESSING, FULFILLING, COMPLETED or CANCELLED. Addresses are kept, and never shown by ``repr``.
    """

    id: Id = Field(validation_alias=AliasChoices("id", "package_id"))
    status: Status = Field("", validation_alias=AliasChoices("status", "package_status"))
    order_ids: list[str] = Field(default_factory=list, validation_alias=AliasChoices("order_ids", "orders"))
    line_item_ids: list[str] = Field(
        default_factory=list, validation_alias=AliasChoices("line_item_ids", "order_line_item_ids")
    )
    shipping_type: Status = ""
    delivery_option_id: str = ""
    shipping_provider_id: str = ""
    shipping_provider_name: str = ""
    tracking_number: str = ""
    handover_method: Status = ""
    split_and_combine_tag: Status = ""
    create_time: OptionalTime = None
    update_time: OptionalTime = None

    @field_validator("order_ids", mode="before")
    @classmethod
    def _ids_of_orders(cls, value: Any) -> Any:
        return [each.get("id") if isinstance(each, dict) else each for each in value or []]

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("id", self.id), ("status", self.status)]


class PickupSlot(TikTokModel):
    """When the carrier can come. TikTok spells the last field ``avaliable``."""

    start_time: Time
    end_time: Time
    is_available: bool = Field(True, validation_alias=AliasChoices("is_available", "avaliable", "available"))

    def as_sent(self) -> dict[str, int]:
        """The form in which *Ship Package* takes it."""
        return {"start_time": int(self.start_time.timestamp()), "end_time": int(self.end_time.timestamp())}


class HandoverSlots(TikTokModel):
    """How a package can be handed over (*Get Package Handover Time Slots*)."""

    can_pickup: bool = False
    can_drop_off: bool = False
    can_van_collection: bool = False
    drop_off_point_url: str = ""
    pickup_slots: list[PickupSlot] = Field(default_factory=list)


class ShippingDocument(TikTokModel):
    """Where a label can be fetched for 24 hours (*Get Package Shipping Document*); it holds the buyer's address."""

    doc_url: Id
    tracking_number: str = ""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("tracking_number", self.tracking_number)]


class ShippingProvider(TikTokModel):
    """A carrier (*Get Shipping Providers*)."""

    id: Id
    name: str = ""


class _Warning(TikTokModel):
    message: str = ""


class ShippedPackage(TikTokModel):
    """The package that *Mark Package As Shipped* made of some lines of an order."""

    package_id: Id
    order_id: str = ""
    line_item_ids: list[str] = Field(
        default_factory=list, validation_alias=AliasChoices("line_item_ids", "order_line_item_ids")
    )
    notice: _Warning = Field(default_factory=_Warning, validation_alias=AliasChoices("notice", "warning"))

    @property
    def warning(self) -> str:
        """What TikTok finds odd, though it took it."""
        return self.notice.message
