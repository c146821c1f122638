"""The things that the simulated TikTok Shop knows: apps, sellers, shops, products, orders and grants."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.markets import Market

ALL_SCOPES = (
    "seller.authorization.info",
    "seller.order.info",
    "seller.product.basic",
    "seller.product.write",
    "seller.fulfillment.basic",
    "seller.logistics",
    "seller.return_refund.basic",
    "seller.finance.info",
)


@dataclass
class App:
    """An app as registered in Partner Center. ``webhook_url`` is app-wide; '' switches webhooks off."""

    app_key: str
    app_secret: str = field(repr=False)
    service_id: str
    name: str
    redirect_url: str
    webhook_url: str
    scopes: tuple[str, ...]


@dataclass
class Seller:
    username: str
    password: str = field(repr=False)
    open_id: str
    shops: list[Shop] = field(default_factory=list)


@dataclass
class Warehouse:
    """``type`` is SALES_WAREHOUSE or RETURN_WAREHOUSE; a site that does both appears twice with one ``entity_id``.

    :param effect_status: ENABLED, DISABLED or RESTRICTED (holiday or order limit). Apps see it; it stops nothing here.
    """

    id: str
    entity_id: str
    name: str
    type: str
    is_default: bool
    effect_status: str = "ENABLED"


@dataclass
class Shop:
    """One shop.

    :param mask_addresses: ``True`` or ``False`` for all orders; ``None`` as TikTok does it (masked when TikTok ships).
    :param webhook_urls: (app key, event type) to the URL set through the Event API, with its two times.
    """

    id: str
    cipher: str
    code: str
    name: str
    market: Market
    currency: str
    seller: Seller = field(repr=False)
    seller_type: str = "LOCAL"
    warehouses: list[Warehouse] = field(default_factory=list)
    mask_addresses: bool | None = None
    webhook_urls: dict[tuple[str, str], WebhookRegistration] = field(default_factory=dict)

    @property
    def sales_warehouses(self) -> list[Warehouse]:
        return [warehouse for warehouse in self.warehouses if warehouse.type == "SALES_WAREHOUSE"]


@dataclass
class WebhookRegistration:
    address: str
    create_time: int
    update_time: int


@dataclass
class Sku:
    """Quantities by warehouse id: ``available`` is what can be ordered, ``committed`` what open orders hold.

    :param attributes: name to value of the sales attributes, such as ``{"Color": "Red", "Size": "M"}``.
    :param barcode: '' without one; ``barcode_type`` is GTIN, EAN, UPC, ISBN or JAN.
    """

    id: str
    seller_sku: str
    name: str
    price: Decimal
    available: dict[str, int]
    committed: dict[str, int]
    product: Product = field(repr=False)
    attributes: dict[str, str] = field(default_factory=dict)
    barcode: str = ""
    barcode_type: str = "GTIN"

    @property
    def total_available(self) -> int:
        return sum(self.available.values())


@dataclass
class Product:
    """A listed product. ``images`` are the numbers of its pictures; a replaced picture gets a new number.

    :param description: HTML, as TikTok keeps it.
    :param package_weight: kilograms.
    """

    id: str
    shop: Shop = field(repr=False)
    title: str
    status: str
    create_time: int
    update_time: int
    skus: list[Sku] = field(default_factory=list)
    description: str = ""
    images: tuple[int, ...] = ()
    package_weight: Decimal = Decimal("0.5")


@dataclass
class Order:
    """One order. ``fields`` is what the API shows, but with the plain address whatever the state is.

    :param sequence: grows with each change, so that changes within one second keep their order.
    """

    shop: Shop = field(repr=False)
    fields: dict[str, Any]
    sequence: int
    stock: list[tuple[Sku, str]] = field(default_factory=list, repr=False)
    external_orders: list[dict[str, Any]] = field(default_factory=list)
    rendered: str | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        return str(self.fields["id"])

    @property
    def status(self) -> str:
        return str(self.fields["status"])


@dataclass
class Package:
    """A parcel of lines of one or several orders of a shop.

    :param lines: line id to order id.
    :param status: TO_FULFILL until shipping is arranged, PROCESSING until the carrier has it, FULFILLING on its way,
        COMPLETED when it is there, or CANCELLED.
    :param tag: DEFAULT, SPLIT or COMBINE.
    :param provider: ``{id, name}`` of the carrier.
    """

    id: str
    shop: Shop = field(repr=False)
    lines: dict[str, str]
    create_time: int
    update_time: int
    status: str = "TO_FULFILL"
    tag: str = "DEFAULT"
    handover_method: str = ""
    pickup_slot: dict[str, int] | None = None
    tracking_number: str = ""
    provider: dict[str, str] = field(default_factory=dict)
    shipped_at: int = 0
    document_token: str = field(default="", repr=False)

    @property
    def order_ids(self) -> list[str]:
        return list(dict.fromkeys(self.lines.values()))

    @property
    def is_arranged(self) -> bool:
        return self.status in ("PROCESSING", "FULFILLING", "COMPLETED")


@dataclass
class CancelCase:
    """A cancellation, asked for or carried out.

    :param line_ids: the units; all of an order's where the whole order is cancelled.
    :param status: CANCELLATION_REQUEST_PENDING, _SUCCESS, _CANCEL (taken back or rejected) or _COMPLETE.
    :param respond_by: until when the seller has to answer; 0 when nobody waits.
    """

    id: str
    order: Order = field(repr=False)
    line_ids: tuple[str, ...]
    type: str
    status: str
    role: str
    reason: str
    create_time: int
    update_time: int
    respond_by: int = 0


@dataclass
class ReturnCase:
    """A return or refund. ``type`` is REFUND, RETURN_AND_REFUND or REPLACEMENT."""

    id: str
    order: Order = field(repr=False)
    line_ids: tuple[str, ...]
    type: str
    status: str
    reason: str
    create_time: int
    update_time: int
    role: str = "BUYER"
    respond_by: int = 0
    keeps_item: bool = False
    settled: bool = False


@dataclass
class Grant:
    """What one seller allowed one app to do. Times are epoch seconds; revoked grants are not kept."""

    app: App
    seller: Seller
    scopes: tuple[str, ...]
    access_token: str = field(repr=False)
    access_expires: int
    refresh_token: str = field(repr=False)
    refresh_expires: int


@dataclass
class AuthorizationCode:
    app: App
    seller: Seller
    expires: float
