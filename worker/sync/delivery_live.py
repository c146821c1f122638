"""One order's parcels on TikTok and their deliveries in Odoo, asked for now. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from worker.odoo.deliveries import Deliveries, Delivery
from worker.odoo.sales import SalesOrders
from worker.state.shops import Shop
from worker.sync.fulfillment.labels import label_name
from worker.sync.fulfillment.parcels import Parcel, assign, parcels_of
from worker.sync.fulfillment.variants import Variants
from worker.sync.runtime import Runtime
from worker.tiktok.models import Order

#: ``to_ship``: nobody has arranged its shipping; ``arranged``: the carrier is to come; ``left``: the carrier has it.
ParcelState = Literal["to_ship", "arranged", "left"]
#: ``none``: TikTok makes none, the seller ships it.
LabelState = Literal["attached", "missing", "none"]


@dataclass(frozen=True)
class LiveParcel:
    """A parcel with its delivery.

    :param id: TikTok's package id; empty while TikTok has no package.
    :param carrier: as TikTok calls it.
    :param label: whether its shipping label is on the delivery.
    :param delivery: ``None`` when Odoo has none.
    """

    id: str
    units: int
    state: ParcelState
    tracking: str
    carrier: str
    label: LabelState
    delivery: Delivery | None


@dataclass(frozen=True)
class LiveDelivery:
    """How an order's delivery stands on both sides.

    :param status: TikTok's of the order; empty when TikTok does not tell the order.
    :param loose: deliveries of Odoo's to which no parcel belongs.
    """

    status: str = ""
    parcels: list[LiveParcel] = field(default_factory=list)
    loose: list[Delivery] = field(default_factory=list)


def look_now(runtime: Runtime, shop: Shop, order_id: str) -> LiveDelivery:
    """Ask both sides now.

    :raises ConnectorError: one of them does not answer.
    """
    details = runtime.shop_client(shop).order_details([order_id])
    order = next((each for each in details.orders if each.id == order_id), None)
    company = shop.settings.company_id
    sales = SalesOrders(runtime.odoo, shop.id, company).find([order_id], imported=[order_id]).get(order_id, [])
    reader = Deliveries(runtime.odoo, shop.id, company)
    deliveries = reader.of(sales[:1]).get(sales[0].id, []) if sales else []
    if order is None:
        return LiveDelivery(loose=list(deliveries))
    parcels = parcels_of(order)
    goods = Variants(runtime.odoo, shop, runtime.catalog(shop.id), [order])
    assigned = assign(parcels, deliveries, goods.known(order) if len(deliveries) > 1 else {})
    labelled = reader.labelled([delivery.id for delivery in deliveries])
    taken = {delivery.id for delivery in assigned.values()}
    return LiveDelivery(
        status=order.status,
        parcels=[_parcel(order, parcel, assigned, labelled) for parcel in parcels],
        loose=[delivery for delivery in deliveries if delivery.id not in taken],
    )


def delivery_address(runtime: Runtime, delivery_id: int) -> str:
    """Where Odoo shows a delivery (18 and newer: the action *Deliveries* has the path ``deliveries``)."""
    return f"{runtime.settings.odoo_url}/odoo/deliveries/{delivery_id}"


def _parcel(
    order: Order, parcel: Parcel, assigned: Mapping[str, Delivery], labelled: set[tuple[str, int]]
) -> LiveParcel:
    delivery = assigned.get(parcel.id)
    there = delivery is not None and (label_name(parcel.id), delivery.id) in labelled
    own = order.shipping_type == "SELLER"
    return LiveParcel(
        id=parcel.id,
        units=len(parcel.items),
        state="left" if parcel.has_left else "arranged" if parcel.is_arranged else "to_ship",
        tracking=parcel.tracking,
        carrier=parcel.provider,
        label="attached" if there else "none" if own else "missing",
        delivery=delivery,
    )
