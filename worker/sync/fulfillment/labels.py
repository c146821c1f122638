"""Tracking numbers and shipping labels: on the delivery that they belong to, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from worker.errors import ConnectorError, OrderError, RetryableError
from worker.odoo.deliveries import Carriers, Deliveries, Delivery
from worker.state.fulfillment import Fulfillment
from worker.state.shops import ShopSettings
from worker.sync.fulfillment.parcels import Parcel
from worker.tiktok.client import ShopClient
from worker.tiktok.documents import Documents
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import Order

log = structlog.get_logger(__name__)

#: TikTok has no label for such a parcel (any more): the seller's own shipping, collected, or an after-sale case open.
_NO_LABEL = {"no_label", "already_collected", "after_sale_open"}


class LabelNotReadyError(RetryableError):
    """TikTok is still making the label."""

    code = "label_pending"


def label_name(package_id: str) -> str:
    """The file name of a package's label on its delivery, by which it is known again."""
    return f"label-{package_id}.pdf"


class Labels:
    """Labels and tracking numbers of one shop's parcels."""

    def __init__(
        self,
        client: ShopClient,
        documents: Documents,
        memory: Fulfillment,
        *,
        deliveries: Deliveries,
        carriers: Carriers,
        settings: ShopSettings,
    ) -> None:
        self._client = client
        self._documents = documents
        self._memory = memory
        self._deliveries = deliveries
        self._carriers = carriers
        self._settings = settings

    def run(self, order: Order, parcels: Sequence[Parcel], assigned: Mapping[str, Delivery]) -> list[str]:
        """Bring labels and tracking numbers of arranged parcels onto their deliveries; answers what was done, in words.

        :raises LabelNotReadyError: a label is still being made; everything else is done.
        :raises OrderError: ``label_not_fetched``; everything else is done.
        """
        done = self._track(parcels, assigned)
        faults: list[ConnectorError] = []
        for parcel in parcels:
            delivery = assigned.get(parcel.id)
            if not parcel.id or not parcel.is_arranged or delivery is None or order.shipping_type == "SELLER":
                continue
            try:
                if self._label(parcel, delivery):
                    done.append(f"label of package {parcel.id} attached to {delivery.name}")
            except (LabelNotReadyError, OrderError) as error:
                faults.append(error)
        if faults:
            raise next((error for error in faults if isinstance(error, OrderError)), faults[0])
        return done

    def _track(self, parcels: Sequence[Parcel], assigned: Mapping[str, Delivery]) -> list[str]:
        """Several parcels of one delivery have their numbers side by side."""
        done = []
        by_delivery: dict[int, list[Parcel]] = {}
        for parcel in parcels:
            if parcel.tracking and parcel.is_arranged and parcel.id in assigned:
                by_delivery.setdefault(assigned[parcel.id].id, []).append(parcel)
        for own in by_delivery.values():
            delivery = assigned[own[0].id]
            tracking = ", ".join(dict.fromkeys(parcel.tracking for parcel in own))
            if tracking == delivery.tracking:
                continue
            provider = next((parcel.provider for parcel in own if parcel.provider), "")
            carrier = self._carriers.named(provider, self._settings.default_carrier_id) if provider else None
            self._deliveries.set_tracking(delivery, tracking, carrier)
            done.append(f"tracking {tracking} on {delivery.name}")
        return done

    def _label(self, parcel: Parcel, delivery: Delivery) -> bool:
        settled = f"label {parcel.id} {delivery.id}"
        if self._memory.were_done([settled]):
            return False
        filename = label_name(parcel.id)
        if (filename, delivery.id) in self._deliveries.labelled([delivery.id]):  # Redis was lost since
            self._memory.first_time(settled)
            return False
        if parcel.has_left:  # nobody needs it now, and TikTok gives it no more
            return False
        try:
            document = self._client.shipping_document(parcel.id, document_size=self._settings.label_size)
        except TikTokPermanentError as error:
            if error.code in _NO_LABEL:
                return False
            raise
        except RetryableError as error:
            if error.code == LabelNotReadyError.code:
                raise LabelNotReadyError(error.message, retry_after=error.retry_after) from None
            raise
        try:
            pdf = self._documents.pdf(document.doc_url)
        except ConnectorError as error:
            if self._memory.first_time(f"link {parcel.id} {delivery.id}"):
                self._deliveries.note(
                    delivery, f"Shipping label of package {parcel.id} (the link works for 24 hours): {document.doc_url}"
                )
            raise OrderError(
                f"The label of package {parcel.id} could not be fetched: {error.message}",
                code="label_not_fetched",
                remedy=f"Its link is in the notes of {delivery.name}. It is tried again by itself, at least every 15 "
                "minutes.",
            ) from None
        attached = self._deliveries.attach_label(delivery, parcel.id, filename, pdf)
        self._memory.first_time(settled)
        return attached
