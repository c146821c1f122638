"""Times and page tokens as TikTok's searches take and give them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def floor(moment: datetime | int | None) -> int | None:
    """Epoch seconds for a lower bound."""
    return None if moment is None else math.floor(_epoch(moment))


def ceiling(moment: datetime | int | None) -> int | None:
    """Epoch seconds for an upper bound."""
    return None if moment is None else math.ceil(_epoch(moment))


def page_token_of(data: Mapping[str, Any]) -> str:
    """The token of the next page; empty on the last."""
    return str(data.get("next_page_token") or "")


def _epoch(moment: datetime | int) -> float:
    if isinstance(moment, int):
        return moment
    if moment.tzinfo is None:
        raise ValueError("A time without a time zone: give one in UTC.")
    return moment.timestamp()
