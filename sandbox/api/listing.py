"""Searches of packages, cancellations and returns: filtered by time, sorted, cut into pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from sandbox.api.parameters import next_page, number, one_of, page_offset, page_size
from sandbox.routing import Call


class Timed(Protocol):
    """A thing with the two times by which TikTok's searches filter and sort."""

    create_time: int
    update_time: int


T = TypeVar("T", bound=Timed)


def listed(
    call: Call, things: Sequence[T], sort_fields: tuple[str, ...], *, low: int, high: int, default: str
) -> tuple[list[T], dict[str, Any]]:
    """The page that is asked for, and what comes beside it in the answer.

    :param low: smallest page; ``high`` the largest.
    :param default: the sort order without ``sort_order``.
    """
    size, offset = page_size(call.query, low=low, high=high), page_offset(call.query)
    # A misspelt sort_field silently falls back to the default, as on TikTok.
    sort_field = call.query.get("sort_field", sort_fields[0])
    sort_field = sort_field if sort_field in sort_fields else sort_fields[0]
    order = one_of(call.query, "sort_order", ("ASC", "DESC")) or default
    found = list(things)
    for name in ("create_time", "update_time"):
        start, end = number(call.body, f"{name}_ge"), number(call.body, f"{name}_lt")
        found = [
            each
            for each in found
            if (start is None or getattr(each, name) >= start) and (end is None or getattr(each, name) < end)
        ]
    found.sort(key=lambda each: (getattr(each, sort_field), str(vars(each)["id"])), reverse=order == "DESC")
    page = found[offset : offset + size]
    return page, {"next_page_token": next_page(offset, size, len(found)), "total_count": len(found)}
