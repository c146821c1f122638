"""The whole connector as processes: from the seller's consent and TikTok's webhook to the delivery in Odoo."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller, authorize, link, open_shops
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.support import PRODUCTS, good_weather
from worker.settings import Settings
from worker.state.connection import RedisClient, connect
from worker.sync.runtime import Runtime

#: Seconds; an idle machine needs less than two.
SOON = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connector")


@pytest.fixture(scope="module")
def connector(stack: Stack, simulator: SandboxControl, folder: Path) -> Iterator[Installation]:
    """Receiver and one worker, no beat: nothing is polled or swept unless a test starts one. Logs all it can."""
    connect(stack.redis.url).flushall()
    good_weather(simulator)
    quick = {"POLL_INTERVAL": "2", "SWEEP_INTERVAL": "1", "ORDER_LEASE": "6", "ORDER_BATCH_SIZE": "10"}
    environment = {**stack.environment(), **quick, "LOG_LEVEL": "DEBUG"}
    with Installation(folder, environment, simulator.base_url) as running:
        running.start_web()
        running.start_worker()
        yield running


@pytest.fixture(scope="module")
def seller(connector: Installation, simulator: SandboxControl) -> Seller:
    """A seller with two linked shops that sell the session's products."""
    shops = [{"name": "London Mugs", "region": "GB"}, {"name": "Berliner Tassen", "region": "DE"}]
    opened = open_shops(simulator, connector, shops)
    for shop in opened.shops:
        products = [{"seller_sku": code, "title": name, "price": str(price)} for code, name, price, _ in PRODUCTS]
        simulator.add_products(shop.id, products)
    page = link(simulator, connector, opened)
    assert all(f"{shop.name} ({shop.region}, {shop.id}): synchronised" in page for shop in opened.shops)
    return opened


@pytest.fixture(autouse=True)
def _good_weather(simulator: SandboxControl) -> None:
    simulator.clear_faults()
    simulator.webhooks(lose=0, duplicate=0, reorder=0, paused=False)


@pytest.fixture
def beat(connector: Installation) -> Iterator[None]:
    """Polls and sweeps while the test runs."""
    process = connector.start_beat()
    yield
    process.stop()


@pytest.fixture
def redis(stack: Stack) -> RedisClient:
    return connect(stack.redis.url)


def place(simulator: SandboxControl, seller: Seller, **options: Any) -> dict[str, Any]:
    return simulator.place_order(seller.shops[0].id, [{"seller_sku": "SKU-1", "quantity": 2}], **options)


def in_odoo(stack: Stack, *order_ids: str) -> dict[str, list[tuple[str, str]]]:
    """(state, state of the delivery) of every sales order and delivery, by TikTok's order id; read by SQL."""
    rows = stack.sql(
        "SELECT s.client_order_ref, s.state, p.state FROM sale_order s LEFT JOIN stock_picking p ON p.sale_id = s.id "
        "WHERE s.client_order_ref = ANY(%s)",
        list(order_ids),
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for order_id, *states in rows:
        found.setdefault(order_id, []).append(tuple(states))
    return found


def wait_for_orders(stack: Stack, *order_ids: str, seconds: float = SOON) -> None:
    """Wait until every order is confirmed with its delivery; then each must be there exactly once."""
    done = [("sale", "assigned")]
    wait_for(
        lambda: set(order_ids) == {i for i, held in in_odoo(stack, *order_ids).items() if held[0] == done[0]},
        seconds,
        "the orders to be confirmed in Odoo",
    )
    assert in_odoo(stack, *order_ids) == dict.fromkeys(order_ids, done)


def shop_row(connector: Installation, shop_id: str) -> dict[str, Any]:
    rows = json.loads(connector.cli("status", "--json", check=False).stdout)["shops"]
    return next(row for row in rows if row["shop"] == shop_id)


def test_linking_lists_the_shops_and_synchronises_them_at_once(connector: Installation, seller: Seller) -> None:
    listed = json.loads(connector.cli("shops", "list", "--json").stdout)
    assert {(row["name"], row["account"], row["sync"]) for row in listed} == {
        ("London Mugs", seller.account_id, "on"),
        ("Berliner Tassen", seller.account_id, "on"),
    }
    # No beat runs: this poll was the link's own.
    wait_for(lambda: shop_row(connector, seller.shops[0].id)["last_poll_utc"], SOON, "the first poll")


def test_a_webhook_becomes_a_confirmed_order_with_a_delivery_and_tiktoks_total(
    stack: Stack, simulator: SandboxControl, seller: Seller
) -> None:
    order = place(simulator, seller, platform_discount="3", shipping_fee="4.5")
    wait_for_orders(stack, order["id"])
    rows = stack.sql(
        "SELECT s.amount_total, c.name FROM sale_order s JOIN res_currency c ON c.id = s.currency_id "
        "WHERE s.client_order_ref = %s",
        order["id"],
    )
    assert rows == [(Decimal(order["payment"]["total_amount"]) + 3, "GBP")]


def test_the_same_webhook_twice_makes_one_order(
    stack: Stack, simulator: SandboxControl, seller: Seller, redis: RedisClient
) -> None:
    before = int(redis.hget("tts:counters", "webhooks_duplicate") or 0)
    order_id = place(simulator, seller)["id"]
    wait_for_orders(stack, order_id)
    sent = simulator.redeliver(order_id)
    assert sent >= 1
    wait_for(
        lambda: int(redis.hget("tts:counters", "webhooks_duplicate") or 0) == before + sent, SOON, "the second delivery"
    )
    other = place(simulator, seller)["id"]  # what comes after it was worked on after it
    wait_for_orders(stack, other)
    assert len(in_odoo(stack, order_id)[order_id]) == 1


@pytest.mark.usefixtures("beat")
def test_orders_whose_webhooks_are_lost_come_in_with_the_next_poll(
    stack: Stack, simulator: SandboxControl, seller: Seller
) -> None:
    simulator.webhooks(lose=1)
    wait_for_orders(stack, *(place(simulator, seller)["id"] for _ in range(4)))


def test_orders_whose_webhooks_are_lost_come_in_when_an_operator_says_so(
    stack: Stack, simulator: SandboxControl, connector: Installation, seller: Seller
) -> None:
    simulator.webhooks(lose=1)
    shop = ("--shop", seller.shops[0].id)
    by_id, by_date = place(simulator, seller)["id"], place(simulator, seller)["id"]
    connector.cli("orders", "import", *shop, by_id)
    wait_for_orders(stack, by_id)
    connector.cli("orders", "sync", *shop, "--since", "2020-01-01")
    wait_for_orders(stack, by_date)
    by_cursor = place(simulator, seller)["id"]
    connector.cli("orders", "sync", *shop)
    wait_for_orders(stack, by_cursor)


def test_a_webhook_that_finds_redis_down_is_answered_503_and_delivered_again(
    stack: Stack, simulator: SandboxControl, seller: Seller
) -> None:
    before = simulator.stats()["webhooks"].get("answered_503", 0)
    stack.redis.stop()
    try:
        order_id = place(simulator, seller)["id"]
        wait_for(lambda: simulator.stats()["webhooks"].get("answered_503", 0) > before, SOON, "the answer 503")
    finally:
        stack.redis.start().wait_ready()
    wait_for_orders(stack, order_id, seconds=90)


@pytest.mark.usefixtures("beat")
def test_a_worker_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(
    stack: Stack, simulator: SandboxControl, connector: Installation, seller: Seller, redis: RedisClient
) -> None:
    ids = simulator.place_orders(seller.shops[0].id, 40, seed=9, status="AWAITING_SHIPMENT")
    leased = f"tts:orders:leased:{seller.shops[0].id}"
    worker = connector.process("worker-1")
    wait_for(lambda: in_odoo(stack, *ids) and redis.zcard(leased), SOON, "the worker to be in the middle of a batch")
    worker.kill()
    connector.start_worker("worker-2")
    wait_for_orders(stack, *ids, seconds=90)
    assert shop_row(connector, seller.shops[0].id)["parked"] == 0
    done = connector.cli("orders", "reconcile", check=False)
    assert done.returncode == 0, done.stdout
    worker.start()


def second_account(connector: Installation, simulator: SandboxControl, seller: Seller) -> Seller:
    """Another app in the connector that the same seller is about to authorize."""
    other = open_shops(simulator, connector, [])
    return Seller(seller.username, seller.password, other.app, seller.shops, other.account_id)


def test_a_second_account_that_claims_the_same_shop_is_refused_and_told_who_holds_it(
    stack: Stack, simulator: SandboxControl, connector: Installation, seller: Seller
) -> None:
    other = second_account(connector, simulator, seller)
    page = authorize(simulator, connector, other)
    assert f"already synchronised by account &#39;{seller.account_id}&#39;" in page
    assert f"tiktok-odoo shops remove {seller.shops[0].id}" in page
    listed = json.loads(connector.cli("shops", "list", "--json").stdout)
    assert {row["account"] for row in listed} == {seller.account_id}
    order_id = place(simulator, seller)["id"]  # TikTok tells both apps
    wait_for_orders(stack, order_id)


def consent(
    connector: Installation, simulator: SandboxControl, seller: Seller, *, state: bool = True, agree: bool = True
) -> str:
    """The address to which TikTok sends the seller's browser back."""
    value = None
    if state:
        address = connector.cli("accounts", "link", seller.account_id).stdout.strip()
        found = re.search(r"state=([^&]+)", address)
        assert found is not None
        value = found[1]
    return simulator.consent(seller.app.service_id, seller.username, seller.password, value, agree=agree)


def test_a_seller_who_refuses_reads_that_nothing_was_changed(
    connector: Installation, simulator: SandboxControl, seller: Seller
) -> None:
    other = second_account(connector, simulator, seller)
    page = requests.get(consent(connector, simulator, other, agree=False), timeout=30)
    assert page.status_code == 200
    assert "The app was not authorized" in page.text
    assert "tiktok-odoo accounts link" in page.text
    accounts = {row["account"]: row for row in json.loads(connector.cli("accounts", "list", "--json").stdout)}
    assert accounts[other.account_id]["authorization"] == "none"
    assert accounts[seller.account_id]["authorization"] == "authorized"


def test_a_seller_from_the_app_store_is_asked_to_start_from_the_account(
    connector: Installation, simulator: SandboxControl, seller: Seller
) -> None:
    page = requests.get(consent(connector, simulator, seller, state=False), timeout=30)
    assert page.status_code == 400
    assert "Please start from your account" in page.text
    assert "tiktok-odoo accounts link" in page.text


def test_a_link_works_once(connector: Installation, simulator: SandboxControl, seller: Seller) -> None:
    address = consent(connector, simulator, seller)
    first = requests.get(address, timeout=30)
    assert first.status_code == 200
    again = requests.get(address, timeout=30)
    assert again.status_code == 400
    assert "used already or is too old" in again.text
    wait_for(lambda: "Linked with TikTok" in requests.get(first.url, timeout=30).text, SOON, "the first to succeed")


def test_an_authorization_whose_code_is_wrong_ends_in_a_page_that_says_so(
    connector: Installation, simulator: SandboxControl, seller: Seller
) -> None:
    other = second_account(connector, simulator, seller)
    address = re.sub(r"code=[^&]+", "code=ROW_invented", consent(connector, simulator, other))
    page = requests.get(address, timeout=30)
    wait_for(lambda: "did not succeed" in requests.get(page.url, timeout=30).text, SOON, "the refusal")
    text = requests.get(page.url, timeout=30).text
    assert "start the authorization again" in text
    assert "ROW_invented" not in text


def test_no_secret_and_nobodys_name_is_in_any_log_and_no_secret_lies_readable_in_redis(
    connector: Installation, seller: Seller, simulator: SandboxControl, folder: Path, redis: RedisClient
) -> None:
    """After all of the above, at the level DEBUG."""
    logs = {path.name: path.read_text(errors="replace") for path in folder.rglob("*.log")}
    assert {"web.log", "worker-1.log", "worker-2.log", "beat.log"} <= set(logs)
    orders = [order for shop in seller.shops for order in simulator.orders(shop.id)]
    assert any(orders[0]["id"] in text or seller.shops[0].id in text for text in logs.values())
    personal = set()
    for order in orders:
        address = order["recipient_address"]
        personal |= {address[name] for name in ("name", "phone_number", "full_address", "address_line1")}
        personal |= {order["buyer_email"], order.get("buyer_nickname", "")}
    keys = {name.lower(): connector.environment[name] for name in ("SECRET_KEYS", "REDIS_URL")}
    grant = Runtime(Settings(_env_file=None, **keys)).tiktok.tokens.load(seller.account_id)
    assert grant is not None
    secret = {seller.app.app_secret, connector.environment["SECRET_KEYS"], connector.environment["ODOO_PASSWORD"]}
    secret |= {grant.access_token, grant.refresh_token}
    tokens = re.compile(r"\b(?:ROW|TTP)_[\w-]{12,}")  # codes, and access tokens of before
    assert tokens.fullmatch(grant.access_token)
    for name, text in logs.items():
        assert [word for word in personal | secret if word and word in text] == [], name
        assert tokens.findall(text) == [], name
    stored = "\n".join(_contents(redis))
    assert seller.account_id in stored
    assert [word for word in personal | secret if word and word in stored] == []
    assert tokens.findall(stored) == []


def _contents(redis: RedisClient) -> Iterator[str]:
    read: dict[str, Callable[[str], object]] = {
        "string": redis.get,
        "hash": redis.hgetall,
        "set": redis.smembers,
        "zset": lambda name: redis.zrange(name, 0, -1),
        "none": lambda _: "",  # it expired since it was listed
        "list": lambda name: redis.lrange(name, 0, -1),
        "stream": redis.xrange,
    }
    for name in redis.scan_iter():
        yield f"{name} {read[redis.type(name)](name)}"


def test_every_process_starts_and_ends_in_good_order(stack: Stack, simulator: SandboxControl, tmp_path: Path) -> None:
    environment = stack.environment()
    environment["REDIS_URL"] = environment["REDIS_URL"].removesuffix("0") + "4"
    with Installation(tmp_path, environment, simulator.base_url) as own:
        processes = [own.start_web(), own.start_worker(), own.start_beat(), own.start_flower()]
        redis = connect(environment["REDIS_URL"])
        wait_for(lambda: redis.hvals("tts:heartbeats"), SOON, "a heartbeat through beat, broker and worker")
        assert requests.get(f"{own.web_url}/healthz/ready", timeout=30).json()["status"] == "ok"
        for process in processes:
            process.stop(timeout=30)
    ends = {process.name: process.returncode for process in processes}
    assert ends == dict.fromkeys(ends, 0)
    for process in processes:
        text = process.log.read_text(errors="replace")
        assert "Traceback" not in text, text[-3000:]
