"""What TikTok tells the apps of a shop: the payload of each webhook type, and to which URL it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.model import Order, Package, Product, ReturnCase, Shop
from sandbox.webhooks import WebhookDispatcher
from sandbox.world import World

EVENT_TYPES = {
    "ORDER_STATUS_CHANGE": 1,
    "REVERSE_STATUS_UPDATE": 2,
    "RECIPIENT_ADDRESS_UPDATE": 3,
    "PACKAGE_UPDATE": 4,
    "PRODUCT_STATUS_CHANGE": 5,
    "SELLER_DEAUTHORIZATION": 6,
    "UPCOMING_AUTHORIZATION_EXPIRATION": 7,
    "CANCELLATION_STATUS_CHANGE": 11,
    "RETURN_STATUS_CHANGE": 12,
    "NEW_CONVERSATION": 13,
    "NEW_MESSAGE": 14,
    "PRODUCT_INFORMATION_CHANGE": 15,
    "PRODUCT_CREATION": 16,
    "PRODUCT_CATEGORY_CHANGE": 18,
    "NEW_MESSAGE_LISTENER": 33,
    "INVOICE_STATUS_CHANGE": 36,
    "PRODUCT_AUDIT_STATUS_CHANGE": 37,
}


class Notifier:
    """Sends each event of a shop to every app that the seller authorized: shop-level URL first, else app-wide."""

    def __init__(self, world: World, dispatcher: WebhookDispatcher) -> None:
        self._world = world
        self._dispatcher = dispatcher

    def send(self, shop: Shop, event_type: str, data: dict[str, Any]) -> None:
        """Queue one event for the apps that have a grant of the shop's seller now."""
        for grant in self._world.grants_for(shop):
            registration = shop.webhook_urls.get((grant.app.app_key, event_type))
            url = registration.address if registration else grant.app.webhook_url
            if url:
                payload = {
                    "type": EVENT_TYPES[event_type],
                    "tts_notification_id": self._world.ids.new("notification"),
                    "shop_id": shop.id,
                    "timestamp": self._world.now(),
                    "data": data,
                }
                self._dispatcher.notify(grant.app, url, payload)

    def order_status(self, order: Order) -> None:
        """Type 1. It says ``CANCEL`` where the API says ``CANCELLED``, and never tells of PARTIALLY_SHIPPING."""
        status = {"CANCELLED": "CANCEL"}.get(order.status, order.status)
        if status == "PARTIALLY_SHIPPING":
            return
        self.send(
            order.shop,
            "ORDER_STATUS_CHANGE",
            {
                "order_id": order.id,
                "order_status": status,
                "is_on_hold_order": order.fields["is_on_hold_order"],
                "update_time": order.fields["update_time"],
            },
        )

    def address_changed(self, order: Order) -> None:
        """Type 3: the new address has to be read from the order."""
        data = {"order_id": order.id, "update_time": order.fields["update_time"]}
        self.send(order.shop, "RECIPIENT_ADDRESS_UPDATE", data)

    def package_update(self, shop: Shop, sc_type: str, packages: Sequence[Package], role: str = "SELLER") -> None:
        """Type 4: the ids of packages are others than before."""
        self.send(
            shop,
            "PACKAGE_UPDATE",
            {
                "sc_type": sc_type,
                "role_type": f"ROLE_{role}",
                "package_list": [{"package_id": each.id, "order_id_list": each.order_ids} for each in packages],
                "update_time": self._world.now(),
            },
        )

    def return_status(self, case: ReturnCase) -> None:
        """Type 12."""
        self.send(
            case.order.shop,
            "RETURN_STATUS_CHANGE",
            {
                "order_id": case.order.id,
                "return_role": case.role,
                "return_type": case.type,
                "return_status": case.status,
                "return_id": case.id,
                "create_time": case.create_time,
                "update_time": case.update_time,
            },
        )

    def cancellation(self, order: Order, cancel_id: str, role: str, status: str) -> None:
        """Type 11; ``cancellations_role`` is TikTok's spelling."""
        self.send(
            order.shop,
            "CANCELLATION_STATUS_CHANGE",
            {
                "order_id": order.id,
                "cancellations_role": role,
                "cancel_status": status,
                "cancel_id": cancel_id,
                "create_time": self._world.now(),
            },
        )

    def product_status(self, product: Product, before: str) -> None:
        """Type 5. It says what kind of change it was and not the status; the id is an integer here.

        :param before: the status that the product had.
        """
        kind = "PRODUCT_STATUS_CHANGED"
        if product.status == "FAILED":
            kind = "PRODUCT_AUDIT_FAILURE"
        elif product.status == "ACTIVATE" and before in ("DRAFT", "PENDING", "FAILED"):
            kind = "PRODUCT_FIRST_PASS_REVIEW"
        suspended = product.status in ("PLATFORM_DEACTIVATED", "FREEZE")
        self.send(
            product.shop,
            "PRODUCT_STATUS_CHANGE",
            {
                "product_id": int(product.id),
                "status": kind,
                "suspended_reason": "The listing violates a rule" if suspended else "",
                "update_time": product.update_time,
            },
        )

    def product_information(self, product: Product, changed_fields: list[str]) -> None:
        """Type 15, of an edit in Seller Center; the id is a string here."""
        self.send(
            product.shop,
            "PRODUCT_INFORMATION_CHANGE",
            {
                "product_id": product.id,
                "change_source": "SELLER_CENTER",
                "changed_fields": changed_fields,
                "update_time": product.update_time,
            },
        )

    def product_created(self, product: Product) -> None:
        """Type 16; the id is an integer here."""
        data = {"product_id": int(product.id), "product_types": [], "update_time": product.update_time}
        self.send(product.shop, "PRODUCT_CREATION", data)

    def deauthorized(self, shop: Shop) -> None:
        """Type 6; call it while the grant is still there."""
        message = f"Shop_id {shop.id} is deauthorized from your APP by merchant."
        self.send(shop, "SELLER_DEAUTHORIZATION", {"message": message})

    def expiring(self, shop: Shop, expiration_time: int) -> None:
        """Type 7; the time is a string here."""
        message = f"The authorization of shop_id {shop.id} will expire soon."
        data = {"message": message, "expiration_time": str(expiration_time)}
        self.send(shop, "UPCOMING_AUTHORIZATION_EXPIRATION", data)
