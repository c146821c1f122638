"""TikTok in bad weather: garbage, limits, outages, odd orders, tokens that end. Nothing is lost, others go on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import tenacity

from sandbox.model import ALL_SCOPES
from tests.support import World
from worker.state.problems import Problem, shop_scope
from worker.state.shops import Shop
from worker.sync import reporting
from worker.tiktok import transport

DETAIL = "/order/202507/orders"
SEARCH = "/order/202309/orders/search"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds and minutes of production are tenths of seconds here; a pause that TikTok asks for is kept."""
    monkeypatch.setattr(reporting, "UNAVAILABLE_PAUSE", 0.3)
    monkeypatch.setattr(reporting, "MISCONFIGURED_PAUSE", 0.3)
    monkeypatch.setattr(transport, "_BACKOFF", tenacity.wait_fixed(0.05))


def shop_problem(world: World, shop: Shop) -> Problem:
    """The one problem that operators are shown; it is the shop's."""
    (problem,) = world.runtime.problems.all()
    assert problem.scope == shop_scope(shop.id)
    return problem


FAULTS = [
    ("garbage", "not_json", "did not send TikTok Shop's JSON"),
    ("500", "temporary", "Internal error"),
    ("503_empty", "not_json", "HTTP 503"),
    ("drop", "no_answer", "did not answer"),
    ("timeout", "no_answer", "did not answer"),
]


@pytest.mark.parametrize(("kind", "code", "named"), FAULTS)
def test_a_fault_of_tiktoks_that_stays_postpones_the_orders_and_one_that_passes_is_not_noticed(
    world: World, kind: str, code: str, named: str
) -> None:
    impatient = world.with_settings(tiktok_timeout=0.4)
    shop = impatient.link_shop()
    ids = [impatient.order(shop) for _ in range(2)]
    impatient.queue(shop).mark(ids)
    impatient.tiktok.fail_next(50, kind, path=DETAIL, seconds=2)
    assert impatient.drain_once(shop) is False
    problem = shop_problem(impatient, shop)
    assert problem.code == code
    assert named in problem.message
    assert DETAIL in problem.message
    assert impatient.is_waiting(shop, *ids)
    impatient.tiktok.clear_faults()
    impatient.tiktok.fail_next(1, kind, path=DETAIL, seconds=2)
    impatient.catch_up(shop)
    assert [impatient.sale(order_id)["state"] for order_id in ids] == ["sale"] * 2
    assert impatient.runtime.problems.all() == []


def test_a_429_is_obeyed_for_as_long_as_tiktok_says(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.tiktok.fail_next(1, "429", path=DETAIL, retry_after="2")
    started = time.monotonic()
    world.import_orders(shop, order_id)
    assert time.monotonic() - started >= 2
    assert world.sale(order_id)["state"] == "sale"


def test_a_429_for_minutes_gives_the_worker_back_and_keeps_the_orders_for_later(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.queue(shop).mark([order_id])
    world.tiktok.fail_next(1, "429", path=DETAIL, retry_after="600")
    started = time.monotonic()
    world.drain_once(shop)
    assert time.monotonic() - started < 5
    assert shop_problem(world, shop).code == "rate_limited"
    assert world.is_waiting(shop, order_id)
    ((_, due),) = world.runtime.redis.zrange(f"tts:orders:due:{shop.id}", 0, -1, withscores=True)
    assert due - time.time() > 590


@pytest.mark.parametrize("field", ["payment", "id", "line_items", "create_time"])
def test_an_answer_that_lacks_a_field_parks_its_orders_naming_the_field_until_it_is_whole(
    world: World, field: str
) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.tiktok.fail_next(1, "missing_field", path=DETAIL, name=field)
    world.import_orders(shop, order_id)
    (parked,) = world.queue(shop).all_parked()
    assert (parked.id, parked.code) == (order_id, "invalid_order")
    assert field in parked.message
    assert parked.remedy
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"
    assert world.queue(shop).all_parked() == []


@pytest.mark.parametrize("field", ["orders", "data"])
def test_an_answer_without_its_list_parks_nothing_for_good(world: World, field: str) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.tiktok.fail_next(1, "missing_field", path=DETAIL, name=field)
    world.import_orders(shop, order_id)
    assert world.sales(order_id) == []
    (parked,) = world.queue(shop).all_parked()
    assert parked.next_attempt is not None
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"


def test_an_order_list_whose_rows_lack_a_field_loses_no_order(world: World) -> None:
    shop = world.link_shop()
    ids = [world.order(shop, notify=False) for _ in range(3)]
    world.tiktok.fail_next(1, "missing_field", path=SEARCH, name="update_time")
    world.poll(shop)
    world.catch_up(shop)
    assert {world.sale(order_id)["state"] for order_id in ids} == {"sale"}


def test_an_unknown_status_is_parked_with_its_name_until_tiktok_moves_on(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop, patch={"status": "BEAMED_UP"})
    world.import_orders(shop, order_id)
    parked = world.queue(shop).parked(order_id)
    assert parked is not None
    assert parked.code == "unknown_status"
    assert "BEAMED_UP" in parked.message
    assert [difference.kind for difference in world.reconcile(shop).differences] == ["unknown"]
    world.tiktok.patch_order(order_id, {"status": "AWAITING_SHIPMENT"})
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"


def test_an_unknown_currency_is_parked_with_its_name(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop, patch={"payment": {"currency": "XTS"}})
    world.tiktok.patch_order(
        order_id,
        {"line_items": [item | {"currency": "XTS"} for item in world.tiktok.order(order_id)["line_items"]]},
    )
    good = world.order(shop)
    world.import_orders(shop, order_id, good)
    parked = world.queue(shop).parked(order_id)
    assert parked is not None
    assert (parked.code, "XTS" in parked.message, "XTS" in parked.remedy) == ("missing_pricelist", True, True)
    assert world.sale(good)["state"] == "sale"


def test_an_expired_access_token_is_refreshed_and_the_order_imported(world: World) -> None:
    (linked,) = world.link_seller(["GB"])
    before = world.runtime.tiktok.tokens.load(linked.shop.account_id)
    order_id = world.order(linked.shop)
    assert world.tiktok.expire_access_token(app_key=linked.app.app_key) == 1
    world.import_orders(linked.shop, order_id)
    after = world.runtime.tiktok.tokens.load(linked.shop.account_id)
    assert world.sale(order_id)["state"] == "sale"
    assert before is not None
    assert after is not None
    assert before.access_token != after.access_token
    assert world.runtime.problems.all() == []


def test_a_revoked_authorization_stops_that_account_alone_and_status_names_the_command(
    world: World, tmp_path: Path
) -> None:
    (revoked,) = world.link_seller(["GB"])
    (other,) = world.link_seller(["GB"])
    lost, kept = world.order(revoked.shop), world.order(other.shop)
    world.tiktok.revoke(revoked.username)
    world.import_orders(revoked.shop, lost)
    world.import_orders(other.shop, kept)
    assert world.runtime.accounts.get(revoked.shop.account_id).authorization == "needed"
    assert world.runtime.accounts.get(other.shop.account_id).authorization == "authorized"
    assert world.sale(kept)["state"] == "sale"
    assert world.is_waiting(revoked.shop, lost)
    done = world.command_line(tmp_path)("status", "--json", check=False)
    assert done.returncode == 1
    problems = json.loads(done.stdout)["problems"]
    assert f"`tiktok-odoo accounts reauthorize {revoked.shop.account_id}`" in {row["remedy"] for row in problems}
    # The seller comes back: everything goes on by itself, and the problem is over.
    world.authorize(revoked.shop.account_id, revoked.app, revoked.username, revoked.password)
    world.catch_up(revoked.shop)
    assert world.sale(lost)["state"] == "sale"
    assert world.runtime.problems.all() == []


def test_a_missing_scope_is_a_problem_that_names_the_scope(world: World) -> None:
    (linked,) = world.link_seller(["GB"])
    order_id = world.order(linked.shop)
    app = {"app_key": linked.app.app_key, "app_secret": linked.app.app_secret, "service_id": linked.app.service_id}
    app["redirect_url"] = linked.app.redirect_url
    world.tiktok.create_app(**app, scopes=[scope for scope in ALL_SCOPES if scope != "seller.order.info"])
    world.authorize(linked.shop.account_id, linked.app, linked.username, linked.password)
    world.queue(linked.shop).mark([order_id])
    world.drain_once(linked.shop)
    problem = shop_problem(world, linked.shop)
    assert problem.code == "scope_missing"
    assert "seller.order.info" in problem.remedy
    assert world.is_waiting(linked.shop, order_id)
    world.tiktok.create_app(**app)
    world.authorize(linked.shop.account_id, linked.app, linked.username, linked.password)
    world.catch_up(linked.shop)
    assert world.sale(order_id)["state"] == "sale"


def test_ids_that_make_tiktok_refuse_the_whole_batch_do_not_stop_the_orders_beside_them(world: World) -> None:
    mine, foreign = world.link_seller(["GB", "GB"])
    world.tiktok.configure(unknown_order_ids="error")
    try:
        good = [world.order(mine.shop) for _ in range(5)]
        bad = [world.order(foreign.shop), "576400000000000007"]
        world.import_orders(mine.shop, *good[:2], *bad, *good[2:])
    finally:
        world.tiktok.configure(unknown_order_ids="omit")
    assert {world.sale(order_id)["state"] for order_id in good} == {"sale"}
    assert {entry.id: entry.code for entry in world.queue(mine.shop).all_parked()} == dict.fromkeys(
        bad, "unknown_order"
    )
