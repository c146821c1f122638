"""``tiktok-odoo status``: what it counts, and when it ends with 1."""

from __future__ import annotations

import pytest
from cli_stubs import Run, document

from tests.unit.builders import SHOP_ID
from worker.errors import RetryableError
from worker.state.cursors import beat
from worker.state.dirty_set import Parked
from worker.state.fulfillment import CancelRequest
from worker.state.inbox import count
from worker.state.problems import ODOO
from worker.sync.runtime import Runtime


def test_status_is_one_json_document(run: Run, runtime: Runtime, shop: None) -> None:
    beat(runtime.redis, "worker")
    runtime.queue(SHOP_ID).mark(["571", "572"])
    count(runtime.redis, "webhooks_stored", 5)
    ended = run("status", "--json")
    assert ended.code == 0
    found = document(ended)
    assert found.keys() == {"shops", "problems", "counters"}
    assert (found["shops"][0]["shop"], found["shops"][0]["due"]) == (SHOP_ID, 2)
    assert found["problems"] == []
    assert found["counters"] == {"webhooks_stored": 5}


def test_status_of_an_installation_in_order_ends_with_0(run: Run, runtime: Runtime, shop: None) -> None:
    beat(runtime.redis, "worker")
    ended = run("status")
    assert (ended.code, ended.err) == (0, "")
    assert "No problems." in ended.out


@pytest.mark.parametrize("what", ["parked", "delivery", "request", "problem", "reauthorize", "no_heartbeat"])
def test_status_ends_with_1_when_something_needs_a_person(run: Run, runtime: Runtime, shop: None, what: str) -> None:
    if what != "no_heartbeat":
        beat(runtime.redis, "worker")
    if what in ("parked", "delivery"):
        queue = runtime.queue(SHOP_ID) if what == "parked" else runtime.fulfillment_queue(SHOP_ID)
        queue.mark(["571"])
        queue.park(queue.claim(1, 60), Parked(id="571", code="unknown_sku", message="?"), 30)
    if what == "request":
        runtime.fulfillment(SHOP_ID).keep_request(CancelRequest(order_id="571"))
    if what == "problem":
        runtime.problems.report(ODOO, RetryableError("Odoo is away.", code="odoo_unavailable"), 15)
    if what == "reauthorize":
        runtime.accounts.set_authorization("demo", "needed", "The seller ended it.")
    ended = run("status", "--json")
    assert ended.code == 1
    assert ended.err == ""
    found = document(ended)
    codes = {problem["code"] for problem in found["problems"]}
    by_shop = {"parked": "parked", "delivery": "deliveries_parked", "request": "cancel_requests"}
    assert codes == ({"odoo_unavailable"} if what == "problem" else {what} - by_shop.keys())
    assert {each for each, column in by_shop.items() if found["shops"][0][column]} == {what} & by_shop.keys()
