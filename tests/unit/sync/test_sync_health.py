"""One judgement of all that status, console and alerts tell: what is the matter, and what a person can do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.unit.builders import SHOP_ID, add_account, make_shop
from tests.unit.conftest import Clock
from worker import metrics
from worker.errors import RetryableError
from worker.metrics import ORDERS_IMPORTED, TIKTOK_CALLS, count
from worker.state.broker import QUEUES
from worker.state.catalog import Listing
from worker.state.cursors import beat
from worker.state.dirty_set import Parked
from worker.state.fulfillment import CancelRequest
from worker.state.history import History
from worker.state.inbox import count as count_webhooks
from worker.state.inventory import Reconciled
from worker.state.metrics import hand_over
from worker.state.problems import ODOO, shop_in_odoo_scope
from worker.state.standing import RedisStanding, _redis, look
from worker.sync import health
from worker.sync.health import Finding, count_ship_soon, overview, take_sample
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant


@pytest.fixture
def well(runtime: Runtime, clock: Clock) -> Runtime:
    """Everything works: beat, a worker on each queue, an account, a shop."""
    metrics.take()
    add_account(runtime)
    runtime.shops.claim(make_shop())
    alive(runtime)
    return runtime


def alive(runtime: Runtime, queues: Iterable[str] = QUEUES) -> None:
    runtime.redis.set("tts-redbeat::lock", "1", ex=30)
    for queue in queues:
        beat(runtime.redis, "worker@host", queue)


def park(runtime: Runtime, order_id: str, ship_by: datetime | None = None) -> None:
    queue = runtime.queue(SHOP_ID)
    queue.mark([order_id])
    claim = queue.claim(50, 60)
    queue.park(claim, Parked(id=order_id, code="unknown_sku", message="x", ship_by=ship_by), 600)


def found(runtime: Runtime) -> dict[str, Finding]:
    return {finding.code: finding for finding in overview(runtime).findings}


def test_when_all_works_there_is_nothing_to_say(well: Runtime) -> None:
    told = overview(well)
    assert (told.ok, told.findings) == (True, [])
    assert told.standing.lag == 0


def test_beat_workers_and_queues_are_told_apart(well: Runtime, clock: Clock) -> None:
    clock.forward(40)
    assert set(found(well)) == {"beat_away"}  # its lock has ended
    clock.forward(30)
    assert set(found(well)) == {"beat_away", "no_heartbeat"}
    alive(well, ["orders"])
    assert found(well) == {}
    clock.forward(280)
    alive(well, ["orders"])
    told = overview(well)
    assert {(finding.code, finding.where) for finding in told.findings} == {
        ("queue_unserved", "queue inventory"),
        ("queue_unserved", "queue catalog"),
        ("queue_unserved", "queue fulfillment"),
        ("queue_unserved", "queue auth"),
    }
    assert told.ok  # nothing waits there
    well.redis.rpush("tts-celery:inventory", "message")
    assert not overview(well).ok


def test_a_broker_that_does_not_answer_is_told_and_the_rest_is_read(well: Runtime) -> None:
    class Away:
        def pipeline(self, **_: object) -> None:
            raise RedisConnectionError

    well.broker = Away()
    park(well, "1")
    assert set(found(well)) == {"broker_unavailable", "orders_parked"}


def test_problems_lead_to_their_place(well: Runtime) -> None:
    error = RetryableError("Odoo does not answer.", code="odoo_unavailable", remedy="Start it.")
    well.problems.report(ODOO, error, 15)
    well.problems.report(shop_in_odoo_scope(SHOP_ID), RetryableError("No right.", code="odoo_rights"), 15)
    told = found(well)
    assert (told["odoo_unavailable"].place, told["odoo_unavailable"].remedy) == ("health", "Start it.")
    assert (told["odoo_rights"].place, told["odoo_rights"].target) == ("shop", SHOP_ID)


@pytest.mark.parametrize(
    ("days", "level"), [(31, None), (29, "warn"), (8, "warn"), (6.9, "bad"), (0.2, "bad"), (-2, "bad")]
)
def test_the_end_of_an_authorization_is_told_in_time(
    well: Runtime, clock: Clock, days: float, level: str | None
) -> None:
    now = datetime.now(UTC)
    grant = TokenGrant(
        access_token="a",
        access_token_expires_at=now - timedelta(days=1),  # renews itself
        refresh_token="r",
        refresh_token_expires_at=now + timedelta(days=days),
    )
    well.tiktok.tokens.save("demo", grant)
    told = found(well).get("authorization_ends")
    assert (told.level if told else None) == level
    if told:
        assert (told.place, told.target) == ("account", "demo")
        assert "reauthorize demo" in told.remedy


def test_an_account_that_must_be_authorized_again_is_told_once(well: Runtime) -> None:
    well.accounts.set_authorization("demo", "needed", "The seller ended it.")
    told = overview(well)
    assert [(finding.code, finding.message) for finding in told.findings] == [("reauthorize", "The seller ended it.")]


def test_parked_orders_say_how_many_must_ship_soon(well: Runtime) -> None:
    now = datetime.now(UTC)
    for number, ship_by in enumerate(
        (None, now + timedelta(hours=23), now - timedelta(days=2), now + timedelta(days=3))
    ):
        park(well, str(number), ship_by)
    assert count_ship_soon(well, look(well.redis, well.broker)) == 2
    take_sample(well)
    assert found(well)["orders_parked"].message == "4 orders are parked. 2 of them must ship within a day."


def test_an_order_that_is_tried_in_vain_grows_late(well: Runtime, clock: Clock) -> None:
    """Each attempt makes it due anew; the lag is counted from the first time."""
    queue = well.queue(SHOP_ID)
    queue.mark(["1"])
    for _ in range(20):
        claim = queue.claim(50, 60)
        queue.again(claim, claim.ids, 15)
        clock.forward(20)
        alive(well)
    told = overview(well)
    assert told.standing.lag == pytest.approx(400)
    assert found(well)["orders_late"].level == "warn"
    claim = queue.claim(50, 60)
    assert claim.seconds_due("1") == pytest.approx(400)
    queue.done(claim, "1")
    assert overview(well).standing.lag == 0


def test_a_shop_that_is_off_is_not_late(well: Runtime, clock: Clock) -> None:
    well.queue(SHOP_ID).mark(["1"])
    shop = well.shops.get(SHOP_ID)
    well.shops.save(shop.model_copy(update={"enabled": False}))
    clock.forward(1000)
    alive(well)
    assert (overview(well).findings, overview(well).standing.lag) == ([], 0)


def test_an_ignored_order_is_not_late(well: Runtime, clock: Clock) -> None:
    from worker.state.ignored import IgnoredOrder

    queue = well.queue(SHOP_ID)
    queue.mark(["1"])
    claim = queue.claim(50, 60)
    queue.again(claim, claim.ids, 15)
    queue.ignored.put(["1"], IgnoredOrder(note="x", by="anna"))
    clock.forward(1000)
    assert look(well.redis, well.broker).lag == 0


def test_refused_stock_and_drift_are_told_by_shop(well: Runtime) -> None:
    queue = well.inventory_queue(SHOP_ID)
    queue.mark(["p"])
    queue.park(queue.claim(1, 60), Parked(id="p", code="stock_refused", message="x"), 60)
    well.inventory(SHOP_ID).note_reconciled(Reconciled(compared=10, drifted=3))
    told = found(well)
    assert (told["stock_refused"].level, told["stock_drift"].level) == ("bad", "warn")
    assert {told["stock_refused"].target, told["stock_drift"].target} == {SHOP_ID}


def ask_to_cancel(runtime: Runtime, order_id: str, respond_by: datetime | None, shop_id: str = SHOP_ID) -> None:
    runtime.fulfillment(shop_id).keep_request(CancelRequest(order_id=order_id, respond_by=respond_by))


@pytest.mark.parametrize(("hours", "level"), [(None, "warn"), (25, "warn"), (23, "bad"), (-1, "bad")], ids=str)
def test_a_buyer_who_asks_to_cancel_is_told_with_the_deadline_which_grows_urgent(
    well: Runtime, hours: float | None, level: str
) -> None:
    respond_by = None if hours is None else datetime.now(UTC) + timedelta(hours=hours)
    ask_to_cancel(well, "571", respond_by)
    told = found(well)["cancel_requests"]
    assert (told.level, told.place, told.target) == (level, "deliveries", SHOP_ID)
    assert told.message.startswith("1 buyer asks to cancel.")
    assert ("The first must be answered by" in told.message) is (respond_by is not None)


def test_the_first_deadline_of_all_shops_is_told_first(well: Runtime) -> None:
    now = datetime.now(UTC)
    well.shops.claim(make_shop("2"))
    well.shops.claim(make_shop("3"))
    ask_to_cancel(well, "571", now + timedelta(hours=9))
    ask_to_cancel(well, "572", now + timedelta(hours=20))
    ask_to_cancel(well, "573", None, "2")
    ask_to_cancel(well, "574", now + timedelta(hours=3), "3")
    told = [finding for finding in overview(well).findings if finding.code == "cancel_requests"]
    assert [finding.target for finding in told] == ["3", SHOP_ID, "2"]
    assert told[1].message.startswith("2 buyers ask to cancel.")
    assert look(well.redis, well.broker).answer_by == now + timedelta(hours=3)


def test_deliveries_with_something_in_the_way_are_told_by_shop(well: Runtime) -> None:
    queue = well.fulfillment_queue(SHOP_ID)
    queue.mark(["571"])
    queue.park(queue.claim(1, 60), Parked(id="571", code="no_tracking", message="x"), 60)
    told = found(well)["deliveries_parked"]
    assert (told.level, told.place, told.target) == ("bad", "deliveries", SHOP_ID)
    assert told.message == "Something is in the way of the delivery of 1 order."


def test_a_delivery_that_nobody_looks_at_grows_late(well: Runtime, clock: Clock) -> None:
    well.fulfillment_queue(SHOP_ID).mark(["571"])
    clock.forward(901)
    alive(well)
    assert look(well.redis, well.broker).fulfillment_lag == pytest.approx(901)
    assert found(well)["deliveries_late"].level == "warn"


@pytest.mark.parametrize(
    ("memory", "persistence", "expected"),
    [
        ({"used_memory": 5, "maxmemory": 9, "maxmemory_policy": "noeviction"}, {"aof_enabled": 1}, (5, 9, True, False)),
        (
            {"used_memory": 5, "maxmemory": 0, "maxmemory_policy": "allkeys-lru"},
            {"aof_enabled": 0},
            (5, None, False, True),
        ),
        ({"used_memory": 5}, {"aof_enabled": 1, "aof_last_write_status": "err"}, (5, None, False, False)),
        (Exception("no permission"), Exception("no permission"), (None, None, None, None)),
    ],
)
def test_what_redis_tells_of_itself(memory: object, persistence: object, expected: tuple[object, ...]) -> None:
    assert _redis(memory, persistence) == RedisStanding(*expected)


def test_a_redis_that_keeps_nothing_is_bad(well: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.state.standing._redis", lambda *_: RedisStanding(keeps=False, evicts=False))
    assert found(well)["redis_keeps_nothing"].message == "Redis does not write what it is told to disk."


def test_everything_is_read_in_a_few_round_trips_however_many_shops(
    well: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        well.shops.claim(make_shop(f"74955407353657{number:05}"))
    sent: list[int] = []
    pipeline = well.redis.pipeline
    monkeypatch.setattr(well.redis, "pipeline", lambda *a, **k: sent.append(1) or pipeline(*a, **k))
    monkeypatch.setattr(well.redis, "execute_command", None)  # nothing is asked outside of a pipeline
    assert len(look(well.redis, well.broker).shops) == 51
    assert len(sent) == 3


def test_unmapped_skus_are_counted_without_reading_the_catalogue(well: Runtime) -> None:
    catalog = well.catalog(SHOP_ID)
    one, two = (Listing(sku_id=sku, product_id="p", code="unknown_sku") for sku in ("1", "2"))
    catalog.keep_listings([one, two, Listing(sku_id="3", product_id="p", variant_id=7)])
    assert [(each.skus, each.unmapped) for each in look(well.redis, well.broker).shops] == [(3, 2)]
    catalog.keep_listings([one.model_copy(update={"variant_id": 8})])
    catalog.forget_skus([two])
    assert [(each.skus, each.unmapped) for each in look(well.redis, well.broker).shops] == [(2, 0)]


def test_a_sample_holds_how_all_stands_and_is_taken_once_a_minute(well: Runtime, clock: Clock) -> None:
    park(well, "1")
    well.queue(SHOP_ID).mark(["2", "3"])
    count(ORDERS_IMPORTED, 5)
    count(TIKTOK_CALLS, api="x", result="no_answer")
    count(TIKTOK_CALLS, api="x", result="ok")
    hand_over(well.redis)
    for outcome in ("stored", "duplicate", "bad_signature"):
        count_webhooks(well.redis, f"webhooks_{outcome}")
    well.redis.rpush("tts-celery:orders", "message")
    well.fulfillment_queue(SHOP_ID).mark(["4", "5", "6"])
    ask_to_cancel(well, "4", None)
    assert (take_sample(well), take_sample(well)) == (True, False)
    kept = History(well.redis).latest()
    assert kept is not None
    assert (kept.due, kept.parked, kept.queues["orders"]) == (2, 1, 1)
    assert (kept.deliveries_due, kept.deliveries_parked, kept.requests) == (3, 0, 1)
    assert kept.totals["imported"] == 5
    assert (kept.totals["tiktok_errors"], kept.totals["webhooks"], kept.totals["webhooks_refused"]) == (1, 2, 1)


def test_every_finding_has_a_remedy_and_nothing_of_a_person(well: Runtime, clock: Clock) -> None:
    clock.forward(9999)
    park(well, "1")
    well.accounts.set_authorization("demo", "needed", "x")
    for finding in overview(well).findings:
        assert finding.remedy, finding.code


def test_the_pauses_fit_the_tasks() -> None:
    assert health.UNSERVED_AFTER > 240  # a task may take that long
