"""Typed calls of the Return and Refund API: cancellations and returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.tiktok.models import Cancellation, Return
from worker.tiktok.models.base import parse_each
from worker.tiktok.parsing import rows
from worker.tiktok.signed import SignedClient
from worker.tiktok.times import ceiling, floor, page_token_of

_CANCELLATIONS = "/return_refund/202309/cancellations/search"
_CANCEL = "/return_refund/202309/cancellations"
_APPROVE = "/return_refund/202309/cancellations/{cancel_id}/approve"
_REJECT = "/return_refund/202309/cancellations/{cancel_id}/reject"
_RETURNS = "/return_refund/202309/returns/search"


@dataclass(frozen=True)
class CancellationPage:
    """One page of cancellations; ``invalid`` holds (id, reason). ``next_page_token`` is empty at the end."""

    cancellations: list[Cancellation]
    invalid: list[tuple[str, str]]
    next_page_token: str


@dataclass(frozen=True)
class ReturnPage:
    """One page of returns; ``invalid`` holds (id, reason). ``next_page_token`` is empty at the end."""

    returns: list[Return]
    invalid: list[tuple[str, str]]
    next_page_token: str


class AfterSaleCalls(SignedClient):
    """Calls for one shop. All raise the three errors of ``worker.tiktok.errors``."""

    def search_cancellations(
        self,
        *,
        order_ids: Sequence[str] = (),
        update_time_ge: datetime | int | None = None,
        update_time_lt: datetime | int | None = None,
        page_size: int = 50,
        page_token: str = "",
    ) -> CancellationPage:
        """One page of cancellations, those that changed first come first (*Search Cancellations*).

        :param page_size: 1 to 50.
        """
        body = {"order_ids": list(order_ids) or None, **_window(update_time_ge, update_time_lt)}
        data = self._call("POST", _CANCELLATIONS, query=_paging(page_size, page_token), body=body)
        found, invalid = parse_each(Cancellation, rows(data, "cancellations", _CANCELLATIONS))
        return CancellationPage(found, invalid, page_token_of(data))

    def cancel_order(self, order_id: str, *, reason: str, line_item_ids: Sequence[str] = ()) -> str:
        """Cancel an order for the seller (*Cancel Order*); answers the cancellation's id.

        :param line_item_ids: only these units; US and UK alone allow it, when they are out of stock.
        """
        body = {"order_id": order_id, "cancel_reason": reason, "order_line_item_ids": list(line_item_ids) or None}
        return str(self._call("POST", _CANCEL, body=body).get("cancel_id") or "")

    def approve_cancellation(self, cancel_id: str, *, idempotency_key: str) -> None:
        """Agree to a buyer's request (*Approve Cancellation*); safe to repeat with the same key."""
        self._call("POST", _APPROVE, ids={"cancel_id": cancel_id}, query={"idempotency_key": idempotency_key}, body={})

    def reject_cancellation(self, cancel_id: str, *, reason: str, comment: str = "", idempotency_key: str) -> None:
        """Refuse a buyer's request (*Reject Cancellation*); safe to repeat with the same key."""
        body = {"reject_reason": reason, "comment": comment or None}
        query = {"idempotency_key": idempotency_key}
        self._call("POST", _REJECT, ids={"cancel_id": cancel_id}, query=query, body=body)

    def search_returns(
        self,
        *,
        order_ids: Sequence[str] = (),
        return_ids: Sequence[str] = (),
        update_time_ge: datetime | int | None = None,
        update_time_lt: datetime | int | None = None,
        page_size: int = 50,
        page_token: str = "",
    ) -> ReturnPage:
        """One page of returns and refunds, those that changed first come first (*Search Returns*).

        :param page_size: 10 to 50.
        """
        body = {"order_ids": list(order_ids) or None, "return_ids": list(return_ids) or None}
        body |= _window(update_time_ge, update_time_lt)
        data = self._call("POST", _RETURNS, query=_paging(page_size, page_token), body=body)
        found, invalid = parse_each(Return, rows(data, "return_orders", _RETURNS))
        return ReturnPage(found, invalid, page_token_of(data))


def _paging(page_size: int, page_token: str) -> dict[str, str]:
    return {
        "page_size": str(page_size),
        "page_token": page_token,
        "sort_field": "update_time",
        "sort_order": "ASC",
    }


def _window(ge: datetime | int | None, lt: datetime | int | None) -> dict[str, Any]:
    return {"update_time_ge": floor(ge), "update_time_lt": ceiling(lt)}
