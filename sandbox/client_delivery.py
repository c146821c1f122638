"""Python client of the control API, the part about packages, cancellations and returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.control_session import ControlSession


class DeliveryControl(ControlSession):
    """What sellers do in Seller Center, carriers on the road, and buyers in the app.

    A package is answered as ``{id, status, order_ids, line_ids, tracking_number, provider, handover_method, tag}``, a
    cancellation as ``{id, order_id, line_ids, status, role, reason, respond_by}``, a return as ``{id, order_id,
    line_ids, type, status}``.
    """

    def packages(self, order_id: str) -> list[dict[str, Any]]:
        """An order's packages, oldest first."""
        return list(self._get(f"/orders/{order_id}/packages")["packages"])

    def ship(self, package_id: str) -> dict[str, Any]:
        """Arrange the shipping of a package, as a person does in Seller Center."""
        return self._post(f"/packages/{package_id}/ship")

    def collect(self, package_id: str) -> dict[str, Any]:
        """The carrier has the package."""
        return self._post(f"/packages/{package_id}/collect")

    def deliver(self, package_id: str) -> dict[str, Any]:
        """The buyer has the package."""
        return self._post(f"/packages/{package_id}/deliver")

    def split(self, order_id: str, groups: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """Cut an order's units into a package for each group of line ids."""
        body = {"groups": [list(group) for group in groups]}
        return list(self._post(f"/orders/{order_id}/split", body)["packages"])

    def combine(self, package_ids: Sequence[str]) -> dict[str, Any]:
        """Put packages of several orders into one."""
        return self._post("/packages/combine", {"package_ids": list(package_ids)})

    def uncombine(self, package_id: str) -> list[dict[str, Any]]:
        """Give each order of a combined package its own again."""
        return list(self._post(f"/packages/{package_id}/uncombine")["packages"])

    def cancel_lines(
        self, order_id: str, line_ids: Sequence[str], *, by: str = "SELLER", reason: str = "Out of stock"
    ) -> dict[str, Any]:
        """Cancel units of an order by line id; answers the order."""
        return self._post(f"/orders/{order_id}/cancel", {"line_ids": list(line_ids), "by": by, "reason": reason})

    def request_cancel(self, order_id: str, line_ids: Sequence[str] = ()) -> str:
        """The buyer asks to cancel; nothing is cancelled yet. Answers the cancellation's id."""
        return str(self._post(f"/orders/{order_id}/request_cancel", {"line_ids": list(line_ids)})["id"])

    def decide_cancellation(self, cancel_id: str, *, approve: bool) -> dict[str, Any]:
        """The seller answers a buyer's request in Seller Center."""
        return self._post(f"/cancellations/{cancel_id}/decide", {"approve": approve})

    def cancellations(self, order_id: str) -> list[dict[str, Any]]:
        """An order's cancellations, oldest first."""
        return list(self._get(f"/orders/{order_id}/cancellations")["cancellations"])

    def request_return(
        self, order_id: str, line_ids: Sequence[str] = (), *, type: str = "RETURN_AND_REFUND", reason: str = ""
    ) -> str:
        """The buyer wants to give units (all) back, or money for them; answers the return's id."""
        body = {"line_ids": list(line_ids), "type": type, "reason": reason}
        return str(self._post(f"/orders/{order_id}/request_return", body)["id"])

    def set_return_status(self, return_id: str, status: str) -> dict[str, Any]:
        """Move a return on."""
        return self._post(f"/returns/{return_id}/set_status", {"status": status})

    def returns(self, order_id: str) -> list[dict[str, Any]]:
        """An order's returns, oldest first."""
        return list(self._get(f"/orders/{order_id}/returns")["returns"])

    def settle(self, shop_id: str) -> dict[str, Any]:
        """Close a statement of all that was delivered, refunded or adjusted: ``{id, settlement}``."""
        return self._post(f"/shops/{shop_id}/settle")

    def adjust(self, shop_id: str, amount: str, reason: str = "") -> None:
        """TikTok gives or takes something that belongs to no order."""
        self._post(f"/shops/{shop_id}/adjust", {"amount": amount, "reason": reason})

    def pay(self, statement_id: str, status: str = "PAID") -> None:
        """The bank takes a statement's money, or not."""
        self._post(f"/statements/{statement_id}/pay", {"status": status})
