"""Arranges shipping on TikTok when Odoo's delivery is ready or done, as the shop is set to."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.errors import OrderError
from worker.odoo.deliveries import Deliveries, Delivery
from worker.state.fulfillment import Fulfillment
from worker.state.shops import Shop, ShopSettings
from worker.sync.fulfillment.need import TO_SHIP
from worker.sync.fulfillment.parcels import Parcel, assign
from worker.sync.fulfillment.variants import Variants
from worker.tiktok.client import ShopClient
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import HandoverSlots, LineItem, Order, PickupSlot

#: Markets with *Mark Package As Shipped* (Fulfillment API), which makes a package of the units that it names.
_MARKED_AS_SHIPPED = {"US", "GB", "ES", "IE", "IT", "DE", "FR", "JP"}
#: TikTok's refusals that say: it is shipped.
_SHIPPED = {"already_shipped"}


@dataclass(frozen=True)
class Share:
    """The units of a parcel that are in a delivery: all of them, or a part."""

    parcel: Parcel
    items: tuple[LineItem, ...]
    delivery: Delivery


def due_states(settings: ShopSettings) -> set[str]:
    """Odoo's states of a delivery of which TikTok may have to be told, for a shop that does not ship by hand."""
    return {"done"} if settings.ship_when == "validated" else {"assigned", "done"}


class Shipping:
    """Arranges the shipping of one shop's parcels. No step is repeated blindly: TikTok was just asked how they are."""

    def __init__(self, client: ShopClient, deliveries: Deliveries, memory: Fulfillment, shop: Shop) -> None:
        self._client = client
        self._deliveries = deliveries
        self._memory = memory
        self._settings = shop.settings
        self._region = shop.region
        self._providers: dict[str, dict[str, str]] = {}

    def is_due(self, delivery: Delivery) -> bool:
        """Whether that delivery has come so far that TikTok is to be told."""
        if self._settings.ship_when == "manual":
            return False
        if delivery.state == "assigned" and self._settings.ship_when == "ready":
            return delivery.is_reserved
        return delivery.state == "done"

    def run(
        self, order: Order, parcels: Sequence[Parcel], deliveries: Sequence[Delivery], goods: Variants
    ) -> list[str]:
        """Arrange what is due; answers what was done, in words. Then the order is to be read again, and looked at once
        more: a parcel of which only a part is due is cut in two first.

        :raises OrderError: ``ship_refused``, ``no_tracking``, ``unknown_provider``, ``no_package`` or
            ``partly_ready``, with TikTok's reason.
        """
        due = [delivery for delivery in deliveries if self.is_due(delivery)]
        waiting = [parcel for parcel in parcels if not parcel.is_arranged]
        if order.status not in TO_SHIP or order.is_buyer_request_cancel or not due or not waiting:
            return []
        if len(due) == len(deliveries):
            assigned = assign(parcels, deliveries, goods.known(order) if len(deliveries) > 1 else {})
            shares = [Share(parcel, parcel.items, assigned[parcel.id]) for parcel in waiting]
        else:
            shares = shares_of(parcels, due, goods.all_of(order))
            if not shares and all(delivery.state == "done" for delivery in due) and not _all_told(parcels, due):
                raise OrderError(
                    f"It is not clear which units are in {', '.join(delivery.name for delivery in due)}: a kit, or "
                    "other products than were sold.",
                    code="partly_ready",
                    remedy="Split and ship the order in Seller Center.",
                )
        done = []
        for share in shares:
            if self._waits_for_others(order, share.parcel):
                continue
            how = self._arranged(order, share)
            self._deliveries.note(share.delivery, f"TikTok Shop: {how}.")
            done.append(f"{share.delivery.name}: {how}")
        return done

    def _waits_for_others(self, order: Order, parcel: Parcel) -> bool:
        """Whether the package holds other orders, too, of which one is not as far as this one in Odoo. When it is, the
        watch looks at it, and the package is shipped then."""
        if order.split_or_combine_tag != "COMBINED" or not parcel.id:
            return False
        others = [each for each in self._client.package_detail(parcel.id).order_ids if each != order.id]
        found = self._deliveries.states(others, {"draft", "waiting", "confirmed", "assigned", "done"})
        due = due_states(self._settings)
        return any(each not in found or not due.issuperset(found[each].values()) for each in others)

    def _arranged(self, order: Order, share: Share) -> str:
        """As :meth:`_arrange`; what is in the way is also said on the delivery, each reason once."""
        try:
            return self._arrange(order, share)
        except OrderError as error:
            digest = hashlib.sha256(error.message.encode()).hexdigest()[:16]
            if self._memory.first_time(f"refused {share.delivery.id} {error.code} {digest}"):
                self._deliveries.note(share.delivery, f"TikTok Shop: {error.message} {error.remedy}")
            raise

    def _arrange(self, order: Order, share: Share) -> str:
        parcel, delivery = share.parcel, share.delivery
        try:
            if len(share.items) == len(parcel.items):
                return self._ship(order, parcel, delivery)
            if order.shipping_type == "SELLER" and self._region in _MARKED_AS_SHIPPED:
                return self._mark(order, share)
            ids = [item.id for item in share.items]
            rest = [item.id for item in parcel.items if item not in share.items]
            self._client.split_order(order.id, [ids, rest])
            return f"package {parcel.id} is split: {len(ids)} units to ship now, {len(rest)} later"
        except TikTokPermanentError as error:
            if error.code in _SHIPPED:
                return f"package {parcel.id} was shipped already"
            if error.concerns_every_call:
                raise
            raise OrderError(
                f"TikTok did not take package {parcel.id or 'of ' + order.id} of {delivery.name}: {error.message}",
                code="ship_refused",
                remedy="Correct what it says, or ship the package in Seller Center. It is tried again by itself.",
            ) from None

    def _ship(self, order: Order, parcel: Parcel, delivery: Delivery) -> str:
        if order.shipping_type == "SELLER":
            return self._ship_by_seller(order, parcel, delivery)
        if not parcel.id:
            raise OrderError(
                f"TikTok has no package yet for {delivery.name}.",
                code="no_package",
                remedy="In this market a label is bought in Seller Center, with the parcel's size: ship it there.",
            )
        slots = self._client.handover_time_slots(parcel.id)
        method, slot = self._handover(slots)
        self._client.ship_package(parcel.id, handover_method=method, pickup_slot=slot)
        when = f", from {slot.start_time:%Y-%m-%d %H:%M} to {slot.end_time:%H:%M} UTC" if slot else ""
        how = "drop-off" if method == "DROP_OFF" else "pick-up"
        return f"package {parcel.id} is to be shipped by {how}{when}"

    def _handover(self, slots: HandoverSlots) -> tuple[str, PickupSlot | None]:
        """As the shop is set to, where TikTok offers it; else the other way."""
        free = [slot for slot in slots.pickup_slots if slot.is_available]
        can_pick_up = slots.can_pickup and bool(free)
        if can_pick_up and (self._settings.handover == "pickup" or not slots.can_drop_off):
            return "PICKUP", min(free, key=lambda slot: slot.start_time)
        if slots.can_drop_off or not slots.can_pickup:
            return "DROP_OFF", None
        return "PICKUP", None  # markets without slots: TikTok chooses the time

    def _ship_by_seller(self, order: Order, parcel: Parcel, delivery: Delivery) -> str:
        tracking = _tracking_of(delivery)
        if not parcel.id or self._region in _MARKED_AS_SHIPPED:
            return self._mark(order, Share(parcel, parcel.items, delivery))
        name = self._settings.shipping_provider or delivery.carrier_name
        self._client.ship_package(parcel.id, tracking_number=tracking, shipping_provider_id=self._provider(order, name))
        return f"package {parcel.id} is shipped with {name}, {tracking}"

    def _mark(self, order: Order, share: Share) -> str:
        tracking = _tracking_of(share.delivery)
        name = self._settings.shipping_provider or share.delivery.carrier_name
        shipped = self._client.mark_as_shipped(
            order.id,
            tracking_number=tracking,
            shipping_provider_id=self._provider(order, name),
            line_item_ids=[item.id for item in share.items],
        )
        warning = f" (TikTok warns: {shipped.warning})" if shipped.warning else ""
        return f"package {shipped.package_id} is shipped with {name}, {tracking}{warning}"

    def _provider(self, order: Order, name: str) -> str:
        option = order.delivery_option_id
        if option not in self._providers:
            found = self._client.shipping_providers(option) if option else []
            self._providers[option] = {each.name.casefold(): each.id for each in found}
        known = self._providers[option]
        if name.casefold() in known:
            return known[name.casefold()]
        raise OrderError(
            f"TikTok knows no carrier called {name!r} for this order." if name else "The delivery has no carrier.",
            code="unknown_provider",
            remedy="Choose the shop's shipping provider (`tiktok-odoo shops set --shipping-provider`), or name the "
            f"delivery's carrier as TikTok does: {', '.join(sorted(known)) or 'it lists none'}.",
        )


def shares_of(parcels: Sequence[Parcel], due: Sequence[Delivery], variants: Mapping[str, int]) -> list[Share]:
    """Which units of parcels that are not arranged are in one of the deliveries ``due``. Pure.

    :param variants: Odoo's product variant of each SKU id.
    """
    taken = Counter(variants[item.sku_id] for parcel in parcels if parcel.is_arranged for item in parcel.items)
    shares: list[Share] = []
    for delivery in due:
        free = _units(delivery)
        both = free & taken  # what shipped before was in the deliveries that were done before
        free -= both
        taken -= both
        for parcel in parcels:
            if parcel.is_arranged or any(share.parcel is parcel for share in shares):
                continue
            items = []
            for item in parcel.items:
                if free[variants[item.sku_id]] > 0:
                    free[variants[item.sku_id]] -= 1
                    items.append(item)
            if items:
                shares.append(Share(parcel, tuple(items), delivery))
    return shares


def _units(delivery: Delivery) -> Counter[int]:
    units: Counter[int] = Counter()
    for move in delivery.moves:
        if move.state != "cancel":
            units[move.product_id] += int(move.quantity)
    return units


def _all_told(parcels: Sequence[Parcel], due: Sequence[Delivery]) -> bool:
    """Whether TikTok knows of as many units as have left in these deliveries."""
    shipped = sum(len(parcel.items) for parcel in parcels if parcel.is_arranged)
    return shipped >= sum(_units(delivery).total() for delivery in due)


def _tracking_of(delivery: Delivery) -> str:
    tracking = delivery.tracking.strip()
    if tracking:
        return tracking
    raise OrderError(
        f"{delivery.name} has no tracking reference, and the seller ships this order.",
        code="no_tracking",
        remedy="Enter the Tracking Reference on the delivery in Odoo.",
    )
