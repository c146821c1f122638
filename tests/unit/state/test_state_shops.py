"""Shops belong to one account each; settings stay when a shop is listed again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, make_shop
from worker.errors import ConfigurationError
from worker.state.shops import Shops, ShopSettings


@pytest.fixture
def shops(redis: Any) -> Shops:
    return Shops(redis)


def test_a_shop_comes_back_with_its_settings(shops: Shops) -> None:
    claimed = shops.claim(make_shop(warehouse_id=3, total="buyer_paid", confirm_orders=False))
    assert shops.get(SHOP_ID) == shops.find(SHOP_ID) == claimed
    assert shops.all() == shops.all("demo") == [claimed]
    assert shops.all("other") == []


def test_the_same_shop_under_a_second_account_is_refused_and_the_holder_is_named(shops: Shops) -> None:
    first = shops.claim(make_shop())
    with pytest.raises(ConfigurationError, match=f"Shop {SHOP_ID} .*by account 'demo'.*shops remove {SHOP_ID}") as no:
        shops.claim(make_shop(account_id="second"))
    assert no.value.code == "shop_taken"
    assert shops.all() == [first]


def test_a_shop_that_is_listed_again_keeps_what_its_operator_chose(shops: Shops) -> None:
    shops.claim(make_shop(tax_id=7))
    shops.save(shops.get(SHOP_ID).model_copy(update={"enabled": False}))
    again = shops.claim(make_shop().model_copy(update={"name": "Renamed", "cipher": "GCP_new"}))
    assert (again.name, again.cipher, again.enabled, again.settings.tax_id) == ("Renamed", "GCP_new", False, 7)
    assert shops.get(SHOP_ID) == again


def test_a_removed_shop_may_go_to_another_account(shops: Shops) -> None:
    shops.claim(make_shop(tax_id=7))
    shops.remove(SHOP_ID)
    assert shops.find(SHOP_ID) is None
    again = shops.claim(make_shop(account_id="second"))
    assert (again.account_id, again.settings.tax_id) == ("second", None)


def test_an_unknown_shop_is_named(shops: Shops) -> None:
    assert shops.find("1") is None
    with pytest.raises(ConfigurationError, match=r"no shop '1'.*shops list"):
        shops.get("1")


def test_without_another_choice_orders_count_from_the_moment_of_linking() -> None:
    """TikTok counts in whole seconds: an order placed in the second of linking is not an old one."""
    go_live = ShopSettings().go_live
    now = datetime.now(UTC)
    assert (go_live.tzinfo, go_live.microsecond) == (UTC, 0)
    assert 0 <= (now - go_live).total_seconds() < 5
