"""Odoo in bad weather: away, slow, refusing, wrongly set up. Nothing is lost, and the reason names the remedy."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.support import World
from worker.errors import ConnectorError
from worker.odoo.prepare import check
from worker.state.problems import ODOO, Problem, shop_in_odoo_scope
from worker.state.shops import Shop
from worker.sync import reporting


def odoo_problem(world: World, scope: str = ODOO) -> Problem:
    """The one problem that operators are shown."""
    (problem,) = world.runtime.problems.all()
    assert problem.scope == scope
    return problem


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of production are tenths of seconds here."""
    monkeypatch.setattr(reporting, "UNAVAILABLE_PAUSE", 0.3)
    monkeypatch.setattr(reporting, "MISCONFIGURED_PAUSE", 0.3)


@contextlib.contextmanager
def server_that_never_answers() -> Iterator[str]:
    """Connections are accepted (by the kernel), and that is all that happens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def odoo_without(stack: Stack, *modules: str) -> Iterator[str]:
    """A database of the same Odoo in which ``modules`` are not installed."""
    name = f"bare{secrets.token_hex(3)}"
    stack.odoo.create_database(name)
    stack.sql(
        "UPDATE ir_module_module SET state = 'uninstalled' WHERE name = ANY(%s) RETURNING id",
        list(modules),
        database=name,
    )
    try:
        yield name
    finally:
        stack.odoo.drop_database(name)


def test_an_odoo_killed_in_the_middle_of_a_batch_costs_no_order_and_doubles_none(world: World) -> None:
    shop = world.link_shop()
    ids = world.tiktok.place_orders(shop.id, 30, seed=3, status="AWAITING_SHIPMENT", notify=False)
    world.queue(shop).mark(ids)
    draining = threading.Thread(target=world.drain_once, args=(shop,))
    draining.start()
    count = "SELECT count(*) FROM sale_order WHERE client_order_ref = ANY(%s)"
    wait_for(lambda: world.stack.sql(count, list(ids))[0][0], 30, "the batch to be created")
    world.stack.odoo.kill()
    try:
        draining.join(30)
        assert not draining.is_alive()
        problem = odoo_problem(world)
        assert problem.code == "odoo_unavailable"
        assert world.stack.odoo.url in problem.message
        late = world.order(shop)  # comes in while Odoo is down
        world.queue(shop).mark([late])
        wait_for(lambda: not world.runtime.problems.paused(ODOO), 5, "the end of the pause")
        assert world.drain_once(shop) is False
        counts = world.queue(shop).counts()
        assert (counts.due + counts.later, counts.leased, counts.parked) == (31, 0, 0)
        assert odoo_problem(world).since == problem.since
    finally:
        world.stack.odoo.restart()
    world.catch_up(shop)
    assert {world.sale(order_id)["state"] for order_id in (*ids, late)} == {"sale"}
    assert [len(world.pickings(order_id)) for order_id in ids] == [1] * 30
    assert world.runtime.problems.all() == []
    assert world.reconcile(shop).differences == []


def test_an_odoo_that_accepts_and_never_answers_is_given_up_after_the_time_out(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.queue(shop).mark([order_id])
    with server_that_never_answers() as url:
        slow = world.with_settings(odoo_url=url, odoo_timeout=1)
        started = time.monotonic()
        slow.drain_once(shop)
        assert time.monotonic() - started < 5
        problem = odoo_problem(slow)
    assert problem.code == "odoo_unavailable"
    assert url in problem.message
    assert "took too long" in problem.message
    assert world.is_waiting(shop, order_id)
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


@pytest.mark.parametrize(
    ("setting", "value", "code", "named"),
    [
        ("odoo_password", SecretStr("not-the-key"), "odoo_login", "ODOO_PASSWORD"),
        ("odoo_user", "nobody", "odoo_login", "ODOO_USER"),
        ("odoo_db", "nowhere", "odoo_unavailable", "ODOO_DB"),
    ],
)
def test_an_odoo_that_refuses_the_login_is_a_problem_that_names_what_to_check(
    world: World, setting: str, value: object, code: str, named: str
) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.queue(shop).mark([order_id])
    refused = world.with_settings(**{setting: value})
    refused.drain_once(shop)
    problem = odoo_problem(world)
    assert problem.code == code
    assert named in problem.remedy
    assert "not-the-key" not in problem.message + problem.remedy
    assert [finding.ok for finding in check(refused.odoo)] == [False]
    assert world.is_waiting(shop, order_id)
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


def test_a_bot_user_without_contact_creation_stops_nothing_for_good_and_the_problem_names_the_right(
    world: World,
) -> None:
    admin = world.stack.admin()
    login, password = f"weak-{secrets.token_hex(3)}", secrets.token_hex(16)
    groups = [admin.env.ref(name).id for name in ("base.group_user", "sales_team.group_sale_salesman_all_leads")]
    values = {"name": "Weak bot", "login": login, "password": password, "group_ids": [(6, 0, groups)]}
    admin.execute_kw("res.users", "create", [values])
    shop = world.link_shop()
    order_id = world.order(shop)
    world.queue(shop).mark([order_id])
    weak = world.with_settings(odoo_user=login, odoo_password=SecretStr(password), odoo_api="json-rpc")
    weak.drain_once(shop)
    problem = odoo_problem(world, shop_in_odoo_scope(shop.id))
    assert problem.code == "odoo_rights"
    assert "res.partner" in problem.message
    assert "docs/setup.md" in problem.remedy
    assert world.is_waiting(shop, order_id)
    lacking = [finding for finding in check(weak.odoo) if not finding.ok]
    assert [finding.name for finding in lacking] == ["res.partner"]
    assert "create" in lacking[0].text
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


def test_a_company_that_the_bot_may_not_enter_stops_its_own_shop_only(world: World) -> None:
    admin = world.stack.admin()
    company = admin.execute_kw("res.company", "create", [{"name": f"Other {secrets.token_hex(3)}"}])
    closed, open_ = world.link_shop(company_id=company), world.link_shop()
    stopped, fine = world.order(closed), world.order(open_)
    world.queue(closed).mark([stopped])
    world.drain_once(closed)
    world.import_orders(open_, fine)
    assert world.sale(fine)["state"] == "sale"
    assert world.is_waiting(closed, stopped)
    problem = odoo_problem(world, shop_in_odoo_scope(closed.id))
    assert problem.code == "odoo_rights"
    assert "compan" in problem.message


def test_an_odoo_without_a_module_is_a_problem_that_names_the_modules(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.queue(shop).mark([order_id])
    with odoo_without(world.stack, "stock", "sale_stock", "stock_delivery", "stock_account", "stock_sms") as database:
        password = SecretStr(world.stack.credentials.bot_password)  # which JSON-2 does not take
        bare = world.with_settings(odoo_db=database, odoo_password=password, odoo_api="json-rpc")
        findings = {finding.name: finding for finding in check(bare.odoo)}
        bare.drain_once(shop)
    assert not findings["stock.picking"].ok
    assert "stock" in findings["stock.picking"].remedy
    assert findings["res.partner"].ok
    problem = odoo_problem(world, shop_in_odoo_scope(shop.id))
    assert problem.code == "odoo_module"
    assert "sale_stock" in problem.remedy
    assert world.is_waiting(shop, order_id)
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


def park_and_release(world: World, shop: Shop, order_id: str, code: str) -> str:
    """The order is parked under ``code`` while others go on; answers the text that operators read."""
    other = world.order(shop, ("SKU-9", 1))
    world.import_orders(shop, order_id, other)
    parked = world.queue(shop).parked(order_id)
    assert parked is not None
    assert parked.code == code
    assert parked.remedy
    if code not in ("missing_pricelist", "not_confirmed"):  # those concern every order of the shop
        assert world.sale(other)["state"] == "sale"
    assert world.runtime.problems.all() == []
    return f"{parked.message} {parked.remedy}"


def test_an_archived_product_parks_the_order_until_it_is_unarchived(world: World) -> None:
    code = f"OLD-{secrets.token_hex(3)}"
    shop = world.link_shop()
    product = world.stack.add_products([(code, "Archived mug", 9, 0)])[code]
    world.stack.admin().execute_kw("product.product", "write", [[product], {"active": False}])
    world.tiktok.add_products(shop.id, [{"seller_sku": code, "title": "Mug", "price": "9", "quantity": 50}])
    order_id = world.order(shop, (code, 1))
    text = park_and_release(world, shop, order_id, "archived_product")
    assert code in text
    assert "Unarchive" in text
    world.stack.admin().execute_kw("product.product", "write", [[product], {"active": True}])
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"
    assert world.queue(shop).all_parked() == []


def test_two_products_with_the_same_reference_park_the_order_until_one_has_another(world: World) -> None:
    code = f"TWIN-{secrets.token_hex(3)}"
    shop = world.link_shop()
    world.stack.add_products([(code, "Left twin", 9, 0)])
    right = world.stack.add_products([(code, "Right twin", 9, 0)])[code]
    world.tiktok.add_products(shop.id, [{"seller_sku": code, "title": "Twin", "price": "9", "quantity": 50}])
    order_id = world.order(shop, (code, 1))
    text = park_and_release(world, shop, order_id, "ambiguous_sku")
    assert f"2 Odoo products have the reference '{code}'" in text
    world.stack.admin().execute_kw("product.product", "write", [[right], {"default_code": f"{code}-R"}])
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"


def test_a_currency_without_a_pricelist_parks_the_order_until_there_is_one(world: World) -> None:
    shop = world.link_shop("MX")
    order_id = world.order(shop)
    text = park_and_release(world, shop, order_id, "missing_pricelist")
    assert "no pricelist in MXN" in text
    admin = world.stack.admin()
    (currency,) = (row[0] for row in world.stack.sql("SELECT id FROM res_currency WHERE name = 'MXN'"))
    admin.execute_kw("res.currency", "write", [[currency], {"active": True}])
    pricelist = admin.execute_kw("product.pricelist", "create", [{"name": "Mexico", "currency_id": currency}])
    try:
        world.import_orders(shop, order_id)
        assert world.sale(order_id)["amount_total"] == world.total_on_tiktok(order_id)
        assert world.sale(order_id)["state"] == "sale"
    finally:
        admin.execute_kw("product.pricelist", "write", [[pricelist], {"active": False}])
        admin.execute_kw("res.currency", "write", [[currency], {"active": False}])


def test_a_pricelist_in_another_currency_leaves_a_draft_that_comes_right_when_the_remedy_is_followed(
    world: World,
) -> None:
    shop = world.link_shop("GB", pricelist_id=world.pricelist("TikTok EUR"))
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    parked = world.queue(shop).parked(order_id)
    assert parked is not None
    assert parked.code == "wrong_currency"
    assert "GBP" in parked.message
    assert "orders import --force" in parked.remedy
    assert world.sale(order_id)["state"] == "draft"
    shop = world.change(shop, pricelist_id=None)
    world.stack.admin().execute_kw("sale.order", "unlink", [[world.sale(order_id)["id"]]])
    world.import_orders(shop, order_id, force=True)
    assert world.sale(order_id)["state"] == "sale"
    assert world.reconcile(shop).differences == []


def test_an_order_that_odoo_does_not_confirm_is_parked_with_odoos_reason(world: World) -> None:
    """The warehouse was archived, and with it the rules that make deliveries."""
    admin = world.stack.admin()
    code = secrets.token_hex(2).upper()
    warehouse = admin.execute_kw("stock.warehouse", "create", [{"name": f"Closed {code}", "code": code}])
    admin.execute_kw("stock.warehouse", "write", [[warehouse], {"active": False}])
    shop = world.link_shop(warehouse_id=warehouse)
    order_id = world.order(shop)
    text = park_and_release(world, shop, order_id, "not_confirmed")
    assert "No rule has been found" in text
    assert world.sale(order_id)["state"] == "draft"
    admin.execute_kw("stock.warehouse", "write", [[warehouse], {"active": True}])
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"


def test_a_record_that_a_setting_points_to_and_that_is_gone_parks_the_order_naming_the_field(world: World) -> None:
    shop = world.link_shop(sales_team_id=999_999)
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    parked = world.queue(shop).parked(order_id)
    assert parked is not None
    assert parked.code == "odoo_refused"
    assert "999999" in parked.message
    assert "tiktok-odoo shops set" in parked.remedy
    assert world.sales(order_id) == []


def test_a_locked_order_that_tiktok_cancels_is_parked_until_a_person_unlocks_it(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    admin, sale = world.stack.admin(), world.sale(order_id)
    admin.execute_kw("sale.order", "action_lock", [[sale["id"]]])
    world.tiktok.cancel(order_id)
    text = park_and_release(world, shop, order_id, "not_cancelled")
    assert sale["name"] in text
    assert "Unlock" in text
    admin.execute_kw("sale.order", "action_unlock", [[sale["id"]]])
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "cancel"


@pytest.mark.parametrize("text", ["Ann\x00a", "=cmd()", "Zoë\t'; DROP TABLE sale_order; --", "😀" * 300])
def test_whatever_a_buyer_calls_himself_stops_no_other_order(world: World, text: str) -> None:
    shop = world.link_shop()
    odd = world.order(shop, patch={"buyer_nickname": text}, address={"name": text}, shipping_type="SELLER")
    good = world.order(shop, ("SKU-2", 1))
    world.import_orders(shop, odd, good)
    assert world.sale(good)["state"] == "sale"
    assert world.sale(odd)["state"] == "sale"


def test_an_order_that_a_rule_of_odoos_keeps_from_changing_is_parked_and_the_others_go_on(world: World) -> None:
    """As in a closed period, the database refuses a change of one order: a fault of the whole call, not a message."""
    shop = world.link_shop()
    closed = world.order(shop, shipping_type="SELLER")
    world.import_orders(shop, closed)
    name = f"closed_{closed}"
    world.stack.sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the period is closed'; END $$;"
        f"CREATE TRIGGER {name} BEFORE UPDATE ON sale_order FOR EACH ROW "
        f"WHEN (OLD.client_order_ref = '{closed}') EXECUTE FUNCTION {name}()"
    )
    try:
        world.tiktok.cancel(closed)
        others = [world.order(shop, ("SKU-2", 1)) for _ in range(3)]
        world.import_orders(shop, closed, *others)
        assert [world.sale(order_id)["state"] for order_id in others] == ["sale"] * 3
        parked = world.queue(shop).parked(closed)
        assert parked is not None
        assert "the period is closed" in parked.message
        assert world.runtime.problems.all() == []
    finally:
        world.stack.sql(f"DROP TRIGGER {name} ON sale_order; DROP FUNCTION {name}")
    world.import_orders(shop, closed)
    assert world.sale(closed)["state"] == "cancel"


def test_an_error_in_odoo_never_carries_the_bots_key(world: World) -> None:
    with pytest.raises(ConnectorError) as error:
        world.odoo.call("sale.order", "no_such_method", key="x")
    assert world.runtime.settings.odoo_password.get_secret_value() not in str(error.value)
    assert "no_such_method" in str(error.value)


def test_an_order_for_which_odoo_gives_no_answer_is_parked_and_the_others_come_in(world: World) -> None:
    """Given an Odoo that times out over one order of a batch but is alive, only that order stays out."""
    # A first login and the warm-up of a worker process take longer than a call may take here.
    world.odoo.call("res.users", "search_count", domain=[])
    hurried = world.with_settings(odoo_timeout=3)
    shop = world.link_shop()
    ids = [world.order(shop) for _ in range(5)]
    culprit = ids[2]
    name = f"slow_{culprit}"
    world.stack.sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.client_order_ref = '{culprit}' THEN PERFORM pg_sleep(4); "
        f"RAISE EXCEPTION 'too much'; END IF; RETURN NEW; END $$; "
        f"CREATE TRIGGER {name} BEFORE INSERT ON sale_order FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
    try:
        hurried.queue(shop).mark(ids)
        wait_for(lambda: (hurried.drain_once(shop), hurried.queue(shop).parked(culprit))[1], 120, "it to be parked")
        hurried.catch_up(shop)
    finally:
        world.stack.sql(f"DROP TRIGGER {name} ON sale_order; DROP FUNCTION {name}")
    parked = world.queue(shop).parked(culprit)
    assert parked is not None
    assert parked.code == "poison"
    assert [world.sale(order_id)["state"] for order_id in ids if order_id != culprit] == ["sale"] * 4
    assert world.sales(culprit) == []
