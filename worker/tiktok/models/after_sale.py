"""Cancellations and returns of the Return and Refund API. Each unit is a line of its own; there are no quantities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field, field_validator

from worker.tiktok.models.base import Id, OptionalAmount, OptionalTime, Status, TikTokModel, Time


class RefundAmount(TikTokModel):
    """What a buyer gets back, in major units."""

    currency: str = ""
    refund_total: OptionalAmount = Decimal(0)


class NextAction(TikTokModel):
    """What TikTok waits for the seller to do, and until when."""

    action: Status = ""
    deadline: OptionalTime = None


class CancelLine(TikTokModel):
    """One unit that is to be cancelled."""

    line_item_id: str = Field("", validation_alias=AliasChoices("line_item_id", "order_line_item_id"))
    sku_id: str = ""


class _Case(TikTokModel):
    order_id: Id
    role: Status = ""
    refund_amount: RefundAmount | None = None
    next_actions: list[NextAction] = Field(
        default_factory=list, validation_alias=AliasChoices("next_actions", "seller_next_action_response")
    )
    create_time: OptionalTime = None
    update_time: Time

    @property
    def refund_total(self) -> Decimal | None:
        """The refund in major units of ``currency``; ``None`` where TikTok does not tell."""
        return None if self.refund_amount is None else self.refund_amount.refund_total

    @property
    def currency(self) -> str:
        """Currency of the refund; empty where TikTok does not tell."""
        return "" if self.refund_amount is None else self.refund_amount.currency

    @property
    def respond_by(self) -> datetime | None:
        """The first deadline of the seller's, if TikTok waits for an answer."""
        return min((each.deadline for each in self.next_actions if each.deadline is not None), default=None)


class Cancellation(_Case):
    """A cancellation, asked for or carried out (*Search Cancellations*).

    ``status`` is CANCELLATION_REQUEST_PENDING, _SUCCESS, _CANCELLED or _COMPLETE.
    """

    id: Id = Field(validation_alias=AliasChoices("id", "cancel_id"))
    type: Status = Field("", validation_alias=AliasChoices("type", "cancel_type"))
    status: Status = Field("", validation_alias=AliasChoices("status", "cancel_status"))
    reason: str = Field("", validation_alias=AliasChoices("reason", "cancel_reason"))
    reason_text: str = Field("", validation_alias=AliasChoices("reason_text", "cancel_reason_text"))
    lines: list[CancelLine] = Field(default_factory=list, validation_alias=AliasChoices("lines", "cancel_line_items"))

    @property
    def line_item_ids(self) -> list[str]:
        """TikTok's ids of the units; none: the whole order."""
        return [line.line_item_id for line in self.lines if line.line_item_id]

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("id", self.id), ("order_id", self.order_id), ("status", self.status)]


class ReturnLine(TikTokModel):
    """One unit that comes back, or is paid back."""

    id: str = Field("", validation_alias=AliasChoices("id", "return_line_item_id"))
    line_item_id: str = Field("", validation_alias=AliasChoices("line_item_id", "order_line_item_id"))
    sku_id: str = ""
    seller_sku: str = ""


class Return(_Case):
    """A return or refund (*Search Returns*): ``type`` is REFUND, RETURN_AND_REFUND or REPLACEMENT.

    An edited request is a new return: ``is_replaced_by`` names it, and there ``replaces`` names this one.
    """

    id: Id = Field(validation_alias=AliasChoices("id", "return_id"))
    type: Status = Field("", validation_alias=AliasChoices("type", "return_type"))
    status: str = Field("", validation_alias=AliasChoices("status", "return_status"))
    reason: str = Field("", validation_alias=AliasChoices("reason", "return_reason"))
    reason_text: str = Field("", validation_alias=AliasChoices("reason_text", "return_reason_text"))
    lines: list[ReturnLine] = Field(default_factory=list, validation_alias=AliasChoices("lines", "return_line_items"))
    tracking_number: str = Field("", validation_alias=AliasChoices("tracking_number", "return_tracking_number"))
    provider_name: str = Field("", validation_alias=AliasChoices("provider_name", "return_provider_name"))
    can_buyer_keep_item: bool = False
    is_replaced_by: str = Field("", validation_alias=AliasChoices("is_replaced_by", "next_return_id"))
    replaces: str = Field("", validation_alias=AliasChoices("replaces", "pre_return_id"))

    @field_validator("status", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        # Not as other statuses: RETURN_OR_REFUND_REQUEST_CANCEL is the documented spelling.
        return str(value).strip().upper()

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("id", self.id), ("order_id", self.order_id), ("status", self.status)]
