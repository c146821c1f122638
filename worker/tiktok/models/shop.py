"""What belongs to a shop rather than to an order: authorization, warehouses, webhooks, external order references."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from worker.tiktok.models.base import Id, OptionalTime, Status, TikTokModel, Time


class TokenGrant(TikTokModel):
    """Tokens of one authorization (token host, *Get* and *Refresh Access Token*). ``repr`` shows no token.

    TikTok's ``*_expire_in`` are moments in epoch seconds, not durations; here they are times in UTC.
    """

    access_token: Id
    access_token_expires_at: Time = Field(
        validation_alias=AliasChoices("access_token_expires_at", "access_token_expire_in")
    )
    refresh_token: Id
    refresh_token_expires_at: OptionalTime = Field(
        None, validation_alias=AliasChoices("refresh_token_expires_at", "refresh_token_expire_in")
    )
    obtained_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    open_id: str = ""
    seller_name: str = ""
    seller_base_region: str = ""
    user_type: int = 0
    granted_scopes: list[str] = Field(
        default_factory=list, validation_alias=AliasChoices("granted_scopes", "granted_permissions")
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("open_id", self.open_id), ("access_token_expires_at", self.access_token_expires_at)]


class AuthorizedShop(TikTokModel):
    """A shop that the authorization covers: webhooks carry ``id``, calls carry ``cipher``."""

    id: Id
    cipher: Id
    name: str = ""
    region: Status = ""
    seller_type: Status = ""
    code: str = ""


class Warehouse(TikTokModel):
    """A warehouse as TikTok knows it; the same site is listed twice, for sales and for returns."""

    id: Id
    name: str = ""
    type: Status = ""
    sub_type: Status = ""
    effect_status: Status = ""
    entity_id: str = ""
    is_default: bool = False

    @property
    def takes_stock(self) -> bool:
        """Whether stock can be set here: a sales warehouse that is not switched off."""
        return self.type == "SALES_WAREHOUSE" and self.effect_status != "DISABLED"


class Webhook(TikTokModel):
    """Where TikTok sends one kind of event of this shop."""

    event_type: Status
    address: str
    create_time: OptionalTime = None
    update_time: OptionalTime = None


class ExternalLine(TikTokModel):
    """``origin_id`` is TikTok's line item, ``id`` is ours."""

    id: Id
    origin_id: str = ""


class ExternalOrder(TikTokModel):
    """The other side's name of an order, kept at TikTok."""

    id: Id
    platform: Status = "ERP_SYSTEM"
    line_items: list[ExternalLine] = Field(default_factory=list)


class ExternalOrderReference(BaseModel):
    """That TikTok's order ``order_id`` with these line items is ``external_id`` (a sales order's name) with us."""

    order_id: str
    external_id: str
    line_item_ids: list[str]

    def as_sent(self) -> dict[str, Any]:
        """The form in which *Add External Order References* takes it; our lines go by TikTok's ids."""
        lines = [{"id": line_id, "origin_id": line_id} for line_id in self.line_item_ids]
        external = {"id": self.external_id, "platform": "ERP_SYSTEM", "line_items": lines}
        return {"id": self.order_id, "external_order": external}


class ItemErrorDetail(TikTokModel):
    """Which of the things in a batch it is about."""

    order_id: str = ""


class ItemError(TikTokModel):
    """One thing of a batch was refused, though the call as a whole succeeded."""

    code: int
    message: str = ""
    detail: ItemErrorDetail = Field(default_factory=ItemErrorDetail)
