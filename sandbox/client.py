"""Python client of the control API: what the demo and the tests use to play TikTok, its sellers and its buyers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sandbox.client_catalog import CatalogControl, SandboxSku
from sandbox.client_delivery import DeliveryControl
from sandbox.control_session import SandboxControlError

__all__ = ["SandboxApp", "SandboxControl", "SandboxControlError", "SandboxShop", "SandboxSku"]


@dataclass(frozen=True)
class SandboxApp:
    app_key: str
    app_secret: str
    service_id: str
    redirect_url: str
    webhook_url: str
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class SandboxShop:
    """``warehouse_ids`` are those to sell from, the default one first; ``seller`` is the user name."""

    id: str
    cipher: str
    code: str
    name: str
    region: str
    currency: str
    seller: str
    warehouse_ids: tuple[str, ...]


class SandboxControl(CatalogControl, DeliveryControl):
    """Talks to one simulator.

    Every method raises ``SandboxControlError`` for what the simulator refuses, and requests' errors when it is away.

    :param base_url: such as ``http://127.0.0.1:8600``.
    """

    # The scene

    def reset(self) -> None:
        """Forget apps, sellers, shops, orders, tokens, faults and counts; settings stay."""
        self._post("/reset")

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change settings (see ``sandbox.settings.Settings``), e.g. ``requests_per_second=5``; all are answered."""
        return self._post("/settings", settings)

    def create_app(self, **fields: Any) -> SandboxApp:
        """Register an app: ``app_key, app_secret, service_id, redirect_url, webhook_url, name, scopes``; all optional.

        The same app key again changes the registration and keeps its tokens.
        """
        answer = self._post("/apps", fields)
        return SandboxApp(**answer | {"scopes": tuple(answer["scopes"])})

    def create_seller(self, username: str, password: str, shops: list[dict[str, Any]]) -> list[SandboxShop]:
        """A seller with shops ``{name, region, currency?, warehouses?, mask_addresses?, seller_type?}``."""
        answer = self._post("/sellers", {"username": username, "password": password, "shops": shops})
        return [_shop(shop) for shop in answer["shops"]]

    def shops(self) -> list[SandboxShop]:
        return [_shop(shop) for shop in self._get("/shops")["shops"]]

    # Orders

    def place_order(self, shop_id: str, lines: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Place one order; see ``sandbox.specs.OrderSpec`` for the options (status, buyer, discounts, patch, …).

        :param lines: ``{sku_id or seller_sku, quantity?, price?, is_gift?}``.
        :return: the order with its plain address.
        """
        return self._post(f"/shops/{shop_id}/orders", {"lines": lines, **options})

    def place_orders(
        self,
        shop_id: str,
        count: int,
        *,
        rate: float | None = None,
        seed: int = 1,
        status: str | None = None,
        notify: bool = True,
        lines: int | None = None,
    ) -> list[str]:
        """Place random orders, at once or ``rate`` a second in the background.

        :param lines: SKUs of each; one to three without it.
        :return: their ids; empty with a rate (see ``wait_for_traffic``).
        """
        body = {"count": count, "rate": rate, "seed": seed, "status": status, "notify": notify, "lines": lines}
        return list(self._post(f"/shops/{shop_id}/traffic", body)["order_ids"])

    def wait_for_traffic(self, timeout: float) -> None:
        """Wait until no background orders are to come.

        :raises TimeoutError: after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while self.stats()["traffic_running"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"orders still come after {timeout} s")
            time.sleep(0.1)

    def orders(self, shop_id: str) -> list[dict[str, Any]]:
        """All orders of a shop as they are, with plain addresses: the truth to compare with."""
        return list(self._get(f"/shops/{shop_id}/orders")["orders"])

    def order(self, order_id: str) -> dict[str, Any]:
        return self._get(f"/orders/{order_id}")

    def set_status(self, order_id: str, status: str) -> dict[str, Any]:
        """Move an order forward (steps may be left out)."""
        return self._act(order_id, "set_status", {"status": status})

    def cancel(self, order_id: str, *, by: str = "SYSTEM", reason: str = "Unpaid in time") -> dict[str, Any]:
        """Cancel an order that is not delivered; ``by`` is SELLER, BUYER or SYSTEM."""
        return self._act(order_id, "cancel", {"by": by, "reason": reason})

    def change_address(self, order_id: str, **fields: Any) -> dict[str, Any]:
        """Replace fields of ``recipient_address``."""
        return self._act(order_id, "change_address", fields)

    def touch(self, order_id: str) -> dict[str, Any]:
        """Move ``update_time`` only."""
        return self._act(order_id, "touch", {})

    def patch_order(self, order_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Merge a JSON merge patch into an order (``None`` deletes); no webhook is sent."""
        return self._act(order_id, "patch", changes)

    # Faults

    def fail_next(
        self,
        n: int,
        kind: str,
        *,
        path: str = "",
        code: int = 0,
        status: int = 200,
        name: str = "",
        seconds: float = 30.0,
        retry_after: str = "1",
    ) -> None:
        """The next ``n`` calls whose path contains ``path`` fail; kinds are in ``sandbox.specs.FaultSpec``."""
        body = {"n": n, "kind": kind, "path": path, "code": code, "status": status, "name": name}
        self._post("/faults/fail_next", {**body, "seconds": seconds, "retry_after": retry_after})

    def slow(self, seconds: float, path: str = "") -> None:
        """Calls whose path contains ``path`` take longer; 0 ends it."""
        self._post("/faults/slow", {"seconds": seconds, "path": path})

    def clear_faults(self) -> None:
        """End ``fail_next``, ``slow`` and ``refuse_inventory``."""
        self._post("/faults/clear")

    def webhooks(
        self,
        *,
        lose: float | None = None,
        duplicate: float | None = None,
        copies: int | None = None,
        reorder: float | None = None,
        reorder_seconds: float | None = None,
        paused: bool | None = None,
        seed: int | None = None,
    ) -> None:
        """Probabilities (0 to 1) to lose, repeat or delay a webhook; ``paused`` holds all back; ``None`` = as it is.

        :param copies: how often a repeated one comes, in all; 2 at first.
        """
        changes = {"lose": lose, "duplicate": duplicate, "reorder": reorder, "paused": paused, "seed": seed}
        self._post("/webhooks", {**changes, "copies": copies, "reorder_seconds": reorder_seconds})

    def redeliver(self, order_id: str) -> int:
        """Send all kept webhooks of an order again, lost ones too, with their old notification ids.

        :return: how many.
        """
        return int(self._post(f"/orders/{order_id}/redeliver")["count"])

    # Authorization

    def consent(
        self, service_id: str, username: str, password: str, state: str | None = None, *, agree: bool = True
    ) -> str:
        """Log in as the seller and decide, without a browser.

        :param state: ``None`` for a seller who comes from the App Store.
        :return: the redirect URL with the code, which nobody has opened yet.
        """
        body = {"service_id": service_id, "username": username, "password": password, "state": state, "agree": agree}
        return str(self._post("/consent", body)["redirect_url"])

    def expire_access_token(self, *, app_key: str = "", username: str = "") -> int:
        """Let the access tokens of an app and seller ('' = all) end now.

        :return: how many.
        """
        return int(self._post("/expire_access_token", {"app_key": app_key, "username": username})["count"])

    def revoke(self, username: str) -> int:
        """The seller takes back all authorizations (webhook type 6).

        :return: how many.
        """
        return int(self._post("/revoke", {"username": username})["count"])

    def warn_of_expiry(self, shop_id: str, expiration_time: int | None = None) -> None:
        """Send webhook type 7; the time is in epoch seconds, in 30 days by default."""
        self._post("/warn_of_expiry", {"shop_id": shop_id, "expiration_time": expiration_time})

    # Reports

    def calls(self) -> dict[str, dict[str, int]]:
        """``answered`` and ``refused`` calls by API (and code), and ``faults`` by kind."""
        return self._get("/calls")

    def stats(self) -> dict[str, Any]:
        """Counts of things, and under ``webhooks`` of deliveries (``created``, ``delivered``, ``pending`` …)."""
        return self._get("/stats")

    def _act(self, order_id: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._post(f"/orders/{order_id}/{action}", body)


def _shop(fields: dict[str, Any]) -> SandboxShop:
    return SandboxShop(**fields | {"warehouse_ids": tuple(fields["warehouse_ids"])})
