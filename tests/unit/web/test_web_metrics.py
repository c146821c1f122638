"""``/metrics``: who may read it, what it tells, and what it must never tell."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisConnectionError
from web_stubs import Console, Desk

from tests.unit.builders import APP_SECRET, SHOP_ID, make_shop
from tests.unit.conftest import Clock
from web import metric_families
from worker import metrics
from worker.errors import RetryableError
from worker.metrics import ODOO_CALL_SECONDS, ORDERS_IMPORTED, TIKTOK_CALLS, count, observe
from worker.state.cursors import beat
from worker.state.dirty_set import DirtySet, Parked
from worker.state.fulfillment import CancelRequest, Fulfillment
from worker.state.history import History, Sample
from worker.state.orders import OrderQueue
from worker.state.problems import ODOO, Problems, shop_stock_scope
from worker.state.shops import Shops
from worker.state.tokens import TokenStore
from worker.tiktok.models import TokenGrant

TOKEN = "a-long-random-word"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PREFIX = metric_families.PREFIX


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """A receiver whose ``METRICS_TOKEN`` is set."""
    metrics.take()
    values = {"metrics_token": type(desk.parts.settings.secret_keys)(TOKEN)}
    desk.parts.settings = desk.parts.settings.model_copy(update=values)
    return desk


def scraped(desk: Desk) -> dict[str, float]:
    """Every sample as Prometheus reads it, by ``name{label=value,...}`` without the prefix."""
    answer = desk.client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    found = {}
    for family in text_string_to_metric_families(answer.get_data(as_text=True)):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[sample.name.removeprefix(PREFIX) + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer "}],
)
def test_strangers_are_refused(open_desk: Desk, headers: dict[str, str]) -> None:
    answer = open_desk.client.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert PREFIX not in answer.get_data(as_text=True)


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", f"Bearer {TOKEN}", ""])
def test_without_a_token_no_token_opens(desk: Desk, header: str) -> None:
    assert desk.client.get("/metrics", headers={"Authorization": header}).status_code == 401


def test_who_is_logged_in_may_read_it(console: Console) -> None:
    assert console.get("/metrics").status_code == 200


def test_lag_and_states_of_orders_are_told(open_desk: Desk, clock: Clock) -> None:
    queue = OrderQueue(open_desk.redis, SHOP_ID)
    queue.mark(["1", "2", "3"])
    claim = queue.claim(1, 300)
    queue.park(claim, Parked(id=claim.ids[0], code="unknown_sku", message="x"), 600)
    clock.forward(42)
    told = scraped(open_desk)
    assert told["order_lag_seconds"] == told[f"shop_order_lag_seconds{{shop={SHOP_ID}}}"] == pytest.approx(42, abs=0.1)
    assert (told["orders{state=due}"], told["orders{state=parked}"], told["orders{state=later}"]) == (2, 1, 1)
    assert told[f"shop_orders{{shop={SHOP_ID},state=parked}}"] == 1


def test_deliveries_and_the_first_deadline_of_buyers_who_ask_to_cancel_are_told(open_desk: Desk, clock: Clock) -> None:
    queue, memory = DirtySet(open_desk.redis, "fulfillment", SHOP_ID), Fulfillment(open_desk.redis, SHOP_ID)
    told = scraped(open_desk)
    assert (told["fulfillment_lag_seconds"], told["cancel_requests"]) == (0, 0)
    assert "cancel_request_deadline_timestamp_seconds" not in told
    queue.mark(["1", "2"])
    queue.park(queue.claim(1, 300), Parked(id="1", code="no_tracking", message="x"), 600)
    first = datetime(2026, 11, 21, 9, tzinfo=UTC)
    for order_id, respond_by in (("1", None), ("2", first + timedelta(days=1)), ("3", first)):
        memory.keep_request(CancelRequest(order_id=order_id, respond_by=respond_by))
    clock.forward(42)
    told = scraped(open_desk)
    assert told["fulfillment_lag_seconds"] == pytest.approx(42, abs=0.1)
    assert (told["fulfillment_orders{state=due}"], told["fulfillment_orders{state=parked}"]) == (1, 1)
    assert told["cancel_requests"] == 3
    assert told["cancel_request_deadline_timestamp_seconds"] == first.timestamp()


def test_what_tasks_counted_and_webhooks_are_told(open_desk: Desk) -> None:
    count(ORDERS_IMPORTED, 3)
    count(TIKTOK_CALLS, api="GET /order/202309/orders", result="ok")
    observe(ODOO_CALL_SECONDS, 0.3)
    observe(ODOO_CALL_SECONDS, 999.0)
    open_desk.tell()
    open_desk.tell()
    open_desk.client.post("/tiktok/webhook", data=b"{}")
    scraped(open_desk)  # its process hands over when the request ends
    told = scraped(open_desk)
    assert told["orders_imported_total"] == 3
    assert told["tiktok_calls_total{api=GET /order/202309/orders,result=ok}"] == 1
    assert told["odoo_call_seconds_bucket{le=0.25}"] == 0
    assert told["odoo_call_seconds_bucket{le=0.5}"] == told["odoo_call_seconds_bucket{le=120.0}"] == 1
    assert told["odoo_call_seconds_bucket{le=+Inf}"] == told["odoo_call_seconds_count"] == 2
    assert told["odoo_call_seconds_sum"] == pytest.approx(999.3)
    assert told["webhooks_total{outcome=stored}"] == told["webhooks_total{outcome=duplicate}"] == 1
    assert told["webhooks_total{outcome=unsigned}"] == 1


def test_beat_workers_queues_and_problems_are_told(open_desk: Desk, clock: Clock) -> None:
    told = scraped(open_desk)
    assert told["heartbeat_age_seconds"] == told["queue_heartbeat_age_seconds{queue=orders}"] == float("inf")
    assert told["beat_up"] == 0
    beat(open_desk.redis, "worker@host", "orders")
    open_desk.redis.set("tts-redbeat::lock", "1")
    open_desk.redis.rpush("tts-celery:catalog", "message")
    problems = Problems(open_desk.redis)
    problems.report(ODOO, RetryableError("x", code="odoo_unavailable"), 15)
    problems.report(shop_stock_scope(SHOP_ID), RetryableError("x", code="rate_limited"), 15)
    problems.report("account demo authorization", RetryableError("x", code="authorization_ends"), 15)
    clock.forward(5)
    told = scraped(open_desk)
    assert told["heartbeat_age_seconds"] == told["queue_heartbeat_age_seconds{queue=orders}"] == pytest.approx(5, abs=1)
    assert (told["beat_up"], told["broker_up"], told["queue_messages{queue=catalog}"]) == (1, 1, 1)
    assert told["problems{code=odoo_unavailable,scope=odoo}"] == 1
    assert told["problems{code=rate_limited,scope=stock}"] == 1
    assert told["problems{code=authorization_ends,scope=account}"] == 1


def test_the_ends_of_tokens_are_told_and_the_tokens_are_not(open_desk: Desk) -> None:
    ends = datetime(2027, 5, 1, tzinfo=UTC)
    grant = TokenGrant(
        access_token="ROW_access",
        access_token_expires_at=ends - timedelta(days=100),
        refresh_token="ROW_refresh",
        refresh_token_expires_at=ends,
        seller_name="Jane's Socks",
    )
    TokenStore(open_desk.redis, open_desk.parts.accounts._box, TokenGrant).save("demo", grant)
    told = scraped(open_desk)
    assert told["token_expiry_timestamp_seconds{account=demo,token=refresh}"] == ends.timestamp()
    assert told["account_authorized{account=demo}"] == 1
    text = open_desk.client.get("/metrics", headers=BEARER).get_data(as_text=True)
    for secret in ("ROW_", "Jane", "Demo GB", APP_SECRET, TOKEN):
        assert secret not in text


def test_parked_orders_that_must_ship_come_from_a_fresh_sample(open_desk: Desk, clock: Clock) -> None:
    History(open_desk.redis).add(Sample(at=int(clock.now), ship_soon=2))
    assert scraped(open_desk)["parked_ship_soon"] == 2
    clock.forward(900)
    assert "parked_ship_soon" not in scraped(open_desk)  # rather nothing than what was


def test_with_very_many_shops_only_totals_are_told(open_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_families, "MOST_SHOPS", 2)
    for number in range(2):
        Shops(open_desk.redis).claim(make_shop(f"749554073536577750{number}"))
    told = scraped(open_desk)
    assert told["shops{state=on}"] == 3
    assert not [name for name in told if "shop=" in name]


def test_while_redis_is_away_the_scrape_fails_instead_of_telling_nothing(
    open_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(open_desk.redis, "pipeline", away)
    assert open_desk.client.get("/metrics", headers=BEARER).status_code == 503


def test_secrets_of_another_key_hide_the_accounts_and_nothing_else(open_desk: Desk, box: Any) -> None:
    open_desk.parts.accounts._box = box
    told = scraped(open_desk)
    assert "shops{state=on}" in told
    assert not [name for name in told if name.startswith("account_authorized")]


def test_promtool_finds_nothing_to_complain_about(open_desk: Desk) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    count(TIKTOK_CALLS, api="x", result="ok")
    scraped(open_desk)
    text = open_desk.client.get("/metrics", headers=BEARER).get_data()
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
