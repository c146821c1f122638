"""What the control API accepts, checked: apps, sellers, orders and random traffic."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.model import ALL_SCOPES

Amount = Annotated[Decimal, Field(ge=0)]
Status = Literal[
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
]


class Spec(BaseModel):
    """Unknown names are refused: a misspelt option must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AppSpec(Spec):
    """An app registration; what is left out is made up. ``webhook_url`` may be '' (no webhooks)."""

    app_key: str = ""
    app_secret: str = ""
    service_id: str = ""
    redirect_url: str = ""
    webhook_url: str = ""
    name: str = "Odoo Connector"
    scopes: tuple[str, ...] = ALL_SCOPES


class ShopSpec(Spec):
    """``warehouses`` to sell from; ``mask_addresses`` ``None`` masks when TikTok ships, as TikTok does."""

    name: str
    region: str
    currency: str = ""
    warehouses: int = Field(default=1, ge=1, le=10)
    mask_addresses: bool | None = None
    seller_type: Literal["LOCAL", "CROSS_BORDER"] = "LOCAL"


class SellerSpec(Spec):
    username: str
    password: str
    shops: tuple[ShopSpec, ...] = ()


class LineSpec(Spec):
    """Units of one SKU, named by ``sku_id`` or ``seller_sku``; ``price`` replaces the SKU's own."""

    sku_id: str = ""
    seller_sku: str = ""
    quantity: int = Field(default=1, ge=1, le=200)
    price: Amount | None = None
    is_gift: bool = False


class OrderSpec(Spec):
    """An order to place.

    Amounts are in major units. ``buyer`` and ``address`` replace single fields of a made-up person; ``patch`` is merged
    into the finished order as a JSON merge patch (RFC 7396: ``null`` deletes), to make whatever TikTok might send.
    ``tax_rate`` replaces the market's tax on top. ``notify`` false places the order without a webhook.
    """

    lines: tuple[LineSpec, ...] = Field(min_length=1)
    status: Status = "AWAITING_SHIPMENT"
    buyer: dict[str, Any] = {}
    address: dict[str, Any] = {}
    seller_discount: Amount = Decimal(0)
    platform_discount: Amount = Decimal(0)
    shipping_fee: Amount = Decimal(0)
    shipping_fee_seller_discount: Amount = Decimal(0)
    shipping_fee_platform_discount: Amount = Decimal(0)
    fees: dict[str, Amount] = {}
    tax_rate: Amount | None = None
    currency: str = ""
    shipping_type: Literal["TIKTOK", "SELLER"] = "TIKTOK"
    fulfillment_type: str = "FULFILLMENT_BY_SELLER"
    is_sample_order: bool = False
    is_on_hold_order: bool = False
    is_cod: bool = False
    buyer_message: str = ""
    seller_note: str = ""
    create_time: int | None = None
    update_time: int | None = None
    patch: dict[str, Any] = {}
    notify: bool = True


class TrafficSpec(Spec):
    """``count`` random orders, ``rate`` of them a second in the background, or all at once without a rate.

    ``lines`` is how many SKUs each order has; without it one to three.
    """

    count: int = Field(ge=1, le=100_000)
    lines: int | None = Field(default=None, ge=1, le=50)
    rate: float | None = Field(default=None, gt=0)
    seed: int = 1
    status: Status | None = None
    notify: bool = True


class CancelSpec(Spec):
    """Who cancels an order or some of its units (by line id), and why."""

    line_ids: tuple[str, ...] = ()
    by: Literal["SELLER", "BUYER", "SYSTEM"] = "SYSTEM"
    reason: str = "Unpaid in time"


class FaultSpec(Spec):
    """The next ``n`` calls whose path contains ``path`` fail.

    ``timeout`` hangs for ``seconds`` and then closes the connection; ``drop`` closes it at once; ``garbage`` answers
    200 with HTML; ``missing_field`` does the call and deletes every field called ``name`` from the answer; ``code``
    answers TikTok's error ``code`` with HTTP ``status``; ``429`` carries ``Retry-After`` unless ``retry_after`` is ''.
    """

    n: int = Field(default=1, ge=1)
    kind: Literal["429", "500", "503_empty", "timeout", "garbage", "drop", "missing_field", "code"]
    path: str = ""
    code: int = 0
    status: int = Field(default=200, ge=200, le=599)
    name: str = ""
    seconds: float = Field(default=30.0, ge=0)
    retry_after: str = "1"

    @model_validator(mode="after")
    def _complete(self) -> FaultSpec:
        if self.kind == "code" and not self.code:
            raise ValueError("kind 'code' needs the code to answer")
        if self.kind == "missing_field" and not self.name:
            raise ValueError("kind 'missing_field' needs the name of the field")
        return self


class SlowSpec(Spec):
    """Calls whose path contains ``path`` take ``seconds`` longer; 0 ends it."""

    seconds: float = Field(ge=0)
    path: str = ""


class WebhookFaultSpec(Spec):
    """Changes of the webhook faults; what is ``None`` stays. Probabilities are from 0 to 1."""

    lose: float | None = Field(default=None, ge=0, le=1)
    duplicate: float | None = Field(default=None, ge=0, le=1)
    copies: int | None = Field(default=None, ge=2, le=10)
    reorder: float | None = Field(default=None, ge=0, le=1)
    reorder_seconds: float | None = Field(default=None, ge=0)
    paused: bool | None = None
    seed: int | None = None


class ConsentSpec(Spec):
    """A seller who logs in and decides about the app with this service id."""

    service_id: str
    username: str
    password: str
    state: str | None = None
    agree: bool = True
