"""Deliveries whose parcels the carrier has: validated in Odoo, or shown to a person, as the shop is set to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from worker.errors import OrderError
from worker.odoo.deliveries import Deliveries, Delivery
from worker.odoo.errors import OdooRejectedError
from worker.state.shops import ShopSettings
from worker.sync.fulfillment.parcels import Parcel, units_of
from worker.sync.fulfillment.variants import Variants
from worker.tiktok.models import Order

#: The summary of the activity on a delivery that a person has to look at.
SHIPPED_NOT_IN_ODOO = "Shipped on TikTok Shop, not in Odoo"


class Transit:
    """Follows what TikTok says has left."""

    def __init__(self, deliveries: Deliveries, settings: ShopSettings) -> None:
        self._deliveries = deliveries
        self._settings = settings

    def run(
        self, order: Order, parcels: Sequence[Parcel], assigned: Mapping[str, Delivery], goods: Variants
    ) -> list[str]:
        """Bring deliveries in line with what has left; answers what was done, in words.

        :raises OrderError: ``not_validated``: Odoo does not validate a delivery, with its reason.
        """
        done = []
        for delivery, own in _by_delivery(parcels, assigned):
            left = [parcel for parcel in own if parcel.has_left]
            if delivery.state == "done":
                self._deliveries.answered(delivery, SHIPPED_NOT_IN_ODOO)
            elif left and self._settings.shipped_on_tiktok == "flag":
                self._ask(delivery, left)
            elif left:
                part = None if len(left) == len(own) else self._part(order, left, goods)
                done.append(self._validate(delivery, left, part))
        return done

    def _ask(self, delivery: Delivery, left: Sequence[Parcel]) -> None:
        numbers = ", ".join(parcel.tracking or parcel.id for parcel in left if parcel.tracking or parcel.id)
        self._deliveries.ask_a_person(
            delivery,
            SHIPPED_NOT_IN_ODOO,
            f"TikTok says that the carrier has {numbers or 'it'}, but {delivery.name} is still open. Validate it, or "
            "find out what was shipped.",
        )

    def _part(self, order: Order, left: Sequence[Parcel], goods: Variants) -> Mapping[int, Decimal] | None:
        return units_of([item for parcel in left for item in parcel.items], goods.all_of(order))

    def _validate(self, delivery: Delivery, left: Sequence[Parcel], part: Mapping[int, Decimal] | None) -> str:
        try:
            self._deliveries.validate(delivery, part)
        except OdooRejectedError as error:
            if error.code != OdooRejectedError.code:
                raise
            self._ask(delivery, left)
            raise OrderError(
                f"TikTok says that {delivery.name} has left, but Odoo does not validate it: {error.message}",
                code="not_validated",
                remedy="Validate it in Odoo, or correct what Odoo says; it is tried again by itself.",
            ) from None
        self._deliveries.answered(delivery, SHIPPED_NOT_IN_ODOO)
        return f"{delivery.name} validated{' in part' if part is not None else ''}: TikTok says that it has left"


def _by_delivery(parcels: Sequence[Parcel], assigned: Mapping[str, Delivery]) -> list[tuple[Delivery, list[Parcel]]]:
    groups: dict[int, tuple[Delivery, list[Parcel]]] = {}
    for parcel in parcels:
        if parcel.id in assigned:
            delivery = assigned[parcel.id]
            groups.setdefault(delivery.id, (delivery, []))[1].append(parcel)
    return list(groups.values())
