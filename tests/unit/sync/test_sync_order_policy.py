"""What is to happen with an order, by status, kind and the shop's settings."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from tests.unit.builders import PLACED_AT, make_order, make_shop
from worker.errors import OrderError
from worker.sync.order_policy import Action, decide


def action(settings: dict[str, Any] | None = None, **fields: Any) -> tuple[Action, str]:
    return decide(make_order(**fields), make_shop(**(settings or {})).settings)


@pytest.mark.parametrize(
    "status",
    ["AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"],
)
def test_a_paid_order_is_imported_even_if_it_shipped_meanwhile(status: str) -> None:
    assert action(status=status) == (Action.IMPORT, "")


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD"])
def test_an_order_that_is_not_free_yet_waits(status: str) -> None:
    assert action(status=status) == (Action.WAIT, status.lower())


@pytest.mark.parametrize("status", ["CANCELLED", "CANCEL", "canceled"])
def test_a_cancelled_order_is_cancelled_however_it_is_spelt(status: str) -> None:
    assert action(status=status)[0] is Action.CANCEL


def test_an_unknown_status_is_never_guessed() -> None:
    with pytest.raises(OrderError, match="status 'TELEPORTED'") as refused:
        action(status="TELEPORTED")
    assert refused.value.code == "unknown_status"
    assert "looked at again" in refused.value.remedy


@pytest.mark.parametrize(("seconds", "expected"), [(-1, Action.IMPORT), (0, Action.IMPORT), (1, Action.SKIP)])
def test_the_go_live_date_decides(seconds: int, expected: Action) -> None:
    go_live = PLACED_AT + timedelta(seconds=seconds)
    assert action({"go_live": go_live})[0] is expected
    assert action({"go_live": go_live.astimezone(timezone(timedelta(hours=7)))})[0] is expected
    assert go_live.tzinfo is UTC


@pytest.mark.parametrize("kind", ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"])
def test_orders_that_tiktok_fulfils_are_left_alone_unless_asked_for(kind: str) -> None:
    assert action(fulfillment_type=kind) == (Action.SKIP, "fulfilled_by_tiktok")
    assert action({"import_fbt": True}, fulfillment_type=kind)[0] is Action.IMPORT


def test_an_order_without_a_fulfillment_type_is_the_sellers() -> None:
    assert action(fulfillment_type="")[0] is Action.IMPORT


def test_sample_orders_are_imported_unless_switched_off() -> None:
    assert action(is_sample_order=True)[0] is Action.IMPORT
    assert action({"import_samples": False}, is_sample_order=True) == (Action.SKIP, "sample")
