"""What is known of orders: searched over all shops, page by page, and Odoo asked only for its own names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from tests.unit.conftest import Clock
from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.errors import ConfigurationError
from worker.state.dirty_set import Parked
from worker.state.ignored import IgnoredOrder
from worker.sync.order_view import find, parked_groups, reason_of, search, story_of, the_order
from worker.sync.runtime import Runtime

OTHER = "7495540735365777999"


@pytest.fixture
def odoo() -> Gateway:
    """Odoo with one sales order of each shop under the same name, and one that is not TikTok's business any more."""

    def named(call: Call) -> list[dict[str, Any]]:
        name = next(value for field, _, value in call.arguments["domain"] if field == "name")
        found = {"S00001": [(SHOP_ID, "571")], "S00002": [(SHOP_ID, "572"), (OTHER, "901")], "S9": [("gone", "1")]}
        return [
            {"id": number, "origin": f"TikTok Shop {shop}", "client_order_ref": order}
            for number, (shop, order) in enumerate(found.get(name.upper(), []))
        ]

    return Gateway({"sale.order.search_read": named})


@pytest.fixture
def runtime(runtime: Runtime, odoo: Gateway, clock: Clock) -> Runtime:
    add_account(runtime)
    runtime.shops.claim(make_shop())
    runtime.shops.claim(make_shop(OTHER))
    runtime.__dict__["odoo"] = odoo
    return runtime


def due(runtime: Runtime, shop_id: str, *order_ids: str) -> None:
    runtime.queue(shop_id).mark(order_ids)


def ids(places: Any) -> list[str]:
    return [place.order_id for place in places]


def test_orders_of_all_shops_come_newest_first(runtime: Runtime, clock: Clock) -> None:
    for shop_id, order_id in ((SHOP_ID, "571"), (OTHER, "901"), (SHOP_ID, "572")):
        due(runtime, shop_id, order_id)
        clock.forward(1)
    assert ids(search(runtime).orders) == ["572", "901", "571"]
    assert ids(search(runtime, shop=runtime.shops.get(OTHER)).orders) == ["901"]
    assert ids(search(runtime, state="parked").orders) == []


def test_pages_lead_on_until_the_last(runtime: Runtime) -> None:
    for shop_id in (SHOP_ID, OTHER):
        due(runtime, shop_id, *(f"{shop_id[-3:]}{number:03}" for number in range(60)))  # in one moment
    pages, before = [], ""
    while True:
        found = search(runtime, before=before)
        pages.append(ids(found.orders))
        before = found.older
        if not before:
            break
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({order_id for page in pages for order_id in page}) == 120


def test_days_narrow_the_list_down(runtime: Runtime, clock: Clock) -> None:
    start = datetime.fromtimestamp(clock.now, UTC)
    for order_id in ("571", "572", "573"):
        due(runtime, SHOP_ID, order_id)
        clock.forward(86400)
    day = timedelta(days=1)
    assert ids(search(runtime, since=start + day).orders) == ["573", "572"]
    assert ids(search(runtime, until=start + day).orders) == ["571"]
    assert ids(search(runtime, since=start + day, until=start + 2 * day).orders) == ["572"]
    assert ids(search(runtime, since=start, until=start + 2 * day, limit=1).orders) == ["572"]


def test_an_order_is_found_by_its_id_without_asking_odoo(runtime: Runtime, odoo: Gateway) -> None:
    due(runtime, OTHER, "901")
    assert [(place.shop_id, place.state) for place in find(runtime, " 901 ")] == [(OTHER, "due")]
    assert find(runtime, "902") == []
    assert find(runtime, "") == []
    assert odoo.calls == []


def test_an_order_is_found_by_odoos_name_though_redis_has_forgotten_it(runtime: Runtime) -> None:
    runtime.queue(SHOP_ID).ignored.put(["571"], IgnoredOrder(note="n", by="anna"))
    assert [(place.order_id, place.state) for place in find(runtime, "s00001")] == [("571", "ignored")]
    assert ids(find(runtime, "S00002")) == ["572", "901"]  # two companies number alike
    assert ids(find(runtime, "S00002", shop=runtime.shops.get(OTHER))) == ["901"]
    assert find(runtime, "S9") == []  # of a shop that was removed
    assert find(runtime, "S00404") == []


def test_odoo_is_never_asked_for_everything(runtime: Runtime, odoo: Gateway) -> None:
    find(runtime, "%")
    (call,) = odoo.calls
    assert ("name", "=ilike", "") in call.arguments["domain"]
    assert call.arguments["limit"] == 50


def test_the_one_order_that_is_meant(runtime: Runtime) -> None:
    due(runtime, OTHER, "901")
    assert the_order(runtime, "901")[0].id == OTHER
    shop = runtime.shops.get(SHOP_ID)
    assert the_order(runtime, "999", shop=shop) == (shop, "999")  # nobody knows it, but it may be asked for
    with pytest.raises(ConfigurationError, match="more than one"):
        the_order(runtime, "S00002")
    for unknown in ("999", "S00404"):
        with pytest.raises(ConfigurationError, match="No shop knows"):
            the_order(runtime, unknown)


def test_one_orders_story(runtime: Runtime) -> None:
    shop = runtime.shops.get(SHOP_ID)
    runtime.timeline(SHOP_ID).add(["571"], "poll", "changed")
    story = story_of(runtime, shop, "571")
    assert (story.place, [entry.text for entry in story.timeline]) == (None, ["changed"])


def test_parked_orders_stand_by_reason_and_what_must_ship_first_is_first(runtime: Runtime, clock: Clock) -> None:
    now = datetime.fromtimestamp(clock.now, UTC)
    soon, later = now + timedelta(hours=2), now + timedelta(hours=9)
    parked = [
        (SHOP_ID, Parked(id="571", code="total_mismatch", message="a", since=now - timedelta(days=3))),
        (SHOP_ID, Parked(id="572", code="unknown_sku", message="b", remedy="Map it.", ship_by=later, since=now)),
        (OTHER, Parked(id="901", code="unknown_sku", message="c", remedy="Map it.", ship_by=soon, since=now)),
    ]
    for shop_id, entry in parked:
        queue = runtime.queue(shop_id)
        queue.mark([entry.id])
        queue.park(queue.claim(1, 60), entry, 60)
    first, second = parked_groups(runtime, runtime.shops.all())
    assert (first.code, first.remedy, first.ship_by, ids(first.orders)) == (
        *("unknown_sku", "Map it.", soon),
        ["901", "572"],
    )
    assert (second.code, second.ship_by, second.oldest) == ("total_mismatch", None, now - timedelta(days=3))
    assert [reason_of(place) for place in first.orders] == ["c", "b"]
    assert [group.code for group in parked_groups(runtime, [runtime.shops.get(OTHER)])] == ["unknown_sku"]
