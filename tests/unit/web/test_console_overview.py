"""The overview: is all well, and if not, what is it, and where is it put right?"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from web_stubs import Console, text_of

from tests.unit.builders import SHOP_ID
from web.console.templating import prose
from worker.errors import PermanentError
from worker.state.accounts import Accounts
from worker.state.cursors import beat
from worker.state.dirty_set import Parked
from worker.state.history import History, Sample
from worker.state.orders import OrderQueue
from worker.state.problems import Problems, shop_scope
from worker.state.secrets import SecretBox


def park(redis: Any, order_id: str) -> None:
    queue = OrderQueue(redis, SHOP_ID)
    queue.mark([order_id])
    entry = Parked(id=order_id, code="unknown_sku", message="SKU-1 is not in Odoo.", remedy="Map it.")
    queue.park(queue.claim(1, 60), entry, 600)


def test_given_no_account_then_the_first_page_is_the_set_up_guide(console: Console) -> None:
    Accounts(console.redis, SecretBox(console.desk.parts.settings.secret_keys.get_secret_value())).remove("demo")
    answer = console.get("/console/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/guide/")


def test_a_parked_order_is_counted_and_leads_to_its_page(console: Console) -> None:
    park(console.redis, "576653688135258178")
    page = console.get("/console/").get_data(as_text=True)
    assert "1 order is parked." in page
    assert f'href="/console/parked/?shop={SHOP_ID}"' in page or f'href="/console/parked?shop={SHOP_ID}"' in page


def test_a_backlog_says_how_many_orders_wait_and_when_all_are_done(console: Console) -> None:
    now = int(time.time())
    OrderQueue(console.redis, SHOP_ID).mark(map(str, range(300)))
    assert "In a minute or two it is known how fast they get fewer." in console.text("/console/")
    History(console.redis).add(Sample(at=now - 120, due=500))
    page = console.text("/console/")
    assert re.search(r"300 orders wait for Odoo\. They get fewer by (100|9\d) a minute: .* all are done in 3", page), (
        page
    )


def test_without_workers_the_page_says_so_and_what_to_start(console: Console) -> None:
    page = console.get("/console/").get_data(as_text=True)
    assert "The last heartbeat task was completed never." in page
    assert "Start <code>tiktok-odoo worker</code> and <code>tiktok-odoo beat</code>." in page


def test_a_problem_of_a_shop_leads_to_the_shop(console: Console) -> None:
    beat(console.redis, "worker-1")
    error = PermanentError("The app lacks a scope.", code="scope_missing", remedy="Enable it.")
    Problems(console.redis).report(shop_scope(SHOP_ID), error, 60)
    page = console.get("/console/").get_data(as_text=True)
    assert "The app lacks a scope." in page
    assert "Enable it." in page
    assert f"/console/shops/{SHOP_ID}" in page


def test_the_part_that_renews_itself_is_the_part_alone(console: Console) -> None:
    part = console.get("/console/", headers={"HX-Request": "true"})
    assert "<html" not in part.get_data(as_text=True)
    assert "Shops" in text_of(part)


@pytest.mark.parametrize("path", ["/", "/console/"])
def test_the_address_alone_leads_to_the_overview(console: Console, path: str) -> None:
    answer = console.client.get(path, follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, "/console/")


def test_what_stands_in_backticks_is_code_and_nothing_else_becomes_markup() -> None:
    assert prose("Run `tiktok-odoo <status>` & <b>look</b>.") == (
        "Run <code>tiktok-odoo &lt;status&gt;</code> &amp; &lt;b&gt;look&lt;/b&gt;."
    )
