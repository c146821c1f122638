"""The same flows over JSON-2 as over JSON-RPC, on a real Odoo 19; ``ODOO_API=json-2 make test`` runs every test so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import World
from worker.errors import ConnectorError
from worker.odoo.connect import connect_odoo, version_of
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError
from worker.odoo.gateway import OdooGateway
from worker.odoo.json2 import OdooJson2
from worker.odoo.load import Row, create_if_absent
from worker.odoo.prepare import check


@pytest.fixture
def over_json2(world: World) -> World:
    return world.with_settings(odoo_api="json-2")


def gateway(world: World, **changes: Any) -> OdooGateway:
    settings = world.runtime.settings
    given = {
        "api": "json-2",
        "url": settings.odoo_url,
        "database": settings.odoo_db,
        "user": settings.odoo_user,
        "password": settings.odoo_password.get_secret_value(),
        "timeout": 30.0,
    }
    return connect_odoo(**{**given, **changes})


def test_orders_come_in_are_cancelled_and_readdressed(over_json2: World) -> None:
    shop = over_json2.link_shop()
    imported, cancelled, moved = (over_json2.order(shop) for _ in range(3))
    over_json2.import_orders(shop, imported, cancelled, moved)
    assert {over_json2.sale(each)["state"] for each in (imported, cancelled, moved)} == {"sale"}
    over_json2.tiktok.cancel(cancelled, by="BUYER", reason="Changed my mind")
    over_json2.tiktok.change_address(moved, name="Another Person", address_line1="78 Zanzibar Crescent")
    over_json2.follow(shop, cancelled, moved)
    assert over_json2.sale(cancelled)["state"] == "cancel"
    assert over_json2.queue(shop).all_parked() == []
    assert over_json2.reconcile(shop).differences == []
    # Once more, over the other API: both know the same order.
    other = over_json2.with_settings(odoo_api="json-rpc")
    other.import_orders(shop, imported, moved)
    count = over_json2.stack.sql("SELECT count(*) FROM sale_order WHERE client_order_ref = %s", imported)
    assert count == [(1,)]


def test_what_the_bot_needs_is_found(over_json2: World) -> None:
    assert [finding for finding in check(over_json2.odoo) if not finding.ok] == []


def test_the_faults_are_those_of_json_rpc(world: World) -> None:
    """Given the same wrong calls, each API ends in the same error."""

    def codes(odoo: OdooGateway) -> list[str]:
        found = []
        calls: list[tuple[str, str, dict[str, Any]]] = [
            ("res.users", "create", {"vals_list": [{"name": "Twin", "login": "twin"}]}),
            ("sale.order", "search_read", {"domain": [("no_such_field", "=", 1)], "fields": ["id"]}),
            ("no.such.model", "search_count", {"domain": []}),
            ("sale.order", "no_such_method", {"ids": [1]}),
            ("sale.order", "action_confirm", {"ids": [999_999_999]}),
            ("sale.order", "create", {"vals_list": [{"partner_id": 999_999_999}]}),
        ]
        for model, method, arguments in calls:
            with pytest.raises(OdooRejectedError) as refused:
                odoo.call(model, method, **arguments)
            found.append(refused.value.code)
        return found

    assert codes(gateway(world)) == codes(gateway(world, api="json-rpc"))


def test_a_record_is_made_once_whichever_api_comes_first(world: World) -> None:
    rows = [Row("tiktok_shop.json2_once", {"name": "Made once"})]
    first = create_if_absent(gateway(world), "res.partner", rows)
    again = create_if_absent(gateway(world, api="json-rpc"), "res.partner", rows)
    assert first.ids == again.ids
    assert first.refused == again.refused == {}


@pytest.mark.parametrize("api", ["json-2", "json-rpc"])
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": "0" * 40}, OdooLoginError),
        ({"user": "nobody"}, OdooLoginError),
        ({"database": "nowhere"}, OdooUnavailableError),  # it may be PostgreSQL that is away
    ],
)
def test_what_is_set_wrong_is_said_alike_over_both(
    world: World, changes: dict[str, Any], error: type[ConnectorError], api: str
) -> None:
    with pytest.raises(error) as refused:
        gateway(world, **{"api": api, **changes}).call("res.users", "context_get")
    assert "ODOO_" in refused.value.remedy


def test_the_choice_is_json2_with_a_key_and_json_rpc_with_a_password(world: World) -> None:
    assert version_of(world.runtime.settings.odoo_url) == 19
    for secret, expected in (
        (world.runtime.settings.odoo_password.get_secret_value(), "OdooJson2"),
        (world.stack.credentials.bot_password, "OdooRpc"),
    ):
        chosen: Any = gateway(world, api="auto", password=secret)
        chosen.call("res.users", "context_get")
        assert type(chosen._choice).__name__ == expected
    assert isinstance(gateway(world), OdooJson2)
