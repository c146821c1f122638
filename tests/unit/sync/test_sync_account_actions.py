"""What people do with accounts, and what the audit trail keeps of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID, add_account, make_shop
from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.catalog import ListedProduct
from worker.sync import account_actions as actions
from worker.sync.runtime import Runtime


def audited(runtime: Runtime) -> list[tuple[str, str, str]]:
    return [(entry.action, entry.target, entry.detail) for entry in Audit(runtime.redis).latest()]


def test_an_account_is_added_without_the_spaces_that_people_copy_along(runtime: Runtime, redis: Any) -> None:
    given = {"market": "gb", "service_id": " 7100 ", "app_key": f"{APP_KEY} ", "app_secret": f" {APP_SECRET}\n"}
    account = actions.add_account(runtime, name=" Demo ", by="anna", **given)
    assert (account.id, account.name, account.market) == ("demo", "Demo", "GB")
    assert (account.service_id, account.app_key, account.app_secret) == ("7100", APP_KEY, APP_SECRET)
    assert audited(runtime) == [("account.add", "demo", "")]
    assert APP_SECRET not in repr(redis.xrange("tts:audit"))


def test_an_unknown_market_is_refused(runtime: Runtime) -> None:
    with pytest.raises(ConfigurationError):
        actions.add_account(runtime, name="A", market="XX", service_id="1", app_key="k", app_secret="s", by="anna")
    assert audited(runtime) == []


def test_only_what_is_given_and_new_is_changed_and_no_secret_is_told(runtime: Runtime, redis: Any) -> None:
    add_account(runtime)
    assert actions.change_account(runtime, "demo", name="Demo", service_id="7100", by="anna") == []
    changed = actions.change_account(runtime, "demo", name="Demo 2", app_secret="a new secret", by="anna")
    assert changed == ["name", "app_secret"]
    account = runtime.accounts.get("demo")
    assert (account.id, account.name, account.app_secret) == ("demo", "Demo 2", "a new secret")
    assert audited(runtime) == [("account.set", "demo", "name, app_secret")]


def test_a_link_is_called_a_renewal_once_the_account_was_linked(runtime: Runtime) -> None:
    add_account(runtime)
    url = actions.begin_link(runtime, "demo", by="anna")
    assert runtime.links.consume(url.partition("state=")[2]) == "demo"
    runtime.accounts.set_authorization("demo", "none")
    actions.begin_link(runtime, "demo", by="anna")
    assert [action for action, _, _ in audited(runtime)] == ["account.link", "account.reauthorize"]


def test_an_account_that_is_switched_on_again_has_its_shops_catch_up(runtime: Runtime) -> None:
    add_account(runtime)
    runtime.shops.claim(make_shop(push_stock="on"))
    runtime.shops.claim(make_shop("2"))
    off = make_shop("3").model_copy(update={"enabled": False})
    runtime.shops.save(off)
    runtime.catalog(SHOP_ID).keep_products([ListedProduct(id="1", skus=[])])
    assert actions.switch_account(runtime, "demo", False, by="anna") == {}
    assert not runtime.accounts.get("demo").enabled
    due = actions.switch_account(runtime, "demo", True, by="anna")
    assert due == {"2": ("orders",), SHOP_ID: ("orders", "inventory")}
    assert [action for action, _, _ in audited(runtime)] == ["account.enable", "account.disable"]


def test_an_account_is_removed_with_its_shops(runtime: Runtime) -> None:
    add_account(runtime)
    runtime.shops.claim(make_shop())
    assert actions.take_out_account(runtime, "demo", by="anna") == 1
    assert (runtime.accounts.all(), runtime.shops.all()) == ([], [])
    assert audited(runtime) == [("account.remove", "demo", "with 1 shops")]
